//! Switches from a TOML file and by name.

use serde::Deserialize;
use toml::{Table, Value};

use super::Behaviours;

/// A setting of one switch, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BehaviourName {
    /// The name.
    pub name: &'static str,
    /// The same as a line or a table of TOML.
    pub toml: &'static str,
    /// What the router does then.
    pub help: &'static str,
}

/// Why switches cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BehavioursError {
    /// The text is not TOML, has an unknown key, or a value that the key does not take.
    #[error("{0}")]
    Toml(String),
    /// No setting has this name.
    #[error("no behaviour is called {0}")]
    UnknownName(String),
}

impl From<toml::de::Error> for BehavioursError {
    fn from(error: toml::de::Error) -> Self {
        Self::Toml(error.to_string().trim_end().to_owned())
    }
}

impl Behaviours {
    /// The defaults, with what a TOML text says instead. Keys are the fields' names with hyphens; unknown ones are
    /// refused.
    ///
    /// # Errors
    /// [`BehavioursError::Toml`], with the place.
    pub fn from_toml(text: &str) -> Result<Self, BehavioursError> {
        Self::resolve(text, &[""; 0])
    }

    /// As [`Self::from_toml`], and then each named setting of [`BEHAVIOUR_NAMES`] in turn.
    ///
    /// # Errors
    /// [`BehavioursError`].
    pub fn resolve(text: &str, names: &[impl AsRef<str>]) -> Result<Self, BehavioursError> {
        // Errors of the file itself are told with their place; the merged table has lost it.
        let from_file: Self = toml::from_str(text)?;
        if names.is_empty() {
            return Ok(from_file);
        }
        let mut all: Table = toml::from_str(text)?;
        for name in names {
            let name = name.as_ref();
            let known = BEHAVIOUR_NAMES.iter().find(|known| known.name == name);
            let known = known.ok_or_else(|| BehavioursError::UnknownName(name.to_owned()))?;
            merge(&mut all, toml::from_str(known.toml)?);
        }
        Ok(Self::deserialize(all)?)
    }
}

/// Lays `over` on top of `under`, tables key by key.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

macro_rules! names {
    ($($name:literal => $toml:literal: $help:literal;)*) => {
        /// Every setting that has a name.
        pub const BEHAVIOUR_NAMES: &[BehaviourName] =
            &[$(BehaviourName { name: $name, toml: $toml, help: $help }),*];
    };
}

names! {
    "ack-noop" => "ack-does-nothing = true": "ACKs every request that finds its session, and does nothing";
    "without-ip-nak-406" => "hotspot-without-ip = 'nak-406'":
        "NAK 406 to a hotspot request without Framed-IP-Address (default: ACK, nothing done)";
    "without-ip-nak" => "hotspot-without-ip = 'nak-none'": "NAK without Error-Cause to such a request";
    "not-found-503" => "not-found = 'session-context-not-found'": "NAK 503 for a session that is not there (default: 406)";
    "not-found-no-cause" => "not-found = 'no-error-cause'": "NAK without Error-Cause for such a session";
    "first-identifier-wins" => "mismatch = 'first-wins'": "One identifier that fits is enough";
    "ignore-extra" => "extra-attribute = 'ignore'": "Ignores attributes that identify nothing (default: NAK 406)";
    "refuse-nas-port-id" => "refuse-nas-port-id = true": "Refuses NAS-Port-Id, as before 6.43";
    "sign-replies" => "message-authenticator = 'in-replies'": "Replies carry a Message-Authenticator";
    "demand-message-authenticator" => "message-authenticator = 'required'":
        "Requests without a Message-Authenticator are discarded";
    "cached-reply" => "repeated-request = 'cached-reply'": "The same request again gets the same reply again";
    "stop-before-ack" => "stop = 'before-ack'": "The Accounting-Stop goes out before the ACK";
    "stop-lost" => "stop = 'lost'": "The Accounting-Stop is lost";
    "stop-repeated" => "stop = 'repeated'": "The Accounting-Stop comes twice";
    "ppp-nas-request" => "ppp-nas-request = true": "PPP's Accounting-Stop says NAS-Request (10)";
    "both-cookies" => "cookies = 'both'": "A Disconnect removes the HTTP cookie as well";
    "no-cookies-removed" => "cookies = 'neither'": "A Disconnect removes no cookie";
    "any-radius-entry" => "incoming.entries = 'any'":
        "Of several /radius entries with one address, any whose secret fits counts (default: the first)";
    "disabled-radius-entries-count" => "incoming.disabled-entries = 'count'": "Disabled /radius entries count too";
    "radius-entry-services" => "incoming.entry-services = 'respected'":
        "A request reaches sessions of its /radius entry's services alone";
    "radsec-udp" => "incoming.radsec = 'secret-radsec'":
        "UDP from a server whose entry is for RadSec is taken, with the secret radsec (default: dropped)";
    "radsec-udp-own-secret" => "incoming.radsec = 'own-secret'": "As before, with the entry's secret";
    "bad-requests-sources" => "incoming.bad-requests = 'unknown-sources'": "bad-requests counts unknown sources alone";
    "bad-requests-authenticators" => "incoming.bad-requests = 'bad-authenticators'":
        "bad-requests counts bad authenticators alone";
    "bad-requests-neither" => "incoming.bad-requests = 'neither'": "bad-requests counts neither";
    "user-name-any-case" => "user-name = 'ignored'": "User-Name fits in upper and lower case";
    "ppp-name-all" => "ppp-name-alone = 'all'": "A PPP request with a name alone means all the user's sessions";
    "ppp-name-none" => "ppp-name-alone = 'none'": "A PPP request with a name alone means none of several sessions";
    "split-domain-full-name" => "split-user-domain = 'full-name'":
        "User and domain are apart in the active list; requests need the full name";
    "split-domain-user-name" => "split-user-domain = 'user-name'": "The same; requests need the name without the domain";
    "split-domain-either" => "split-user-domain = 'either'": "The same; requests may have either";
    "wifi-takes-without-ip" => "wifi-names = 'taken-without-ip'":
        "Wireless takes a User-Name that is its MAC only from a request without Framed-IP-Address";
    "wifi-off" => "wifi-names = 'off'": "The hotspot goes before wireless for a User-Name that is a MAC";
    "hotspot-id-counter" => "hotspot-ids = 'counter'": "The .id of a hotspot session is used once";
    "host-row-goes" => "host-row-goes = true": "The host row goes with a session that was cut";
    "octets-of-client" => "octet-direction = 'client-sees'": "Accounting's Input is what the client received";
    "nak-everything-no-cause" => "nak-everything = 'no-cause'": "Every request is met with a NAK without Error-Cause";
    "nak-everything-504" => "nak-everything.cause = 504": "Every request is met with NAK 504";
    "no-accounting-on" => "reboot.no-accounting-on = true": "A reboot sends no Accounting-On";
    "clean-reboot-stops" => "reboot.clean-stops = true": "A clean reboot sends Stops with NAS-Reboot";
    "no-mac-cookie-login" => "way-back.mac-cookie = false": "Nobody comes back through a MAC cookie";
    "no-http-cookie-login" => "way-back.http-cookie = false": "Nobody comes back through a cookie in the browser";
    "login-by-mac" => "way-back.login-by-mac = true": "Hotspot users come back by their MAC";
    "no-ppp-redial" => "way-back.ppp-redial = false": "PPP clients do not dial again";
    "coa-hotspot-applies" => "coa.hotspot = 'applies'":
        "CoA changes every hotspot session (default: not one that logged in by MAC)";
    "coa-hotspot-noop" => "coa.hotspot = 'ack-noop'": "CoA on the hotspot is ACKed, and nothing changes";
    "coa-hotspot-nak-406" => "coa.hotspot = 'nak-406'": "CoA on the hotspot is met with NAK 406";
    "coa-unlisted-ignored" => "coa.unlisted-limits = 'ignore'": "CoA ignores Gigawords and Total-Limit";
    "coa-unlisted-refused" => "coa.unlisted-limits = 'refuse'": "CoA refuses Gigawords and Total-Limit";
    "silent" => "faults.silent = true": "Requests are lost on the way";
    "first-request-lost" => "faults.drop-requests = 1": "The first request is lost on the way";
    "first-reply-lost" => "faults.drop-replies = 1": "The first reply is lost on the way";
    "duplicate-reply" => "faults.duplicate-reply = true": "Every reply comes twice";
    "forged-ack-first" => "faults.forged-ack = 'before'": "An ACK made without the secret comes before the reply";
    "forged-ack-only" => "faults.forged-ack = 'instead'": "An ACK made without the secret is all that comes";
    "wrong-identifier-first" => "faults.wrong-identifier = 'before'":
        "A reply with another Identifier comes before the right one";
    "rest-delete-200" => "rest.delete-says-200 = true": "REST's DELETE answers 200";
    "rest-remove-404" => "rest.remove-missing-says-404 = true": "REST's POST remove answers 404 for what is not there";
    "rest-no-id" => "rest.proplist-without-id = true": "REST leaves .id out of a .proplist that does not name it";
    "rest-raw-controls" => "rest.raw-control-octets = true": "REST writes control octets raw into its JSON";
    "rest-403" => "rest.fault.status = 403": "REST answers 403";
    "rest-500" => "rest.fault.status = 500": "REST answers 500";
    "rest-html" => "rest.fault = 'html'": "REST answers with a page";
    "rest-truncated" => "rest.fault = 'truncated'": "REST's body ends too early";
    "rest-redirect" => "rest.fault.redirect = '/webfig/'": "REST redirects elsewhere";
    "tenth-lost" => "faults = { request-loss = 0.1, reply-loss = 0.1 }":
        "A request in ten is lost on the way, and a reply in ten";
    "tenth-twice" => "faults = { request-duplication = 0.1, reply-duplication = 0.1 }":
        "A request in ten comes twice, and a reply in ten";
    "tenth-late" => "faults = { reply-delay = 0.1, delay-ms = 2000 }": "A reply in ten is two seconds late";
    "first-request-twice" => "faults.duplicate-requests = 1": "The first request comes twice";
    "first-reply-late" => "faults = { delay-replies = 1, delay-ms = 2000 }": "The first reply is two seconds late";
    "reply-from-elsewhere" => "faults.reply-from = '127.0.1.77'": "Replies come from 127.0.1.77";
    "wrong-identifier-only" => "faults.wrong-identifier = 'instead'": "A reply with another Identifier is all that comes";
    "rest-encoded-ids" => "rest.encoded-ids = true": "REST takes %2A for the * of an .id";
    "rest-no-permission-400" => "rest.no-permission = 'bad-request'": "REST says 400 where a policy is missing (default: 403)";
    "rest-no-permission-500" => "rest.no-permission = 'internal-server-error'": "REST says 500 where a policy is missing";
    "rest-unreadable-empty" => "rest.unreadable-is-empty = true":
        "REST shows empty lists to a user without the right to read";
    "rest-needs-api" => "rest.needs-api-policy = true": "REST needs the policy api too";
    "rest-max-sessions-wait" => "rest.beyond-max-sessions = 'waits'":
        "A connection beyond max-sessions waits (default: it is closed)";
    "rest-reboot-before-delete" => "rest.before-delete = 'reboot'": "The router reboots just before the first removal";
    "rest-other-user-before-delete" =>
        "rest.before-delete.other-user = { user = 'mallory', mac = '02:00:00:00:00:66' }":
        "Another user takes the address just before the first removal";
    "rest-wrong-after-boot" => "rest.wrong-after-boot = 3": "REST's first three answers after a reboot are of another menu";
    "rest-empty-after-boot" => "rest.empty-after-boot = 3": "REST's first three answers after a reboot are empty lists";
    "rest-session-closed" => "rest.fault = 'session-closed'": "REST answers 400 Session closed";
    "rest-wrong-body" => "rest.fault = 'wrong-body'": "REST answers with what another menu has";
    "rest-empty" => "rest.fault = 'empty-list'": "REST answers with empty lists";
    "rest-slow" => "rest.fault.slow = 1000": "REST's bodies come an octet a second";
    "rest-cut-body" => "rest.fault = 'cut-body'": "REST's true bodies end half way";
    "rest-no-answer" => "rest.fault = 'no-answer'": "REST never answers";
}

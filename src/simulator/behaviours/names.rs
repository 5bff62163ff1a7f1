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
    "rest-no-answer" => "rest.fault = 'no-answer'": "REST never answers";
}

//! Merging the settings of a NAS, and what they come to once its address is known.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{ApiPart, CutPath, IdentityAttribute, NasSettings, RestPart, RestSettings, Service, Timers, Tls};
use crate::radius::SharedSecret;

/// How one NAS is reached: every setting with its value.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting by itself")]
pub struct NasProfile {
    /// The address to reach it by.
    pub address: IpAddr,
    /// Its UDP port.
    pub coa_port: u16,
    /// Our own address to send from; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The shared secret; `None` if neither the file nor FreeRADIUS has one: no RADIUS path.
    pub secret: Option<SharedSecret>,
    /// What kind of session it has.
    pub service: Service,
    /// The paths that are set up, in order; may be empty.
    pub paths: Vec<CutPath>,
    /// Requests without a reply at a time.
    pub max_in_flight: u16,
    /// Requests a second.
    pub max_rate: u16,
    /// How long to wait for the proof.
    pub verify_within: Duration,
    /// How often a user who comes straight back is cut again.
    pub max_bounces: u16,
    /// Whether the hotspot's host row of a device that was cut is taken away too.
    pub remove_host: bool,
    /// The sets of attributes that name a session; empty: by service.
    pub identity: Vec<Vec<IdentityAttribute>>,
    /// Further addresses from which a reply is taken.
    pub reply_from: Arc<[IpAddr]>,
    /// Retransmission: quick where another path follows RADIUS.
    pub timers: Timers,
    /// Whether requests carry a Message-Authenticator.
    pub message_authenticator: bool,
    /// Whether requests carry an Event-Timestamp.
    pub event_timestamp: bool,
    /// Whether a reply without Message-Authenticator is discarded.
    pub require_message_authenticator: bool,
    /// How far the Event-Timestamp of a reply may be off; zero: any.
    pub event_timestamp_window: Duration,
    /// How long an Identifier rests after an exchange that was sent more than once or not answered.
    pub identifier_hold: Duration,
    /// Whether it rests after every exchange.
    pub identifier_hold_always: bool,
    /// How many of our ports may send to this NAS.
    pub max_ports: u16,
    /// Its REST service, if one is set up.
    pub rest: Option<RestSettings>,
    /// Its binary API, if one is set up.
    pub api: Option<ApiSettings>,
}

/// A router's binary API, complete.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the certificate is judged; off is a connection without TLS.
    pub tls: Tls,
    /// The RouterOS user.
    pub username: String,
    /// Its password.
    pub password: secrecy::SecretString,
}

impl NasSettings {
    /// These settings, with those of `lower` where these are absent.
    #[must_use]
    pub fn over(&self, lower: &Self) -> Self {
        Self {
            address: self.address.or(lower.address),
            coa_port: self.coa_port.or(lower.coa_port),
            source: self.source.or(lower.source),
            secret: self.secret.clone().or_else(|| lower.secret.clone()),
            service: self.service.or(lower.service),
            paths: self.paths.clone().or_else(|| lower.paths.clone()),
            max_in_flight: self.max_in_flight.or(lower.max_in_flight),
            max_rate: self.max_rate.or(lower.max_rate),
            verify_within: self.verify_within.or(lower.verify_within),
            max_bounces: self.max_bounces.or(lower.max_bounces),
            remove_host: self.remove_host.or(lower.remove_host),
            identity: self.identity.clone().or_else(|| lower.identity.clone()),
            reply_from: self.reply_from.clone().or_else(|| lower.reply_from.clone()),
            irt: self.irt.or(lower.irt),
            mrt: self.mrt.or(lower.mrt),
            mrc: self.mrc.or(lower.mrc),
            mrd: self.mrd.or(lower.mrd),
            message_authenticator: self.message_authenticator.or(lower.message_authenticator),
            event_timestamp: self.event_timestamp.or(lower.event_timestamp),
            require_message_authenticator: self.require_message_authenticator.or(lower.require_message_authenticator),
            event_timestamp_window: self.event_timestamp_window.or(lower.event_timestamp_window),
            identifier_hold: self.identifier_hold.or(lower.identifier_hold),
            identifier_hold_always: self.identifier_hold_always.or(lower.identifier_hold_always),
            max_ports: self.max_ports.or(lower.max_ports),
            time_zone: self.time_zone.clone().or_else(|| lower.time_zone.clone()),
            rest: layered(self.rest.as_ref(), lower.rest.as_ref(), RestPart::over),
            api: layered(self.api.as_ref(), lower.api.as_ref(), ApiPart::over),
        }
    }

    /// What these settings come to for a NAS at `nas_address` (nasipaddress), defaults filled in.
    #[must_use]
    pub fn profile(&self, nas_address: IpAddr) -> NasProfile {
        let address = self.address.unwrap_or(nas_address);
        let rest = self.rest.as_ref().and_then(|part| part.complete(address));
        let api = self.api.as_ref().and_then(|part| part.complete(address));
        let mut paths = self.paths.clone().unwrap_or_else(|| vec![CutPath::Radius, CutPath::Rest, CutPath::Api]);
        paths.retain(|path| match path {
            CutPath::Radius => self.secret.is_some(),
            CutPath::Rest => rest.is_some(),
            CutPath::Api => api.is_some(),
        });
        let timers = self.timers(paths.iter().skip_while(|path| **path != CutPath::Radius).count() > 1);
        NasProfile {
            address,
            coa_port: self.coa_port.unwrap_or(3799),
            source: self.source,
            secret: self.secret.clone(),
            service: self.service.unwrap_or(Service::Auto),
            paths,
            max_in_flight: self.max_in_flight.unwrap_or(32),
            max_rate: self.max_rate.unwrap_or(50),
            verify_within: self.verify_within.unwrap_or(Duration::from_secs(10)),
            max_bounces: self.max_bounces.unwrap_or(3),
            remove_host: self.remove_host.unwrap_or(false),
            identity: self.identity.clone().unwrap_or_default(),
            reply_from: self.reply_from.clone().unwrap_or_default().into(),
            timers,
            message_authenticator: self.message_authenticator.unwrap_or(true),
            event_timestamp: self.event_timestamp.unwrap_or(true),
            require_message_authenticator: self.require_message_authenticator.unwrap_or(false),
            event_timestamp_window: self.event_timestamp_window.unwrap_or(Duration::from_mins(5)),
            identifier_hold: self.identifier_hold.unwrap_or(Duration::from_secs(30)),
            identifier_hold_always: self.identifier_hold_always.unwrap_or(false),
            max_ports: self.max_ports.unwrap_or(16),
            rest,
            api,
        }
    }

    fn timers(&self, another_path_follows: bool) -> Timers {
        let default = if another_path_follows { Timers::WITH_FALLBACK } else { Timers::ALONE };
        Timers {
            irt: self.irt.unwrap_or(default.irt),
            mrt: self.mrt.unwrap_or(default.mrt),
            mrc: self.mrc.unwrap_or(default.mrc),
            mrd: self.mrd.unwrap_or(default.mrd),
        }
    }
}

fn layered<T: Clone>(upper: Option<&T>, lower: Option<&T>, over: impl Fn(&T, &T) -> T) -> Option<T> {
    match (upper, lower) {
        (Some(upper), Some(lower)) => Some(over(upper, lower)),
        (one, other) => one.or(other).cloned(),
    }
}

impl RestPart {
    pub(super) fn over(&self, lower: &Self) -> Self {
        Self {
            url: self.url.clone().or_else(|| lower.url.clone()),
            username: self.username.clone().or_else(|| lower.username.clone()),
            password: self.password.clone().or_else(|| lower.password.clone()),
            tls: self.tls.clone().or_else(|| lower.tls.clone()),
            identity: self.identity.clone().or_else(|| lower.identity.clone()),
        }
    }

    /// The whole, or `None` without user or password: then this router has no REST path.
    fn complete(&self, address: IpAddr) -> Option<RestSettings> {
        Some(RestSettings {
            url: self.url.clone().or_else(|| https(address))?,
            username: self.username.clone()?,
            password: self.password.clone()?,
            tls: self.tls.clone().unwrap_or(Tls::Verify { ca_file: None }),
            identity: self.identity.clone(),
        })
    }
}

fn https(address: IpAddr) -> Option<Url> {
    let url = match address {
        IpAddr::V4(address) => format!("https://{address}/"),
        IpAddr::V6(address) => format!("https://[{address}]/"),
    };
    Url::parse(&url).ok()
}

impl ApiPart {
    pub(super) fn over(&self, lower: &Self) -> Self {
        Self {
            address: self.address.clone().or_else(|| lower.address.clone()),
            tls: self.tls.clone().or_else(|| lower.tls.clone()),
            username: self.username.clone().or_else(|| lower.username.clone()),
            password: self.password.clone().or_else(|| lower.password.clone()),
        }
    }

    fn complete(&self, address: IpAddr) -> Option<ApiSettings> {
        let tls = self.tls.clone().unwrap_or(Tls::Verify { ca_file: None });
        let (host, port) = self.address.clone().unwrap_or_else(|| (address.to_string(), None));
        Some(ApiSettings {
            host,
            port: port.unwrap_or(if tls == Tls::Off { 8728 } else { 8729 }),
            tls,
            username: self.username.clone()?,
            password: self.password.clone()?,
        })
    }
}

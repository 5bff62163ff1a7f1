//! Reads `MIKROTIK_API_*`.

use std::net::Ipv6Addr;

use secrecy::SecretString;
use url::Url;

use super::report::Report;
use super::rest::{MikrotikApi, RestSettings, Tls};
use super::rest_read::{CLEAR_TEXT, FINGERPRINT, parse_url, without_brackets};
use super::value::parse_fingerprint;

const HOST: &str = "MIKROTIK_API_HOST";
const FINGERPRINT_VARIABLE: &str = "MIKROTIK_API_FINGERPRINT";

impl MikrotikApi {
    /// The router of the environment. An empty variable is as good as none.
    pub(super) fn read(report: &Report<'_>, rest_in_file: bool) -> Option<Self> {
        let variable = |name: &str| report.variable(name).filter(|value| !value.trim().is_empty());
        let value = variable(HOST)?;
        if rest_in_file {
            report.outside_warning(HOST, "not used: the file sets up REST itself", "unset it");
            return None;
        }
        let user = variable("MIKROTIK_API_USER");
        let password = variable("MIKROTIK_API_PASSWORD");
        for (name, missing) in [("MIKROTIK_API_USER", user.is_none()), ("MIKROTIK_API_PASSWORD", password.is_none())] {
            if missing {
                report.outside(name, "not set", format!("{HOST} is set, so set this as well"));
            }
        }
        let url = environment_url(report, value.trim());
        let fingerprint = variable(FINGERPRINT_VARIABLE);
        let pin = fingerprint.as_ref().and_then(|text| parse_fingerprint(text.trim()));
        if fingerprint.is_some() && pin.is_none() {
            report.outside(FINGERPRINT_VARIABLE, "no fingerprint", FINGERPRINT);
            return None;
        }
        let url = url?;
        let tls = environment_tls(report, &url, pin)?;
        let host = without_brackets(url.host_str().unwrap_or_default());
        let rest = RestSettings { url, username: user?, password: SecretString::from(password?), tls, identity: None };
        Some(Self { host, rest })
    }
}

/// A bare host means https.
fn environment_url(report: &Report<'_>, value: &str) -> Option<Url> {
    let text = if value.contains("://") {
        value.to_owned()
    } else if value.parse::<Ipv6Addr>().is_ok() {
        format!("https://[{value}]")
    } else {
        format!("https://{value}")
    };
    let url = parse_url(&text);
    if url.is_none() {
        report.outside(HOST, "no host of a router", "write HOST, HOST:PORT, https://HOST or http://HOST");
    }
    url
}

fn environment_tls(report: &Report<'_>, url: &Url, pin: Option<[u8; 32]>) -> Option<Tls> {
    match (url.scheme() == "http", pin) {
        (false, Some(pin)) => Some(Tls::Pin(pin)),
        (false, None) => Some(Tls::Verify { ca_file: None }),
        (true, None) => {
            report.outside_warning(HOST, CLEAR_TEXT, "https:// protects it");
            Some(Tls::Off)
        }
        (true, Some(_)) => {
            report.outside(FINGERPRINT_VARIABLE, "a fingerprint, but http:// has no certificate", "write https://");
            None
        }
    }
}

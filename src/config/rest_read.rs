//! Reads `[nas.rest]` and `[nas.api]`.

use std::net::IpAddr;

use secrecy::SecretString;
use url::Url;

use super::nas::NasSettings;
use super::report::{Report, Spot};
use super::rest::{ApiPart, RestPart, Tls};
use super::section::Section;
use super::value::parse_fingerprint;

const URL: &str = "write https://HOST or https://HOST:PORT, without user and password";
pub(super) const CLEAR_TEXT: &str = "http:// sends the password in clear text";
pub(super) const FINGERPRINT: &str =
    "write the SHA-256 of the router's certificate: 64 hexadecimal digits, with or without colons";

impl RestPart {
    pub(super) fn read(nas: &mut Section<'_, '_>) -> Option<Self> {
        let given = nas.holds("rest");
        let mut section = nas.section("rest");
        let part = Self {
            url: url(&mut section),
            tls: tls(&mut section),
            username: username(&mut section),
            password: password(&mut section),
            identity: section.parsed("identity", "write the router's /system identity", not_empty),
        };
        section.finish();
        given.then_some(part)
    }

    /// Reports what is wrong once the defaults are merged in.
    fn check(&self, report: &Report<'_>, spot: &Spot) {
        missing(report, spot, self.username.is_none(), self.password.is_none());
        let clear = self.url.as_ref().is_some_and(|url| url.scheme() == "http");
        match (&self.tls, clear) {
            (Some(Tls::Off), true) => report.warning(spot, CLEAR_TEXT, "https:// protects it"),
            (_, true) => report.problem(spot, CLEAR_TEXT, "write https://, or tls = \"off\" to accept that"),
            (Some(Tls::Off), false) => {
                report.warning(spot, "tls = \"off\" takes any certificate", "write the router's fingerprint instead");
            }
            (_, false) => {}
        }
    }
}

impl ApiPart {
    pub(super) fn read(nas: &mut Section<'_, '_>) -> Option<Self> {
        let given = nas.holds("api");
        let mut section = nas.section("api");
        let part = Self {
            address: section.parsed("address", "write HOST or HOST:PORT, for IPv6 [ADDRESS]:PORT", host_and_port),
            tls: tls(&mut section),
            username: username(&mut section),
            password: password(&mut section),
        };
        section.finish();
        given.then_some(part)
    }
}

/// The places of `[nas.rest]` and `[nas.api]`, noted before they are read.
pub(super) struct ManagementSpots {
    rest: Spot,
    api: Spot,
}

impl ManagementSpots {
    pub(super) fn of(nas: &Section<'_, '_>) -> Self {
        Self { rest: nas.spot_of("rest"), api: nas.spot_of("api") }
    }

    /// Reports what a NAS with its own `[nas.rest]` or `[nas.api]` lacks even with the defaults.
    pub(super) fn check(&self, report: &Report<'_>, own: &NasSettings, defaults: &NasSettings) {
        let merged = own.over(defaults);
        if let (Some(_), Some(rest)) = (&own.rest, &merged.rest) {
            rest.check(report, &self.rest);
        }
        if let (Some(_), Some(api)) = (&own.api, &merged.api) {
            missing(report, &self.api, api.username.is_none(), api.password.is_none());
        }
    }

    /// Reports what is wrong with `[nas_defaults.rest]` where it names a router by itself.
    pub(super) fn check_defaults(&self, report: &Report<'_>, defaults: &NasSettings) {
        if let Some(rest) = defaults.rest.as_ref().filter(|rest| rest.url.is_some()) {
            rest.check(report, &self.rest);
        }
    }
}

fn missing(report: &Report<'_>, spot: &Spot, username: bool, password: bool) {
    for (key, missing) in [("username", username), ("password", password)] {
        if missing {
            let table = spot.key.rsplit('.').next().unwrap_or_default();
            let spot = Spot { key: format!("{}.{key}", spot.key), offset: spot.offset };
            report.problem(&spot, "missing", format!("write it here or in [nas_defaults.{table}]"));
        }
    }
}

/// A user that is there but wrong was reported; it is not missing as well.
fn username(section: &mut Section<'_, '_>) -> Option<String> {
    let given = section.holds("username");
    section.parsed("username", "write the RouterOS user", not_empty).or_else(|| given.then(String::new))
}

/// As [`username`].
fn password(section: &mut Section<'_, '_>) -> Option<SecretString> {
    let given = section.holds("password") || section.holds("password_file");
    section.password().or_else(|| given.then(SecretString::default))
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
}

/// A router's URL. One that holds credentials is refused and not shown.
fn url(section: &mut Section<'_, '_>) -> Option<Url> {
    let text = section.text("url")?;
    let url = parse_url(text.value.trim());
    if url.is_none() {
        section.report.problem(&text.spot, "no URL of a router", URL);
    }
    url
}

pub(super) fn parse_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let clean = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !clean || url.fragment().is_some() || !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return None;
    }
    let path = url.path().trim_end_matches('/').trim_end_matches("/rest").to_owned();
    url.set_path(&format!("{path}/"));
    Some(url)
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Some((text.to_owned(), None));
    }
    let url = Url::parse(&format!("none://{text}")).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.path().is_empty() && url.query().is_none();
    let host = url.host_str().filter(|host| bare && !host.is_empty())?;
    (url.port() != Some(0)).then(|| (without_brackets(host), url.port()))
}

pub(super) fn without_brackets(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Verify,
    Pin,
    Off,
}

/// `tls`, `ca_file` and `fingerprint`; `None` if none of them is there.
fn tls(section: &mut Section<'_, '_>) -> Option<Tls> {
    let spots = (section.spot_of("ca_file"), section.spot_of("fingerprint"));
    let given = (section.holds("ca_file"), section.holds("fingerprint"));
    let word = section.choice("tls", &[("verify", Word::Verify), ("pin", Word::Pin), ("off", Word::Off)]);
    let ca_file = section.text("ca_file").map(|text| section.report.path(&text.value));
    let fingerprint = section.parsed("fingerprint", FINGERPRINT, parse_fingerprint);
    let report = section.report;
    if let Some(Err(error)) = ca_file.as_ref().map(std::fs::File::open) {
        let found = format!("cannot read the authorities' certificates: {}", super::secret::reason(&error));
        report.problem(&spots.0, found, "name a PEM file");
    }
    match (word, given) {
        (Some(Word::Verify | Word::Off), (_, true)) | (_, (true, true)) => {
            report.problem(&spots.1, "a fingerprint that is not used", "a fingerprint alone pins the certificate");
            None
        }
        (Some(Word::Pin | Word::Off), (true, false)) => {
            report.problem(&spots.0, "a ca_file that is not used", "it belongs to tls = \"verify\"");
            None
        }
        (Some(Word::Pin), (false, false)) => {
            report.problem(&spots.1, "missing", FINGERPRINT);
            None
        }
        (Some(Word::Off), (false, false)) => Some(Tls::Off),
        (Some(Word::Pin) | None, (false, true)) => fingerprint.map(Tls::Pin),
        (Some(Word::Verify), (_, false)) | (None, (true, false)) => Some(Tls::Verify { ca_file }),
        (None, (false, false)) => None,
    }
}

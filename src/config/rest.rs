//! `[nas.rest]` and `[nas.api]`: how a router's management is reached.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// A router's REST service, complete.
#[derive(Debug, Clone)]
pub struct RestSettings {
    /// Scheme, host, port, and a path where a proxy adds one; `/rest` is not part of it. Never holds credentials.
    pub url: Url,
    /// The RouterOS user.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// How the certificate is judged.
    pub tls: Tls,
    /// What `/system identity` must be for an absence from this router's lists to count as proof.
    pub identity: Option<String>,
}

/// `tls`, `ca_file` and `fingerprint`: how a router's certificate is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// `"verify"` (default): by authorities: those in `ca_file` (PEM) alone, or the system's.
    Verify {
        /// The file, or `None` for the system's authorities.
        ca_file: Option<PathBuf>,
    },
    /// `"pin"`, or `fingerprint` alone: the SHA-256 of the certificate (DER), name and dates not looked at.
    Pin([u8; 32]),
    /// `"off"`: with https any certificate, which is no protection; with http none.
    Off,
}

/// `[nas.rest]` as written. `[nas_defaults.rest]` fills in what is absent.
#[derive(Debug, Clone, Default)]
pub struct RestPart {
    /// `url`, `https://HOST[:PORT]`. Default: https at the NAS's address.
    pub url: Option<Url>,
    /// `username`. Required here or in the defaults.
    pub username: Option<String>,
    /// `password` or `password_file`. Required here or in the defaults.
    pub password: Option<SecretString>,
    /// `tls`, `ca_file`, `fingerprint`, which stand or fall together. Default: verify by the system's authorities.
    pub tls: Option<Tls>,
    /// `identity`, the router's `/system identity`. Default: not compared.
    pub identity: Option<String>,
}

/// `[nas.api]` as written. `[nas_defaults.api]` fills in what is absent.
#[derive(Debug, Clone, Default)]
pub struct ApiPart {
    /// `address`, `HOST[:PORT]`, taken apart. Default: the NAS's address; port 8729, or 8728 where `tls = "off"`.
    pub address: Option<(String, Option<u16>)>,
    /// `tls`, `ca_file`, `fingerprint` as in `[nas.rest]`; off is a connection without TLS.
    pub tls: Option<Tls>,
    /// `username`.
    pub username: Option<String>,
    /// `password` or `password_file`.
    pub password: Option<SecretString>,
}

/// The one router that `MIKROTIK_API_HOST`, `_USER`, `_PASSWORD` and `_FINGERPRINT` name in the environment.
#[derive(Debug, Clone)]
pub struct MikrotikApi {
    /// The host of the URL, to be compared with nasipaddress: without port, scheme or brackets.
    pub host: String,
    /// Its REST service.
    pub rest: RestSettings,
}

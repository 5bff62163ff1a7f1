//! `[serve]`: the HTTP service.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::section::Section;
use crate::radius::SharedSecret;

/// `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// `listen`, address and port. Default `127.0.0.1:8099`.
    pub listen: SocketAddr,
    /// `tls_cert` and `tls_key`, both or neither. Default: plain HTTP.
    pub tls: Option<ServeTls>,
    /// `trusted_proxy`, addresses or CIDRs whose X-Forwarded-For is believed. Default: none.
    pub trusted_proxy: Vec<IpNet>,
    /// `[[serve.token]]`. Default: none.
    pub tokens: Vec<ServeToken>,
    /// `stuck_after`, how long a loop may make no progress before systemd's watchdog is told no more that all is well, 1 s to
    /// 24 h. Default 10 min.
    pub stuck_after: Duration,
    /// `hook_socket`, where hooks of FreeRADIUS bring their events. Default `/run/radkick/hook.sock`, if its directory is there.
    pub hook_socket: HookPath,
    /// `control_socket`, where one-shot commands ask the daemon. Default `/run/radkick/control.sock`, if its directory is there.
    pub control_socket: HookPath,
    /// `spool`, where they leave them otherwise. Default `/var/spool/radkick`, if it is there.
    pub spool: HookPath,
    /// `accounting_listen` and `accounting_secret` (or `accounting_secret_file`), both or neither: where FreeRADIUS may send copies
    /// of Accounting-Requests. Default: nowhere.
    pub accounting: Option<AccountingListen>,
    /// `hook_users`, accounts of this machine whose events are taken, beside root and our own. Default `freerad`, `radiusd`.
    pub hook_users: Vec<String>,
}

/// Where Accounting-Requests are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountingListen {
    /// `accounting_listen`, address and port.
    pub address: SocketAddr,
    /// `accounting_secret`: what FreeRADIUS signs them with.
    pub secret: SharedSecret,
}

/// A path that another program has to know too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookPath {
    /// The path.
    pub path: PathBuf,
    /// Whether the file names it: then it has to be of use.
    pub is_set: bool,
}

/// The certificate chain and key of the HTTP service, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeTls {
    /// `tls_cert`.
    pub cert: PathBuf,
    /// `tls_key`.
    pub key: PathBuf,
}

/// One `[[serve.token]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeToken {
    /// `name`, unique, for the journal. Required.
    pub name: String,
    /// `hash_file`, which holds the token's hash. Required.
    pub hash_file: PathBuf,
    /// `scope`. Default read.
    pub scope: Scope,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Look.
    Read,
    /// Look and act.
    Act,
}

impl Serve {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let listen = "write an address and a port, as \"127.0.0.1:8099\" or \"[::1]:8099\"";
        let second = Duration::from_secs(1);
        Self {
            listen: section
                .parsed("listen", listen, |text| text.parse().ok())
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8099))),
            tls: tls(section),
            trusted_proxy: proxies(section),
            tokens: tokens(section),
            stuck_after: section.duration("stuck_after", second..=second * 86_400).unwrap_or(second * 600),
            hook_socket: hook_path(section, "hook_socket", "/run/radkick/hook.sock"),
            control_socket: hook_path(section, "control_socket", "/run/radkick/control.sock"),
            spool: hook_path(section, "spool", "/var/spool/radkick"),
            accounting: accounting(section),
            hook_users: section.texts("hook_users").map_or_else(
                || vec!["freerad".to_owned(), "radiusd".to_owned()],
                |names| names.into_iter().map(|name| name.value).collect(),
            ),
        }
    }
}

fn accounting(section: &mut Section<'_, '_>) -> Option<AccountingListen> {
    let spot = section.spot_of("accounting_listen");
    let wanted = section.holds("accounting_listen");
    let example = "write an address and a port, as \"127.0.0.1:18139\"";
    let address = section.parsed("accounting_listen", example, |text| text.parse().ok());
    let named = section.holds("accounting_secret") || section.holds("accounting_secret_file");
    let secret = section.secret("accounting_secret", "accounting_secret_file");
    if wanted && !named {
        section.report.problem(&spot, "no secret", "write what FreeRADIUS signs with as accounting_secret");
    }
    if named && !wanted {
        section.missing("accounting_listen", "a secret alone receives nothing");
    }
    Some(AccountingListen { address: address?, secret: SharedSecret::new(secret?).ok()? })
}

fn hook_path(section: &mut Section<'_, '_>, key: &'static str, default: &str) -> HookPath {
    let set = section.text(key).map(|text| section.report.path(&text.value));
    HookPath { is_set: set.is_some(), path: set.unwrap_or_else(|| PathBuf::from(default)) }
}

fn tls(section: &mut Section<'_, '_>) -> Option<ServeTls> {
    let spots = (section.spot_of("tls_cert"), section.spot_of("tls_key"));
    match (section.text("tls_cert"), section.text("tls_key")) {
        (Some(cert), Some(key)) => {
            Some(ServeTls { cert: section.report.path(&cert.value), key: section.report.path(&key.value) })
        }
        (None, None) => None,
        (Some(_), None) => {
            section.report.problem(&spots.1, "missing", "tls_cert wants its key; write the file as tls_key");
            None
        }
        (None, Some(_)) => {
            section.report.problem(&spots.0, "missing", "tls_key wants its certificate; write the file as tls_cert");
            None
        }
    }
}

fn proxies(section: &mut Section<'_, '_>) -> Vec<IpNet> {
    let mut proxies = Vec::new();
    for text in section.texts("trusted_proxy").unwrap_or_default() {
        match net(&text.value) {
            Some(net) => proxies.push(net),
            None => section.report.problem(
                &text.spot,
                format!("found {:?}", text.raw),
                "write an address or a CIDR, as \"10.0.0.1\" or \"10.0.0.0/8\"",
            ),
        }
    }
    proxies
}

/// An address, as a prefix of full length, or a CIDR, without the bits after its prefix.
pub(super) fn net(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.into()),
        Err(_) => text.parse::<IpNet>().ok().map(|net| net.trunc()),
    }
}

fn tokens(section: &mut Section<'_, '_>) -> Vec<ServeToken> {
    let mut tokens: Vec<ServeToken> = Vec::new();
    for mut entry in section.sections("token") {
        let spot = entry.spot_of("name");
        let missing = [("name", !entry.holds("name")), ("hash_file", !entry.holds("hash_file"))];
        let name = entry.parsed("name", "write a name", |text| (!text.is_empty()).then(|| text.to_owned()));
        let hash_file = entry.text("hash_file");
        let scope = entry.choice("scope", &[("read", Scope::Read), ("act", Scope::Act)]).unwrap_or(Scope::Read);
        for (key, missing) in missing {
            if missing {
                entry.missing(key, "every token has a name and a hash_file");
            }
        }
        if let (Some(name), Some(hash_file)) = (name, hash_file) {
            if tokens.iter().any(|token| token.name == name) {
                entry.report.problem(&spot, format!("a second token {name:?}"), "give each its own name");
            }
            tokens.push(ServeToken { name, hash_file: entry.report.path(&hash_file.value), scope });
        }
        entry.finish();
    }
    tokens
}

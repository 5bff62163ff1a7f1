//! `[serve]`: the HTTP service.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

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

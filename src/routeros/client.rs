//! How the HTTP client is built. No default of the library is left where it would bite.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, retry};

use super::error::RestFailure;
use super::tls::client_config;
use crate::config::RestSettings;

/// How long and how much is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestLimits {
    /// For a connection, TLS included. Default 3 s.
    pub connect: Duration,
    /// For the next octets of an answer. Default 5 s.
    pub read: Duration,
    /// For a question and its whole answer. Default 10 s.
    pub total: Duration,
    /// Octets of an answer at most. Default 16 MiB.
    pub body_octets: usize,
}

impl Default for RestLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(3), read: seconds(5), total: seconds(10), body_octets: 16 << 20 }
    }
}

/// No proxy of the environment, no redirect, no retry: what is sent goes to this router once. One connection is kept.
pub(super) fn build(settings: &RestSettings, limits: RestLimits) -> Result<Client, RestFailure> {
    Client::builder()
        // Also for http, because without it the library panics when no cryptography is installed for the process.
        .tls_backend_preconfigured(client_config(&settings.tls)?)
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .timeout(limits.total)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(20))
        .tcp_keepalive(Duration::from_secs(15))
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .http1_only()
        .retry(retry::never())
        .build()
        .map_err(|error| RestFailure::Client(error.to_string()))
}

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
    /// For the next octets of an answer of a few rows. Default 5 s.
    pub read: Duration,
    /// For a question about a few rows and its whole answer. Default 10 s.
    pub total: Duration,
    /// For a whole list, also for its first octet: a router sends nothing until it has put the list together. Default
    /// 65 s, because RouterOS gives up after 60 s and says so. A router that is gone is noticed after `read`.
    pub list: Duration,
    /// Octets of an answer at most. Default 32 MiB, which 50,000 rows with all columns fit into.
    pub body_octets: usize,
    /// Questions at once at most; others wait for their turn. Default 2: a router has 20 sessions for all its services.
    pub at_once: usize,
}

impl Default for RestLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(3),
            read: seconds(5),
            total: seconds(10),
            list: seconds(65),
            body_octets: 32 << 20,
            at_once: 2,
        }
    }
}

/// No proxy of the environment, no redirect, no retry: what is sent goes to this router once. Connections are kept, as
/// many as may be in use: each new one is a login in the router's log.
pub(super) fn build(settings: &RestSettings, limits: RestLimits) -> Result<Client, RestFailure> {
    Client::builder()
        // Also for http, because without it the library panics when no cryptography is installed for the process.
        .tls_backend_preconfigured(client_config(&settings.tls)?)
        .connect_timeout(limits.connect)
        .pool_max_idle_per_host(limits.at_once.max(1))
        .pool_idle_timeout(Duration::from_secs(20))
        .tcp_keepalive(Duration::from_secs(15))
        .tcp_user_timeout(limits.read)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .http1_only()
        .retry(retry::never())
        .build()
        .map_err(|error| RestFailure::Client(error.to_string()))
}

//! RouterOS' REST, against the simulated router, and against servers that answer with canned octets.

#![expect(clippy::expect_used, reason = "helpers of tests are tests too")]

mod certificates;
mod errors;
mod forms;
mod large;
mod router;
mod server;
mod sessions;

use radkick::config::{RestSettings, Tls};
use radkick::routeros::RestClient;

pub(crate) use server::Canned;

const PASSWORD: &str = "hunter2 & co";

/// How to reach the router at `url`.
fn settings(url: &str, tls: Tls) -> RestSettings {
    RestSettings {
        url: url.parse().expect("a URL"),
        username: "radkick".to_owned(),
        password: PASSWORD.into(),
        tls,
        identity: None,
    }
}

/// A client of a canned router without TLS.
fn client(router: &Canned) -> RestClient {
    RestClient::new(&settings(&router.url, Tls::Off)).expect("a client")
}

//! The simulated router, and the accounting sink of the demo, each against its specification.
//!
//! Invariant: what a router must not answer is shown by the answer to a request after it; no test waits for silence.

mod accounting;
mod behaviours;
mod coa;
mod command;
mod disconnect;
mod entries;
mod faults;
mod fleet;
mod peer;
mod rest;
mod rest_doors;
mod rest_faults;
mod services;
mod sink;
mod way_back;

use std::net::{IpAddr, Ipv4Addr};

use radkick::radius::{AttributeType, Attributes, SharedSecret};
use radkick::simulator::{
    AccountingOptions, Event, Incoming, RadiusEntry, RestOptions, Router, RouterOptions, SessionSpec, SessionView,
};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::support::wait::PATIENCE;

const SECRET: &str = "secret of the simulated router";
const ROUTER: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 7);
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);
const MAC: &str = "02:00:00:00:00:41";

fn secret() -> SharedSecret {
    SharedSecret::new(SECRET.as_bytes().to_vec()).expect("not empty")
}

/// A router that takes Disconnect-Requests from 127.0.0.1.
fn options() -> RouterOptions {
    let mut options = RouterOptions::new("R1", ROUTER);
    options.coa = Incoming::Accept(0);
    options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret())];
    options
}

async fn start(options: RouterOptions) -> Router {
    Router::start(options).await.expect("a router")
}

/// A router with one hotspot session, alice's.
async fn with_alice(options: RouterOptions) -> (Router, SessionView) {
    let router = start(options).await;
    let session = router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    (router, session)
}

fn accounted(server: std::net::SocketAddr) -> RouterOptions {
    RouterOptions { accounting: Some(AccountingOptions::new(server, secret())), ..options() }
}

fn with_rest() -> RouterOptions {
    RouterOptions { rest: Some(RestOptions::new("kick", "p:ss")), ..options() }
}

/// The attributes that find a session: user, address, session id.
fn identity(user: &str, address: Option<Ipv4Addr>, session: Option<&str>) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, user).expect("a name");
    if let Some(address) = address {
        attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, address);
    }
    if let Some(session) = session {
        attributes.push(AttributeType::ACCT_SESSION_ID, session).expect("an id");
    }
    attributes
}

/// Waits until a condition holds, while the router goes on.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"));
}

/// Waits for an event.
async fn event(events: &mut Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Event {
    let find = async {
        loop {
            let event = events.recv().await.expect("the router runs");
            if wanted(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, find).await.expect("the event in time")
}

//! HTTP on loopback, for looking: `/healthz`, `/readyz`, `/metrics`.
//!
//! Invariants: it changes nothing; whatever a client sends or leaves out costs bounded time and memory; a client that stops
//! reading holds up nobody but itself. What it knows of the databases it looks up when asked, at most once a second.
//!
//! Start reading at [`serve`].

mod connection;
mod look;
mod pages;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::jobs::Agent;
use crate::metrics::{Metrics, Pulses};

use look::Look;

/// What the pages are made from.
#[derive(Debug)]
pub struct Site {
    clock: Clock,
    metrics: Arc<Metrics>,
    pulses: Pulses,
    /// Who works; until the databases have answered, why nobody does.
    agent: Mutex<Result<Arc<Agent>, String>>,
    /// The last look at the databases, and when.
    looked: tokio::sync::Mutex<Option<(Instant, Look)>>,
}

impl Site {
    /// Of a daemon that has not opened its databases yet.
    #[must_use]
    pub fn new(clock: Clock, metrics: Arc<Metrics>, pulses: Pulses) -> Self {
        let agent = Mutex::new(Err("the databases have not been opened yet".to_owned()));
        Self { clock, metrics, pulses, agent, looked: tokio::sync::Mutex::new(None) }
    }

    /// From now on this agent works, or nobody, for this reason.
    pub fn set_agent(&self, agent: Result<Arc<Agent>, String>) {
        *self.agent.lock().unwrap_or_else(PoisonError::into_inner) = agent;
    }

    fn agent(&self) -> Result<Arc<Agent>, String> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers on `listener` until `stop`.
pub async fn serve(listener: TcpListener, site: Arc<Site>, stop: CancellationToken) {
    connection::accept(listener, pages::router(site), stop).await;
}

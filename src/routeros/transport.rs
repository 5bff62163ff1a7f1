//! Questions to one router and their answers as octets.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::answer::{refusal, target};
use super::client::{RestLimits, build};
use super::error::{RestError, RestFailure, Stage};
use super::gate::Gate;
use crate::config::RestSettings;

/// The way to a router's REST service. A clone shares its connections and its turns.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: Client,
    settings: RestSettings,
    limits: RestLimits,
    router: String,
    turns: Arc<Semaphore>,
    gate: Option<Arc<dyn Gate>>,
    by_hand: bool,
}

/// How much is asked for, so how long the router may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A few rows.
    Few,
    /// A whole list: a router takes about a second for each thousand rows before it sends the first.
    All,
}

/// A successful answer. That of a removal counts even if its octets cannot be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) octets: Result<Vec<u8>, RestFailure>,
}

impl Transport {
    pub(super) fn new(settings: &RestSettings, limits: RestLimits) -> Result<Self, RestError> {
        let router = settings.url.origin().ascii_serialization();
        let turns = Arc::new(Semaphore::new(limits.at_once.max(1)));
        match build(settings, limits) {
            Ok(client) => {
                Ok(Self { client, settings: settings.clone(), limits, router, turns, gate: None, by_hand: false })
            }
            Err(failure) => Err(RestError { operation: "setting up REST", router, failure }),
        }
    }

    /// The same way, past this gate.
    pub(super) fn behind(&self, gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..self.clone() }
    }

    /// The same way, for a person.
    pub(super) fn by_hand(&self) -> Self {
        Self { by_hand: true, ..self.clone() }
    }

    pub(super) fn error(&self, operation: &'static str, failure: RestFailure) -> RestError {
        RestError { operation, router: self.router.clone(), failure }
    }

    /// Asks below `/rest` when it is its turn. Answers that are no success are failures.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        size: Size,
    ) -> Result<Answer, RestFailure> {
        let url = self.url(path)?;
        let mut request = self.client.request(method, url);
        request = request.basic_auth(&self.settings.username, Some(self.settings.password.expose_secret()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let _turn = self.turns.acquire().await.map_err(|error| RestFailure::Client(error.to_string()))?;
        let admission = match &self.gate {
            Some(gate) => Some((gate, gate.admit(self.by_hand).map_err(RestFailure::NotAsked)?)),
            None => None,
        };
        let asked = self.send(request, size).await;
        if let Some((gate, admission)) = admission {
            let failure = asked.as_ref().map_or_else(Some, |answer| answer.octets.as_ref().err());
            gate.told(admission, !failure.is_some_and(RestFailure::is_silence));
        }
        asked
    }

    async fn send(&self, request: RequestBuilder, size: Size) -> Result<Answer, RestFailure> {
        let (between, total) = match size {
            Size::Few => (self.limits.read, self.limits.total),
            Size::All => (self.limits.list, self.limits.list),
        };
        // A slow connection and a slow answer are told apart by the client, so connecting has its own time here.
        let head = timeout(between + self.limits.connect, request.timeout(total).send()).await;
        let response = head.map_err(|_elapsed| RestFailure::TimedOut(Stage::Answer))?;
        self.read(response.map_err(|error| RestFailure::of_sending(&error))?, between).await
    }

    async fn read(&self, response: Response, between: Duration) -> Result<Answer, RestFailure> {
        let status = response.status();
        if status.is_redirection() {
            return Err(RestFailure::Redirect { status: status.as_u16(), to: target(&response) });
        }
        let octets = self.octets(response, between).await;
        if status.is_success() {
            Ok(Answer { status, octets })
        } else {
            Err(refusal(status, &octets.unwrap_or_default()))
        }
    }

    async fn octets(&self, mut response: Response, between: Duration) -> Result<Vec<u8>, RestFailure> {
        let limit = self.limits.body_octets;
        let mut octets = Vec::new();
        loop {
            let chunk = timeout(between, response.chunk()).await;
            let chunk = chunk.map_err(|_elapsed| RestFailure::TimedOut(Stage::Answer))?;
            let Some(chunk) = chunk.map_err(|error| RestFailure::of_reading(&error))? else { return Ok(octets) };
            if octets.len() + chunk.len() > limit {
                return Err(RestFailure::TooLong { limit });
            }
            octets.extend_from_slice(&chunk);
        }
    }

    fn url(&self, path: &str) -> Result<Url, RestFailure> {
        self.settings.url.join(&format!("rest/{path}")).map_err(|error| RestFailure::Client(error.to_string()))
    }
}

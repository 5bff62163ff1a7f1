//! RouterOS v7's REST service.

mod limits;

use reqwest::{Client, Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::answer::{list, refusal, rows, target};
use super::body::parse;
use super::client::{RestLimits, build};
use super::error::{RestError, RestFailure};
use super::rows::{ActiveRow, Menu, Removal, is_id, text};
use crate::config::RestSettings;

pub use limits::{QueueRow, RowLimits};

/// A router's REST service. A clone shares the connection, which is kept open: every login is a line in the router's log.
#[derive(Debug, Clone)]
pub struct RestClient {
    client: Client,
    settings: RestSettings,
    limits: RestLimits,
    router: String,
}

impl RestClient {
    /// A client of one router, with the usual limits. Nothing is sent.
    ///
    /// # Errors
    /// The `ca_file` cannot be used, or the HTTP client cannot be built.
    pub fn new(settings: &RestSettings) -> Result<Self, RestError> {
        Self::with_limits(settings, RestLimits::default())
    }

    /// As [`RestClient::new`] with other limits.
    ///
    /// # Errors
    /// As [`RestClient::new`].
    pub fn with_limits(settings: &RestSettings, limits: RestLimits) -> Result<Self, RestError> {
        let router = settings.url.origin().ascii_serialization();
        match build(settings, limits) {
            Ok(client) => Ok(Self { client, settings: settings.clone(), limits, router }),
            Err(failure) => Err(RestError { operation: "setting up REST", router, failure }),
        }
    }

    /// The name of the router, `/system identity`.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn identity(&self) -> Result<String, RestError> {
        let asked = self.get("system/identity").await.and_then(|value| {
            // Some versions wrap the one object into a list.
            let object = value.get(0).unwrap_or(&value).as_object();
            object.and_then(|object| text(object, "name")).ok_or(RestFailure::Shape("an identity without name"))
        });
        asked.map_err(|failure| self.error("asking for its identity", failure))
    }

    /// The whole list, sessions that RADIUS did not let in included.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn active(&self, menu: Menu) -> Result<Vec<ActiveRow>, RestError> {
        let asked = self.get(menu.path()).await.and_then(|value| rows(menu, &value));
        asked.map_err(|failure| self.error(listing(menu), failure))
    }

    /// Candidates for the sessions of one user: rows of that login, of the user `bob` at the domain `isp` for `bob@isp`,
    /// and of `bob` at any domain for `bob`. The router compares exactly; address and MAC tell which is meant.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn find(&self, menu: Menu, user: &str) -> Result<Vec<ActiveRow>, RestError> {
        let asked = if user.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)) {
            self.get(&format!("{}?{}={user}", menu.path(), menu.user_property())).await
        } else {
            self.query(menu, user).await
        };
        let found = asked.and_then(|value| rows(menu, &value));
        let mut found = found.map_err(|failure| self.error(listing(menu), failure))?;
        // A router that ignores the filter must not make others' sessions this user's.
        found.retain(|row| row.is_of(user));
        Ok(found)
    }

    /// Names with `&`, `+`, `%`, spaces and the like go into a body: routers differ in how they decode a URL.
    async fn query(&self, menu: Menu, user: &str) -> Result<Value, RestFailure> {
        let mut words = vec![format!("{}={user}", menu.user_property())];
        if let (Menu::HotspotActive, Some((name, domain))) = (menu, user.rsplit_once('@')) {
            words.extend([format!("user={name}"), format!("domain={domain}"), "#&".to_owned(), "#|".to_owned()]);
        }
        let path = format!("{}/print", menu.path());
        let response = self.ask(Method::POST, &path, Some(json!({ ".query": words }))).await?;
        list(self.success(response).await)
    }

    /// One row as it is now; `None` if the router says that it has none of that id.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn row(&self, menu: Menu, id: &str) -> Result<Option<ActiveRow>, RestError> {
        let asked = self.read_row(menu, id).await;
        asked.map_err(|failure| self.error("reading a session", failure))
    }

    async fn read_row(&self, menu: Menu, id: &str) -> Result<Option<ActiveRow>, RestFailure> {
        let response = self.ask(Method::GET, &row_path(menu, id)?, None).await?;
        match self.success(response).await.and_then(|octets| parse(&octets)) {
            Ok(Value::Array(rows)) if rows.is_empty() => Ok(None),
            Ok(value) => ActiveRow::parse(menu, value.get(0).unwrap_or(&value)).map(Some),
            Err(RestFailure::NoSuchRow) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Ends a session by removing its row. The caller has just read the row and knows whose it is.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked; the row may then be gone or not.
    pub async fn remove(&self, menu: Menu, id: &str) -> Result<Removal, RestError> {
        let asked = self.remove_row(menu, id).await;
        asked.map_err(|failure| self.error("removing a session", failure))
    }

    async fn remove_row(&self, menu: Menu, id: &str) -> Result<Removal, RestFailure> {
        let response = self.ask(Method::DELETE, &row_path(menu, id)?, None).await?;
        if matches!(response.status(), StatusCode::OK | StatusCode::NO_CONTENT) {
            return Ok(Removal::Removed);
        }
        match self.success(response).await {
            Err(RestFailure::NoSuchRow) => Ok(Removal::AlreadyGone),
            Err(failure) => Err(failure),
            Ok(_) => Err(RestFailure::Shape("a success that is neither 200 nor 204")),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, RestFailure> {
        let response = self.ask(Method::GET, path, None).await?;
        list(self.success(response).await)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Response, RestFailure> {
        let url = self.url(path)?;
        let mut request = self.client.request(method, url);
        request = request.basic_auth(&self.settings.username, Some(self.settings.password.expose_secret()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.map_err(|error| RestFailure::of_sending(&error))
    }

    fn url(&self, path: &str) -> Result<Url, RestFailure> {
        self.settings.url.join(&format!("rest/{path}")).map_err(|error| RestFailure::Client(error.to_string()))
    }

    /// The octets of a successful answer.
    async fn success(&self, response: Response) -> Result<Vec<u8>, RestFailure> {
        let status = response.status();
        if status.is_redirection() {
            return Err(RestFailure::Redirect { status: status.as_u16(), to: target(&response) });
        }
        let octets = self.read(response).await;
        if status.is_success() { octets } else { Err(refusal(status, &octets.unwrap_or_default())) }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, RestFailure> {
        let limit = self.limits.body_octets;
        let mut octets = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| RestFailure::of_reading(&error))? {
            if octets.len() + chunk.len() > limit {
                return Err(RestFailure::TooLong { limit });
            }
            octets.extend_from_slice(&chunk);
        }
        Ok(octets)
    }

    fn error(&self, operation: &'static str, failure: RestFailure) -> RestError {
        RestError { operation, router: self.router.clone(), failure }
    }
}

fn listing(menu: Menu) -> &'static str {
    match menu {
        Menu::HotspotActive => "listing hotspot sessions",
        Menu::PppActive => "listing PPP sessions",
    }
}

fn row_path(menu: Menu, id: &str) -> Result<String, RestFailure> {
    if is_id(id) { Ok(format!("{}/{id}", menu.path())) } else { Err(RestFailure::BadId(id.to_owned())) }
}

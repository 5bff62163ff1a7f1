//! RouterOS v7's REST service: lists of sessions, and how one is ended.

mod limits;

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::body::{parse, parse_rows};
use super::client::RestLimits;
use super::error::{RestError, RestFailure};
use super::gate::Gate;
use super::query::Names;
use super::rows::{ActiveRow, Menu, Removal, is_id, text};
use super::transport::{Size, Transport};
use crate::config::RestSettings;

pub use limits::{QueueRow, RowLimits};

/// A router's REST service. A clone shares the connections, which are kept open, and the turns: at most two questions are
/// asked at once.
#[derive(Debug, Clone)]
pub struct RestClient {
    pub(super) transport: Transport,
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
        Ok(Self { transport: Transport::new(settings, limits)? })
    }

    /// The same client, that asks only when the gate lets it.
    #[must_use]
    pub fn behind(&self, gate: Arc<dyn Gate>) -> Self {
        Self { transport: self.transport.behind(gate) }
    }

    /// The same client for what a person asks for: the gate lets it through and hears what came of it.
    #[must_use]
    pub fn by_hand(&self) -> Self {
        Self { transport: self.transport.by_hand() }
    }

    /// The name of the router, `/system identity`.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn identity(&self) -> Result<String, RestError> {
        let asked = self.object("system/identity").await;
        let name = asked.and_then(|row| text(&row, "name").ok_or(RestFailure::Shape("an identity without name")));
        name.map_err(|failure| self.error("asking for its identity", failure))
    }

    /// The whole list, sessions that RADIUS did not let in included.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn active(&self, menu: Menu) -> Result<Vec<ActiveRow>, RestError> {
        let asked = self.whole(menu.path(), menu.columns(), |row| ActiveRow::parse(menu, row)).await;
        asked.map_err(|failure| self.error(listing(menu), failure))
    }

    /// Candidates for the sessions of some users: for `bob@isp` rows of that login and of the user `bob` at the domain
    /// `isp`, for `isp\bob` the same, for `bob` rows of `bob` at any domain. Address and MAC tell which is meant. The router
    /// is asked for up to 16 names, and compares exactly; for more its whole list is read.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn active_of(&self, menu: Menu, names: &[&str]) -> Result<Vec<ActiveRow>, RestError> {
        let names = Names::new(names);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let read = |row: &Map<String, Value>| ActiveRow::parse(menu, row);
        let asked = self.chosen(menu.path(), menu.columns(), menu.words(&names), read).await;
        let mut rows = asked.map_err(|failure| self.error(listing(menu), failure))?;
        // A router that ignores the query must not make others' sessions theirs.
        rows.retain(|row| names.hold(&row.user, row.domain.as_deref()));
        Ok(rows)
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
        let asked = self.transport.ask(Method::GET, &row_path(menu.path(), id)?, None, Size::Few).await;
        match asked.and_then(|answer| parse(&answer.octets?)) {
            Ok(Value::Array(rows)) if rows.is_empty() => Ok(None),
            Ok(value) => ActiveRow::parse(menu, one_object(&value)?).map(Some),
            Err(RestFailure::NoSuchRow) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Ends a session by removing its row. The caller has just read the row and knows whose it is.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked; the row may then be gone or not.
    pub async fn remove(&self, menu: Menu, id: &str) -> Result<Removal, RestError> {
        let asked = self.remove_from(menu.path(), id).await;
        asked.map_err(|failure| self.error("removing a session", failure))
    }

    pub(super) async fn remove_from(&self, menu: &str, id: &str) -> Result<Removal, RestFailure> {
        match self.transport.ask(Method::DELETE, &row_path(menu, id)?, None, Size::Few).await {
            Ok(answer) if matches!(answer.status, StatusCode::OK | StatusCode::NO_CONTENT) => Ok(Removal::Removed),
            Ok(_) => Err(RestFailure::Shape("a success that is neither 200 nor 204")),
            Err(RestFailure::NoSuchRow) => Ok(Removal::AlreadyGone),
            Err(failure) => Err(failure),
        }
    }

    /// The rows that the words of a query choose, or more; all of them without words, and where the router knows no query.
    pub(super) async fn chosen<T>(
        &self,
        menu: &str,
        columns: &[&str],
        words: Option<Vec<String>>,
        read: impl Fn(&Map<String, Value>) -> Result<T, RestFailure>,
    ) -> Result<Vec<T>, RestFailure> {
        let Some(words) = words else { return self.whole(menu, columns, read).await };
        let body = json!({ ".query": words, ".proplist": columns });
        match self.rows(Method::POST, &format!("{menu}/print"), Some(body), (Size::Few, &read)).await {
            Err(RestFailure::NoRest { .. } | RestFailure::Status { status: 400 | 405 | 406 | 501, .. }) => {
                self.whole(menu, columns, read).await
            }
            asked => asked,
        }
    }

    /// All rows, with the columns that are read. A router that takes no `.proplist` in a URL is asked by `print`.
    pub(super) async fn whole<T>(
        &self,
        menu: &str,
        columns: &[&str],
        read: impl Fn(&Map<String, Value>) -> Result<T, RestFailure>,
    ) -> Result<Vec<T>, RestFailure> {
        let path = format!("{menu}?.proplist={}", columns.join(","));
        match self.rows(Method::GET, &path, None, (Size::All, &read)).await {
            Err(RestFailure::Status { status: 400 | 405 | 406 | 501, .. }) => {
                let body = json!({ ".proplist": columns });
                self.rows(Method::POST, &format!("{menu}/print"), Some(body), (Size::All, &read)).await
            }
            asked => asked,
        }
    }

    /// A list always exists, so where it does not there is no REST.
    async fn rows<T>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        (size, read): (Size, impl Fn(&Map<String, Value>) -> Result<T, RestFailure>),
    ) -> Result<Vec<T>, RestFailure> {
        match self.transport.ask(method, path, body, size).await {
            Ok(answer) => parse_rows(&answer.octets?, read),
            Err(RestFailure::NoSuchRow) => Err(RestFailure::NoRest { status: 404 }),
            Err(failure) => Err(failure),
        }
    }

    /// A menu that is one object, not a list. Some versions wrap it into one.
    pub(super) async fn object(&self, path: &str) -> Result<Map<String, Value>, RestFailure> {
        self.command(Method::GET, path, None).await
    }

    /// A command's one object.
    pub(super) async fn command(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Map<String, Value>, RestFailure> {
        match self.transport.ask(method, path, body, Size::Few).await {
            Ok(answer) => parse(&answer.octets?).and_then(|value| one_object(&value).cloned()),
            Err(RestFailure::NoSuchRow) => Err(RestFailure::NoRest { status: 404 }),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn error(&self, operation: &'static str, failure: RestFailure) -> RestError {
        self.transport.error(operation, failure)
    }
}

fn one_object(value: &Value) -> Result<&Map<String, Value>, RestFailure> {
    value.get(0).unwrap_or(value).as_object().ok_or(RestFailure::Shape("a row that is no object"))
}

const fn listing(menu: Menu) -> &'static str {
    match menu {
        Menu::HotspotActive => "listing hotspot sessions",
        Menu::PppActive => "listing PPP sessions",
    }
}

fn row_path(menu: &str, id: &str) -> Result<String, RestFailure> {
    if is_id(id) { Ok(format!("{menu}/{id}")) } else { Err(RestFailure::BadId(id.to_owned())) }
}

//! What each menu answers.

use axum::extract::Query;
use axum::http::Uri;
use axum::http::request::Parts;
use serde_json::Value;

use super::query::{self, Filter};
use super::reply::{Reply, Row};
use super::route::{Menu, Route, route};
use super::rows;
use crate::simulator::shared::{ADMIN_RESET, Shared};
use crate::simulator::{BeforeDelete, Counters, NoPermission, Rights, SessionSpec};

const NO_PERMISSION: &str = "not enough permissions (9)";

/// Answers a request of someone with these rights.
pub(super) fn answer(shared: &Shared, parts: &Parts, body: &[u8], rights: Rights) -> Reply {
    let desk = Desk { shared, rights };
    let encoded_ids = shared.state().behaviours.rest.encoded_ids;
    let path = if encoded_ids { parts.uri.path().replace("%2A", "*") } else { parts.uri.path().to_owned() };
    let path = path.as_str();
    match (parts.method.as_str(), route(path)) {
        ("HEAD", _) => Reply::Empty(501),
        (_, Route::Web) => Reply::Html(if path == "/" { 200 } else { 404 }),
        ("GET", Route::List(menu)) => desk.list(menu, &parts.uri),
        ("GET", Route::Item(menu, id)) => desk.item(menu, id),
        ("DELETE", Route::Item(menu, _)) | ("POST", Route::Remove(menu)) if menu.is_dynamic() => not_removable(),
        ("DELETE", Route::Item(menu, id)) => desk.delete(menu, id),
        ("POST", Route::Print(menu)) => with_object(body, |body| desk.print(menu, body)),
        ("POST", Route::Remove(menu)) => with_object(body, |body| desk.remove(menu, body)),
        ("GET", Route::Identity) => desk.read(|| Reply::ok(&rows::identity(&shared.options.name), false)),
        ("POST", Route::IncomingMonitor) => desk.read(|| desk.monitor()),
        ("POST", Route::ResetCounters) => desk.reset_counters(),
        ("GET", Route::Incoming) => desk.read(|| Reply::ok(&rows::incoming(shared.options.coa), false)),
        ("GET", Route::Radius) => desk.read(|| Reply::ok(&rows::radius(&shared.options.radius_servers), false)),
        ("DELETE", Route::List(_)) => bad("missing or invalid resource identifier"),
        (_, Route::Unknown(last)) => no_command(last),
        ("PUT", _) => no_command("add"),
        ("PATCH", _) => no_command("set"),
        (_, _) => bad("no such command"),
    }
}

fn bad(detail: &str) -> Reply {
    Reply::error(400, Some(detail.to_owned()))
}

fn no_command(name: &str) -> Reply {
    Reply::error(400, Some(format!("no such command or directory ({name})")))
}

/// A session's own rows are not edited by hand (RouterOS changelog 6.32; the body is the manual's for what cannot be
/// removed).
fn not_removable() -> Reply {
    Reply::error(406, Some("no such command or directory (remove)".to_owned()))
}

/// A POST's body is a JSON object; none at all is an empty one.
fn with_object(body: &[u8], answer: impl FnOnce(&Value) -> Reply) -> Reply {
    if body.is_empty() {
        return answer(&Value::Null);
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.is_object() => answer(&value),
        _ => bad("invalid JSON"),
    }
}

/// A request being answered: the router, and what the user may do there.
struct Desk<'a> {
    shared: &'a Shared,
    rights: Rights,
}

impl Desk<'_> {
    /// What a user without `read` gets instead of the answer; the status is not documented.
    fn read(&self, answer: impl FnOnce() -> Reply) -> Reply {
        if self.rights.read {
            return answer();
        }
        if self.shared.state().behaviours.rest.unreadable_is_empty {
            Reply::ok(&Vec::<Row>::new(), false)
        } else {
            self.forbidden()
        }
    }

    /// What a user without a policy is told; the status is not known.
    fn forbidden(&self) -> Reply {
        let status = match self.shared.state().behaviours.rest.no_permission {
            NoPermission::Forbidden => 403,
            NoPermission::BadRequest => 400,
            NoPermission::InternalServerError => 500,
        };
        Reply::error(status, Some(NO_PERMISSION.to_owned()))
    }

    fn list(&self, menu: Menu, uri: &Uri) -> Reply {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return bad("invalid query");
        };
        match Filter::of_pairs(&pairs) {
            Ok(filter) => self.read(|| self.rows(menu, &filter)),
            Err(detail) => bad(&detail),
        }
    }

    fn print(&self, menu: Menu, body: &Value) -> Reply {
        match Filter::of_body(body) {
            Ok(filter) => self.read(|| self.rows(menu, &filter)),
            Err(detail) => bad(&detail),
        }
    }

    fn rows(&self, menu: Menu, filter: &Filter) -> Reply {
        let state = self.shared.state();
        let rest = &state.behaviours.rest;
        let rows = rows::of(menu, &state).into_iter().filter(|row| query::matches(row, &filter.words));
        let rows: Vec<Row> = rows.map(|row| filter.columns(row, rest.proplist_without_id)).collect();
        Reply::ok(&rows, rest.raw_control_octets)
    }

    fn item(&self, menu: Menu, id: &str) -> Reply {
        self.read(|| {
            let state = self.shared.state();
            match rows::of(menu, &state).into_iter().find(|row| row.get(".id").is_some_and(|row_id| row_id == id)) {
                Some(row) => Reply::ok(&row, state.behaviours.rest.raw_control_octets),
                None => Reply::error(404, None),
            }
        })
    }

    fn monitor(&self) -> Reply {
        Reply::ok(&[rows::counters(self.shared.state().counters)], false)
    }

    fn reset_counters(&self) -> Reply {
        if !self.rights.write {
            return self.forbidden();
        }
        self.shared.state().counters = Counters::default();
        Reply::ok(&Vec::<Row>::new(), false)
    }

    fn delete(&self, menu: Menu, id: &str) -> Reply {
        if !self.rights.write {
            return self.forbidden();
        }
        if !self.take_out(menu, id) {
            return Reply::error(404, None);
        }
        Reply::Empty(if self.shared.state().behaviours.rest.delete_says_200 { 200 } else { 204 })
    }

    fn remove(&self, menu: Menu, body: &Value) -> Reply {
        if !self.rights.write {
            return self.forbidden();
        }
        let Some(id) = body.get(".id").or(body.get("numbers")).and_then(Value::as_str) else {
            return bad("missing =.id=");
        };
        if self.take_out(menu, id) {
            return Reply::ok(&Vec::<Row>::new(), false);
        }
        let says_404 = self.shared.state().behaviours.rest.remove_missing_says_404;
        Reply::error(if says_404 { 404 } else { 400 }, Some("no such item".to_owned()))
    }

    /// What a switch puts between a client's list and its removal.
    fn before_delete(&self, menu: Menu, id: &str) {
        let planned = self.shared.state().behaviours.rest.before_delete.take();
        match planned {
            None => {}
            Some(BeforeDelete::Reboot) => self.shared.reboot(),
            Some(BeforeDelete::OtherUser { user, mac }) => {
                let spec = {
                    let state = self.shared.state();
                    let number = rows::number(menu, &state, id);
                    let session = number.and_then(|number| state.session(number));
                    session.map(|session| session.spec.clone())
                };
                if let Some(spec) = spec {
                    let new = SessionSpec::hotspot(user, mac, spec.address);
                    self.shared.login(SessionSpec { service: spec.service, cookies: spec.cookies, ..new });
                }
            }
        }
    }

    /// Takes out a row. An active session ends as by a Disconnect: cookies, and a Stop with Admin-Reset.
    fn take_out(&self, menu: Menu, id: &str) -> bool {
        self.before_delete(menu, id);
        let Some(number) = rows::number(menu, &self.shared.state(), id) else { return false };
        match menu {
            Menu::HotspotActive | Menu::PppActive => {
                if let Some(record) = self.shared.end(number, ADMIN_RESET) {
                    self.shared.account_by_rest(record);
                }
            }
            Menu::HotspotCookie => self.shared.state().cookies.retain(|cookie| cookie.row != number),
            Menu::HotspotHost => self.shared.state().hosts.retain(|host| host.row != number),
            Menu::HotspotUser | Menu::PppSecret => self.shared.state().local_users.retain(|user| user.row != number),
            Menu::QueueSimple | Menu::AddressList => {}
        }
        true
    }
}

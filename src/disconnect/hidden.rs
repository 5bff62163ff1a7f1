//! Sessions that a router has and radacct does not, or no more: closed there by a panel or a script, or never begun.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::quota::UserName;
use crate::routeros::{ActiveRow, Menu, RestClient, RestError, RestFailure};
use crate::store::{Accounting, Closed, SessionRow, StoreError};

use super::directory::KnownRouter;
use super::removal::{RouterError, check_identity};
use super::router_view::is_session;
use super::{Disconnector, ResolvedNas};

/// A session younger than this may have its Start on the way; a row closed less long ago, its end on the router's list.
const SETTLED_SECS: i64 = 60;
/// So far the beginning by the router's uptime may be from that in radacct, whose times are the router's own.
const CLOCKS_DIFFER_SECS: i64 = 120;
/// Closed rows are looked for so long before the oldest session of the list began.
const BEFORE_SECS: i64 = 86_400;

/// Routers that are asked at a time.
const AT_ONCE: usize = 16;

/// A router's rows, or why there are none.
type Listed = Result<Vec<(Menu, ActiveRow)>, String>;

/// What was found on one router.
#[derive(Debug)]
pub struct HiddenAt {
    /// What the NAS is called.
    pub nas: String,
    /// The sessions: with the closed row where there is one (`stop` is set then), else without an Acct-Unique-Id. An error
    /// says why the router's list tells nothing.
    pub sessions: Result<Vec<SessionRow>, String>,
}

impl Disconnector {
    /// Asks each router for its lists, once, and finds the sessions on them that have no open row in radacct.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked. A router that cannot be asked, or be believed, is a finding.
    pub async fn hidden(&self, routers: &[KnownRouter]) -> Result<Vec<HiddenAt>, StoreError> {
        let (mut asked, room) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
        for (index, router) in routers.iter().enumerate() {
            let service = self.router(&router.nas).map_err(|error| error.to_string());
            let (nas, room) = (router.nas.clone(), Arc::clone(&room));
            asked.spawn(async move {
                let _place = room.acquire_owned().await;
                let rows = match service {
                    Ok(Some(service)) => listed(&service.rest, &nas).await.map_err(|error| error.to_string()),
                    Ok(None) => Ok(Vec::new()),
                    Err(why) => Err(why),
                };
                (index, rows)
            });
        }
        let mut lists: BTreeMap<usize, Listed> = asked.join_all().await.into_iter().collect();
        let mut found = Vec::new();
        for (index, router) in routers.iter().enumerate() {
            let sessions = match lists.remove(&index).unwrap_or_else(|| Ok(Vec::new())) {
                Ok(listed) => Ok(find(self.accounting(), self.clock(), router, &listed).await?),
                Err(why) => Err(why),
            };
            found.push(HiddenAt { nas: router.nas.name.clone(), sessions });
        }
        Ok(found)
    }
}

/// Everybody whom RADIUS let in. A router without one of the two services has no such list.
async fn listed(rest: &RestClient, nas: &ResolvedNas) -> Result<Vec<(Menu, ActiveRow)>, RouterError> {
    check_identity(nas, rest).await?;
    let (mut listed, mut missing) = (Vec::new(), None);
    for menu in [Menu::HotspotActive, Menu::PppActive] {
        match rest.active(menu).await {
            Ok(rows) => listed.extend(rows.into_iter().filter(|row| row.radius).map(|row| (menu, row))),
            Err(error @ RestError { failure: RestFailure::NoRest { .. }, .. }) if missing.is_none() => {
                missing = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(listed)
}

async fn find(
    accounting: &Accounting,
    clock: Clock,
    router: &KnownRouter,
    listed: &[(Menu, ActiveRow)],
) -> Result<Vec<SessionRow>, StoreError> {
    let users: BTreeSet<UserName> = listed.iter().flat_map(|(_, row)| names(row)).collect();
    let users: Vec<UserName> = users.into_iter().collect();
    // Read after the list: a login that stands there has its row by now, or a moment later
    let open = accounting.open_sessions_of(&users).await?;
    let now = clock.epoch();
    let of_user = by_user(&open);
    let has_none = |row: &ActiveRow| !names(row).iter().any(|name| holds(&of_user, name, row));
    let without: Vec<&(Menu, ActiveRow)> = listed.iter().filter(|(_, row)| has_none(row)).collect();
    let oldest = without.iter().map(|(_, row)| began(row, now)).min().unwrap_or(now);
    let users: BTreeSet<UserName> = without.iter().flat_map(|(_, row)| names(row)).collect();
    let users: Vec<UserName> = users.into_iter().collect();
    let closed = accounting.closed_sessions_of(&users, oldest - BEFORE_SECS, Closed::Anyhow).await?;
    let oddly = accounting.closed_sessions_of(&users, oldest - BEFORE_SECS, Closed::Oddly).await?;
    let rows = Rows { place: &router.place, closed: &by_user(&closed), oddly: &oddly, now };
    Ok(without.into_iter().filter_map(|(menu, row)| rows.hidden(*menu, row)).collect())
}

/// The names under which a row's user may stand in radacct.
fn names(row: &ActiveRow) -> Vec<UserName> {
    let backslash = row.domain.as_ref().map(|domain| UserName::new(format!("{domain}\\{}", row.user)));
    std::iter::once(UserName::new(row.login())).chain(backslash).collect()
}

/// Sessions by their users: a router's list may have fifty thousand rows, and radacct as many.
type ByUser<'a> = BTreeMap<&'a str, Vec<&'a SessionRow>>;

pub(super) fn by_user(sessions: &[SessionRow]) -> ByUser<'_> {
    let mut of_user = ByUser::new();
    for session in sessions {
        of_user.entry(session.user.as_str()).or_default().push(session);
    }
    of_user
}

/// Whether one of a user's sessions is the one of this row.
fn holds(of_user: &ByUser<'_>, name: &UserName, row: &ActiveRow) -> bool {
    of_user.get(name.as_str()).is_some_and(|sessions| sessions.iter().any(|session| is_session(row, session)))
}

fn began(row: &ActiveRow, now: i64) -> i64 {
    row.uptime.and_then(|up| i64::try_from(up.as_secs()).ok()).map_or(now, |up| now.saturating_sub(up))
}

/// What radacct has of the users on a list.
pub(super) struct Rows<'a> {
    pub(super) place: &'a (String, String),
    /// All closed rows, and of them those that hardly a NAS has closed.
    pub(super) closed: &'a ByUser<'a>,
    pub(super) oddly: &'a [SessionRow],
    pub(super) now: i64,
}

impl Rows<'_> {
    /// The session of a row of the list that has no open row in radacct; `None` for one that has just begun or ended.
    pub(super) fn hidden(&self, menu: Menu, row: &ActiveRow) -> Option<SessionRow> {
        let start = began(row, self.now);
        if self.now - start < SETTLED_SECS {
            return None;
        }
        let is_odd = |session: &SessionRow| self.oddly.iter().any(|odd| odd.acct_unique_id == session.acct_unique_id);
        let is_it = |session: &&&SessionRow| {
            let near = session.start.is_some_and(|began| (began - start).abs() <= CLOCKS_DIFFER_SECS);
            self.is_here(session) && is_session(row, session) && (row.session_id.is_some() || near || is_odd(session))
        };
        let of_user = names(row).into_iter().filter_map(|name| self.closed.get(name.as_str())).flatten();
        match of_user.filter(is_it).last().copied() {
            Some(session) if session.stop > Some(self.now - SETTLED_SECS) && !is_odd(session) => None,
            Some(session) => Some(session.clone()),
            None => Some(self.unknown(menu, row, start)),
        }
    }

    fn is_here(&self, session: &SessionRow) -> bool {
        let (address, called) = self.place;
        session.nas_ip_address == *address || (address.is_empty() && session.called_station_id == *called)
    }

    /// A session of which radacct has no row at all.
    fn unknown(&self, menu: Menu, row: &ActiveRow, start: i64) -> SessionRow {
        let framed_protocol = if menu == Menu::PppActive { "PPP" } else { "" };
        SessionRow {
            acct_session_id: row.session_id.clone().unwrap_or_default(),
            calling_station_id: row.mac.clone().unwrap_or_default(),
            framed_ip_address: row.address.map(|address| address.to_string()).unwrap_or_default(),
            framed_protocol: framed_protocol.to_owned(),
            start: Some(start),
            ..SessionRow::at(self.place, UserName::new(row.login()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn place() -> (String, String) {
        ("10.8.0.1".to_owned(), String::new())
    }

    /// alice, on for so many seconds.
    fn row(up: u64, session_id: Option<&str>) -> ActiveRow {
        ActiveRow {
            id: "*1".into(),
            user: "alice".into(),
            domain: None,
            address: Some([10, 5, 50, 2].into()),
            mac: Some("02:00:00:00:00:01".into()),
            radius: true,
            session_id: session_id.map(str::to_owned),
            uptime: Some(Duration::from_secs(up)),
            login_by: None,
            bytes_in: None,
            bytes_out: None,
        }
    }

    /// alice, begun and closed so many seconds ago.
    fn closed(id: &str, began: i64, stopped: i64) -> SessionRow {
        SessionRow {
            acct_session_id: id.into(),
            acct_unique_id: format!("u{id}"),
            calling_station_id: "02-00-00-00-00-01".into(),
            framed_ip_address: "10.5.50.2".into(),
            start: Some(NOW - began),
            update: Some(NOW - stopped),
            stop: Some(NOW - stopped),
            ..SessionRow::at(&place(), UserName::new("alice"))
        }
    }

    fn hidden(row: &ActiveRow, closed: &[SessionRow], oddly: &[SessionRow]) -> Option<SessionRow> {
        let menu = if row.session_id.is_some() { Menu::PppActive } else { Menu::HotspotActive };
        Rows { place: &place(), closed: &by_user(closed), oddly, now: NOW }.hidden(menu, row)
    }

    #[test]
    fn the_closed_row_is_the_session_where_that_can_be_told() {
        let its_own = closed("80100001", 3600, 1800);
        let id = |found: Option<SessionRow>| found.map(|session| session.acct_unique_id);
        assert_eq!(id(hidden(&row(3590, None), std::slice::from_ref(&its_own), &[])), Some("u80100001".into()));
        // An earlier login of the same device, closed by the NAS: of this one there is no row
        let earlier = closed("80100000", 90_000, 40_000);
        assert_eq!(id(hidden(&row(3590, None), std::slice::from_ref(&earlier), &[])), Some(String::new()));
        // Closed by a panel: the router's clock may be off by hours
        let odd = [earlier.clone()];
        assert_eq!(id(hidden(&row(3590, None), &odd, &odd)), Some("u80100000".into()));
        // PPP's list has session ids
        let (one, other) = (closed("81100001", 9000, 100), closed("81100002", 9000, 100));
        let both = [one, other];
        assert_eq!(id(hidden(&row(3590, Some("81100001")), &both, &[])), Some("u81100001".into()));
        assert_eq!(id(hidden(&row(3590, Some("81100003")), &both, &[])), Some(String::new()));
        // On another router it is another session
        let elsewhere = SessionRow { nas_ip_address: "10.8.0.2".into(), ..its_own };
        assert_eq!(id(hidden(&row(3590, None), &[elsewhere], &[])), Some(String::new()));
    }

    #[test]
    fn what_has_just_begun_or_ended_is_nothing() {
        assert_eq!(hidden(&row(59, None), &[], &[]), None);
        let ended = closed("80100001", 3600, 59);
        assert_eq!(
            hidden(&row(3600, None), std::slice::from_ref(&ended), &[]),
            None,
            "the Stop has come, the list is older"
        );
        let odd = [ended];
        assert!(hidden(&row(3600, None), &odd, &odd).is_some(), "no Stop of a NAS");
        let unknown = hidden(&row(60, None), &[], &[]).unwrap();
        assert!(unknown.is_hidden() && unknown.acct_session_id.is_empty());
        assert_eq!((unknown.start, unknown.framed_ip_address.as_str()), (Some(NOW - 60), "10.5.50.2"));
        let ppp = hidden(&row(60, Some("81100001")), &[], &[]).unwrap();
        assert_eq!((ppp.framed_protocol.as_str(), ppp.acct_session_id.as_str()), ("PPP", "81100001"));
    }
}

//! A router's own list, asked once a round for all sessions that are looked for on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::quota::UserName;
use crate::routeros::{ActiveRow, Menu, RestClient};
use crate::store::{Accounting, SessionRow};

use super::removal::check_identity;
use super::router_view::{RouterView, Sought, is_of, is_session, menus};
use super::{ResolvedNas, service_of};

/// So many other sessions of the router are looked for beside, to know whose list it is.
const WITNESSES: u32 = 8;

/// A session to be looked for on the list of its router.
#[derive(Debug, Clone)]
pub(super) struct ListQuestion {
    pub(super) nas: ResolvedNas,
    pub(super) session: SessionRow,
}

/// Answers the questions of a round about one router: one request for each menu that is concerned.
pub(super) async fn look(rest: &RestClient, accounting: &Accounting, round: Vec<ListQuestion>) -> Vec<RouterView> {
    match Scene::of(rest, accounting, &round).await {
        Ok(scene) => round.iter().map(|question| scene.view(question)).collect(),
        Err(Unreadable(reason)) => round.iter().map(|_| RouterView::Unreadable { reason: reason.clone() }).collect(),
    }
}

/// The rows of a router's list that a round needs, and what radacct has open beside.
struct Scene {
    listed: Vec<ActiveRow>,
    /// Open sessions of the users who are looked for.
    open: Vec<SessionRow>,
    /// The sessions that are looked for, as accounting has them now.
    now: BTreeMap<String, SessionRow>,
    /// Open sessions of anybody on the same router; none unless its identity is the configured one.
    witnesses: Vec<SessionRow>,
}

/// Why a list says nothing, for people.
struct Unreadable(String);

impl<E: std::error::Error> From<E> for Unreadable {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Scene {
    async fn of(rest: &RestClient, accounting: &Accounting, round: &[ListQuestion]) -> Result<Self, Unreadable> {
        let identified = match round.first() {
            Some(question) => check_identity(&question.nas, rest).await?,
            None => false,
        };
        let mut witnesses = Vec::new();
        if identified {
            let places: BTreeSet<&str> = round.iter().map(|asked| asked.session.nas_ip_address.as_str()).collect();
            for nas in places {
                witnesses.extend(accounting.open_sessions_at(nas, WITNESSES).await?);
            }
        }
        let users: BTreeSet<&UserName> = round.iter().map(|asked| &asked.session.user).collect();
        let names: BTreeSet<&str> =
            users.iter().copied().chain(witnesses.iter().map(|row| &row.user)).map(UserName::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut listed = Vec::new();
        for menu in menus_of(round) {
            listed.extend(rest.active_of(menu, &names).await?);
        }
        if listed.is_empty() && !identified {
            // Who may not read sees an empty list on some versions: then this is refused as well
            rest.identity().await?;
        }
        // Read after the list: a login that stands there has its row by now, or a moment later
        let users: Vec<UserName> = users.into_iter().cloned().collect();
        let open = accounting.open_sessions_of(&users).await?;
        let ids: Vec<String> = round.iter().map(|asked| asked.session.acct_unique_id.clone()).collect();
        let rows = accounting.sessions(&ids).await?;
        let now = rows.into_iter().map(|row| (row.acct_unique_id.clone(), row)).collect();
        Ok(Self { listed, open, now, witnesses })
    }

    fn view(&self, ListQuestion { session, .. }: &ListQuestion) -> RouterView {
        let now = self.now.get(&session.acct_unique_id);
        let (age, stop) = now.map_or((None, None), |row| (row.session_time, row.stop));
        let session = &SessionRow { session_time: session.session_time.max(age), stop, ..session.clone() };
        let sought = Sought::new(session, &self.open);
        if let Some(row) = self.listed.iter().find(|row| sought.is(row)) {
            return RouterView::Listed { id: row.id.clone() };
        }
        let mut others = self.witnesses.iter().filter(|other| {
            other.nas_ip_address == session.nas_ip_address && other.acct_unique_id != session.acct_unique_id
        });
        let vouched = others.any(|other| self.listed.iter().any(|row| is_session(row, other)));
        let local = self.listed.iter().any(|row| !row.radius && is_of((&row.user, row.domain.as_deref()), session));
        RouterView::Absent { vouched, local }
    }
}

fn menus_of(round: &[ListQuestion]) -> Vec<Menu> {
    let mut wanted = Vec::new();
    for ListQuestion { nas, session } in round {
        for menu in menus(service_of(session, nas.profile.service)) {
            if !wanted.contains(menu) {
                wanted.push(*menu);
            }
        }
    }
    wanted
}

//! Changing a session by CoA-Request, and what the router's lists show of it afterwards.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::coa::{Change, RateLimit, Rates, Shown};
use crate::config::IdentityAttribute;
use crate::radius::Code;
use crate::routeros::{Menu, QueueRow, RestClient, RowLimits};
use crate::store::{SessionRow, StoreError};

use super::identity::{set_attributes, set_names};
use super::removal::{RouterError, check_identity};
use super::router_view::{Sought, menus};
use super::{Attempt, CutError, Disconnector, ResolvedNas, Turn, service_of};

/// How long a router may take to show what it acknowledged.
const SHOWN_WITHIN: Duration = Duration::from_secs(3);
/// Between two looks at its lists.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How far a time may be off: it runs while it is read.
const SLACK_SECS: u64 = 10;

/// Whether the router's lists show a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// They show the new value.
    Confirmed,
    /// They could not be asked, or show nothing of the kind.
    NotAsked,
    /// They were asked, and show something else.
    NotSeen,
}

/// What the router's lists show of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Of each attribute, by name.
    pub each: BTreeMap<String, Confirmed>,
    /// What a person should know of it: why nothing could be asked, or what they show instead.
    pub detail: Option<String>,
}

impl Seen {
    /// The worst of all: `Confirmed` only if every attribute is.
    #[must_use]
    pub fn all(&self) -> Confirmed {
        self.each.values().copied().max().unwrap_or(Confirmed::NotAsked)
    }

    /// Nothing was asked.
    #[must_use]
    pub fn nothing(change: &Change, detail: Option<String>) -> Self {
        let each = change.texts().iter().map(|(name, _)| (name.clone(), Confirmed::NotAsked)).collect();
        Self { each, detail }
    }

    fn note(&mut self, name: &str, is_so: bool, shows: impl FnOnce() -> String) {
        let Some(seen) = self.each.get_mut(name) else { return };
        *seen = if is_so { Confirmed::Confirmed } else { Confirmed::NotSeen };
        if !is_so && self.detail.is_none() {
            self.detail = Some(shows());
        }
    }
}

impl Disconnector {
    /// Sends a CoA-Request for exactly this session, named by this set, and waits for its outcome; `None` for a NAS without
    /// a secret.
    ///
    /// # Errors
    /// [`CutError`] when nothing could be sent. A NAK and silence are outcomes.
    pub async fn send_change(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
        (change, set): (&Change, &[IdentityAttribute]),
        turn: Turn,
    ) -> Result<Option<Attempt>, CutError> {
        let mut attributes = set_attributes(session, set)?;
        for (attribute, value) in change.attributes().iter() {
            attributes.push(attribute, value)?;
        }
        let ended = self.exchange(nas, (Code::CoaRequest, attributes), turn).await?;
        Ok(ended.map(|ended| Attempt::of_exchange(set_names(set), &ended)))
    }

    /// What the router's lists show of a change that it acknowledged: looked at until they show it, within bounds.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked. A router that cannot be asked is a finding.
    pub async fn confirm_change(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
        change: &Change,
    ) -> Result<Seen, StoreError> {
        let rest = match self.router(nas) {
            Ok(Some(router)) => router.rest,
            Ok(None) => return Ok(Seen::nothing(change, None)),
            Err(error) => return Ok(Seen::nothing(change, Some(error.to_string()))),
        };
        if let Err(error) = check_identity(nas, &rest).await {
            return Ok(Seen::nothing(change, Some(error.to_string())));
        }
        let open = self.accounting().open_sessions(&session.user).await?;
        let sought = Sought::new(session, &open);
        let (menus, started) = (menus(service_of(session, nas.profile.service)), self.clock().now());
        loop {
            let seen = look(&rest, (&sought, session), menus, change).await;
            let seen = seen.unwrap_or_else(|error| Seen::nothing(change, Some(error.to_string())));
            let over = self.clock().now().duration_since(started) >= SHOWN_WITHIN;
            if seen.all() != Confirmed::NotSeen || over {
                return Ok(seen);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// One look at the session's row and queue, as far as the change would show there.
async fn look(
    rest: &RestClient,
    (sought, session): (&Sought<'_>, &SessionRow),
    menus: &[Menu],
    change: &Change,
) -> Result<Seen, RouterError> {
    let (shown, mut seen) = (change.shown(), Seen::nothing(change, None));
    if shown == Shown::default() {
        return Ok(seen);
    }
    for menu in menus {
        let rows = rest.active_of(*menu, &[session.user.as_str()]).await?;
        let Some(row) = rows.iter().find(|row| sought.is(row)) else { continue };
        if *menu == Menu::PppActive && rows.len() > 1 {
            seen.detail =
                Some("several PPP sessions of this name: which queue is whose the router does not tell".into());
        } else if let Some(limit) = &shown.rate_limit {
            let queues = rest.queues(&queue_names(*menu, &row.login())).await?;
            note_queue(&mut seen, limit, &queues, (session, rows.len() == 1));
        }
        if let (Some(address), false) = (row.address, shown.address_lists.is_empty()) {
            let lists = rest.address_lists(address).await?;
            let is_so = shown.address_lists.iter().all(|list| lists.contains(list));
            seen.note("Mikrotik-Address-List", is_so, || match lists.as_slice() {
                [] => format!("{address} is on no address list"),
                lists => format!("{address} is on {}", lists.join(", ")),
            });
        }
        if let Some(limits) = rest.row_limits(*menu, &row.id).await? {
            note_row(&mut seen, &shown, *menu, &limits);
        }
        return Ok(seen);
    }
    seen.each.values_mut().for_each(|seen| *seen = Confirmed::NotSeen);
    seen.detail = Some("the session is not on the router's list".to_owned());
    Ok(seen)
}

/// What RouterOS calls a session's dynamic queue: the hotspot's by its user, PPP's by its interface.
fn queue_names(menu: Menu, user: &str) -> Vec<String> {
    let kinds: &[&str] = match menu {
        Menu::HotspotActive => &["hotspot"],
        Menu::PppActive => &["pppoe", "l2tp", "pptp", "sstp", "ovpn"],
    };
    kinds.iter().map(|kind| format!("<{kind}-{user}>")).collect()
}

/// The one queue of the session, where that can be told: of a user who is `alone` on the list it is the one of the name, and
/// where there is none no limit is in force.
fn note_queue(seen: &mut Seen, limit: &RateLimit, queues: &[QueueRow], (session, alone): (&SessionRow, bool)) {
    let address = session.framed_ip_address.as_str();
    let others = |queue: &QueueRow| {
        let host = queue.target.split('/').next().unwrap_or_default();
        host.parse::<IpAddr>().is_ok() && host != address
    };
    let own: Vec<&QueueRow> = queues.iter().filter(|queue| !others(queue)).collect();
    let found = match own.as_slice() {
        [queue] => queue.max_limit.unwrap_or_default(),
        [] if alone => (0, 0),
        _ => {
            seen.detail = Some("no queue on the router is known to be this session's".to_owned());
            return;
        }
    };
    seen.note("Mikrotik-Rate-Limit", found == (limit.max.rx, limit.max.tx), || match own.first() {
        Some(queue) => format!("queue {} has max-limit {}", queue.name, Rates { rx: found.0, tx: found.1 }),
        None => "the session has no queue".to_owned(),
    });
}

/// The limits that stand on the active row. PPP's list has neither of the two times.
fn note_row(seen: &mut Seen, shown: &Shown, menu: Menu, limits: &RowLimits) {
    let octets =
        [("Recv", "in", shown.recv_limit, limits.bytes_in), ("Xmit", "out", shown.xmit_limit, limits.bytes_out)];
    for (name, way, wanted, found) in octets {
        let Some(wanted) = wanted else { continue };
        let is_so = found.unwrap_or(0) == wanted;
        let shows =
            || format!("limit-bytes-{way} is {}", found.map_or_else(|| "none".to_owned(), |found| found.to_string()));
        seen.note(&format!("Mikrotik-{name}-Limit"), is_so, shows);
        seen.note(&format!("Mikrotik-{name}-Limit-Gigawords"), is_so, String::new);
    }
    if menu == Menu::PppActive {
        return;
    }
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    let text = |time: Option<u64>| time.map_or_else(|| "none".to_owned(), |seconds| format!("{seconds} s"));
    if let Some(wanted) = shown.session_timeout.map(u64::from) {
        let (left, uptime) = (seconds(limits.session_time_left), seconds(limits.uptime).unwrap_or(0));
        // From now on, or from the session's beginning: sources do not say which
        let near = |left: u64, wanted: u64| left <= wanted && wanted - left <= SLACK_SECS;
        let is_so = match left {
            Some(left) => near(left, wanted) || near(left, wanted.saturating_sub(uptime)),
            None => wanted == 0,
        };
        seen.note("Session-Timeout", is_so, || format!("session-time-left is {}", text(left)));
    }
    if let Some(wanted) = shown.idle_timeout.map(u64::from) {
        let idle = seconds(limits.idle_timeout);
        seen.note("Idle-Timeout", idle.unwrap_or(0) == wanted, || format!("idle-timeout is {}", text(idle)));
    }
}

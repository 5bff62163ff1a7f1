//! Rows about users, groups and NAS.

use jiff::Timestamp;

use super::Plan;
use super::calendar::DAY;
use super::database::{Cell, Table};
use super::dice::{Dice, Purpose};
use super::limit::{GROUPS, Limit, group_name, group_octets};
use super::names::Names;
use super::seats::{Role, Seats};
use super::session::nas_address;

pub(super) const RADCHECK: Table = Table { name: "radcheck", columns: &["username", "attribute", "op", "value"] };
pub(super) const RADUSERGROUP: Table = Table { name: "radusergroup", columns: &["username", "groupname", "priority"] };
pub(super) const RADGROUPCHECK: Table =
    Table { name: "radgroupcheck", columns: &["groupname", "attribute", "op", "value"] };
pub(super) const NAS: Table =
    Table { name: "nas", columns: &["nasname", "shortname", "type", "secret", "description"] };

/// Everybody, with limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Users<'a> {
    pub(super) plan: &'a Plan,
    pub(super) seats: &'a Seats,
    pub(super) names: &'a Names,
    /// By user.
    pub(super) limits: &'a [Limit],
}

impl<'a> Users<'a> {
    /// Rows of radcheck: a password for all, a limit, when the login ends.
    pub(super) fn checks(self) -> impl Iterator<Item = Vec<Cell<'a>>> {
        (0..self.plan.users).flat_map(move |user| {
            let own = match self.limits[user] {
                Limit::Own(octets) => Some(octets.to_string()),
                Limit::None | Limit::Group(_) => None,
            };
            let items = [
                Some(("Cleartext-Password", format!("secret-{user}"))),
                own.map(|octets| ("Max-Octets", octets)),
                expires_at(self.plan, user, self.seats.role(user)).map(|at| ("Expiration", date(at))),
            ];
            let name = self.names.in_table(user, self.seats.odd_name(user));
            items.into_iter().flatten().map(move |(attribute, value)| {
                vec![Cell::Text(name.clone()), attribute.into(), ":=".into(), value.into()]
            })
        })
    }

    /// Rows of radusergroup.
    pub(super) fn groups(self) -> impl Iterator<Item = Vec<Cell<'a>>> {
        (0..self.plan.users).filter_map(move |user| {
            let Limit::Group(number) = self.limits[user] else { return None };
            let name = self.names.in_table(user, self.seats.odd_name(user));
            Some(vec![Cell::Text(name), group_name(number).into(), Cell::Count(1)])
        })
    }
}

/// Rows of radgroupcheck.
pub(super) fn group_checks() -> impl Iterator<Item = Vec<Cell<'static>>> {
    let row = |number| [group_name(number), "Max-Octets".into(), ":=".into(), group_octets(number).to_string()];
    (0..GROUPS).map(move |number| row(number).map(Cell::from).into())
}

/// Rows of nas.
pub(super) fn nas(plan: &Plan) -> impl Iterator<Item = Vec<Cell<'static>>> {
    let row = |nas| {
        let description = format!("Router {nas} of a population");
        [nas_address(nas), format!("router{nas}"), "other".into(), "testing123".into(), description]
    };
    (0..plan.nas()).map(move |nas| row(nas).map(Cell::from).into())
}

/// When the user's login ends: at least two days from the plan's present time, so that no time zone matters.
pub(super) fn expires_at(plan: &Plan, user: usize, role: Role) -> Option<i64> {
    let mut dice = Dice::new(plan.seed, Purpose::Expiry, user as u64);
    let away = 2 * DAY + dice.seconds(300 * DAY);
    match role {
        Role::Expiring => Some(plan.now + away),
        Role::Expired => Some(plan.now - away),
        Role::OneLeft
        | Role::Exact
        | Role::OverOffline
        | Role::OverTwice
        | Role::OverByClosed
        | Role::Beyond32
        | Role::Beyond40
        | Role::Family
        | Role::Over
        | Role::Grouped
        | Role::Unlimited
        | Role::Limited => None,
    }
}

/// As an Expiration says it: `22 Nov 2026 18:00:00`.
fn date(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or_default().strftime("%d %b %Y %H:%M:%S").to_string()
}

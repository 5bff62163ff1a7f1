//! What FreeRADIUS' tables say of one user's login, as read at one time.

use crate::quota::{Place, UserName};
use crate::store::{BlockRecord, RowImage, StoreError, Table};

use super::Agent;

/// The rows that let a user in or keep the user out.
#[derive(Debug)]
pub(super) struct Login {
    check: Vec<RowImage>,
    reply: Vec<RowImage>,
    groups: Vec<RowImage>,
    /// The user's groups that have an Auth-Type, and which: the first that FreeRADIUS reads first.
    forced: Vec<(String, String)>,
}

impl Agent {
    /// Reads it: all side by side.
    pub(super) async fn login(&self, user: &UserName) -> Result<Login, StoreError> {
        let rows = |table| self.accounting.rows_of(table, user);
        let auth_type = ["Auth-Type".to_owned()];
        let (check, reply, groups, items) = tokio::try_join!(
            rows(Table::Check),
            rows(Table::Reply),
            rows(Table::UserGroup),
            self.accounting.limit_items(user, &auth_type)
        )?;
        let forced = items.into_iter().filter_map(|item| match item.place {
            Place::Group { name, .. } if item.table == self.config.database.tables.groupcheck => {
                Some((name, item.value))
            }
            Place::Group { .. } | Place::User => None,
        });
        Ok(Login { check, reply, groups, forced: forced.collect() })
    }
}

impl Login {
    pub(super) fn rows(&self, table: Table) -> &[RowImage] {
        match table {
            Table::Check => &self.check,
            Table::Reply => &self.reply,
            Table::UserGroup => &self.groups,
        }
    }

    /// The rows of radcheck that let the user in by themselves.
    pub(super) fn let_in(&self) -> impl Iterator<Item = &RowImage> {
        self.check.iter().filter(|row| lets_in(row))
    }

    /// Why the login is open although the block is held; `None` when it is closed.
    pub(super) fn why_open(&self, block: &BlockRecord) -> Option<String> {
        // What the reply says closes nothing, but for groups: see below
        if !self.stands_in(|table| table != Table::Reply, block) {
            return Some("somebody changed back what the block had changed".to_owned());
        }
        if block.mode == "group" {
            return self.group_in_front(block).map(|group| format!("group {group} stands before it"));
        }
        let other = if block.mode == "remove" {
            self.let_in().last()
        } else {
            self.check.iter().rfind(|row| is_auth_type(row)).filter(|row| lets_in(row))
        };
        if let Some(row) = other {
            return Some(format!("somebody wrote another {} row, which lets the user in", row.attribute));
        }
        let (group, value) = self.group_that_lets_in(&block.mode).filter(|_| self.stops_groups() != Some(true))?;
        Some(format!("group {group} has Auth-Type {value}, which FreeRADIUS reads after the user's own rows"))
    }

    /// Whether FreeRADIUS rejects the user, whatever the password. A group's Auth-Type is read after the user's own rows; of
    /// groups that do not agree nothing is said.
    pub(super) fn rejects(&self) -> bool {
        let forced: &[(String, String)] = if self.stops_groups() == Some(true) { &[] } else { &self.forced };
        let mut rejecting = forced.iter().map(|(_, value)| value.eq_ignore_ascii_case("Reject"));
        match forced {
            [] => self.check.iter().rfind(|row| is_auth_type(row)).is_some_and(|row| !lets_in(row)),
            _ => rejecting.all(|rejects| rejects),
        }
    }

    /// A group of the user's that FreeRADIUS reads before the block's, or may.
    pub(super) fn group_in_front(&self, block: &BlockRecord) -> Option<&str> {
        let is_ours = |row: &RowImage| block.rows.iter().any(|(change, _)| change.present && change.row == *row);
        let ours = self.groups.iter().filter(|row| is_ours(row)).map(priority).min()?;
        let other = self.groups.iter().find(|row| !is_ours(row) && priority(row) <= ours);
        other.map(|row| row.attribute.as_str())
    }

    /// The priority of the group that is read first; 1 without any.
    pub(super) fn best_priority(&self) -> i64 {
        self.groups.iter().map(priority).min().unwrap_or(1)
    }

    /// Whether every row is as the block changed it.
    pub(super) fn stands(&self, block: &BlockRecord) -> bool {
        self.stands_in(|_| true, block)
    }

    fn stands_in(&self, concerned: impl Fn(Table) -> bool, block: &BlockRecord) -> bool {
        let mut changes = block.rows.iter().map(|(change, _)| change).filter(|change| concerned(change.table));
        changes.all(|change| self.rows(change.table).contains(&change.row) == change.present)
    }

    /// A group of the user's whose Auth-Type undoes a block of this mode, and that Auth-Type.
    pub(super) fn group_that_lets_in(&self, mode: &str) -> Option<&(String, String)> {
        let undoes = |value: &str| match mode {
            "remove" => value.eq_ignore_ascii_case("Accept"),
            _ => !value.eq_ignore_ascii_case("Reject"),
        };
        self.forced.iter().find(|(_, value)| undoes(value))
    }

    /// What the user's reply items say of groups: FreeRADIUS goes by the first Fall-Through. `None` when none says anything.
    pub(super) fn stops_groups(&self) -> Option<bool> {
        let first = self.reply.iter().find(|row| row.attribute.eq_ignore_ascii_case("Fall-Through"))?;
        Some(first.value.eq_ignore_ascii_case("No") || first.value == "0")
    }
}

fn is_auth_type(row: &RowImage) -> bool {
    row.attribute.eq_ignore_ascii_case("Auth-Type")
}

/// The priority of a row of radusergroup: the smallest is read first.
fn priority(row: &RowImage) -> i64 {
    row.value.parse().unwrap_or(0)
}

/// A row that lets the user in: a password, or an Auth-Type other than Reject.
fn lets_in(row: &RowImage) -> bool {
    row.attribute.to_ascii_lowercase().ends_with("-password")
        || (is_auth_type(row) && !row.value.eq_ignore_ascii_case("Reject"))
}

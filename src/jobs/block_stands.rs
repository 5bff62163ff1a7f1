//! Whether a login that we closed is closed: other programs write the same tables.

use std::collections::BTreeSet;

use crate::quota::{Place, UserName};
use crate::store::{BlockRecord, BlockState, RowImage, StoreError, Table};

use super::Agent;

/// Of so many users each is asked for; of more, all there are.
const FEW: usize = 16;

impl Agent {
    /// Those of these users for whom a block of ours is held.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn held_blocks(&self, users: &BTreeSet<UserName>) -> Result<BTreeSet<UserName>, StoreError> {
        let mut blocks = Vec::new();
        if users.len() > FEW {
            blocks = self.state.blocks(None).await?;
        } else {
            for user in users {
                blocks.extend(self.state.blocks(Some(user)).await?);
            }
        }
        let held = blocks.into_iter().filter(|block| block.state == BlockState::Held).map(|block| block.user);
        Ok(held.filter(|user| users.contains(user)).collect())
    }

    /// Whether a block of ours is held for the user, and the login closed by it.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn is_blocked(&self, user: &UserName) -> Result<bool, StoreError> {
        let blocks = self.state.blocks(Some(user)).await?;
        let Some(block) = blocks.into_iter().find(|block| block.state == BlockState::Held) else { return Ok(false) };
        let open = self.why_open(&block).await?;
        if let Some(why) = &open {
            tracing::warn!(%user, "a block is held, but the login is open: {why}");
        }
        Ok(open.is_none())
    }

    /// Why the login is open although the block is held; `None` when it is closed.
    pub(super) async fn why_open(&self, block: &BlockRecord) -> Result<Option<String>, StoreError> {
        // What the reply says closes nothing, but for groups: see below
        let closes = |table| table != Table::Reply;
        if !self.rows_stand_in(closes, block).await? {
            return Ok(Some("somebody changed back what the block had changed".to_owned()));
        }
        if block.mode == "group" {
            let other = self.group_in_front(block).await?;
            return Ok(other.map(|group| format!("group {group} stands before it")));
        }
        let other = if block.mode == "remove" {
            self.let_in_since(block).await?.pop()
        } else {
            let check = self.accounting.rows_of(Table::Check, &block.user).await?;
            check.into_iter().rfind(is_auth_type).filter(lets_in)
        };
        if let Some(row) = other {
            return Ok(Some(format!("somebody wrote another {} row, which lets the user in", row.attribute)));
        }
        let says = self.accounting.rows_of(Table::Reply, &block.user).await?;
        let group = self.group_that_lets_in(&block.user, &block.mode).await?;
        Ok(group.filter(|_| stops_groups(&says) != Some(true)).map(|(group, value)| {
            format!("group {group} has Auth-Type {value}, which FreeRADIUS reads after the user's own rows")
        }))
    }

    /// The rows of radcheck that let a user in although the block took such rows away.
    pub(super) async fn let_in_since(&self, block: &BlockRecord) -> Result<Vec<RowImage>, StoreError> {
        let check = self.accounting.rows_of(Table::Check, &block.user).await?;
        Ok(check.into_iter().filter(lets_in).collect())
    }

    /// A group of the user's that FreeRADIUS reads before the block's, or may.
    pub(super) async fn group_in_front(&self, block: &BlockRecord) -> Result<Option<String>, StoreError> {
        let groups = self.accounting.rows_of(Table::UserGroup, &block.user).await?;
        let is_ours = |row: &RowImage| block.rows.iter().any(|(change, _)| change.present && change.row == *row);
        let Some(ours) = groups.iter().filter(|row| is_ours(row)).map(priority).min() else { return Ok(None) };
        let other = groups.iter().find(|row| !is_ours(row) && priority(row) <= ours);
        Ok(other.map(|row| row.attribute.clone()))
    }

    /// Whether every row is as the block changed it.
    pub(super) async fn rows_stand(&self, block: &BlockRecord) -> Result<bool, StoreError> {
        self.rows_stand_in(|_| true, block).await
    }

    async fn rows_stand_in(&self, concerned: impl Fn(Table) -> bool, block: &BlockRecord) -> Result<bool, StoreError> {
        for (change, _) in block.rows.iter().filter(|(change, _)| concerned(change.table)) {
            let rows = self.accounting.rows_of(change.table, &block.user).await?;
            if rows.contains(&change.row) != change.present {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A group of the user's whose Auth-Type undoes a block of this mode, and that Auth-Type.
    pub(super) async fn group_that_lets_in(
        &self,
        user: &UserName,
        mode: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let items = self.accounting.limit_items(user, &["Auth-Type".to_owned()]).await?;
        let undoes = |value: &str| match mode {
            "remove" => value.eq_ignore_ascii_case("Accept"),
            _ => !value.eq_ignore_ascii_case("Reject"),
        };
        let mut groups = items.into_iter().filter_map(|item| match item.place {
            Place::Group { name, .. } if item.table == self.config.database.tables.groupcheck => {
                Some((name, item.value))
            }
            Place::Group { .. } | Place::User => None,
        });
        Ok(groups.find(|(_, value)| undoes(value)))
    }
}

fn is_auth_type(row: &RowImage) -> bool {
    row.attribute.eq_ignore_ascii_case("Auth-Type")
}

/// The priority of a row of radusergroup: the smallest is read first.
pub(super) fn priority(row: &RowImage) -> i64 {
    row.value.parse().unwrap_or(0)
}

/// A row that lets the user in: a password, or an Auth-Type other than Reject.
pub(super) fn lets_in(row: &RowImage) -> bool {
    row.attribute.to_ascii_lowercase().ends_with("-password")
        || (is_auth_type(row) && !row.value.eq_ignore_ascii_case("Reject"))
}

/// What a user's reply items say of groups: FreeRADIUS goes by the first Fall-Through. `None` when none says anything.
pub(super) fn stops_groups(reply: &[RowImage]) -> Option<bool> {
    let first = reply.iter().find(|row| row.attribute.eq_ignore_ascii_case("Fall-Through"))?;
    Some(first.value.eq_ignore_ascii_case("No") || first.value == "0")
}

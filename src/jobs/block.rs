//! Closing a login and opening it again: planned, changed, held; and back.
//!
//! Two databases may be concerned, so there is no transaction over both. What is going to be changed is on our disk,
//! row by row with ids and all columns, before FreeRADIUS' tables are touched; after a crash the same changes are asked
//! for again, and those already made say so.

use crate::config::BlockMode;
use crate::failpoint;
use crate::quota::UserName;
use crate::store::{BlockRecord, BlockState, JournalEntry, RowChange, RowImage, RowVerdict, StoreError, Table};

use super::Agent;

/// What a restore did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Blocks undone.
    pub blocks: usize,
    /// Rows changed back.
    pub rows: usize,
    /// Rows left alone because somebody else's stand in their place.
    pub superseded: usize,
}

/// How often a plan is made anew because another program took an id we had planned with.
const PLANS: usize = 5;

impl Agent {
    /// Closes a user's login, unless it is closed by us already. Whether a block is held afterwards.
    ///
    /// # Errors
    /// When a database cannot be used; the next run finishes what was begun.
    pub async fn block(&self, user: &UserName, reason: &str, actor: &str) -> Result<bool, StoreError> {
        if self.config.block.mode == BlockMode::None {
            return Ok(false);
        }
        self.finish_blocks(Some(user)).await?;
        let _turn = self.planning.lock().await;
        for _ in 0..PLANS {
            if let Some(block) = self.state.blocks(Some(user)).await?.pop() {
                self.take_over(block, reason, actor).await?;
                return Ok(true);
            }
            let plan = self.plan(user, reason, actor).await?;
            if let Some(block) = self.state.plan_block(&plan, self.now()).await? {
                failpoint::reach("block_planned");
                if self.apply_block(block, false).await? {
                    return Ok(true);
                }
            }
        }
        tracing::warn!(%user, "login not closed: another program took the id of the new row {PLANS} times; next time again");
        Ok(false)
    }

    /// A block by hand outlasts the quota that made it first: the worker does not undo it.
    async fn take_over(&self, block: BlockRecord, reason: &str, actor: &str) -> Result<(), StoreError> {
        if block.reason == reason || block.reason == "by_hand" {
            return Ok(());
        }
        let block = BlockRecord { reason: reason.to_owned(), actor: actor.to_owned(), ..block };
        self.state.update_block(&block, None, self.now()).await
    }

    /// The rows to change, by the configured mode.
    async fn plan(&self, user: &UserName, reason: &str, actor: &str) -> Result<BlockRecord, StoreError> {
        let check = self.accounting.rows_of(Table::Check, user).await?;
        // Where the tables spell the name another way than FreeRADIUS does by default, so do we
        let username = check.first().map_or_else(|| user.to_table(), |row| row.username.clone());
        let (mode, rows) = match &self.config.block.mode {
            BlockMode::Reject => ("reject", self.plan_reject(&username).await?),
            BlockMode::Remove => ("remove", plan_remove(check)),
            BlockMode::Group(group) => ("group", self.plan_group(user, &username, group).await?),
            BlockMode::None => ("none", Vec::new()),
        };
        Ok(BlockRecord {
            id: 0,
            user: user.clone(),
            reason: reason.to_owned(),
            actor: actor.to_owned(),
            mode: mode.to_owned(),
            state: BlockState::Planned,
            rows: rows.into_iter().map(|row| (row, false)).collect(),
        })
    }

    async fn plan_reject(&self, username: &str) -> Result<Vec<RowChange>, StoreError> {
        let mut rows = vec![self.new_row(Table::Check, username, "Auth-Type", "Reject").await?];
        if let Some(message) = &self.config.block.reply_message {
            rows.push(self.new_row(Table::Reply, username, "Reply-Message", message).await?);
        }
        Ok(rows)
    }

    async fn plan_group(&self, user: &UserName, username: &str, group: &str) -> Result<Vec<RowChange>, StoreError> {
        let groups = self.accounting.rows_of(Table::UserGroup, user).await?;
        let best = groups.iter().filter_map(|row| row.value.parse::<i64>().ok()).min().unwrap_or(1);
        let mut row = self.new_row(Table::UserGroup, username, group, &(best - 1).to_string()).await?;
        row.row.op = String::new();
        Ok(vec![row])
    }

    async fn new_row(
        &self,
        table: Table,
        username: &str,
        attribute: &str,
        value: &str,
    ) -> Result<RowChange, StoreError> {
        let id = self.accounting.reserve_ids(table, 1).await?.first().copied().unwrap_or(1);
        let row = RowImage {
            id,
            username: username.to_owned(),
            attribute: attribute.to_owned(),
            op: ":=".to_owned(),
            value: value.to_owned(),
        };
        Ok(RowChange { table, row, present: true, only_if_absent: false })
    }

    /// Changes FreeRADIUS' tables as planned. `false` when another program took an id: nothing of ours is left then.
    async fn apply_block(&self, mut block: BlockRecord, after_crash: bool) -> Result<bool, StoreError> {
        let changes: Vec<RowChange> = block.rows.iter().map(|(change, _)| change.clone()).collect();
        let verdicts = self.accounting.apply(&changes).await?;
        failpoint::reach("block_changed");
        for ((change, ours), verdict) in block.rows.iter_mut().zip(&verdicts) {
            // A row that was to go and is gone already went by our hand only if we may have been here before
            *ours = match verdict {
                RowVerdict::Changed => true,
                RowVerdict::AlreadySo => change.present || after_crash,
                RowVerdict::Superseded => false,
            };
        }
        let taken = verdicts.iter().zip(&changes).any(|(v, change)| *v == RowVerdict::Superseded && change.present);
        if taken {
            let ours = block.rows.iter().filter(|(_, ours)| *ours).map(|(change, _)| change.undone());
            self.accounting.apply(&ours.collect::<Vec<_>>()).await?;
            self.state.drop_block(block.id).await?;
            return Ok(false);
        }
        block.state = BlockState::Held;
        let entry = self.entry(&block, "blocked", serde_json::json!({ "mode": block.mode, "reason": block.reason }));
        self.state.update_block(&block, Some(&entry), self.now()).await?;
        failpoint::reach("block_held");
        Ok(true)
    }

    /// Opens a user's login again: undoes exactly what blocks of ours changed. With a `reason`, only a block for it.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn restore(&self, user: &UserName, reason: Option<&str>) -> Result<Restored, StoreError> {
        self.finish_blocks(Some(user)).await?;
        let mut restored = Restored::default();
        for mut block in self.state.blocks(Some(user)).await? {
            if reason.is_none_or(|reason| block.reason == reason) {
                block.state = BlockState::Releasing;
                self.state.update_block(&block, None, self.now()).await?;
                failpoint::reach("restore_planned");
                self.release(block, &mut restored).await?;
            }
        }
        Ok(restored)
    }

    async fn release(&self, mut block: BlockRecord, restored: &mut Restored) -> Result<(), StoreError> {
        let changes: Vec<RowChange> =
            block.rows.iter().filter(|(_, ours)| *ours).map(|(change, _)| change.undone()).collect();
        let verdicts = self.accounting.apply(&changes).await?;
        failpoint::reach("restore_changed");
        block.state = BlockState::Released;
        restored.blocks += 1;
        restored.rows += verdicts.iter().filter(|verdict| **verdict == RowVerdict::Changed).count();
        restored.superseded += verdicts.iter().filter(|verdict| **verdict == RowVerdict::Superseded).count();
        let entry = self.entry(&block, "restored", serde_json::json!({ "superseded": restored.superseded }));
        self.state.update_block(&block, Some(&entry), self.now()).await
    }

    /// Finishes blocks and restores that a crash left half done: of one user, or all.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn finish_blocks(&self, user: Option<&UserName>) -> Result<(), StoreError> {
        for block in self.state.blocks(user).await? {
            match block.state {
                BlockState::Planned => {
                    self.apply_block(block, true).await?;
                }
                BlockState::Releasing => self.release(block, &mut Restored::default()).await?,
                BlockState::Held | BlockState::Released => {}
            }
        }
        Ok(())
    }

    /// Whether a block of ours is held for the user.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn is_blocked(&self, user: &UserName) -> Result<bool, StoreError> {
        Ok(self.state.blocks(Some(user)).await?.iter().any(|block| block.state == BlockState::Held))
    }

    fn entry(&self, block: &BlockRecord, event: &'static str, detail: serde_json::Value) -> JournalEntry {
        JournalEntry { at: self.now(), actor: block.actor.clone(), user: block.user.clone(), event, detail }
    }
}

/// The rows that let a user in: passwords, and an Auth-Type other than Reject.
fn plan_remove(check: Vec<RowImage>) -> Vec<RowChange> {
    let lets_in = |row: &RowImage| {
        let attribute = row.attribute.to_ascii_lowercase();
        attribute.ends_with("-password") || (attribute == "auth-type" && !row.value.eq_ignore_ascii_case("Reject"))
    };
    let rows = check.into_iter().filter(lets_in);
    rows.map(|row| RowChange { table: Table::Check, row, present: false, only_if_absent: false }).collect()
}

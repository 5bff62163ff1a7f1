//! Closing a login and opening it again: planned, changed, held; and back.
//!
//! Two databases may be concerned, so there is no transaction over both. What is going to be changed is on our disk,
//! row by row with ids and all columns, before FreeRADIUS' tables are touched; after a crash the same changes are asked
//! for again, and those already made say so. Two runs may carry on the same block: each step is taken by one of them, and
//! the other looks again (`make_agree`).

use crate::config::BlockMode;
use crate::failpoint;
use crate::quota::UserName;
use crate::store::{BlockRecord, BlockState, JournalEntry, RowChange, RowVerdict, StoreError};

use super::Agent;
use super::login::Login;
use super::restore::undone;

/// What a block came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// The login is closed.
    Closed,
    /// It is open, and why.
    Open(String),
}

/// How often a plan is made anew because another program took an id we had planned with.
const PLANS: usize = 5;

/// How often the rows of one block are made again: whoever takes them away means it.
const REMAKES: i64 = 3;

impl Agent {
    /// Closes a user's login, unless it is closed by us already.
    ///
    /// # Errors
    /// When a database cannot be used; the next run finishes what was begun.
    pub async fn block(&self, user: &UserName, reason: &str, actor: &str) -> Result<Closing, StoreError> {
        if self.config.block.mode == BlockMode::None {
            return Ok(Closing::Open("[block] mode is \"none\"".to_owned()));
        }
        let _turn = self.planning.lock().await;
        for _ in 0..PLANS {
            if let Some(block) = self.finished_block(user).await? {
                if let Some(closing) = self.hold(block, reason, actor).await? {
                    return Ok(closing);
                }
                continue;
            }
            let plan = self.plan(user, reason, actor).await?;
            if plan.rows.is_empty() {
                let why = "there is no password or Auth-Type row to take away".to_owned();
                tracing::warn!(%user, "login not closed: {why}");
                return Ok(Closing::Open(why));
            }
            if let Some(block) = self.state.plan_block(&plan, self.now()).await? {
                failpoint::reach("block_planned");
                if let Some(block) = self.change(block).await? {
                    return self.closing(&block).await;
                }
            }
        }
        let why = "other programs write the same rows all the time".to_owned();
        tracing::warn!(%user, "login not closed: {why}; next time again");
        Ok(Closing::Open(why))
    }

    /// Takes over a held block, and makes its rows again where somebody took them away. `None` when another run goes on
    /// with it, and it has to be looked at again.
    async fn hold(&self, block: BlockRecord, reason: &str, actor: &str) -> Result<Option<Closing>, StoreError> {
        if block.state != BlockState::Held {
            return Ok(None);
        }
        let Some(was) = self.take_over(block, reason, actor).await? else { return Ok(None) };
        let login = self.login(&was.user).await?;
        let wanting = was.remade < REMAKES && login.why_open(&was).is_some();
        let rows = if wanting { self.rows_again(&was, &login).await? } else { None };
        let Some(rows) = rows else { return Ok(Some(closing(&was, &login))) };
        let block = BlockRecord { remade: was.remade + 1, rows, ..was.clone() };
        let entry = self.entry(&block, "blocked_again", serde_json::json!({ "time": block.remade }));
        if !self.state.update_block(&was, &block, Some(&entry), self.now()).await? {
            return Ok(None);
        }
        tracing::warn!(user = %block.user, "somebody changed back what closes the login: changed again");
        self.accounting.apply(&changes(&block)).await?;
        if !self.is_as_it_was(&block).await? {
            self.make_agree(&block).await?;
            return Ok(None);
        }
        self.closing(&block).await.map(Some)
    }

    /// A block by hand outlasts the quota that made it first: the worker does not undo it. `None` when another run has
    /// changed it meanwhile.
    async fn take_over(&self, was: BlockRecord, reason: &str, actor: &str) -> Result<Option<BlockRecord>, StoreError> {
        if was.reason == reason || was.reason == "by_hand" {
            return Ok(Some(was));
        }
        let block = BlockRecord { reason: reason.to_owned(), actor: actor.to_owned(), ..was.clone() };
        let taken = self.state.update_block(&was, &block, None, self.now()).await?;
        Ok(taken.then_some(block))
    }

    /// What a held block has come to.
    async fn closing(&self, block: &BlockRecord) -> Result<Closing, StoreError> {
        Ok(closing(block, &self.login(&block.user).await?))
    }

    /// Goes on with a block that was planned by an earlier run. `None` as [`Agent::change`].
    pub(super) async fn apply_block(&self, planned: BlockRecord) -> Result<Option<BlockRecord>, StoreError> {
        if self.is_as_it_was(&planned).await? { self.change(planned).await } else { Ok(None) }
    }

    /// Changes FreeRADIUS' tables as planned. `None` when another program took an id (nothing of ours is left then), or
    /// another run went on with the block.
    async fn change(&self, planned: BlockRecord) -> Result<Option<BlockRecord>, StoreError> {
        let changes = changes(&planned);
        let verdicts = self.accounting.apply(&changes).await?;
        failpoint::reach("block_changed");
        // What is so already, another run of ours may have changed: better a row too many given back than one lost
        let ours = verdicts.iter().map(|verdict| *verdict != RowVerdict::Superseded);
        let rows = changes.into_iter().zip(ours).collect();
        let block = BlockRecord { state: BlockState::Held, rows, ..planned.clone() };
        if block.rows.iter().any(|(change, ours)| change.present && !ours) {
            self.accounting.apply(&undone(&block)).await?;
            self.state.drop_block(block.id).await?;
            return Ok(None);
        }
        let entry = self.entry(&block, "blocked", serde_json::json!({ "mode": block.mode, "reason": block.reason }));
        if !self.state.update_block(&planned, &block, Some(&entry), self.now()).await? {
            self.make_agree(&block).await?;
            return Ok(None);
        }
        failpoint::reach("block_held");
        Ok(Some(block))
    }

    pub(super) fn entry(&self, block: &BlockRecord, event: &'static str, detail: serde_json::Value) -> JournalEntry {
        JournalEntry { at: self.now(), actor: block.actor.clone(), user: block.user.clone(), event, detail }
    }
}

fn closing(block: &BlockRecord, login: &Login) -> Closing {
    let Some(why) = login.why_open(block) else { return Closing::Closed };
    tracing::warn!(user = %block.user, made_again = block.remade, "a block is held, but the login is open: {why}");
    Closing::Open(why)
}

fn changes(block: &BlockRecord) -> Vec<RowChange> {
    block.rows.iter().map(|(change, _)| change.clone()).collect()
}

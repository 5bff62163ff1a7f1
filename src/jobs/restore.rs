//! Opening a login again, and finishing what another run began.

use crate::failpoint;
use crate::quota::UserName;
use crate::store::{BlockRecord, BlockState, RowChange, RowVerdict, StoreError};

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

impl Agent {
    /// Opens a user's login again: undoes exactly what blocks of ours changed. With a `reason`, only a block for it.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn restore(&self, user: &UserName, reason: Option<&str>) -> Result<Restored, StoreError> {
        self.restore_for(user, reason, None).await
    }

    /// Opens a user's login again, whatever we closed it for, in the name of `actor`.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn restore_by(&self, user: &UserName, actor: &str) -> Result<Restored, StoreError> {
        self.restore_for(user, None, Some(actor)).await
    }

    async fn restore_for(
        &self,
        user: &UserName,
        reason: Option<&str>,
        actor: Option<&str>,
    ) -> Result<Restored, StoreError> {
        self.finish_blocks(Some(user)).await?;
        let mut restored = Restored::default();
        for block in self.state.blocks(Some(user)).await? {
            if reason.is_none_or(|reason| block.reason == reason) && block.state == BlockState::Held {
                let actor = actor.unwrap_or(&block.actor).to_owned();
                let releasing = BlockRecord { state: BlockState::Releasing, actor, ..block.clone() };
                // Another run that was quicker releases it, or has made it one by hand
                if self.state.update_block(&block, &releasing, None, self.now()).await? {
                    failpoint::reach("restore_planned");
                    self.release(releasing, &mut restored).await?;
                }
            }
        }
        Ok(restored)
    }

    async fn release(&self, block: BlockRecord, restored: &mut Restored) -> Result<(), StoreError> {
        if !self.is_as_it_was(&block).await? {
            return Ok(());
        }
        let verdicts = self.accounting.apply(&undone(&block)).await?;
        failpoint::reach("restore_changed");
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        let superseded = count(RowVerdict::Superseded);
        let released = BlockRecord { state: BlockState::Released, ..block.clone() };
        let entry = self.entry(&block, "restored", serde_json::json!({ "superseded": superseded }));
        if !self.state.update_block(&block, &released, Some(&entry), self.now()).await? {
            return self.make_agree(&block).await;
        }
        restored.blocks += 1;
        restored.rows += count(RowVerdict::Changed);
        restored.superseded += superseded;
        Ok(())
    }

    /// Finishes blocks and restores that a crash left half done: of one user, or all.
    ///
    /// # Errors
    /// As [`Agent::block`].
    pub async fn finish_blocks(&self, user: Option<&UserName>) -> Result<(), StoreError> {
        for block in self.state.blocks(user).await? {
            match block.state {
                BlockState::Planned => {
                    self.apply_block(block).await?;
                }
                BlockState::Releasing => self.release(block, &mut Restored::default()).await?,
                BlockState::Held | BlockState::Released => {}
            }
        }
        Ok(())
    }

    /// The block of this user, once what was half done is finished.
    pub(super) async fn finished_block(&self, user: &UserName) -> Result<Option<BlockRecord>, StoreError> {
        let mut blocks = self.state.blocks(Some(user)).await?;
        if blocks.iter().any(|block| block.state != BlockState::Held) {
            self.finish_blocks(Some(user)).await?;
            blocks = self.state.blocks(Some(user)).await?;
        }
        Ok(blocks.pop())
    }

    /// Whether the block is on disk as we know it: another run may have gone on with it.
    pub(super) async fn is_as_it_was(&self, block: &BlockRecord) -> Result<bool, StoreError> {
        let same = |now: &BlockRecord| now.id == block.id && now.state == block.state;
        Ok(self.state.blocks(Some(&block.user)).await?.iter().any(same))
    }

    /// Another run went on with `ours` while we changed rows for it: makes the rows what our tables say by now.
    pub(super) async fn make_agree(&self, ours: &BlockRecord) -> Result<(), StoreError> {
        let live = self.state.blocks(Some(&ours.user)).await?.pop();
        let changes = match live {
            Some(live) if live.state != BlockState::Releasing => live.rows.into_iter().map(|(row, _)| row).collect(),
            Some(live) => undone(&live),
            None => undone(ours),
        };
        self.accounting.apply(&changes).await.map(|_| ())
    }
}

/// The changes that take our rows back.
pub(super) fn undone(block: &BlockRecord) -> Vec<RowChange> {
    block.rows.iter().filter(|(_, ours)| *ours).map(|(change, _)| change.undone()).collect()
}

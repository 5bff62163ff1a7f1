//! Whether a login that we closed is closed: other programs write the same tables.

use std::collections::BTreeSet;

use crate::quota::UserName;
use crate::store::{BlockState, StoreError};

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
        let open = self.login(&block.user).await?.why_open(&block);
        if let Some(why) = &open {
            tracing::warn!(%user, "a block is held, but the login is open: {why}");
        }
        Ok(open.is_none())
    }
}

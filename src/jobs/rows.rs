//! The row in radacct, where the session is proven off and no Stop came.

use crate::config::CloseRows;
use crate::failpoint;
use crate::quota::UserName;
use crate::store::{RowVerdict, StoreError, TargetRecord};

use super::Agent;

impl Agent {
    /// When the row of a session that is proven off may be closed, if no Stop comes; `None` when it is closed, or not to
    /// be closed by us.
    pub(super) fn close_due(&self, row_is_open: bool) -> Option<i64> {
        let close = row_is_open && self.config.accounting.close_rows == CloseRows::Proven;
        close.then(|| self.now().saturating_add(self.grace()))
    }

    fn grace(&self) -> i64 {
        i64::try_from(self.config.accounting.stop_grace.as_secs()).unwrap_or(i64::MAX)
    }

    /// Closes the rows whose grace is over: of one user's sessions, or all. How many were still open.
    ///
    /// # Errors
    /// When a database cannot be used.
    pub async fn close_due_rows(&self, user: Option<&UserName>) -> Result<usize, StoreError> {
        // A time further ahead than any we set has been set by a clock that was put back: it has come too
        let (now, grace) = (self.now(), self.grace());
        let is_due = |at: i64| at <= now || at > now.saturating_add(grace);
        let all = self.state.rows_to_close(i64::MAX).await?;
        let mut closed = 0;
        for target in all.iter().filter(|target| target.close_due_at.is_some_and(is_due)) {
            if let Some(user) = user
                && !self.accounting.same_name(target.session.user.as_str(), user.as_str()).await?
            {
                continue;
            }
            closed += usize::from(self.close_one(target).await? == RowVerdict::Changed);
        }
        Ok(closed)
    }

    async fn close_one(&self, target: &TargetRecord) -> Result<RowVerdict, StoreError> {
        let stop = closing_time(target);
        let row = self.accounting.session(&target.session.acct_unique_id).await?;
        // Octets that came after we saw it go mean that it has not gone: the row stays open
        let alive = row.is_some_and(|row| row.stop.is_none() && row.update > target.session.update);
        let closed = !alive && self.accounting.close_row(&target.session.acct_unique_id, stop).await?;
        failpoint::reach("row_closed");
        self.state.row_closed(target.id).await?;
        Ok(if closed { RowVerdict::Changed } else { RowVerdict::AlreadySo })
    }
}

/// The stop time that we write: when ours took effect, but never before the row's own last update, for the router's clock
/// may be ahead of ours.
pub(super) fn closing_time(target: &TargetRecord) -> i64 {
    let effect = target.effect_at.unwrap_or(target.selected_at);
    target.session.update.map_or(effect, |update| update.max(effect))
}

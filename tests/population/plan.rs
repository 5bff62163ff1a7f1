//! What a population is to be.

use anyhow::ensure;

use super::seats::Seats;

/// What a population is to be. Equal plans give equal rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// How many users. From [`Plan::EDGES_FROM`] on the edge cases are among them, whole if there are sessions enough:
    /// as many closed and as many open ones will do.
    pub(crate) users: usize,
    /// How many closed sessions, over the last 400 days.
    pub(crate) history_rows: u64,
    /// How many open sessions.
    pub(crate) open_sessions: usize,
    /// How many users are over their limit: exactly so many. The edge cases that are over are among them, from 4 on all.
    pub(crate) over: usize,
    /// What everything else is drawn from.
    pub(crate) seed: u64,
    /// The present time, in seconds since 1970.
    pub(crate) now: i64,
    /// Whether some rows are as faulty as those in the wild: NULL where there should be something, back-dated, an id used
    /// twice. The truth knows of them.
    pub(crate) faults: bool,
    /// Octets of the longest name, 8 to 253; a database whose column holds fewer characters makes it shorter.
    pub(crate) longest_name: usize,
}

impl Default for Plan {
    /// 1,000 users at 2026-11-22T10:00:00Z, a Sunday.
    fn default() -> Self {
        Self {
            users: 1000,
            history_rows: 2000,
            open_sessions: 100,
            over: 20,
            seed: 1,
            now: 1_795_341_600,
            faults: false,
            longest_name: 253,
        }
    }
}

impl Plan {
    /// With fewer users there is no room for the edge cases.
    pub(crate) const EDGES_FROM: usize = 50;

    /// How many NAS there are.
    pub(super) fn nas(&self) -> usize {
        10 + self.users / 20_000
    }

    /// # Errors
    /// When no population can be so.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Self { users, history_rows, open_sessions, over, .. } = *self;
        ensure!(users > 0 || (history_rows, open_sessions) == (0, 0), "sessions need users, and there are none");
        let room = users.saturating_sub(Seats::not_over(users));
        ensure!(over <= room, "{over} users over: of {users} at most {room} can be");
        ensure!((8..=253).contains(&self.longest_name), "the longest name has 8 to 253 octets");
        Ok(())
    }
}

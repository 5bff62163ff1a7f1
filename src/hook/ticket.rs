//! A hook that waits for its answer.

use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{SendFlags, send};
use tokio::sync::OwnedSemaphorePermit;

use super::hand_over::STORED;

/// The other half of an event that came by the socket: its hook waits, up to 50 ms, to be told that it is stored.
///
/// Dropping it hangs up, and the hook puts the event into the spool.
#[derive(Debug)]
#[must_use = "dropped, it sends the hook to the spool"]
pub struct Ticket {
    socket: OwnedFd,
    /// One of the connections that there may be at a time.
    _place: OwnedSemaphorePermit,
}

impl Ticket {
    pub(super) const fn new(socket: OwnedFd, place: OwnedSemaphorePermit) -> Self {
        Self { socket, _place: place }
    }

    /// Tells the hook that the event is on the disk. `false` where it did not wait: the event will come by the spool, too.
    #[expect(clippy::must_use_candidate, reason = "telling the hook is what it is called for")]
    pub fn stored(self) -> bool {
        answer(&self.socket, STORED)
    }

    /// Tells the hook that the event will not be taken, and why in a few words. It goes into the spool.
    #[expect(clippy::must_use_candidate, reason = "telling the hook is what it is called for")]
    pub fn refused(self, why: &str) -> bool {
        refuse(&self.socket, why)
    }
}

/// Says no. Never waits: whoever does not read is not told.
pub(super) fn refuse(socket: impl AsFd, why: &str) -> bool {
    answer(socket, format!("refused: {why}").as_bytes())
}

fn answer(socket: impl AsFd, message: &[u8]) -> bool {
    send(socket, message, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).is_ok()
}

//! The hook's side of the socket: one message there, one word back.

use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv, send, socket_with,
};

use crate::clock::Clock;

/// How long the hook waits, from the connection to the answer.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// What the daemon says when the event is on its disk.
pub(super) const STORED: &[u8] = b"stored";

/// Why the daemon does not have an event.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStored {
    #[error("{operation}: {source}")]
    Socket { operation: &'static str, source: Errno },
    #[error("no answer within {} ms", PATIENCE.as_millis())]
    Silent,
    #[error("it hung up")]
    HungUp,
    #[error("it said {0:?}")]
    Refused(String),
}

/// Sends the message and waits for [`STORED`], [`PATIENCE`] in all.
pub(super) fn hand_over(socket: &Path, message: &[u8], clock: Clock) -> Result<(), NotStored> {
    let failed = |operation| move |source| NotStored::Socket { operation, source };
    let deadline = clock.now() + PATIENCE;
    let address = SocketAddrUnix::new(socket).map_err(failed("name its socket"))?;
    let to = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(failed("make a socket"))?;
    // Of a queue that is full as well, both for connecting and for sending
    set_socket_timeout(&to, Timeout::Send, Some(PATIENCE)).map_err(failed("set a time-out"))?;
    connect(&to, &address).map_err(failed("connect"))?;
    send(&to, message, SendFlags::NOSIGNAL).map_err(failed("send"))?;
    let left = deadline.saturating_duration_since(clock.now());
    if left.is_zero() {
        return Err(NotStored::Silent);
    }
    set_socket_timeout(&to, Timeout::Recv, Some(left)).map_err(failed("set a time-out"))?;
    let mut answer = [0; 256];
    match recv(&to, &mut answer, RecvFlags::empty()) {
        Ok((0, _)) => Err(NotStored::HungUp),
        Ok((length, _)) if &answer[..length] == STORED => Ok(()),
        Ok((length, _)) => Err(NotStored::Refused(String::from_utf8_lossy(&answer[..length]).into_owned())),
        Err(Errno::AGAIN) => Err(NotStored::Silent),
        Err(source) => Err(failed("wait")(source)),
    }
}

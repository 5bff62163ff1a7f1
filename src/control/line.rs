//! Lines, bounded in length and in time.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// The next line without its end, of at most `most` octets, within `wait`; `None` at the end of the stream. Half a line at the
/// end is none.
pub(super) async fn read<R: AsyncBufRead + Unpin>(
    from: &mut R,
    most: usize,
    wait: Duration,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut bounded = from.take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1));
    timeout(wait, bounded.read_until(b'\n', &mut line)).await.map_err(|_| too_slow(wait))??;
    if line.pop_if(|last| *last == b'\n').is_some() {
        return Ok(Some(line));
    }
    if line.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a line of more than {most} octets")));
    }
    Ok(None)
}

/// Writes a value as a line, whole, within `wait`.
pub(super) async fn write<W: AsyncWrite + Unpin>(to: &mut W, value: &impl Serialize, wait: Duration) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    timeout(wait, to.write_all(&line)).await.map_err(|_| too_slow(wait))?
}

fn too_slow(wait: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("nothing for {} s", wait.as_secs()))
}

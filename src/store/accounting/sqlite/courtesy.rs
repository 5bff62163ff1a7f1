//! Way for FreeRADIUS: who reads an SQLite file keeps others from writing to it for that time.
//!
//! Reads are short, but one behind the other they leave a writer no gap. So whoever has read rests for some times as long
//! as it took, as long as somebody else writes.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Mutex;

use crate::clock::Clock;

/// How many times as long as the reading took it rests: nine tenths of the time are for those who write.
const SHARE: u32 = 9;
/// No rest is longer, however long the reading took.
const LONGEST: Duration = Duration::from_millis(450);
/// Who has written so lately writes still.
const LATELY: Duration = Duration::from_millis(200);

/// Who else writes, as one connection sees it.
#[derive(Debug, Default)]
pub(super) struct Courtesy(Mutex<Witness>);

#[derive(Debug, Default)]
struct Witness {
    connection: Option<SqliteConnection>,
    seen: Seen,
}

/// What was seen of others' writing.
#[derive(Debug, Default)]
struct Seen {
    version: Option<i64>,
    changed: Option<Instant>,
}

impl Courtesy {
    /// Rests after a reading that began at `began`, if somebody writes. Whoever cannot be asked does not hold up anything.
    pub(super) async fn rest(&self, options: &SqliteConnectOptions, began: Instant) {
        let took = Clock.now().saturating_duration_since(began);
        let rest = {
            let mut witness = self.0.lock().await;
            let version = witness.version(options).await;
            witness.seen.rest(version, Clock.now(), took)
        };
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
}

impl Witness {
    /// A number that changes when another connection writes to the file.
    async fn version(&mut self, options: &SqliteConnectOptions) -> Option<i64> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => options.clone().connect().await.ok()?,
        };
        let connection = self.connection.insert(connection);
        let asked = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *connection).await;
        if asked.is_err()
            && let Some(broken) = self.connection.take()
        {
            broken.close().await.ok();
        }
        asked.ok()
    }
}

impl Seen {
    /// How long to rest after what took so long.
    fn rest(&mut self, version: Option<i64>, now: Instant, took: Duration) -> Duration {
        if self.version.is_some() && version.is_some() && version != self.version {
            self.changed = Some(now);
        }
        self.version = version;
        let writes = self.changed.is_some_and(|changed| now.saturating_duration_since(changed) < LATELY);
        if writes { took.saturating_mul(SHARE).min(LONGEST) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn nobody_rests_while_nobody_writes() {
        let (mut seen, now) = (Seen::default(), Clock.now());
        assert_eq!(seen.rest(Some(7), now, MILLI), Duration::ZERO, "nothing to compare with");
        assert_eq!(seen.rest(Some(7), now + MILLI, MILLI), Duration::ZERO);
        assert_eq!(seen.rest(None, now + 2 * MILLI, MILLI), Duration::ZERO);
        assert_eq!(seen.rest(Some(9), now + 3 * MILLI, MILLI), Duration::ZERO, "it could not be asked before");
    }

    #[test]
    fn nine_tenths_are_for_who_writes() {
        let (mut seen, now) = (Seen::default(), Clock.now());
        seen.rest(Some(7), now, MILLI);
        assert_eq!(seen.rest(Some(8), now, 5 * MILLI), 45 * MILLI);
        assert_eq!(seen.rest(Some(8), now + 199 * MILLI, 2 * MILLI), 18 * MILLI, "between two of its writes");
        assert_eq!(seen.rest(Some(8), now + 200 * MILLI, 2 * MILLI), Duration::ZERO);
        assert_eq!(seen.rest(Some(9), now + 300 * MILLI, 500 * MILLI), LONGEST);
    }
}

//! What all pools share.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection as _, Database};

/// A connection that was used within this time is taken for alive: it was tested when it was given back.
const REST: Duration = Duration::from_millis(100);

/// Connections to one SQLite file: each has a cache of its own, and a thread. Readers of a look, and one beside them.
pub(super) const SQLITE_CONNECTIONS: u32 = 3;

/// Tests connections that have rested before they are used again, and no others: each test is one more way to the server and back,
/// as long as most statements take.
pub(super) fn rested_are_tested<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.test_before_acquire(false).before_acquire(|connection, known| {
        Box::pin(async move { Ok(known.idle_for < REST || connection.ping().await.is_ok()) })
    })
}

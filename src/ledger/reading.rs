//! The open rows on their way: read and taken apart beside whoever looks at them.

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

use crate::store::{Accounting, OpenCursor, OpenPage, StoreError};

/// How many pages may wait to be looked at.
const AHEAD: usize = 8;

/// A reading of the open rows. What is dropped before its end is read no further.
#[derive(Debug)]
pub(super) struct Reading {
    pages: Receiver<OpenPage>,
    readers: Vec<AbortOnDropHandle<Result<Option<i64>, StoreError>>>,
}

impl Reading {
    /// Begins with each of these at once.
    pub(super) fn begin(accounting: &Accounting, cursors: Vec<OpenCursor>) -> Self {
        let (to, pages) = channel(AHEAD);
        let read = |cursor| AbortOnDropHandle::new(tokio::spawn(read(accounting.clone(), cursor, to.clone())));
        Self { pages, readers: cursors.into_iter().map(read).collect() }
    }

    /// The next page; `None` behind the last, or where one could not be read.
    pub(super) async fn page(&mut self) -> Option<OpenPage> {
        self.pages.recv().await
    }

    /// The mark that a next reading may begin from ([`OpenCursor::mark`]), once there is no page any more.
    ///
    /// # Errors
    /// When the database could not be asked.
    pub(super) async fn end(self) -> Result<Option<i64>, StoreError> {
        let mut marks = Vec::new();
        for reader in self.readers {
            marks.push(joined(reader).await?);
        }
        // What was written since the first of them began; `None` is less than any
        Ok(marks.into_iter().min().flatten())
    }
}

/// What a task came to. One that is cancelled although it is wanted is so because the program ends, and whoever waits for it as
/// well.
pub(super) async fn joined<T>(task: impl Future<Output = Result<T, JoinError>>) -> T {
    match task.await.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

async fn read(accounting: Accounting, mut cursor: OpenCursor, to: Sender<OpenPage>) -> Result<Option<i64>, StoreError> {
    while let Some(page) = accounting.open_looks(&mut cursor).await? {
        // Nobody wants it any more
        if to.send(page).await.is_err() {
            break;
        }
    }
    Ok(cursor.mark())
}

//! The two databases: FreeRADIUS' own tables ([`Accounting`]) and ours ([`State`]).
//!
//! One file a SQL dialect, whole statements in sight, the same methods in each; "not found" is `Option`. FreeRADIUS'
//! tables get no new column, no trigger and no changed journal mode. Times are seconds since 1970 at this boundary.
//!
//! A transaction is never started under a time-out or a `select!`: sqlx 0.9 would leave the connection inside it.

mod accounting;
mod error;
mod mariadb;
mod pool;
mod postgres;
mod state;

pub use accounting::{
    Accounting, AllowanceRow, Closed, LimitsMark, NasRow, OpenCursor, OpenLook, OpenPage, RowChange, RowImage,
    RowVerdict, SessionRow, Table,
};
pub use error::StoreError;
pub use state::{
    BlockRecord, BlockState, Brake, FeedLease, FeedRecord, JobCount, JobRecord, JobSpec, JobState, JobTimes,
    JournalEntry, JournalRecord, Origin, QuotaRow, RhythmRecord, State, TargetRecord, TargetStep, UsageRow,
};

//! The contract of the two stores, written once: every dialect makes a [`Bench`] and runs the same functions.
//!
//! A function takes a fresh bench, so that none depends on another. Rows of FreeRADIUS' tables are made and looked at by the
//! database's own program, never by the store that is judged.

mod accounting;
mod allowances;
mod blocks;
mod changes;
mod feed;
mod files;
mod jobs;
mod ledger;
mod limits;
mod mariadb;
mod open;
mod paging;
mod postgres;
mod prune;
mod query;
mod queue;
mod sightings;
mod sqlite;
mod upgrade;

use radkick::config::{DatabaseUrl, TableNames};
use radkick::quota::UserName;
use radkick::store::{Accounting, State};

use crate::support::sqlite::Row;

/// A database with FreeRADIUS' stock schema and no rows, and a place for radkick's own tables.
pub(crate) trait Bench {
    /// FreeRADIUS' tables.
    fn accounting_url(&self) -> DatabaseUrl;
    /// radkick's own, not made yet.
    fn state_url(&self) -> DatabaseUrl;
    /// Runs SQL that every dialect understands on FreeRADIUS' tables; the rows of the last query.
    fn sql(&self, statements: &str) -> Vec<Row>;
    /// Runs SQL on radkick's own tables.
    fn own_sql(&self, statements: &str) -> Vec<Row>;
    /// A time in seconds since 1970 as SQL, in the forms that this dialect's columns may hold.
    fn times(&self, seconds: i64) -> Vec<String>;

    /// The first of these forms.
    fn time(&self, seconds: i64) -> String {
        self.times(seconds).swap_remove(0)
    }

    /// Makes every insertion into radreply fail with "the panel writes this table".
    fn refuse_replies(&self);

    /// Brings the optimizer's statistics of radacct up to date.
    fn analyze(&self);

    /// Takes an index of radacct away.
    fn drop_index(&self, name: &str) {
        self.sql(&format!("DROP INDEX {name}"));
    }

    /// Lets radkick read a table of the panel's.
    fn let_read(&self, table: &str);

    /// A query with the columns `username` and `limit_bytes` that takes a minute.
    fn endless(&self) -> &'static str;

    /// Makes every insertion of this user's usage into radkick's own table fail.
    fn refuse_usage_of(&self, name: &str);

    /// Makes radkick's own tables as the version before this one had them.
    async fn make_old_tables(&self);

    async fn accounting(&self) -> Accounting {
        Accounting::open(&self.accounting_url(), &TableNames::default()).await.expect("FreeRADIUS' tables")
    }

    async fn state(&self) -> State {
        State::open(&self.state_url()).await.expect("radkick's own tables")
    }

    /// The one value of a query.
    fn one(&self, query: &str) -> serde_json::Value {
        self.sql(query).first().and_then(|row| row.values().next().cloned()).expect("a value")
    }
}

fn user(name: &str) -> UserName {
    UserName::new(name)
}

/// Runs each function of the contract as a test of its own, on a bench of this dialect.
macro_rules! contract {
    ($bench:ty: $($group:ident :: { $($function:ident),* $(,)? }),* $(,)?) => {
        $(mod $group {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $function() {
                crate::store::$group::$function(&<$bench>::default()).await;
            })*
        })*
    };
}
pub(crate) use contract;

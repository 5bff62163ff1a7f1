//! Which open rows were written since they were last read: PostgreSQL says so itself.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use radkick::clock::Clock;
use radkick::config::TableNames;
use radkick::store::{Accounting, OpenCursor};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::url;
use crate::support::postgres::Postgres;

const NINE: &str = "INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, nasipaddress, acctinputoctets)
    SELECT n, n, md5(n::text), '10.0.0.1', n FROM generate_series(1, 9) AS n";

async fn store(database: &Postgres) -> Accounting {
    Accounting::open(&url(database), &TableNames::default()).await.expect("FreeRADIUS' tables")
}

/// Rows whose looks were told, by their ids and octets; rows that nobody wrote; and the mark behind them.
type Read = (BTreeMap<i64, Option<u64>>, BTreeSet<i64>, Option<i64>);

async fn read(store: &Accounting, mark: Option<i64>, page: u32) -> Read {
    let mut cursor = OpenCursor::paged(9, page).after(mark);
    let (mut looks, mut untouched) = (BTreeMap::new(), BTreeSet::new());
    while let Some(page) = store.open_looks(&mut cursor).await.expect("asked") {
        looks.extend(page.looks.iter().map(|row| (row.row_id, row.input)));
        untouched.extend(page.untouched);
    }
    (looks, untouched, cursor.mark())
}

/// Reads until nothing is new to the mark: a transaction of another test, in another database of this server, holds it back.
async fn settled(store: &Accounting, mut mark: Option<i64>, page: u32) -> Read {
    let until = Clock.now() + Duration::from_mins(1);
    loop {
        let all = read(store, mark, page).await;
        if all.0.is_empty() {
            return all;
        }
        assert!(Clock.now() < until, "still new after a minute: {all:?}");
        mark = all.2;
    }
}

#[tokio::test]
async fn what_was_written_since_is_told_apart() {
    let database = Postgres::new();
    database.sql(NINE);
    let store = store(&database).await;
    for page in [2, 99] {
        let (looks, _, mark) = read(&store, None, page).await;
        assert_eq!(looks.len(), 9);
        assert!(mark.is_some());
        let (_, untouched, mark) = settled(&store, mark, page).await;
        assert_eq!(untouched.len(), 9);
        database.sql(
            "UPDATE radacct SET acctinputoctets = 0 WHERE radacctid = 2;
             UPDATE radacct SET calledstationid = 'x' WHERE radacctid = 3;
             UPDATE radacct SET acctstoptime = now() WHERE radacctid = 4;
             INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, nasipaddress) VALUES (10, 10, 'f', '10.0.0.1')",
        );
        let (looks, untouched, next) = read(&store, mark, page).await;
        assert_eq!(looks, BTreeMap::from([(2, Some(0)), (3, Some(3)), (10, None)]), "{page}");
        assert_eq!(untouched, BTreeSet::from([1, 5, 6, 7, 8, 9]));
        assert_eq!(settled(&store, next, page).await.1.len(), 9);
        database.sql("DELETE FROM radacct");
        database.sql(NINE);
    }
}

/// What a transaction wrote that was still open at the last reading is new to the next one, also when another began later.
#[tokio::test]
async fn a_transaction_that_was_open_is_not_missed() {
    let database = Postgres::new();
    database.sql(NINE);
    let store = store(&database).await;
    let mut slow = PgConnection::connect(&database.url().replace("radkick:", "postgres:")).await.expect("connected");
    slow.execute("BEGIN; UPDATE radacct SET acctinputoctets = 77 WHERE radacctid = 5").await.expect("written");
    database.sql("UPDATE radacct SET acctinputoctets = 78 WHERE radacctid = 6");
    let (_, _, mark) = read(&store, None, 99).await;
    slow.execute("COMMIT").await.expect("committed");
    let (looks, untouched, _) = read(&store, mark, 99).await;
    assert!(looks.get(&5) == Some(&Some(77)) && !untouched.contains(&5), "{looks:?}");
    assert_eq!(settled(&store, mark, 99).await.1.len(), 9);
}

/// A mark of long ago, or of another server's counting, tells nothing: all rows are told as they look.
#[tokio::test]
async fn a_mark_that_is_far_away_is_not_used() {
    let database = Postgres::new();
    database.sql(NINE);
    let store = store(&database).await;
    let (_, _, mark) = read(&store, None, 99).await;
    for far in
        [i64::MIN, -1 << 40, -(1 << 30) - 9, 1 << 20, i64::MAX / 2].map(|by| mark.map(|mark| mark.saturating_add(by)))
    {
        let (looks, untouched, next) = read(&store, far, 99).await;
        assert_eq!((looks.len(), untouched), (9, BTreeSet::new()), "{far:?}");
        assert!(next >= mark);
    }
}

/// Rows of a view, and of a table of several, do not say who wrote them.
#[tokio::test]
async fn where_rows_do_not_tell_there_is_no_mark() {
    let database = Postgres::new();
    database.sql(
        "ALTER TABLE radacct RENAME TO radacct_of_old;
         CREATE VIEW radacct AS SELECT * FROM radacct_of_old;
         GRANT SELECT, UPDATE ON radacct TO radkick",
    );
    database.sql(&NINE.replace("INTO radacct ", "INTO radacct_of_old "));
    let (looks, _, mark) = read(&store(&database).await, None, 99).await;
    assert_eq!((looks.len(), mark), (9, None));
}

//! Whether anybody wrote to the tables of limits: PostgreSQL counts it, and what it counts need not be read again.
use std::time::Duration;

use radkick::clock::Clock;
use radkick::config::{Config, TableNames};
use radkick::ledger::LimitReader;
use radkick::quota::UserName;
use radkick::store::{Accounting, LimitsMark};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::url;
use crate::support::postgres::Postgres;

/// More than are read without asking whether they have to be.
const USERS: usize = 60;

async fn store(database: &Postgres) -> Accounting {
    Accounting::open(&url(database), &TableNames::default()).await.expect("FreeRADIUS' tables")
}

async fn mark(store: &Accounting) -> Option<LimitsMark> {
    store.limits_mark().await.expect("asked")
}

/// The mark once a row of radcheck is counted: before, nobody can tell whether it would be.
async fn first_mark(database: &Postgres, store: &Accounting) -> LimitsMark {
    assert_eq!(mark(store).await, None);
    database.sql("INSERT INTO radcheck (username) VALUES ('first')");
    has_counted(database, "radcheck", 1);
    mark(store).await.expect("counted")
}

/// The mark, once it differs: what a connection wrote that stays idle is counted after 10 s.
async fn other_than(before: &LimitsMark, store: &Accounting) -> LimitsMark {
    let until = Clock.now() + Duration::from_mins(1);
    loop {
        let now = mark(store).await.expect("counted");
        if now != *before {
            return now;
        }
        assert!(Clock.now() < until, "still {before:?} after a minute");
    }
}

/// Waits until so many new rows of a table are counted.
fn has_counted(database: &Postgres, table: &str, rows: usize) {
    let until = Clock.now() + Duration::from_mins(1);
    let counted = format!("SELECT pg_stat_get_tuples_inserted('{table}'::regclass) AS count");
    while database.sql(&counted)[0]["count"] != rows {
        assert!(Clock.now() < until, "not counted after a minute");
    }
}

#[tokio::test]
async fn every_write_to_a_table_of_limits_is_told() {
    let database = Postgres::new();
    let store = store(&database).await;
    let mut last = first_mark(&database, &store).await;
    for table in ["radcheck", "radreply", "radgroupcheck", "radgroupreply", "radusergroup"] {
        let name = if table.starts_with("radgroup") { "groupname" } else { "username" };
        for write in [
            format!("INSERT INTO {table} ({name}) VALUES ('a'), ('b')"),
            format!("UPDATE {table} SET {name} = 'c' WHERE {name} = 'a'"),
            format!("DELETE FROM {table} WHERE {name} = 'c'"),
            format!("TRUNCATE {table}"),
        ] {
            database.sql(&write);
            last = other_than(&last, &store).await;
        }
    }
}

/// A panel may keep its connection: what it wrote is counted all the same, after 10 s.
#[tokio::test]
async fn a_write_of_a_connection_that_stays_idle_is_told() {
    let database = Postgres::new();
    let store = store(&database).await;
    let before = first_mark(&database, &store).await;
    let mut panel = PgConnection::connect(&database.url().replace("radkick:", "postgres:")).await.expect("connected");
    panel.execute("UPDATE radcheck SET value = '7'").await.expect("written");
    other_than(&before, &store).await;
    panel.close().await.expect("closed");
}

#[tokio::test]
async fn accounting_changes_no_mark() {
    let database = Postgres::new();
    let store = store(&database).await;
    let before = first_mark(&database, &store).await;
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, nasipaddress) VALUES ('1', '1', '10.0.0.1');
         INSERT INTO radpostauth (username) VALUES ('a')",
    );
    has_counted(&database, "radacct", 1);
    assert_eq!(mark(&store).await, Some(before));
}

/// Who writes to the table behind a view, or to one of a table's parts, is counted elsewhere; and a policy may let see other rows.
#[tokio::test]
async fn where_writes_are_counted_elsewhere_there_is_no_mark() {
    for other in [
        "ALTER TABLE radcheck RENAME TO radcheck_of_old; CREATE VIEW radcheck AS SELECT * FROM radcheck_of_old;
         GRANT SELECT ON radcheck TO radkick",
        "CREATE TABLE radreply_of_a_branch () INHERITS (radreply)",
        "ALTER TABLE radcheck ENABLE ROW LEVEL SECURITY; CREATE POLICY of_all ON radcheck USING (true)",
    ] {
        let database = Postgres::new();
        first_mark(&database, &store(&database).await).await;
        database.sql(other);
        assert_eq!(mark(&store(&database).await).await, None, "{other}");
    }
}

fn reader(database: &Postgres, accounting: Accounting) -> LimitReader {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("radkick.toml");
    std::fs::write(&path, format!("[database]\nurl = \"{}\"\n", database.url())).expect("a configuration");
    LimitReader::new(&Config::load(Some(&path), &|_| None).expect("a configuration"), accounting, None)
}

/// What limits these users: each limit once.
async fn limits(reader: &LimitReader, users: &[UserName], everybody: bool) -> Vec<u64> {
    let gathered = reader.of(users, everybody, 1_700_000_000).await.expect("read");
    let mut amounts: Vec<u64> =
        gathered.limits.iter().flat_map(|(_, limits)| &limits.amounts).map(|one| one.amount).collect();
    amounts.sort_unstable();
    amounts.dedup();
    amounts
}

/// A change that the server was told not to count shows who is read again, and who is not.
#[tokio::test]
async fn what_nobody_wrote_to_is_not_read_again() {
    let database = Postgres::new();
    database.sql(&format!(
        "INSERT INTO radcheck (username, attribute, op, value)
         SELECT 'user' || n, 'Max-Octets', ':=', '5' FROM generate_series(1, {USERS} - 1) AS n"
    ));
    let store = store(&database).await;
    let reader = reader(&database, store.clone());
    let users: Vec<UserName> = (1..=USERS).map(|n| UserName::new(format!("user{n}"))).collect();
    has_counted(&database, "radcheck", USERS - 1);
    assert_eq!(limits(&reader, &users, false).await, [5]);
    let secretly = |value| database.sql(&format!("SET track_counts = off; UPDATE radcheck SET value = '{value}'"));
    secretly(6);
    assert_eq!(limits(&reader, &users, false).await, [5], "remembered");
    assert_eq!(limits(&reader, &users[..1], false).await, [6], "few are read");
    assert_eq!(limits(&reader, &users, false).await, [5, 6], "and not remembered any more");
    assert!(reader.read_again(&users[1..3]));
    assert_eq!(limits(&reader, &users[1..3], false).await, [6]);
    assert_eq!(limits(&reader, &users, true).await, [6], "a sweep reads everybody");
    assert_eq!(limits(&reader, &users, false).await, [6], "and is remembered");
    secretly(7);
    assert_eq!(limits(&reader, &users, false).await, [6]);
    let before = mark(&store).await.expect("counted");
    database.sql("DELETE FROM radcheck WHERE username = 'user1'");
    other_than(&before, &store).await;
    assert_eq!(limits(&reader, &users, false).await, [7], "somebody wrote");
    secretly(8);
    assert_eq!(limits(&reader, &users, false).await, [7]);
    database.sql("SELECT pg_stat_reset()");
    assert_eq!(limits(&reader, &users, false).await, [8], "nobody knows");
    database.sql(&format!("INSERT INTO radreply (username) SELECT 'a' FROM generate_series(1, {USERS})"));
    has_counted(&database, "radreply", USERS);
    assert_eq!(limits(&reader, &users, false).await, [8]);
}

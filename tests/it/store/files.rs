//! What only SQLite's file holds, and what its values are.
use radkick::config::TableNames;
use radkick::quota::Sighting;
use radkick::store::{Accounting, StoreError};

use super::paging::open_rows;
use super::query::{AMPLE, row};
use super::sqlite::Files;
use super::{Bench, user};

/// They fill no page: one that is not full is the last.
#[tokio::test]
async fn rows_of_nobody_fill_no_page() {
    let files = Files::default();
    files.sql(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40)
         INSERT INTO radacct (radacctid, acctuniqueid, username)
         SELECT x, x, CASE WHEN x BETWEEN 3 AND 30 THEN CAST(x'e9' AS TEXT) ELSE 'alice' END FROM n",
    );
    let store = files.accounting().await;
    let seen = open_rows(&store, 5).await;
    let mut above: Vec<Sighting> = Vec::new();
    while let page @ [_, ..] = &*store.rows_above(above.last().map_or(0, |row| row.row_id), 5).await.expect("asked") {
        above.extend_from_slice(page);
    }
    assert_eq!(seen, above);
    assert_eq!(
        seen.iter().map(|row| row.row_id).collect::<Vec<_>>(),
        [1, 2].into_iter().chain(31..41).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn everything_missing_is_named_at_once() {
    let files = Files::default();
    files.sql("DROP INDEX acctsessiontime; ALTER TABLE radacct DROP COLUMN acctsessiontime; DROP TABLE nas");
    let opened = Accounting::open(&files.accounting_url(), &TableNames::default()).await;
    let Err(StoreError::Missing { missing, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!(missing, ["radacct.acctsessiontime", "nas"]);
}

/// A value has a type of its own here, whatever its column's is.
#[tokio::test]
async fn values_of_every_type() {
    let files = Files::default();
    let store = files.accounting().await;
    for (value, text) in [
        ("5 * 1024 * 1024 * 1024", Some("5368709120")),
        ("5 * 1024.0 * 1024 * 1024", Some("5368709120")),
        ("1125899906842624.0", Some("1125899906842624")),
        ("0.5", Some("0.5")),
        ("-1", Some("-1")),
        ("'5 GB'", Some("5 GB")),
        ("CAST('5' AS BLOB)", Some("5")),
        ("datetime(1700000000, 'unixepoch')", Some("2023-11-14 22:13:20")),
        ("1700000000", Some("1700000000")),
        ("NULL", None),
    ] {
        files.sql(&format!(
            "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 'a' AS username, {value} AS limit_bytes"
        ));
        for query in [format!("SELECT 'a' AS username, {value} AS limit_bytes"), "SELECT * FROM kept".to_owned()] {
            let found = store.allowances(&query, None, None, AMPLE).await.expect(&query);
            assert_eq!(found, [row("a", text)], "{query} {value}");
        }
    }
}

#[tokio::test]
async fn names_of_every_type_and_columns_of_every_name() {
    let files = Files::default();
    files.sql(
        "CREATE TABLE panel (UserName TEXT COLLATE NOCASE, [limit \"x] INT, id INTEGER);
         INSERT INTO panel VALUES ('alice', 1, 7), ('ALICE', 2, 8), (CAST(x'e9' AS TEXT), 3, 9)",
    );
    let store = files.accounting().await;
    let all = "SELECT username, [limit \"x] AS limit_bytes FROM panel";
    let found = store.allowances(all, Some(&[user("alice")]), None, AMPLE).await.expect("asked");
    assert_eq!(found, [row("alice", Some("1"))]);
    assert_eq!(store.allowances(all, None, None, AMPLE).await.expect("asked").len(), 3);
    let numbers = "SELECT id AS username, 5 AS limit_bytes, id AS subject FROM panel";
    let found = store.allowances(numbers, Some(&[user("8")]), Some(&["9".to_owned()]), AMPLE).await;
    let names = found.expect("asked").into_iter().map(|row| row.username).collect::<Vec<_>>();
    assert_eq!(names, [user("8"), user("9")]);
    let error = store.check_query("SELECT ?1 AS username, 1 AS limit_bytes", AMPLE).await.expect_err("refused");
    assert!(error.to_string().contains("it has a parameter, for which there is no value"), "{error}");
}

/// FreeRADIUS may have switched its file to another journal; who only reads needs to know nothing of that.
#[tokio::test]
async fn a_query_on_a_file_with_a_write_ahead_log() {
    let files = Files::default();
    files.sql(
        "PRAGMA journal_mode = WAL; CREATE TABLE panel (username, limit_bytes); INSERT INTO panel VALUES ('a', 1)",
    );
    let store = files.accounting().await;
    let found = store.allowances("SELECT * FROM panel", None, None, AMPLE).await.expect("asked");
    assert_eq!(found, [row("a", Some("1"))]);
}

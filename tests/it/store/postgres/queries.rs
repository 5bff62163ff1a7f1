//! The operator's own query on this server: its types, and what it lets a query do.
use std::time::Duration;

use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::{Accounting, StoreError};

use super::url;
use crate::store::query::{AMPLE, row, sorted};
use crate::support::postgres::Postgres;

async fn store(database: &Postgres) -> Accounting {
    Accounting::open(&url(database), &TableNames::default()).await.expect("FreeRADIUS' tables")
}

fn panel(database: &Postgres, columns: &str) {
    database.sql(&format!("CREATE TABLE panel ({columns}); GRANT SELECT ON panel TO radkick"));
}

/// The session's zone is UTC, and dates are printed in one way, whatever the server's settings are.
#[tokio::test]
async fn values_of_every_type() {
    let database = Postgres::new();
    for setting in ["timezone = 'Asia/Tehran'", "datestyle = 'German, DMY'", "extra_float_digits = -15"] {
        database.sql(&format!("ALTER DATABASE {} SET {setting}", database.name()));
    }
    let store = store(&database).await;
    for (value, text) in [
        ("5::bigint * 1024 * 1024 * 1024", Some("5368709120")),
        ("5368709120::numeric(20, 4)", Some("5368709120.0000")),
        ("5368709120::double precision", Some("5368709120")),
        ("1125899906842624::double precision", Some("1125899906842624")),
        ("0.1::double precision", Some("0.1")),
        ("1e300::double precision", Some("1e+300")),
        ("'nan'::real", Some("NaN")),
        ("5368709120::real", Some("5368709120")),
        ("-1", Some("-1")),
        ("TRUE", Some("true")),
        ("'5 GB'", Some("5 GB")),
        ("'5'::char(4)", Some("5")),
        ("'2024-01-31 10:20:30'::timestamp", Some("2024-01-31 10:20:30")),
        ("'2024-01-31 10:20:30.25+00'::timestamptz", Some("2024-01-31 10:20:30.25+00")),
        ("date_trunc('month', '2024-01-31 22:00:00+00'::timestamptz)", Some("2024-01-01 00:00:00+00")),
        ("'2024-01-31'::date", Some("2024-01-31")),
        ("'infinity'::timestamptz", Some("infinity")),
        ("NULL", None),
        ("NULL::timestamptz", None),
    ] {
        let query = format!("SELECT 'a' AS username, {value} AS limit_bytes");
        let found = store.allowances(&query, None, None, AMPLE).await.expect(value);
        assert_eq!(found, [row("a", text)], "{value}");
    }
}

#[tokio::test]
async fn names_of_every_type_and_columns_of_every_name() {
    let database = Postgres::new();
    panel(&database, "\"UserName\" char(9), \"limit_bytes\" int, \"odd \"\" name\" int, id bigint");
    database.sql("INSERT INTO panel VALUES ('alice', 1, 2, 7), ('bob', 3, 4, 8)");
    let store = store(&database).await;
    let ask = |query: &'static str, name: &'static str| {
        let store = store.clone();
        async move { sorted(store.allowances(query, Some(&[UserName::new(name)]), None, AMPLE).await.expect("asked")) }
    };
    assert_eq!(ask("SELECT * FROM panel", "alice").await, [row("alice", Some("1"))]);
    assert_eq!(ask("SELECT id AS username, limit_bytes FROM panel", "8").await, [row("8", Some("3"))]);
    let odd = "SELECT id AS username, \"odd \"\" name\" AS limit_bytes, 'x;' || $$;'$$ || E'\\';' AS z FROM panel";
    assert_eq!(ask(odd, "8").await, [row("8", Some("4"))]);
    let nul = [UserName::new("a\0b"), UserName::new("alice")];
    let found = store.allowances("SELECT * FROM panel", Some(&nul), Some(&["\0".to_owned()]), AMPLE).await;
    assert_eq!(found.expect("asked"), [row("alice", Some("1"))]);
}

#[tokio::test]
async fn nothing_is_written() {
    let database = Postgres::new();
    panel(&database, "login text, quota int");
    database.sql("INSERT INTO panel VALUES ('a', 1)");
    database.sql(
        "CREATE SEQUENCE numbers;
         CREATE FUNCTION spend() RETURNS int LANGUAGE sql AS $$INSERT INTO panel VALUES ('b', 2) RETURNING 1$$;
         CREATE FUNCTION unlock() RETURNS int LANGUAGE plpgsql AS $$BEGIN
           PERFORM set_config('transaction_read_only', 'off', true); INSERT INTO panel VALUES ('b', 2); RETURN 1; END$$;
         GRANT ALL ON panel, numbers TO radkick",
    );
    let store = store(&database).await;
    for limit in ["nextval('numbers')", "spend()", "(SELECT quota FROM panel FOR UPDATE)"] {
        let query = format!("SELECT login AS username, {limit} AS limit_bytes FROM panel");
        let error = store.allowances(&query, None, None, AMPLE).await.expect_err(limit);
        assert!(matches!(error, StoreError::LimitQuery { .. }), "{error:?}");
        assert!(error.to_string().contains("it writes, and may only read"), "{limit}: {error}");
    }
    let query = "SELECT login AS username, unlock() AS limit_bytes FROM panel";
    let error = store.allowances(query, None, None, AMPLE).await.expect_err("refused");
    assert!(
        error.to_string().contains("cannot set transaction read-write mode inside a read-only transaction")
            || error.to_string().contains("transaction read-write mode must be set before any query"),
        "{error}"
    );
    assert_eq!(database.sql("SELECT login FROM panel").len(), 1);
}

#[tokio::test]
async fn what_a_query_may_not_do() {
    let database = Postgres::new();
    database.sql("CREATE TABLE panel (username text, limit_bytes int)");
    let store = store(&database).await;
    for (query, words) in [
        ("SELECT username, limit_bytes FROM panel", "permission denied for table panel"),
        ("SELECT 'a' AS username, $1::int AS limit_bytes", "it has a parameter, for which there is no value"),
        ("SELECT 'a' AS username, 1 AS limit_bytes /* a /* b */ c", "a comment that does not end"),
        ("SELECT 'a' AS username, 1 / (count(*) - count(*)) AS limit_bytes FROM radcheck", "division by zero"),
    ] {
        let error = store.allowances(query, None, None, AMPLE).await.expect_err(query);
        assert!(matches!(error, StoreError::LimitQuery { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{query}: {error}");
        let checked = store.check_query(query, AMPLE).await;
        assert_eq!(checked.is_err(), words != "division by zero", "{query}: {checked:?}");
    }
}

/// The server gives up too: no query goes on that nobody waits for.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_stops_working_as_well() {
    let database = Postgres::new();
    let store = store(&database).await;
    let query = "SELECT 'a' AS username, 1 AS limit_bytes FROM pg_sleep(60)";
    store.allowances(query, None, None, Duration::from_millis(200)).await.expect_err("it takes too long");
    let working = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'radkick' AND query LIKE '%pg_sleep%'
                   AND datname = current_database() AND state = 'active'";
    let ended = || database.sql(working)[0]["count"] == 0;
    tokio::task::block_in_place(|| crate::support::wait::wait_until("the query's end", ended));
}

//! The operator's own query on this server: its types, its collations, and what it lets a query do.
use radkick::quota::UserName;
use radkick::store::{AllowanceRow, StoreError};

use super::store;
use crate::store::query::{AMPLE, row, sorted};
use crate::support::mariadb::MariaDb;

fn with_panel(charset: &str, definition: &str) -> MariaDb {
    let database = MariaDb::with_charset(charset);
    database.sql(&format!("CREATE TABLE panel ({definition}) CHARACTER SET {charset}"));
    database.sql(&format!("GRANT SELECT ON {}.panel TO {}", database.name(), database.account()));
    database
}

/// The server's zone is five hours off; what has no zone comes as it stands.
#[tokio::test]
async fn values_of_every_type() {
    let database = with_panel("latin1", "id int");
    database.sql("INSERT INTO panel VALUES (1)");
    let store = store(&database).await;
    for (value, text) in [
        ("5 * 1024 * 1024 * 1024", Some("5368709120")),
        ("5 * 1024.0 * 1024 * 1024", Some("5368709120.0")),
        ("CAST(5368709120 AS DECIMAL(20, 4))", Some("5368709120.0000")),
        ("5368709120e0", Some("5368709120.000000")),
        ("POW(2, 53)", Some("9007199254740992.000000")),
        ("CAST(5368709120 AS FLOAT)", Some("5368709120.000000")),
        ("CAST(18446744073709551615 AS UNSIGNED)", Some("18446744073709551615")),
        ("-1", Some("-1")),
        ("TRUE", Some("1")),
        ("'5 GB'", Some("5 GB")),
        ("CAST('5' AS BINARY)", Some("5")),
        ("_latin1 x'e9'", Some("é")),
        ("CAST('2024-01-31 10:20:30' AS DATETIME)", Some("2024-01-31 10:20:30")),
        ("CAST('2024-01-31 10:20:30.25' AS DATETIME(3))", Some("2024-01-31 10:20:30.250")),
        ("CAST('2024-01-31' AS DATE)", Some("2024-01-31")),
        ("FROM_UNIXTIME(1700000000)", Some("2023-11-15 03:13:20")),
        ("NULL", None),
    ] {
        // As a value of the query, and as one of a table that has the type
        database.sql(&format!("CREATE OR REPLACE TABLE kept AS SELECT 'a' AS username, {value} AS limit_bytes"));
        database.sql(&format!("GRANT SELECT ON {}.kept TO {}", database.name(), database.account()));
        for query in
            [format!("SELECT 'a' AS username, {value} AS limit_bytes FROM panel"), "SELECT * FROM kept".to_owned()]
        {
            let found = store.allowances(&query, None, None, AMPLE).await.expect(&query);
            assert_eq!(found, [row("a", text)], "{query} {value}");
        }
    }
}

#[tokio::test]
async fn times_with_a_zone_and_times_that_never_were() {
    let definition = "username varchar(9), limit_bytes bit(3), period_start timestamp(3) NULL, expires_at datetime, used_offset date";
    let database = with_panel("utf8mb4", definition);
    database.sql(
        "SET sql_mode = '', time_zone = '+00:00';
         INSERT INTO panel VALUES ('a', 5, '2024-01-31 23:30:00.125', '2024-01-31 23:30:00', '2024-01-31'),
           ('b', 1, '0000-00-00', '0000-00-00', '0000-00-00'), ('c', 1, NULL, NULL, NULL)",
    );
    let rows = store(&database).await.allowances("SELECT * FROM panel", None, None, AMPLE).await.expect("asked");
    let [a, b, c] = &sorted(rows)[..] else { panic!("three rows") };
    assert_eq!(a.limit.as_deref(), Some("5"));
    let told = [&a.period_start, &a.expires_at, &a.used_offset].map(Option::as_deref);
    assert_eq!(told, [Some("2024-01-31 23:30:00.125+00:00"), Some("2024-01-31 23:30:00"), Some("2024-01-31")]);
    for row in [b, c] {
        let AllowanceRow { period_start, expires_at, used_offset, .. } = row;
        assert_eq!([period_start, expires_at, used_offset], [&None, &None, &None], "{row:?}");
    }
}

/// What radacct takes for one name is found, however the panel's table compares.
#[tokio::test]
async fn users_are_found_whatever_the_panels_collation() {
    let limits = |rows: &[AllowanceRow]| rows.iter().filter_map(|row| row.limit.clone()).collect::<Vec<_>>().join(" ");
    let query = "SELECT login AS username, quota AS limit_bytes FROM panel";
    for (charset, panel) in [
        ("latin1", "varchar(64) CHARACTER SET latin1"),
        ("latin1", "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        ("latin1", "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"),
        ("utf8mb4", "varbinary(64)"),
        ("utf8mb4", "varchar(64) CHARACTER SET latin1"),
    ] {
        let database = with_panel(charset, &format!("login {panel}, quota int"));
        database.sql("INSERT INTO panel VALUES ('ALICE', 1), ('alice ', 2), ('o''Brien', 3), ('bob', 4), ('7', 5)");
        let store = store(&database).await;
        for (asked, wanted) in [
            (&["alice"][..], "1 2"),
            (&["O'BRIEN", "日本"], "3"),
            (&["bob", "BOB"], "4"),
            (&["7"], "5"),
            (&["日本"], ""),
        ] {
            let asked: Vec<_> = asked.iter().map(|name| UserName::new(*name)).collect();
            let found = store.allowances(query, Some(&asked), None, AMPLE).await.expect("asked");
            assert_eq!(limits(&sorted(found)), wanted, "{charset} {panel} {asked:?}");
        }
    }
    // And no others where radacct tells them apart
    let database = with_panel("utf8mb4 COLLATE utf8mb4_bin", "login varchar(64), quota int, id int");
    database.sql("ALTER TABLE panel CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
    database.sql("INSERT INTO panel VALUES ('ALICE', 1, 7), ('alice', 2, 8)");
    let store = store(&database).await;
    let found = store.allowances(query, Some(&[UserName::new("alice")]), None, AMPLE).await.expect("asked");
    assert_eq!(limits(&found), "2");
    let numbers = "SELECT id AS username, quota AS limit_bytes, id AS subject FROM panel";
    let found = store.allowances(numbers, Some(&[UserName::new("8")]), Some(&["7".to_owned()]), AMPLE).await;
    assert_eq!(limits(&sorted(found.expect("asked"))), "1 2");
}

#[tokio::test]
async fn nothing_is_written() {
    let database = with_panel("utf8mb4", "login varchar(9), quota int");
    database.sql("INSERT INTO panel VALUES ('a', 1)");
    database.sql("CREATE SEQUENCE numbers");
    database.sql(
        "DELIMITER //
CREATE FUNCTION spend() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO panel VALUES ('b', 2); RETURN 1; END//
DELIMITER ;",
    );
    database.sql(&format!("GRANT ALL ON {}.* TO {}", database.name(), database.account()));
    let store = store(&database).await;
    for limit in ["NEXTVAL(numbers)", "spend()", "(SELECT quota FROM panel WHERE login = 'a' FOR UPDATE)"] {
        let query = format!("SELECT login AS username, {limit} AS limit_bytes FROM panel");
        let error = store.allowances(&query, None, None, AMPLE).await.expect_err(limit);
        assert!(matches!(error, StoreError::LimitQuery { .. }), "{error:?}");
        assert!(error.to_string().contains("it writes, and may only read"), "{error}");
    }
    assert_eq!(database.sql("SELECT login FROM panel").len(), 1);
}

#[tokio::test]
async fn a_table_that_it_may_not_read() {
    let database = MariaDb::new();
    database.sql("CREATE TABLE panel (username varchar(9), limit_bytes int)");
    let store = store(&database).await;
    let error = store.check_query("SELECT username, limit_bytes FROM panel", AMPLE).await.expect_err("refused");
    assert!(matches!(error, StoreError::LimitQuery { .. }), "{error:?}");
    assert!(error.to_string().contains("the query of [quota]: SELECT command denied to user"), "{error}");
}

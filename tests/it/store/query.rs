//! The operator's own query, over a table of a panel's.
use std::time::Duration;

use radkick::quota::UserName;
use radkick::store::{AllowanceRow, StoreError};
use serde_json::json;

use super::paging::open_rows;
use super::{Bench, user};

/// Longer than any query of these tests takes.
pub(super) const AMPLE: Duration = Duration::from_mins(1);

/// Users of a panel: `o'brien` as FreeRADIUS spells him, others bare, one without a name.
fn panel(bench: &impl Bench) {
    bench.sql(
        "CREATE TABLE panel (login varchar(64), quota bigint, family varchar(64), until varchar(64), note varchar(64));
         INSERT INTO panel (login, quota, family, until, note) VALUES
           ('alice', 5368709120, 'home', '2026-01-31', ';'), ('bob', NULL, 'home', NULL, NULL),
           ('o=27brien', 7, 'o''f', NULL, 'x'), ('d\"u', 8, NULL, NULL, NULL), (NULL, 9, 'home', NULL, NULL)",
    );
    bench.let_read("panel");
}

const QUERY: &str = "SELECT login AS username, quota AS limit_bytes, family AS subject, until AS expires_at FROM panel";

pub(super) fn row(name: &str, limit: Option<&str>) -> AllowanceRow {
    let limit = limit.map(str::to_owned);
    let (username, subject) = (user(name), None);
    AllowanceRow { username, limit, used_offset: None, period_start: None, expires_at: None, subject }
}

fn of_family(row: AllowanceRow, subject: &str) -> AllowanceRow {
    AllowanceRow { subject: Some(subject.to_owned()), ..row }
}

fn rows() -> [AllowanceRow; 4] {
    let alice = AllowanceRow { expires_at: Some("2026-01-31".to_owned()), ..row("alice", Some("5368709120")) };
    [
        of_family(alice, "home"),
        of_family(row("bob", None), "home"),
        row("d\"u", Some("8")),
        of_family(row("o'brien", Some("7")), "o'f"),
    ]
}

pub(super) fn sorted(mut rows: Vec<AllowanceRow>) -> Vec<AllowanceRow> {
    rows.sort_by(|a, b| a.username.cmp(&b.username));
    rows
}

fn names(names: &[&str]) -> Vec<UserName> {
    names.iter().map(|name| user(name)).collect()
}

pub(super) async fn columns_by_name(bench: &impl Bench) {
    panel(bench);
    let store = bench.accounting().await;
    for query in [
        QUERY.to_owned(),
        format!("\n-- who; has what\n{QUERY} ;\n"),
        format!("{QUERY} -- the end"),
        format!("{QUERY}; /* the; end */ ; -- of it"),
        format!("with them AS ({QUERY}) SELECT 5 AS note, expires_at, subject, limit_bytes, username FROM them"),
        format!("SELECT username AS \"UserName\", limit_bytes AS LIMIT_BYTES, subject, expires_at FROM ({QUERY}) AS x"),
    ] {
        store.check_query(&query, AMPLE).await.expect("a query");
        let found = store.allowances(&query, None, None, AMPLE).await.expect("asked");
        assert_eq!(sorted(found), rows(), "{query}");
    }
    let least = store.allowances("SELECT login AS username, quota AS limit_bytes FROM panel", None, None, AMPLE).await;
    let wanted = [("alice", Some("5368709120")), ("bob", None), ("d\"u", Some("8")), ("o'brien", Some("7"))];
    assert_eq!(sorted(least.expect("asked")), wanted.map(|(name, limit)| row(name, limit)));
}

pub(super) async fn of_some_users_and_families(bench: &impl Bench) {
    panel(bench);
    let store = bench.accounting().await;
    let [alice, bob, du, obrien] = rows();
    let home = ["home".to_owned(), "'".to_owned()];
    for (users, subjects, wanted) in [
        (Some(&["alice"][..]), None, vec![&alice]),
        (Some(&["o'brien", "nobody", "d\"u", "o'brien"]), None, vec![&du, &obrien]),
        (Some(&["o=27brien", "ali", "a%"]), None, vec![]),
        (None, Some(&home[..]), vec![&alice, &bob]),
        (None, Some(&["o'f".to_owned()]), vec![&obrien]),
        (None, Some(&["hom".to_owned()]), vec![]),
        (Some(&["bob", "d\"u"]), Some(&home), vec![&alice, &bob, &du]),
        (Some(&[]), None, vec![]),
        (Some(&[]), Some(&[]), vec![]),
    ] {
        let users = users.map(names);
        let found = store.allowances(QUERY, users.as_deref(), subjects, AMPLE).await.expect("asked");
        assert_eq!(sorted(found).iter().collect::<Vec<_>>(), wanted, "{users:?} {subjects:?}");
    }
    let without = "SELECT login AS username, quota AS limit_bytes FROM panel";
    let found = store.allowances(without, Some(&names(&["bob"])), Some(&home), AMPLE).await.expect("asked");
    assert_eq!(found, [row("bob", None)], "no column, no family");
}

pub(super) async fn ten_thousand_users(bench: &impl Bench) {
    panel(bench);
    let many: Vec<String> = (0..12_000).map(|n| format!("('user{n}', {n}, 'f{}')", n / 3)).collect();
    bench.sql(&format!("INSERT INTO panel (login, quota, family) VALUES {}", many.join(", ")));
    let store = bench.accounting().await;
    let asked: Vec<_> = (2_000..14_000).map(|n| user(&format!("user{n}"))).collect();
    let found = store.allowances(QUERY, Some(&asked), None, AMPLE).await.expect("asked");
    assert_eq!(found.len(), 10_000);
    let families: Vec<String> = (0..10_000).map(|n| format!("f{n}")).collect();
    let found = store.allowances(QUERY, Some(&asked[..9_999]), Some(&families), AMPLE).await.expect("asked");
    assert_eq!(found.len(), 12_000, "each once");
    assert_eq!(store.allowances(QUERY, None, None, AMPLE).await.expect("asked").len(), 12_004);
}

/// Nothing of it runs, and what is wrong is told, when it is checked as when it is asked.
pub(super) async fn what_is_no_query(bench: &impl Bench) {
    panel(bench);
    let store = bench.accounting().await;
    let (both, none) = ("username, limit_bytes", "");
    for (query, words) in [
        ("", "it is empty"),
        (" ; -- nothing", "it is empty"),
        ("UPDATE panel SET quota = 1", "it is no SELECT"),
        ("INSERT INTO panel (login) SELECT login FROM panel", "it is no SELECT"),
        ("SELECT 1; DROP TABLE panel", "more than one statement"),
        ("SELECT login AS username, quota AS limit_bytes FROM panel; SELECT 1", "more than one statement"),
        ("SELECT 1 AS one FROM panel", both),
        ("SELECT login AS username FROM panel", "no column limit_bytes"),
        ("SELECT login AS username, login AS USERNAME, quota AS limit_bytes FROM panel", "column username twice"),
        ("SELECT login AS username, quota AS limit_bytes FROM panels", "panels"),
        ("SELECT login AS username, quotas AS limit_bytes FROM panel", "quotas"),
        ("SELECT 'a AS username, 1 AS limit_bytes", "a quote ' that does not end"),
        ("SELECT 'a' AS username, 1 AS limit_bytes /* x", "a comment that does not end"),
        ("SELECT login AS username, quota AS limit_bytes FROM panel) AS q; SELECT (1", "more than one statement"),
        ("SELECT login AS username, quota AS limit_bytes FROM panel) AS q, (SELECT 1", none),
        ("SELECT login AS username, quota AS limit_bytes FROM", none),
        ("WITH x AS (SELECT 1) DELETE FROM panel", none),
        ("WITH x AS (SELECT 1 AS one) INSERT INTO panel (quota) SELECT one FROM x", none),
        (
            "WITH x AS (DELETE FROM panel RETURNING login, quota) SELECT login AS username, quota AS limit_bytes FROM x",
            none,
        ),
        ("DELETE FROM panel RETURNING login AS username, quota AS limit_bytes", "it is no SELECT"),
    ] {
        let checked = store.check_query(query, AMPLE).await.expect_err(query);
        let asked = store.allowances(query, None, None, AMPLE).await.expect_err(query);
        assert_eq!(checked.to_string(), asked.to_string(), "{query}");
        let StoreError::LimitQuery { database, reason } = checked else { panic!("{query}: {checked:?}") };
        assert!(reason.contains(words) && !reason.is_empty() && !database.is_empty(), "{query}: {reason}");
    }
    assert_eq!(bench.one("SELECT count(*) FROM panel"), json!(5));
}

pub(super) async fn a_query_that_is_not_done_in_time(bench: &impl Bench) {
    let store = bench.accounting().await;
    let limit = Duration::from_millis(300);
    let query = bench.endless();
    store.check_query(query, AMPLE).await.expect("it could be run");
    for _ in 0..12 {
        let error = store.allowances(query, None, None, limit).await.expect_err("it takes too long");
        assert!(matches!(error, StoreError::LimitQuery { .. }), "{error:?}");
        assert!(error.to_string().contains("the query of [quota]: it is not done within 0.3 s"), "{error}");
    }
    // It is not waited for, and keeps no connection
    assert!(open_rows(&store, 1).await.is_empty());
    bench.sql("INSERT INTO radacct (acctuniqueid, username) VALUES ('u', 'alice')");
    assert_eq!(store.last_row_id().await.expect("asked"), 1);
}

/// Whoever stops waiting leaves nothing behind.
pub(super) async fn a_caller_who_gives_up(bench: &impl Bench) {
    let store = bench.accounting().await;
    for _ in 0..12 {
        let asking = store.allowances(bench.endless(), None, None, AMPLE);
        tokio::time::timeout(Duration::from_millis(50), asking).await.expect_err("it takes a minute");
    }
    bench.sql("INSERT INTO radacct (acctuniqueid, username) VALUES ('u', 'alice')");
    assert!(store.close_stale("u", 1, None).await.expect("asked"));
}

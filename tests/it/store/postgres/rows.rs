//! What only PostgreSQL's tables hold, and what others write into them meanwhile.
use radkick::quota::UserName;
use radkick::store::{Accounting, JobSpec, RowChange, RowImage, RowVerdict, State, Table};
use serde_json::json;

use super::url;
use crate::support::postgres::Postgres;
use crate::support::wait::wait_until;

async fn store(database: &Postgres) -> Accounting {
    Accounting::open(&url(database), &radkick::config::TableNames::default()).await.expect("FreeRADIUS' tables")
}

fn user(name: &str) -> UserName {
    UserName::new(name)
}

fn password(id: i64, username: &str, value: &str) -> RowImage {
    let [username, attribute, op, value] = [username, "Cleartext-Password", ":=", value].map(str::to_owned);
    RowImage { id, username, attribute, op, value }
}

#[tokio::test]
async fn addresses_and_times_of_every_kind() {
    let database = Postgres::new();
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, framedipaddress, framedipv6prefix,
           acctstarttime, acctupdatetime) VALUES
         ('1', 'u1', 'a', '2001:db8::1', NULL, '2001:db8:1::/56', '1969-12-31 23:59:58.5+00', '2023-11-15 03:43:20+05:30'),
         ('2', 'u2', NULL, '10.0.0.0/8', '10.0.0.2/32', '2001:db8::2', '-infinity', 'infinity')",
    );
    let rows = store(&database).await.all_open_sessions().await.expect("asked");
    let told: Vec<_> = rows
        .iter()
        .map(|row| [&row.nas_ip_address, &row.framed_ip_address, &row.framed_ipv6_prefix].map(String::as_str))
        .collect();
    assert_eq!(told, [["2001:db8::1", "", "2001:db8:1::/56"], ["10.0.0.0", "10.0.0.2", "2001:db8::2/128"]]);
    let times: Vec<_> = rows.iter().map(|row| (row.start, row.update)).collect();
    assert_eq!(times, [(Some(-2), Some(1_700_000_000)), (None, None)]);
    assert_eq!(rows[1].user, user(""));
}

/// Schemas older than FreeRADIUS 3.0.16 have no such column.
#[tokio::test]
async fn a_radacct_without_ipv6() {
    let database = Postgres::new();
    database.sql("INSERT INTO radacct (acctsessionid, acctuniqueid, nasipaddress) VALUES ('1', 'u1', '10.0.0.1')");
    database.sql("ALTER TABLE radacct DROP framedipv6prefix");
    let row = store(&database).await.session("u1").await.expect("asked").expect("a row");
    assert_eq!(row.framed_ipv6_prefix, "");
}

/// FreeRADIUS writes a NUL as four characters. No text of PostgreSQL's holds it unescaped: one such name among many must
/// not keep the others' quota from being looked at.
#[tokio::test]
async fn a_name_with_a_nul_hides_nobody() {
    let database = Postgres::new();
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, nasipaddress, username, acctinputoctets) VALUES
         ('1', 'u1', '10.0.0.1', 'a=5C000b', 5), ('2', 'u2', '10.0.0.1', 'alice', 7)",
    );
    let store = store(&database).await;
    let odd = user("a\0b");
    let open = store.open_sightings_of(&[odd.clone(), user("alice")]).await.expect("asked");
    let told: Vec<_> = open.iter().map(|row| (row.user.as_str(), row.input)).collect();
    assert_eq!(told, [("a\0b", Some(5)), ("alice", Some(7))]);
    assert_eq!(store.open_sessions(&odd).await.expect("asked").len(), 1);
    assert!(store.knows(&odd).await.expect("asked"));
    assert!(store.session("u\0").await.expect("asked").is_none());
    let state = State::open(&url(&database)).await.expect("our tables");
    let [reason, actor] = ["quota", "worker"].map(str::to_owned);
    let spec = JobSpec { user: odd.clone(), reason, actor, session: None, detail: json!({ "x": "\0" }), lapses_at: 9 };
    let (job, new) = state.submit(&spec, 1).await.expect("written");
    assert!(new && job.spec == spec);
    assert_eq!(state.live_jobs(Some(&odd)).await.expect("asked"), std::slice::from_ref(&job));
    assert_eq!(state.submit(&spec, 1).await.expect("asked"), (job, false));
}

#[tokio::test]
async fn our_tables_stand_in_a_schema_of_their_own_and_nothing_else_is_made() {
    let database = Postgres::new();
    let all = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'radkick') ORDER BY 1, 2";
    let before = database.sql(all);
    drop(State::open(&url(&database)).await.expect("our tables"));
    let after = database.sql(all);
    assert_eq!(after[..before.len()], before);
    let ours: Vec<_> = after[before.len()..].iter().filter_map(|row| row["tablename"].as_str()).collect();
    assert!(ours.len() == 11 && ours.iter().all(|name| name.starts_with("radkick_")), "{ours:?}");
}

/// What a later version has added stays; this version goes on with its own.
#[tokio::test]
async fn a_later_version_has_been_here() {
    let database = Postgres::new();
    drop(State::open(&url(&database)).await.expect("our tables"));
    database.sql(
        "INSERT INTO radkick.radkick_migrations (version, description, success, checksum, execution_time)
         VALUES (900, 'later', true, '\\x00', 1)",
    );
    State::open(&url(&database)).await.expect("opened all the same");
}

/// Ids come from the table's own sequence, so that a panel that lets the database number its rows never meets ours.
#[tokio::test]
async fn a_panel_and_radkick_number_their_rows_together() {
    let database = Postgres::new();
    let store = store(&database).await;
    for round in 0..3 {
        let id = store.reserve_ids(Table::Check, 1).await.expect("asked")[0];
        database.sql("INSERT INTO radcheck (username, attribute, op, value) VALUES ('panel', 'Max-Octets', ':=', '1')");
        let change =
            RowChange { table: Table::Check, row: password(id, "ours", "x"), present: true, only_if_absent: false };
        assert_eq!(store.apply(&[change]).await.expect("changed"), [RowVerdict::Changed], "round {round}");
        database.sql("INSERT INTO radcheck (username, attribute, op, value) VALUES ('panel', 'Max-Octets', ':=', '1')");
    }
    assert_eq!(database.sql("SELECT id FROM radcheck").len(), 9);
}

/// Two agents finish the same block: the row is there once, and nobody fails.
#[tokio::test(flavor = "multi_thread")]
async fn two_make_the_same_change() {
    let database = Postgres::new();
    let (ours, theirs) = (store(&database).await, store(&database).await);
    for id in 1..30 {
        let row = password(id, "alice", "x");
        let insert = [RowChange { table: Table::Check, row, present: true, only_if_absent: false }];
        for change in [insert.clone(), insert.map(|change| change.undone())] {
            let (a, b) = tokio::join!(ours.apply(&change), theirs.apply(&change));
            let mut verdicts = [a.expect("asked")[0], b.expect("asked")[0]];
            verdicts.sort_by_key(|verdict| *verdict == RowVerdict::AlreadySo);
            assert_eq!(verdicts, [RowVerdict::Changed, RowVerdict::AlreadySo], "{id}");
        }
    }
}

/// Until a session of radkick's waits for what another session holds.
pub(super) fn wait_for_a_waiter(database: &Postgres) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND usename = 'radkick' AND datname = current_database()";
    let waits = || database.sql(waiting).iter().any(|row| row["count"] != 0);
    tokio::task::block_in_place(|| wait_until("a session that waits", waits));
}

const WRITES: &str = "BEGIN; INSERT INTO radcheck (username, attribute, op, value)
                      VALUES ('alice', 'Cleartext-Password', ':=', 'new')";

/// A password that a panel has written and not committed yet is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_leaves_what_a_panel_is_writing() {
    for commits in [true, false] {
        let database = Postgres::new();
        let (gate, panel) = database.committing(WRITES);
        let row = password(700, "alice", "old");
        let change = RowChange { table: Table::Check, row, present: true, only_if_absent: true };
        let store = store(&database).await;
        let restoring = tokio::spawn(async move { store.apply(&[change]).await });
        wait_for_a_waiter(&database);
        let (verdict, value) = if commits { (RowVerdict::Superseded, "new") } else { (RowVerdict::Changed, "old") };
        // In this order: a panel that is to give up must not see the gate open
        if !commits {
            drop(panel);
        }
        drop(gate);
        assert_eq!(restoring.await.expect("no panic").expect("restored"), [verdict]);
        assert_eq!(json!(database.sql("SELECT value FROM radcheck")), json!([{ "value": value }]));
    }
}

/// The row that we are about to delete changes under our hands: it is somebody else's then.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_changes_meanwhile_is_left_alone() {
    let database = Postgres::new();
    let ours = "(7, 'alice', 'Cleartext-Password', ':=', 'old')";
    database.sql(&format!("INSERT INTO radcheck (id, username, attribute, op, value) VALUES {ours}"));
    let store = store(&database).await;
    let (gate, _panel) = database.committing("BEGIN; UPDATE radcheck SET value = 'new' WHERE id = 7");
    let row = password(7, "alice", "old");
    let change = RowChange { table: Table::Check, row, present: false, only_if_absent: false };
    let removing = tokio::spawn(async move { store.apply(&[change]).await });
    wait_for_a_waiter(&database);
    drop(gate);
    assert_eq!(removing.await.expect("no panic").expect("asked"), [RowVerdict::Superseded]);
    assert_eq!(json!(database.sql("SELECT value FROM radcheck")), json!([{ "value": "new" }]));
}

//! What this dialect alone does with rows: zones, times that never were, locks, migrations.
use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::{Accounting, RowChange, RowImage, State, StoreError, Table};
use tokio::task::JoinSet;

use super::super::paging::open_rows;
use super::{database_url, store, url};
use crate::support::mariadb::MariaDb;
use crate::support::process::Running;
use crate::support::wait::wait_until;

const T0: i64 = 1_700_000_000;

fn change(table: Table, id: i64, [attribute, value]: [&str; 2]) -> RowChange {
    let [username, attribute, op, value] = ["alice", attribute, ":=", value].map(str::to_owned);
    RowChange { table, row: RowImage { id, username, attribute, op, value }, present: true, only_if_absent: false }
}

pub(super) fn reject(id: i64) -> RowChange {
    change(Table::Check, id, ["Auth-Type", "Reject"])
}

pub(super) fn reply(id: i64) -> RowChange {
    change(Table::Reply, id, ["Reply-Message", "Used up"])
}

/// The driver would take UTC; FreeRADIUS takes the server's zone, here five hours off. A URL may say another.
#[tokio::test]
async fn times_stand_in_the_servers_zone() {
    let database = MariaDb::new();
    database.sql(
        "INSERT INTO radacct (acctuniqueid, username, acctstarttime) VALUES ('u', 'alice', '2023-11-15 03:13:20')",
    );
    let row = store(&database).await.session("u").await.expect("asked").expect("a row");
    assert_eq!(row.start, Some(T0));
    let url = database_url(&format!("{}?timezone=%2B00:00", database.url()));
    let store = Accounting::open(&url, &TableNames::default()).await.expect("FreeRADIUS' tables");
    let row = store.session("u").await.expect("asked").expect("a row");
    assert_eq!(row.start, Some(T0 + 5 * 3600));
    assert!(store.close_row("u", T0 + 6 * 3600).await.expect("closed"));
    let stop = &database.sql("SELECT acctstoptime, acctsessiontime FROM radacct")[0];
    assert_eq!(
        (stop["acctstoptime"].as_str(), stop["acctsessiontime"].as_i64()),
        (Some("2023-11-15 04:13:20"), Some(3600))
    );
}

/// Schemas of old write 0000-00-00 for a session that goes on.
#[tokio::test]
async fn the_time_that_never_was_is_none() {
    let database = MariaDb::new();
    database.sql(
        "SET sql_mode = '';
         ALTER TABLE radacct MODIFY acctstoptime datetime NOT NULL DEFAULT '0000-00-00 00:00:00';
         INSERT INTO radacct (acctuniqueid, username, acctstarttime, acctinputoctets)
           VALUES ('u', 'alice', '0000-00-00 00:00:00', 7)",
    );
    let (store, alice) = (store(&database).await, UserName::new("alice"));
    let row = store.open_sessions(&alice).await.expect("asked").pop().expect("a row");
    assert_eq!((row.start, row.stop), (None, None));
    assert_eq!(store.open_sightings_of(std::slice::from_ref(&alice)).await.expect("asked")[0].input, Some(7));
    assert_eq!(open_rows(&store, 9).await.len(), 1);
    assert!(store.close_row("u", T0).await.expect("closed"));
    assert!(!store.close_row("u", T0 + 1).await.expect("left"));
    let row = store.session("u").await.expect("asked").expect("a row");
    assert_eq!((row.stop, open_rows(&store, 9).await.len()), (Some(T0), 0));
}

#[tokio::test]
async fn a_schema_without_prefixes_and_with_unsigned_octets() {
    let database = MariaDb::new();
    database.sql(
        "ALTER TABLE radacct DROP framedipv6prefix, MODIFY acctinputoctets bigint unsigned, RENAME TO accounting;
         INSERT INTO accounting (acctuniqueid, username, acctinputoctets) VALUES ('u', 'alice', 18446744073709551615)",
    );
    database.sql(&format!("GRANT SELECT ON {}.accounting TO {}", database.name(), database.account()));
    let tables = TableNames { acct: "accounting".to_owned(), ..TableNames::default() };
    let store = Accounting::open(&url(&database), &tables).await.expect("FreeRADIUS' tables");
    let row = store.session("u").await.expect("asked").expect("a row");
    assert_eq!((row.input_octets, row.framed_ipv6_prefix.as_str()), (u64::MAX, ""));
    let alice = UserName::new("alice");
    assert_eq!(store.sightings_of(&alice).await.expect("asked")[0].input, Some(u64::MAX));
}

/// Another program keeps the row: an error within seconds, nothing half done, and the connection is good for the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_is_not_waited_for_for_ever() {
    let database = MariaDb::new();
    database.sql(
        "INSERT INTO radcheck (id, username, attribute, op, value) VALUES (1, 'alice', 'Auth-Type', ':=', 'Reject')",
    );
    let store = store(&database).await;
    let held = Running::start(&mut database.client(), "BEGIN; SELECT * FROM radcheck FOR UPDATE; SELECT SLEEP(600);");
    let waits = "SELECT count(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'";
    wait_until("the other program has it", || database.sql(waits)[0]["n"] == 1);
    let error = store.apply(&[reply(1), reject(1).undone()]).await.expect_err("locked");
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    drop(held);
    database.sql(
        "SELECT CONCAT('KILL ', id) INTO @kill FROM information_schema.processlist
                  WHERE info LIKE 'SELECT SLEEP%'; EXECUTE IMMEDIATE @kill",
    );
    assert_eq!(database.sql("SELECT count(*) AS n FROM radreply")[0]["n"], 0);
    store.apply(&[reply(1), reject(1).undone()]).await.expect("free");
}

/// What a process that died in the middle had begun is run again; many at once do not get in each other's way.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_taken_up_again() {
    let database = MariaDb::new();
    State::open(&url(&database)).await.expect("made");
    database.sql(
        "DROP TABLE radkick_quota; UPDATE radkick_migrations SET success = FALSE WHERE version = 9;
         DELETE FROM radkick_migrations WHERE version >= 10",
    );
    let mut opening = JoinSet::new();
    for _ in 0..8 {
        let url = url(&database);
        opening.spawn(async move { State::open(&url).await.map(|_| ()) });
    }
    for opened in opening.join_all().await {
        opened.expect("opened");
    }
    let done = database.sql("SELECT version, success FROM radkick_migrations ORDER BY version");
    assert_eq!((done.len(), done.iter().filter(|row| row["success"] == 1).count()), (11, 11), "{done:?}");
    assert!(State::open(&url(&database)).await.expect("opened").quota_rows(None).await.expect("asked").is_empty());
}

/// A newer radkick has been here; the older one starts all the same.
#[tokio::test]
async fn an_unknown_migration_is_left_alone() {
    let database = MariaDb::new();
    State::open(&url(&database)).await.expect("made");
    database.sql(
        "INSERT INTO radkick_migrations (version, description, success, checksum, execution_time)
           VALUES (9999, 'of a later version', TRUE, 'x', 0);
         DELETE FROM radkick_migrations WHERE version = 10",
    );
    State::open(&url(&database)).await.expect("opened");
}

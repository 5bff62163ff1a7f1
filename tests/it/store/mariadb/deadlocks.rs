//! Two who wait for each other: the server ends one of the two transactions, ours.
use radkick::store::{RowChange, RowImage, RowVerdict, Table};

use super::store;
use crate::support::mariadb::MariaDb;
use crate::support::process::Running;
use crate::support::wait::{PATIENCE, wait_until};

fn removal(id: i64) -> RowChange {
    let [username, attribute, op, value] = ["alice", "Cleartext-Password", ":=", "pw"].map(str::to_owned);
    let row = RowImage { id, username, attribute, op, value };
    RowChange { table: Table::Check, row, present: false, only_if_absent: false }
}

/// A client that holds what `begin` locks, once that is said, until a lock of this name is free; then it goes on.
fn client(database: &MariaDb, begin: &str, then: &str) -> Running {
    let text = format!("{begin}; SELECT 'begun';\n{then}\n");
    let session = Running::start(&mut database.client(), &text);
    wait_until("the client has begun", || session.stdout().contains("begun"));
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_ended_is_begun_again() {
    let database = MariaDb::with_charset("utf8mb4");
    let rows: Vec<String> = (1..=2).map(|id| format!("({id}, 'alice', 'Cleartext-Password', ':=', 'pw')")).collect();
    database.sql(&format!("INSERT INTO radcheck (id, username, attribute, op, value) VALUES {}", rows.join(", ")));
    let gate = database.name().to_owned();
    let keeper = client(&database, &format!("SELECT GET_LOCK('{gate}', 0)"), "SELECT SLEEP(600);");
    // A panel that has written more than we: the server ends who has written less
    let wrote = "INSERT INTO radreply (username, attribute, op, value) SELECT 'bob', 'Reply-Message', ':=', seq FROM seq_1_to_50";
    let panel = client(
        &database,
        &format!("START TRANSACTION; {wrote}; SELECT id FROM radcheck WHERE id = 2 FOR UPDATE"),
        &format!("SELECT GET_LOCK('{gate}', 60); SELECT id FROM radcheck WHERE id = 1 FOR UPDATE; COMMIT;"),
    );
    let store = store(&database).await;
    let ours = tokio::spawn(async move { store.apply(&[removal(1), removal(2)]).await });
    // The server renews what it tells of transactions only where nobody has asked for 100 ms
    let waits = format!(
        "DO SLEEP(0.3); SELECT p.id FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
         WHERE t.trx_state = 'LOCK WAIT' AND p.db = '{gate}'"
    );
    wait_until("we wait for the panel", || !database.sql(&waits).is_empty());
    drop(keeper);
    let finished = panel.finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(ours.await.expect("no panic").expect("changed"), [RowVerdict::Changed; 2]);
    assert!(database.sql("SELECT id FROM radcheck").is_empty());
}

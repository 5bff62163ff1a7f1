//! A step of the ledger that something comes in the way of, and rights that a new version needs.
use radkick::quota::Increment;
use radkick::store::{FeedLease, FeedRecord, Origin, State, StoreError};
use tokio::task::JoinHandle;

use super::bench::Database;
use super::url;
use crate::store::Bench as _;
use crate::store::feed::{NOW, counters, grown, leased, usage, used};
use crate::store::ledger::account;
use crate::support::mariadb::MariaDb;
use crate::support::process::Running;
use crate::support::wait::wait_until;

async fn opened(database: &MariaDb) -> (State, FeedLease) {
    let state = State::open(&url(database)).await.expect("our tables");
    let lease = leased(&state, "a", NOW).await.expect("free");
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    (state, lease)
}

fn one() -> [(Increment, Origin); 1] {
    [grown("alice", 5, counters(1, 1, 1))]
}

/// Sessions whose present statement begins so.
fn at_work(database: &MariaDb, statement: &str) -> usize {
    let sql = format!(
        "SELECT id FROM information_schema.processlist WHERE db = '{}' AND info LIKE '{statement}%'",
        database.name()
    );
    database.sql(&sql).len()
}

/// Somebody who holds alice's row.
fn holding(database: &MariaDb) -> Running {
    let statements = "BEGIN; SELECT * FROM radkick_usage FOR UPDATE; DO SLEEP(600);";
    let held = Running::start(&mut database.client(), statements);
    tokio::task::block_in_place(|| wait_until("somebody has the row", || at_work(database, "DO SLEEP") == 1));
    held
}

/// Ends the sessions whose present statement begins so; a server does not see that a client has gone.
fn end(database: &MariaDb, statement: &str) {
    database.sql(&format!(
        "SELECT CONCAT('KILL ', id) INTO @kill FROM information_schema.processlist
           WHERE db = '{}' AND info LIKE '{statement}%'; EXECUTE IMMEDIATE @kill",
        database.name()
    ));
}

/// A step for alice, which waits for her row in the middle of its transaction.
fn waiting_step(database: &MariaDb, state: &State, lease: &FeedLease) -> JoinHandle<Result<bool, StoreError>> {
    let (state, lease) = (state.clone(), lease.clone());
    let feed = FeedRecord { mark: 9, ..FeedRecord::default() };
    let step = tokio::spawn(async move { state.record(&lease, &feed, &[account("u1", "alice")], &one(), NOW).await });
    let waits = || at_work(database, "INSERT INTO radkick_usage") == 1;
    tokio::task::block_in_place(|| wait_until("the step waits", waits));
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_connection_is_ended_leaves_nothing_behind() {
    let database = MariaDb::new();
    let (state, lease) = opened(&database).await;
    let held = holding(&database);
    let step = waiting_step(&database, &state, &lease);
    end(&database, "INSERT INTO radkick_usage");
    step.await.expect("no panic").expect_err("cut off");
    end(&database, "DO SLEEP");
    drop(held);
    assert_eq!(state.feed().await.expect("asked"), Some(FeedRecord::default()));
    assert!(state.accounts(&["u1".to_owned()]).await.expect("asked").is_empty());
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(2, 2, 2))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_its_caller_gives_up_is_finished() {
    let database = MariaDb::new();
    let (state, lease) = opened(&database).await;
    let held = holding(&database);
    let step = waiting_step(&database, &state, &lease);
    step.abort();
    assert!(step.await.expect_err("given up").is_cancelled());
    end(&database, "DO SLEEP");
    drop(held);
    let stands = || database.sql("SELECT input FROM radkick_usage")[0]["input"] == 2;
    tokio::task::block_in_place(|| wait_until("the step is finished", stands));
    assert_eq!(state.accounts(&["u1".to_owned()]).await.expect("asked"), [account("u1", "alice")]);
    assert_eq!(state.feed().await.expect("asked").map(|feed| feed.mark), Some(9));
    let left = format!(
        "SELECT trx_id FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id
         WHERE db = '{}'",
        database.name()
    );
    assert!(database.sql(&left).is_empty());
}

/// Somebody who keeps a row for long makes a step fail within seconds, whole, and the next one finds the store in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_held_is_not_waited_for_for_ever() {
    let database = MariaDb::new();
    let (state, lease) = opened(&database).await;
    let held = holding(&database);
    let error = waiting_step(&database, &state, &lease).await.expect("no panic").expect_err("locked");
    assert!(matches!(error, StoreError::Locked { operation: "writing the ledger", .. }), "{error:?}");
    end(&database, "DO SLEEP");
    drop(held);
    assert!(state.accounts(&["u1".to_owned()]).await.expect("asked").is_empty());
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(2, 2, 2))]);
}

/// Rights are given table by table: `radkick check` says which of a new version's is missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_needs_the_right_to_make_what_is_new() {
    let bench = Database::default();
    bench.make_old_tables().await;
    let (name, account) = (bench.0.name(), bench.0.account());
    let all = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES";
    bench.0.sql(&format!("REVOKE {all} ON {name}.radkick_usage FROM {account}"));
    for error in [
        State::is_there(&bench.state_url()).await.map(|_| ()).expect_err("refused"),
        State::open(&bench.state_url()).await.map(|_| ()).expect_err("refused"),
    ] {
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
        assert!(error.to_string().contains("radkick_usage"), "{error}");
    }
    let looking = State::open_existing(&bench.state_url()).await.map(|_| ()).expect_err("refused").to_string();
    assert!(looking.contains("an older version's"), "{looking}");
    bench.0.sql(&format!("GRANT {all} ON {name}.radkick_usage TO {account}"));
    assert!(usage(&bench.state().await, &["alice"]).await.is_empty());
}

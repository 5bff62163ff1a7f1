//! A step of the ledger that something comes in the way of, and names that only PostgreSQL cannot hold.
use radkick::quota::{Increment, UserName};
use radkick::store::{FeedLease, FeedRecord, Origin, State, StoreError};
use tokio::task::JoinHandle;

use super::rows::wait_for_a_waiter;
use super::url;
use crate::store::feed::{NOW, counters, grown, leased, usage, used};
use crate::store::ledger::account;
use crate::support::postgres::Postgres;

async fn opened(database: &Postgres) -> (State, FeedLease) {
    let state = State::open(&url(database)).await.expect("our tables");
    let lease = leased(&state, "a", NOW).await.expect("free");
    (state, lease)
}

fn one() -> [(Increment, Origin); 1] {
    [grown("alice", 5, counters(1, 1, 1))]
}

/// A step for alice, whose row somebody holds.
fn waiting_step(database: &Postgres, state: &State, lease: &FeedLease) -> JoinHandle<Result<bool, StoreError>> {
    let (state, lease) = (state.clone(), lease.clone());
    let feed = FeedRecord { mark: 9, ..FeedRecord::default() };
    let step = tokio::spawn(async move { state.record(&lease, &feed, &[account("u1", "alice")], &one(), NOW).await });
    wait_for_a_waiter(database);
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_connection_is_ended_leaves_nothing_behind() {
    let database = Postgres::new();
    let (state, lease) = opened(&database).await;
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    let holding = database.holding("BEGIN; UPDATE radkick.radkick_usage SET input = input");
    let step = waiting_step(&database, &state, &lease);
    database.sql(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
         WHERE usename = 'radkick' AND datname = current_database()",
    );
    let error = step.await.expect("no panic").expect_err("cut off");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    drop(holding);
    assert_eq!(state.feed().await.expect("asked"), Some(FeedRecord::default()));
    assert!(state.accounts(&["u1".to_owned()]).await.expect("asked").is_empty());
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(1, 1, 1))]);
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(2, 2, 2))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_its_caller_gives_up_is_whole_or_nothing() {
    let database = Postgres::new();
    let (state, lease) = opened(&database).await;
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    let holding = database.holding("BEGIN; UPDATE radkick.radkick_usage SET input = input");
    let step = waiting_step(&database, &state, &lease);
    step.abort();
    assert!(step.await.expect_err("given up").is_cancelled());
    drop(holding);
    // It waits for the one that was given up, should the server still be at it
    assert!(state.record(&lease, &FeedRecord::default(), &[], &one(), NOW).await.expect("written"));
    let steps = 2 + u64::try_from(state.accounts(&["u1".to_owned()]).await.expect("asked").len()).expect("a number");
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(steps, steps, steps))]);
    let left = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()";
    assert_eq!(database.sql(left)[0]["count"], 0);
}

/// The character that stands for NUL in our tables, beside a NUL: the two become one, and no step fails of it.
#[tokio::test]
async fn two_names_that_the_tables_cannot_tell_apart() {
    let database = Postgres::new();
    let (state, lease) = opened(&database).await;
    let names = ["a\0", "a\u{f0000}"];
    let step = names.map(|name| grown(name, 5, counters(1, 2, 3)));
    let accounts = names.map(|name| account(name, name));
    assert!(state.record(&lease, &FeedRecord::default(), &accounts, &step, NOW).await.expect("written"));
    assert_eq!(usage(&state, &names).await, [used("a\0", 5, counters(2, 4, 6))]);
    assert_eq!(state.accounts(&names.map(str::to_owned)).await.expect("asked").len(), 1);
    assert_eq!(state.accounts_of(&names.map(UserName::new), true).await.expect("asked").len(), 1);
    let rows = [used("x", 5, counters(1, 1, 1))];
    assert!(state.put_usage(&lease, &UserName::new(names[1]), &rows).await.expect("written"));
    assert_eq!(usage(&state, &names).await, [used("a\0", 5, counters(1, 1, 1))]);
}

//! What is old enough to be forgotten, and what is not.
use radkick::quota::SessionAccount;
use radkick::store::{
    BlockRecord, BlockState, FeedRecord, JobRecord, JobSpec, JobState, JournalEntry, State, TargetRecord, TargetStep,
};
use serde_json::json;

use super::feed::{NOW, leased};
use super::jobs::target;
use super::ledger::account;
use super::{Bench, user};

pub(super) async fn accounts_that_were_closed_long_ago(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let rows = [("u1", 9, Some(NOW)), ("u2", 10, Some(NOW - 3)), ("u3", 11, Some(NOW - 2)), ("u4", 12, None)];
    let more = [("u5", 13, Some(NOW - 1)), ("u6", 14, Some(NOW))];
    let all: Vec<_> = [&rows[..], &more[..]]
        .concat()
        .into_iter()
        .map(|(id, row_id, closed_at)| SessionAccount { row_id, closed_at, ..account(id, "alice") })
        .collect();
    assert!(state.record(&lease, &FeedRecord::default(), &all, &[], NOW).await.expect("written"));
    let forget = async |before, above, limit| state.forget_accounts(&lease, before, above, limit).await.expect("asked");
    let left = async || {
        let left = state.accounts_of(&[user("alice")], false).await.expect("asked");
        let mut ids: Vec<_> = left.into_iter().map(|account| account.acct_unique_id).collect();
        ids.sort();
        ids.concat()
    };
    let end = i64::MAX;
    assert_eq!(forget(NOW, (14, end), 9).await, 0);
    assert_eq!(forget(NOW, (0, 0), 9).await, 0, "younger rows stay");
    assert_eq!((forget(NOW, (10, end), 1).await, left().await.as_str()), (1, "u1u2u4u5u6"), "of those that may go");
    assert_eq!((forget(NOW, (9, end), 1).await, left().await.as_str()), (1, "u1u4u5u6"), "the oldest first");
    assert_eq!((forget(NOW, (13, end), 9).await, left().await.as_str()), (0, "u1u4u5u6"), "older rows stay");
    assert_eq!((forget(NOW, (0, end), 9).await, left().await.as_str()), (1, "u1u4u6"));
    assert_eq!((forget(end, (i64::MIN, end), 9).await, left().await.as_str()), (2, "u4"), "an open one stays");
}

pub(super) async fn old_lines_of_the_journal(bench: &impl Bench) {
    let state = bench.state().await;
    for at in [1, 2, 9, 3, 4] {
        let (actor, detail) = ("worker".to_owned(), json!({}));
        state.journal(&JournalEntry { at, actor, user: user("alice"), event: "cut", detail }).await.expect("written");
    }
    let left = || {
        let rows = bench.own_sql("SELECT at FROM radkick_journal ORDER BY id");
        rows.iter().map(|row| row["at"].to_string()).collect::<String>()
    };
    assert_eq!((state.prune_journal(1, 9).await.expect("asked"), left().as_str()), (0, "12934"));
    assert_eq!((state.prune_journal(4, 1).await.expect("asked"), left().as_str()), (1, "2934"));
    assert_eq!((state.prune_journal(4, 9).await.expect("asked"), left().as_str()), (2, "94"));
    assert_eq!((state.prune_journal(9, 0).await.expect("asked"), left().as_str()), (0, "94"));
}

/// A job of the worker's, ended at this time, and the session it aimed at with what became of it.
async fn ended(state: &State, name: &str, reason: &str, at: i64, aim: Option<(&str, &str)>) -> JobRecord {
    let [reason, actor] = [reason, "worker"].map(str::to_owned);
    let spec = JobSpec { user: user(name), reason, actor, session: None, detail: json!({}), lapses_at: at };
    let (job, _) = state.submit(&spec, at).await.expect("written");
    let job = state.claim(job.id, "a", None, at).await.expect("asked").expect("free");
    if let Some((id, evidence)) = aim {
        let aimed = state.add_target(&job, &target(job.id, id)).await.expect("asked").expect("added");
        let close_due_at = (evidence == "due").then_some(at);
        let done = TargetRecord { step: TargetStep::Done, evidence: Some(evidence.to_owned()), close_due_at, ..aimed };
        assert!(state.update_target(&job, &done, None, at).await.expect("written"));
    }
    let job = JobRecord { state: JobState::Ended, ..job };
    assert!(state.update_job(&job, None, at).await.expect("written"));
    job
}

pub(super) async fn jobs_that_nothing_asks_for(bench: &impl Bench) {
    let state = bench.state().await;
    let stop = "accounting_stop";
    let old = [
        ended(&state, "alice", "quota", 10, Some(("u1", stop))).await,
        ended(&state, "alice", "quota", 20, Some(("u2", stop))).await,
        ended(&state, "bob", "quota", 30, Some(("u3", "due"))).await,
        ended(&state, "bob", "quota", 40, Some(("u4", "absent_from_router"))).await,
        ended(&state, "bob", "quota", 50, Some(("u5", "absent_from_router"))).await,
    ];
    let last_of_alice = ended(&state, "alice", "quota", 60, Some(("u6", stop))).await;
    ended(&state, "alice", "expiry", 65, None).await;
    ended(&state, "bob", "quota", 70, None).await;
    let at_work = state.submit(&JobSpec { user: user("eve"), ..last_of_alice.spec.clone() }, 1).await.expect("made").0;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let known = [("u4", Some(90)), ("u5", None)];
    let known = known.map(|(id, closed_at)| SessionAccount { closed_at, ..account(id, "bob") });
    assert!(state.record(&lease, &FeedRecord::default(), &known, &[], NOW).await.expect("written"));

    assert_eq!(state.prune_jobs(10, 9).await.expect("asked"), 0);
    assert_eq!(state.prune_jobs(80, 1).await.expect("pruned"), 1, "the oldest first");
    assert!(state.targets(old[0].id).await.expect("asked").is_empty());
    assert_eq!(state.targets(old[1].id).await.expect("asked").len(), 1);
    assert_eq!(state.prune_jobs(80, 9).await.expect("pruned"), 1, "u4 was open until 90");
    assert_eq!(state.prune_jobs(91, 9).await.expect("pruned"), 1, "and is closed by then");
    assert_eq!(state.prune_jobs(i64::MAX, 9).await.expect("asked"), 0);
    for (job, targets) in old.iter().zip([0, 0, 1, 0, 1]) {
        assert_eq!(state.targets(job.id).await.expect("asked").len(), targets, "{job:?}");
    }
    assert!(state.proven_absent("u5").await.expect("asked").is_some());
    assert_eq!(state.rows_to_close(NOW).await.expect("asked").len(), 1);
    let last = state.last_ended_job(&user("alice"), "quota").await.expect("asked").expect("it is kept");
    assert_eq!(last.id, last_of_alice.id);
    assert!(state.last_ended_job(&user("alice"), "expiry").await.expect("asked").is_some());
    assert_eq!(state.live_jobs(None).await.expect("asked"), [at_work]);
}

pub(super) async fn blocks_that_were_released_long_ago(bench: &impl Bench) {
    let state = bench.state().await;
    for (name, at, last) in [
        ("a", 1, BlockState::Released),
        ("b", 2, BlockState::Held),
        ("c", 3, BlockState::Released),
        ("d", 9, BlockState::Released),
    ] {
        let block = super::blocks::block(name, "quota");
        let planned = state.plan_block(&block, at).await.expect("asked").expect("planned");
        let done = BlockRecord { state: last, ..planned.clone() };
        assert!(state.update_block(&planned, &done, None, at).await.expect("written"));
    }
    let left = || {
        let rows = bench.own_sql("SELECT user_name FROM radkick_block ORDER BY id");
        let names: String = rows.iter().filter_map(|row| row["user_name"].as_str()).collect();
        (names, bench.own_sql("SELECT id FROM radkick_block_row").len())
    };
    assert_eq!((state.prune_blocks(1, 9).await.expect("asked"), left()), (0, ("abcd".to_owned(), 8)));
    assert_eq!((state.prune_blocks(9, 1).await.expect("asked"), left()), (1, ("bcd".to_owned(), 6)));
    assert_eq!((state.prune_blocks(9, 9).await.expect("asked"), left()), (1, ("bd".to_owned(), 4)));
    assert_eq!(state.blocks(None).await.expect("asked").len(), 1);
}

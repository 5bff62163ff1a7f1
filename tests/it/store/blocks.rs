//! Blocks, brakes, the journal.
use radkick::store::{BlockRecord, BlockState, Brake, JournalEntry, RowChange, RowImage, Table};
use serde_json::json;

use super::{Bench, user};

const NOW: i64 = 1_700_000_000;

fn change(table: Table, present: bool) -> RowChange {
    let [username, attribute, op, value] = ["o=27brien", "Auth-Type", ":=", "Re'ject\n\"ü"].map(str::to_owned);
    RowChange { table, row: RowImage { id: 7, username, attribute, op, value }, present, only_if_absent: false }
}

pub(super) fn block(name: &str, reason: &str) -> BlockRecord {
    let [reason, actor, mode] = [reason, "worker", "reject"].map(str::to_owned);
    let rows = vec![(change(Table::Check, true), false), (change(Table::Reply, false), false)];
    BlockRecord { id: 0, user: user(name), reason, actor, mode, state: BlockState::Planned, remade: 0, rows }
}

pub(super) async fn from_planned_to_released(bench: &impl Bench) {
    let state = bench.state().await;
    let planned = state.plan_block(&block("o'brien", "quota"), NOW).await.expect("asked").expect("planned");
    assert_eq!(planned, BlockRecord { id: planned.id, ..block("o'brien", "quota") });
    assert_eq!(state.blocks(None).await.expect("asked"), std::slice::from_ref(&planned));
    let rows = vec![(change(Table::Check, true), true), (change(Table::Reply, false), false)];
    let mut was = planned.clone();
    for now in [BlockState::Held, BlockState::Releasing] {
        let [reason, actor] = ["by_hand", "command"].map(str::to_owned);
        let written = BlockRecord { state: now, reason, actor, rows: rows.clone(), ..planned.clone() };
        assert!(state.update_block(&was, &written, None, NOW + 1).await.expect("written"));
        assert_eq!(state.blocks(Some(&user("o'brien"))).await.expect("asked"), std::slice::from_ref(&written));
        assert!(state.blocks(Some(&user("o=27brien"))).await.expect("asked").is_empty());
        was = written;
    }
    let released = BlockRecord { state: BlockState::Released, rows, ..planned };
    assert!(state.update_block(&was, &released, None, NOW + 2).await.expect("written"));
    assert!(state.blocks(None).await.expect("asked").is_empty());
    assert!(state.plan_block(&block("o'brien", "quota"), NOW).await.expect("asked").is_some(), "and again");
}

/// Of two who go on from the same state one does, and the other writes nothing: no row, no line of the journal.
pub(super) async fn one_goes_on(bench: &impl Bench) {
    let (state, theirs) = (bench.state().await, bench.state().await);
    let planned = state.plan_block(&block("alice", "quota"), NOW).await.expect("asked").expect("planned");
    let held = BlockRecord { state: BlockState::Held, ..planned.clone() };
    let entry =
        JournalEntry { at: NOW, actor: "worker".to_owned(), user: user("alice"), event: "blocked", detail: json!({}) };
    let (a, b) = tokio::join!(
        state.update_block(&planned, &held, Some(&entry), NOW + 1),
        theirs.update_block(&planned, &held, Some(&entry), NOW + 1)
    );
    assert_eq!(u8::from(a.expect("asked")) + u8::from(b.expect("asked")), 1);
    assert_eq!(bench.own_sql("SELECT id FROM radkick_journal").len(), 1);
    state.drop_block(planned.id).await.expect("asked");
    assert_eq!(state.blocks(None).await.expect("asked"), std::slice::from_ref(&held), "only a plan is dropped");
    // By hand now: who knew it for quota's does not undo it
    let by_hand = BlockRecord { reason: "by_hand".to_owned(), actor: "command".to_owned(), ..held.clone() };
    assert!(state.update_block(&held, &by_hand, None, NOW + 2).await.expect("written"));
    let releasing = BlockRecord { state: BlockState::Releasing, ..held.clone() };
    assert!(!state.update_block(&held, &releasing, None, NOW + 3).await.expect("asked"));
    assert_eq!(state.blocks(None).await.expect("asked"), std::slice::from_ref(&by_hand));
    let remade = BlockRecord { remade: 1, ..by_hand.clone() };
    assert!(state.update_block(&by_hand, &remade, None, NOW + 4).await.expect("written"));
    assert!(!state.update_block(&by_hand, &remade, None, NOW + 4).await.expect("asked"), "each making is counted");
    assert_eq!(state.blocks(None).await.expect("asked"), [remade]);
}

/// What is known to be ours is not forgotten: restore gives nothing else back.
pub(super) async fn ours_stays_ours(bench: &impl Bench) {
    let state = bench.state().await;
    let planned = state.plan_block(&block("alice", "quota"), NOW).await.expect("asked").expect("planned");
    let rows = vec![(change(Table::Check, true), false), (change(Table::Reply, false), true)];
    let held = BlockRecord { state: BlockState::Held, rows, ..planned.clone() };
    assert!(state.update_block(&planned, &held, None, NOW).await.expect("written"));
    let forgetful = BlockRecord { rows: planned.rows.clone(), ..held.clone() };
    assert!(state.update_block(&held, &forgetful, None, NOW).await.expect("written"));
    assert_eq!(state.blocks(None).await.expect("asked"), [held]);
}

/// Other rows take the place of a block's, all at once, or none where another run has gone on with it.
pub(super) async fn other_rows_in_their_place(bench: &impl Bench) {
    let state = bench.state().await;
    let planned = state.plan_block(&block("alice", "quota"), NOW).await.expect("asked").expect("planned");
    let held = BlockRecord { state: BlockState::Held, ..planned.clone() };
    assert!(state.update_block(&planned, &held, None, NOW).await.expect("written"));
    let mut new = change(Table::UserGroup, true);
    new.row.id = 8;
    let rows = vec![(change(Table::Reply, false), false), (new, true)];
    let remade = BlockRecord { remade: 1, rows, ..held.clone() };
    assert!(state.update_block(&held, &remade, None, NOW).await.expect("written"));
    assert_eq!(state.blocks(None).await.expect("asked"), std::slice::from_ref(&remade));
    let late = BlockRecord { remade: 1, rows: Vec::new(), ..held.clone() };
    assert!(!state.update_block(&held, &late, None, NOW).await.expect("asked"));
    assert_eq!(state.blocks(None).await.expect("asked"), [remade]);
}

pub(super) async fn one_block_a_user(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    let (quota, expiry) = (block("alice", "quota"), block("alice", "expiry"));
    let (a, b) = tokio::join!(ours.plan_block(&quota, NOW), theirs.plan_block(&expiry, NOW));
    let (a, b) = (a.expect("asked"), b.expect("asked"));
    assert_eq!(u8::from(a.is_some()) + u8::from(b.is_some()), 1, "{a:?} {b:?}");
    assert!(theirs.plan_block(&block("bob", "quota"), NOW).await.expect("asked").is_some());
    assert_eq!(ours.blocks(None).await.expect("asked").len(), 2);
}

pub(super) async fn a_dropped_block_never_was(bench: &impl Bench) {
    let state = bench.state().await;
    let planned = state.plan_block(&block("alice", "quota"), NOW).await.expect("asked").expect("planned");
    state.drop_block(planned.id).await.expect("dropped");
    assert!(state.blocks(None).await.expect("asked").is_empty());
    state.drop_block(planned.id).await.expect("nothing left to drop");
    assert!(state.plan_block(&block("alice", "quota"), NOW).await.expect("asked").is_some());
}

pub(super) async fn brakes(bench: &impl Bench) {
    let state = bench.state().await;
    assert_eq!(state.brake("cut").await.expect("asked"), None);
    let tripped = Brake { tripped_at: NOW, detail: "40 of 50".to_owned(), confirmed_at: None };
    state.set_brake("cut", Some(&tripped)).await.expect("written");
    assert_eq!(state.brake("cut").await.expect("asked"), Some(tripped.clone()));
    assert_eq!(state.brake("restore").await.expect("asked"), None);
    let confirmed = Brake { confirmed_at: Some(NOW + 1), ..tripped };
    state.set_brake("cut", Some(&confirmed)).await.expect("written");
    assert_eq!(state.brake("cut").await.expect("asked"), Some(confirmed));
    state.set_brake("cut", None).await.expect("written");
    assert_eq!(state.brake("cut").await.expect("asked"), None);
    state.set_brake("cut", None).await.expect("nothing left to remove");
}

/// Lines are added side by side and none is lost.
pub(super) async fn journal(bench: &impl Bench) {
    let state = bench.state().await;
    let entry = |at: i64| JournalEntry {
        at,
        actor: "worker".to_owned(),
        user: user("o'brien\n"),
        event: "cut",
        detail: json!({ "fate": "ended", "text": "'\"\n" }),
    };
    let entries: Vec<_> = (0..8).map(|at| entry(NOW + at)).collect();
    let (first, second) = entries.split_at(4);
    let write = async |entries: &[JournalEntry]| {
        for entry in entries {
            state.journal(entry).await.expect("written");
        }
    };
    tokio::join!(write(first), write(second));
    let rows = bench.own_sql("SELECT at, actor, user_name, event, detail FROM radkick_journal ORDER BY at");
    for (row, entry) in rows.iter().zip(&entries) {
        let wanted = json!({ "at": entry.at, "actor": "worker", "user_name": "o'brien\n", "event": "cut",
            "detail": entry.detail.to_string() });
        assert_eq!(json!(row), wanted);
    }
    assert_eq!(rows.len(), 8);
}

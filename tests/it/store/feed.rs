//! The usage ledger: who may write it, and what a step of it leaves behind.
use std::collections::BTreeMap;

use radkick::quota::{Counters, Increment, SessionAccount};
use radkick::store::{FeedLease, FeedRecord, Origin, RhythmRecord, State, UsageRow};

use super::ledger::account;
use super::{Bench, user};

pub(super) const NOW: i64 = 1_700_000_000;

pub(super) async fn leased(state: &State, holder: &str, now: i64) -> Option<FeedLease> {
    state.claim_feed(holder, None, now).await.expect("asked")
}

pub(super) fn counters(input: u64, output: u64, seconds: u64) -> Counters {
    Counters { input, output, seconds }
}

/// What is added to a slot.
pub(super) fn grown(name: &str, slot: i64, used: Counters) -> (Increment, Origin) {
    let zone = "Asia/Tehran".into();
    (Increment { user: user(name), zone, slot, used, estimated: false }, Origin::Observed)
}

pub(super) fn used(name: &str, slot: i64, used: Counters) -> UsageRow {
    let zone = "Asia/Tehran".into();
    UsageRow { user: user(name), zone, slot, origin: Origin::Observed, used, estimated: 0 }
}

/// What stands for these users, in order.
pub(super) async fn usage(state: &State, names: &[&str]) -> Vec<UsageRow> {
    let users: Vec<_> = names.iter().map(|name| user(name)).collect();
    let mut rows = state.usage(&users).await.expect("asked");
    rows.sort_by(|a, b| (&a.user, &a.zone, a.slot, a.origin).cmp(&(&b.user, &b.zone, b.slot, b.origin)));
    rows
}

pub(super) async fn one_has_the_lease(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    assert_eq!(ours.feed_holder().await.expect("asked"), None);
    let (a, b) = tokio::join!(leased(&ours, "a", NOW), leased(&theirs, "b", NOW));
    assert_eq!(u8::from(a.is_some()) + u8::from(b.is_some()), 1, "{a:?} {b:?}");
    assert_eq!(ours.feed().await.expect("asked"), None, "no step yet");
    let first = a.or(b).expect("one of them");
    let other = if first.holder == "a" { "b" } else { "a" };
    assert_eq!(ours.feed_holder().await.expect("asked").as_ref(), Some(&first.holder));
    assert_eq!(leased(&theirs, other, NOW + 120).await, None, "it holds for so long");
    assert_eq!(ours.claim_feed("c", Some(other), NOW).await.expect("asked"), None, "not the dead one's");
    assert_eq!(leased(&ours, &first.holder, NOW + 100).await.as_ref(), Some(&first), "renewed, the token stays");
    assert_eq!(leased(&theirs, other, NOW + 220).await, None, "it was renewed");
    let late = leased(&theirs, other, NOW + 221).await.expect("it has run out");
    assert_eq!((late.holder.as_str(), late.token), (other, first.token + 1));
    let heir = ours.claim_feed("c", Some(other), NOW + 222).await.expect("asked").expect("it was abandoned");
    assert_eq!((heir.holder.as_str(), heir.token), ("c", first.token + 2));
    assert_eq!(ours.feed_holder().await.expect("asked").as_deref(), Some("c"));
}

pub(super) async fn a_lost_lease_writes_nothing(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    let old = leased(&ours, "a", NOW).await.expect("free");
    let closed = SessionAccount { closed_at: Some(NOW), ..account("u1", "alice") };
    let step = [grown("alice", 5, counters(1, 2, 3))];
    let feed = FeedRecord { mark: 7, ..FeedRecord::default() };
    assert!(ours.record(&old, &feed, std::slice::from_ref(&closed), &step, NOW).await.expect("written"));
    let new = theirs.claim_feed("b", Some("a"), NOW).await.expect("asked").expect("abandoned");

    let late = FeedRecord { mark: 9, ..FeedRecord::default() };
    for lost in
        [old.clone(), FeedLease { holder: "b".to_owned(), ..old }, FeedLease { holder: "a".to_owned(), ..new.clone() }]
    {
        let more = [account("u1", "alice"), account("u2", "bob")];
        assert!(!ours.record(&lost, &late, &more, &step, NOW + 900).await.expect("asked"));
        assert!(!ours.put_usage(&lost, &user("alice"), &[]).await.expect("asked"));
        assert_eq!(ours.forget_accounts(&lost, NOW + 1, (0, i64::MAX), 10).await.expect("asked"), 0);
    }
    assert_eq!(ours.feed().await.expect("asked"), Some(feed));
    assert_eq!(ours.accounts(&["u1".to_owned(), "u2".to_owned()]).await.expect("asked"), [closed]);
    assert_eq!(usage(&ours, &["alice"]).await, [used("alice", 5, counters(1, 2, 3))]);
    assert!(leased(&ours, "c", NOW + 121).await.is_some(), "nor was the other's lease renewed");
}

/// Each takes the lease from the other as it likes: what counts is what was told to be written, and all of it.
pub(super) async fn two_who_write_at_once(bench: &impl Bench) {
    let write = async |state: State, me: &'static str, other: &'static str| {
        let mut written = 0;
        for round in 0..15 {
            let Some(lease) = state.claim_feed(me, Some(other), NOW).await.expect("asked") else { continue };
            for id in ["u1", me] {
                let step = [grown("alice", 5, counters(1, 0, 0)), grown(me, round, counters(1, 0, 0))];
                let done = state.record(&lease, &FeedRecord::default(), &[account(id, me)], &step, NOW).await;
                written += u64::from(done.expect("asked"));
            }
        }
        written
    };
    let (a, b) = (bench.state().await, bench.state().await);
    let (a, b) = tokio::join!(write(a, "a", "b"), write(b, "b", "a"));
    let rows = usage(&bench.state().await, &["alice", "a", "b"]).await;
    let of = |name: &str| rows.iter().filter(|row| row.user == user(name)).map(|row| row.used.input).sum::<u64>();
    assert_eq!([of("alice"), of("a"), of("b")], [a + b, a, b]);
    assert!(a > 0 && b > 0, "{a} {b}");
}

pub(super) async fn a_step_renews_the_lease(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    assert!(state.record(&lease, &FeedRecord::default(), &[], &[], NOW + 600).await.expect("written"));
    assert_eq!(leased(&state, "b", NOW + 720).await, None);
    assert!(leased(&state, "b", NOW + 721).await.is_some());
}

pub(super) async fn the_feed_comes_back(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let rhythm = RhythmRecord { seconds: 300, seen: 7, heard_at: NOW };
    let feed = FeedRecord {
        mark: i64::MAX,
        imported_to: Some(5),
        import_at: Some(4),
        read_at: NOW,
        behind_since: Some(NOW - 7),
        rotation: "'\"\\\0\n🦀".to_owned(),
        query_rows: 3,
        rhythms: BTreeMap::from([("10.0.0.1".to_owned(), rhythm), ("\0".to_owned(), RhythmRecord::default())]),
    };
    for feed in [feed, FeedRecord::default()] {
        assert!(state.record(&lease, &feed, &[], &[], NOW).await.expect("written"));
        assert_eq!(state.feed().await.expect("asked"), Some(feed));
    }
}

pub(super) async fn what_is_recorded_adds_up(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let feed = FeedRecord::default();
    let one = grown("alice", 5, counters(1, 20, 300));
    let estimated = (Increment { estimated: true, ..one.0.clone() }, Origin::Observed);
    let history = (one.0.clone(), Origin::History);
    let elsewhere = (Increment { zone: "".into(), ..one.0.clone() }, Origin::Observed);
    let step = [one.clone(), estimated, history, elsewhere, grown("alice", 6, counters(7, 0, 0)), one];
    for round in 1..=2 {
        assert!(state.record(&lease, &feed, &[], &step, NOW).await.expect("written"));
        let row = used("alice", 5, counters(round, 20 * round, 300 * round));
        let wanted = [
            UsageRow { zone: "".into(), ..row.clone() },
            UsageRow { used: counters(3 * round, 60 * round, 900 * round), estimated: 21 * round, ..row.clone() },
            UsageRow { origin: Origin::History, ..row },
            used("alice", 6, counters(7 * round, 0, 0)),
        ];
        assert_eq!(usage(&state, &["alice", "alice"]).await, wanted);
    }
}

/// No row of a hostile router's makes a step fail for ever.
pub(super) async fn sums_stay_at_the_end(bench: &impl Bench) {
    const END: u64 = (1 << 63) - 1;
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let feed = FeedRecord::default();
    let all = |step: Counters| {
        let (increment, origin) = grown("alice", 5, step);
        [(Increment { estimated: true, ..increment }, origin)]
    };
    for (step, sum, estimated) in [
        (counters(u64::MAX, END, 0), counters(END, END, 0), END),
        (counters(u64::MAX, 1, END - 1), counters(END, END, END - 1), END),
        (counters(END, END, 1), counters(END, END, END), END),
        (counters(1, 1, u64::MAX), counters(END, END, END), END),
    ] {
        assert!(state.record(&lease, &feed, &[], &all(step), NOW).await.expect("written"));
        assert_eq!(usage(&state, &["alice"]).await, [UsageRow { estimated, ..used("alice", 5, sum) }]);
    }
    bench.own_sql("UPDATE radkick_usage SET input = -5, output = 0, seconds = 0, estimated = 0");
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, Counters::ZERO)]);
    assert!(state.record(&lease, &feed, &[], &[grown("alice", 5, counters(END, 0, 0))], NOW).await.expect("written"));
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(END - 5, 0, 0))]);
}

/// The database refuses the last row of a step: the first is not there either, and the next step finds the store in order.
pub(super) async fn all_of_a_step_or_nothing(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    bench.refuse_usage_of("zoe");
    let later = FeedRecord { mark: 9, ..FeedRecord::default() };
    let step = [grown("alice", 5, counters(1, 1, 1)), grown("zoe", 5, counters(1, 1, 1))];
    let error = state.record(&lease, &later, &[account("u1", "alice")], &step, NOW + 600).await.expect_err("refused");
    assert!(error.to_string().contains("writing the ledger"), "{error}");
    assert!(state.put_usage(&lease, &user("zoe"), &[used("zoe", 1, Counters::ZERO)]).await.is_err());
    assert_eq!(state.feed().await.expect("asked"), None);
    assert!(state.accounts(&["u1".to_owned()]).await.expect("asked").is_empty());
    assert!(usage(&state, &["alice", "zoe"]).await.is_empty());
    assert!(state.record(&lease, &later, &[account("u1", "alice")], &step[..1], NOW).await.expect("written"));
    assert_eq!(usage(&state, &["alice", "zoe"]).await, [used("alice", 5, counters(1, 1, 1))]);
}

/// More than one statement of any dialect takes.
pub(super) async fn a_large_step(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let names: Vec<_> = (0..1050).map(|index| format!("user{index}")).collect();
    let accounts: Vec<_> = names.iter().map(|name| account(name, name)).collect();
    let step: Vec<_> =
        names.iter().flat_map(|name| [5, 6, 5].map(|slot| grown(name, slot, counters(1, 2, 3)))).collect();
    for round in 1..=2 {
        assert!(state.record(&lease, &FeedRecord::default(), &accounts, &step, NOW).await.expect("written"));
        let rows = usage(&state, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(rows.len(), 2100);
        let sum = rows.iter().fold(Counters::ZERO, |sum, row| sum.plus(row.used));
        assert_eq!(sum, counters(3150 * round, 6300 * round, 9450 * round));
    }
    let mut found = state.accounts(&names).await.expect("asked");
    found.sort_by_key(|account| names.iter().position(|name| **name == *account.acct_unique_id));
    assert_eq!(found, accounts);
}

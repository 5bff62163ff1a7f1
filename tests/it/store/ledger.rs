//! What the ledger knows of sessions and users, read again.
use radkick::quota::{SessionAccount, Share, Suspect, UserName};
use radkick::store::{FeedLease, FeedRecord, Origin, State, UsageRow};

use super::feed::{NOW, counters, grown, leased, usage, used};
use super::{Bench, user};

/// An open session that has something in every field that one can have.
pub(super) fn account(id: &str, name: &str) -> SessionAccount {
    SessionAccount {
        acct_unique_id: id.into(),
        row_id: 41,
        user: user(name),
        nas_ip_address: "10.0.0.1".into(),
        zone: "Asia/Tehran".into(),
        start: Some(NOW - 60),
        start_moved: true,
        update: Some(NOW - 5),
        stop: None,
        closed_at: None,
        seen: counters(u64::MAX, 2, 3),
        at: NOW - 5,
        counted: counters(4, u64::MAX, 6),
        held: counters(7, 8, u64::MAX),
        suspect: Some(Suspect { seen: counters(10, 11, 12), at: NOW - 1 }),
        shares: vec![Share { slot: 0, used: counters(1, 2, 3) }, Share { slot: NOW, used: counters(3, 3, 3) }],
    }
}

fn closed(id: &str, name: &str, at: i64) -> SessionAccount {
    SessionAccount { closed_at: Some(at), stop: Some(at - 1), suspect: None, ..account(id, name) }
}

async fn written(state: &State, accounts: &[SessionAccount]) -> FeedLease {
    let lease = leased(state, "a", NOW).await.expect("free");
    assert!(state.record(&lease, &FeedRecord::default(), accounts, &[], NOW).await.expect("written"));
    lease
}

fn ids(accounts: &[SessionAccount]) -> Vec<&str> {
    accounts.iter().map(|account| &*account.acct_unique_id).collect()
}

fn sorted(mut accounts: Vec<SessionAccount>) -> Vec<SessionAccount> {
    accounts.sort_by(|one, other| one.acct_unique_id.cmp(&other.acct_unique_id));
    accounts
}

pub(super) async fn the_last_account_of_a_session_stands(bench: &impl Bench) {
    let state = bench.state().await;
    let (open, other) = (account("u1", "alice"), closed("u1", "bob", NOW));
    let lease = written(&state, &[other.clone(), open.clone()]).await;
    assert_eq!(state.accounts(&["u1".to_owned()]).await.expect("asked"), [open]);
    let other = SessionAccount { row_id: -7, start: None, update: None, shares: Vec::new(), ..other };
    let feed = FeedRecord::default();
    assert!(state.record(&lease, &feed, std::slice::from_ref(&other), &[], NOW).await.expect("written"));
    assert_eq!(state.accounts(&["u1".to_owned()]).await.expect("asked"), [other]);
    assert!(state.accounts_of(&[user("alice")], false).await.expect("asked").is_empty());
}

pub(super) async fn open_ones_page_by_page(bench: &impl Bench) {
    let state = bench.state().await;
    let mut open = ["u1", "U1", "u1 ", "u10", "u2", "ü", "🦀", " "].map(|id| account(id, "alice")).to_vec();
    written(&state, &[open.clone(), vec![closed("u15", "alice", NOW), closed("a", "alice", 5)]].concat()).await;
    open = sorted(open);
    for limit in [1, 3, 8, 100] {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let page = state.open_accounts(&after, limit).await.expect("asked");
            let Some(last) = page.last() else { break };
            after = last.acct_unique_id.to_string();
            assert!(page.len() <= usize::try_from(limit).expect("a size"));
            pages.extend(page);
        }
        assert_eq!(ids(&pages), ids(&open), "{limit} a page");
        assert_eq!(pages, open);
    }
    assert!(state.open_accounts("\u{10ffff}", 5).await.expect("asked").is_empty());
}

pub(super) async fn closed_ones_in_order(bench: &impl Bench) {
    let state = bench.state().await;
    let times = [("u3", NOW), ("u1", NOW + 5), ("U4", NOW + 5), ("u2", NOW + 5), ("u5", NOW + 6), ("u0", NOW - 9)];
    let all: Vec<_> = times.iter().map(|(id, at)| closed(id, "alice", *at)).chain([account("u6", "alice")]).collect();
    written(&state, &all).await;
    let wanted = ["u3", "U4", "u1", "u2", "u5"];
    for limit in [1, 2, 100] {
        let (mut pages, mut after) = (Vec::new(), (NOW, String::new()));
        loop {
            let page = state.closed_accounts(NOW, (after.0, &after.1), limit).await.expect("asked");
            let Some(last) = page.last() else { break };
            after = (last.closed_at.expect("closed"), last.acct_unique_id.to_string());
            pages.extend(page);
        }
        assert_eq!(ids(&pages), wanted, "{limit} a page");
    }
    let page = async |since, after, limit| state.closed_accounts(since, after, limit).await.expect("asked");
    assert_eq!(ids(&page(NOW + 5, (i64::MIN, ""), 2).await), ["U4", "u1"], "`since` holds too");
    assert_eq!(ids(&page(0, (0, ""), 9).await), ["u0", "u3", "U4", "u1", "u2", "u5"]);
    assert!(page(NOW + 7, (0, ""), 9).await.is_empty());
}

pub(super) async fn accounts_of_users(bench: &impl Bench) {
    let state = bench.state().await;
    let all = [
        account("u1", "alice"),
        closed("u2", "alice", NOW),
        account("u3", "bob"),
        account("u4", "Alice"),
        closed("u5", "bob", 9),
    ];
    written(&state, &all).await;
    let of = async |names: &[&str], only_open| {
        let users: Vec<UserName> = names.iter().map(|name| user(name)).collect();
        sorted(state.accounts_of(&users, only_open).await.expect("asked"))
    };
    assert_eq!(of(&["alice", "nobody", "alice"], false).await, all[..2]);
    assert_eq!(of(&["alice"], true).await, all[..1]);
    assert_eq!(of(&["bob", "Alice"], true).await, all[2..4]);
    assert_eq!(of(&[], false).await, []);
    let many: Vec<String> = (0..2000).map(|index| format!("user{index}")).chain(["bob".to_owned()]).collect();
    assert_eq!(of(&many.iter().map(String::as_str).collect::<Vec<_>>(), true).await, all[2..3], "more than one slice");
    assert!(state.accounts(&[]).await.expect("asked").is_empty());
    assert_eq!(sorted(state.accounts(&[&many[..], &["u3".to_owned()]].concat()).await.expect("asked")), all[2..3]);
}

/// Names that a panel, a router or somebody who wishes us ill has made; each is somebody else.
pub(super) async fn odd_names(bench: &impl Bench) {
    let state = bench.state().await;
    let long = ["é".repeat(126) + "x", "\u{1}".repeat(253), "=E9".repeat(253), "🦀".repeat(253)];
    let mut names: Vec<&str> = long.iter().map(String::as_str).collect();
    names.extend([
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alicé",
        "alice\u{301}",
        "",
        " ",
        "\0",
        "a\0b",
        "a\0",
    ]);
    names.extend([
        "o'brien", "o''brien", "\"x\"", "a\\", "a\\'", "a\nb", "a\r", "\t", "%", "_", "[\"a\"]", "{a,b}", "NULL",
    ]);
    names.extend(["ss", "ß", "İ", "i", "🦀", "a\u{200b}", "?", "$1", "--", "1", "01", "null"]);
    let too_long = "x".repeat(1013);
    let accounts: Vec<_> = names.iter().map(|name| account(name, name)).collect();
    let some = |(place, name): (usize, &&str)| grown(name, 5, counters(u64::try_from(place).expect("a number"), 1, 0));
    let mut step: Vec<_> = names.iter().enumerate().map(some).collect();
    step.push(grown(&too_long, 5, counters(1, 1, 1)));
    let with_long = [&accounts[..], &[account("u", &too_long), account(&too_long, "u")]].concat();
    let lease = leased(&state, "a", NOW).await.expect("free");
    assert!(state.record(&lease, &FeedRecord::default(), &with_long, &step, NOW).await.expect("written"));
    for (place, name) in names.iter().enumerate() {
        let row = used(name, 5, counters(u64::try_from(place).expect("a number"), 1, 0));
        assert_eq!(usage(&state, &[name]).await, [row]);
        assert_eq!(state.accounts(&[(*name).to_owned()]).await.expect("asked"), accounts[place..=place]);
        assert_eq!(state.accounts_of(&[user(name)], true).await.expect("asked"), accounts[place..=place]);
    }
    assert_eq!(usage(&state, &names).await.len(), names.len());
    let ids: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(sorted(state.accounts(&ids).await.expect("asked")), sorted(accounts));
    assert!(usage(&state, &[&too_long, "u"]).await.is_empty());
    assert!(state.accounts(std::slice::from_ref(&too_long)).await.expect("asked").is_empty());
    assert!(state.put_usage(&lease, &user("a\0"), &[]).await.expect("written"));
    assert_eq!(usage(&state, &names).await.len(), names.len() - 1);
}

pub(super) async fn usage_is_put_in_place(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let step = ["alice", "Alice", "bob"].map(|name| [5, 6, 7].map(|slot| grown(name, slot, counters(1, 2, 3))));
    assert!(state.record(&lease, &FeedRecord::default(), &[], &step.concat(), NOW).await.expect("written"));
    let history =
        UsageRow { origin: Origin::History, estimated: u64::MAX, ..used("alice", 6, counters(9, u64::MAX, 0)) };
    let new = [used("alice", 0, counters(4, 4, 4)), used("nobody", 6, counters(1, 1, 1)), history.clone()];
    let twice = [&new[..], &[used("alice", 0, counters(1, 0, 0))]].concat();
    assert!(state.put_usage(&lease, &user("alice"), &twice).await.expect("written"));
    let end = (1 << 63) - 1;
    let wanted = [
        used("alice", 0, counters(5, 4, 4)),
        used("alice", 6, counters(1, 1, 1)),
        UsageRow { estimated: end, used: counters(9, end, 0), ..history },
    ];
    assert_eq!(usage(&state, &["alice", "nobody"]).await, wanted);
    assert_eq!(usage(&state, &["Alice", "bob"]).await.len(), 6);
    assert!(state.put_usage(&lease, &user("alice"), &[]).await.expect("written"));
    assert!(usage(&state, &["alice"]).await.is_empty());
}

pub(super) async fn users_with_many_old_slots(bench: &impl Bench) {
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let slots = [("a", vec![0, 1, 2, 3]), ("b", vec![1, 2, 3]), ("c", vec![0, 1, 10, 11, 12]), ("D\0", vec![7, 8, 9])];
    let step: Vec<_> =
        slots.iter().flat_map(|(name, slots)| slots.iter().map(|slot| grown(name, *slot, counters(1, 1, 1)))).collect();
    assert!(state.record(&lease, &FeedRecord::default(), &[], &step, NOW).await.expect("written"));
    let before = async |slot, more_than, limit| {
        let mut users = state.users_with_slots_before(slot, more_than, limit).await.expect("asked");
        users.sort();
        users
    };
    assert_eq!(before(10, 2, 9).await, ["D\0", "a", "b"].map(user));
    assert_eq!(before(9, 2, 9).await, ["a", "b"].map(user));
    assert_eq!(before(100, 3, 9).await, ["c"].map(user));
    assert_eq!(before(10, 2, 2).await.len(), 2);
    assert!(before(10, 3, 9).await.is_empty());
}

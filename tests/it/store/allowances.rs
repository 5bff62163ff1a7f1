//! Allowances in our own table.
use radkick::store::{JournalEntry, QuotaRow, State};
use serde_json::json;

use super::{Bench, user};

const NOW: i64 = 1_700_000_000;
const END: u64 = (1 << 63) - 1;

fn row(name: &str) -> QuotaRow {
    QuotaRow {
        user: user(name),
        limit_octets: None,
        topup_octets: 0,
        topup_start: 0,
        period: None,
        since: None,
        expires_at: None,
        subject: None,
        changed_at: NOW,
        changed_by: "root".to_owned(),
    }
}

fn entry(name: &str, at: i64) -> JournalEntry {
    let (actor, detail) = ("ops'".to_owned(), json!({ "octets": 5 }));
    JournalEntry { at, actor, user: user(name), event: "quota_set", detail }
}

async fn put(state: &State, row: &QuotaRow) {
    state.put_quota(row, &entry(row.user.as_str(), NOW)).await.expect("written");
}

fn lines(bench: &impl Bench) -> usize {
    bench.own_sql("SELECT event FROM radkick_journal").len()
}

pub(super) async fn of_everybody_and_of_some(bench: &impl Bench) {
    let state = bench.state().await;
    assert!(state.quota_rows(None).await.expect("asked").is_empty());
    let text = |text: &str| Some(text.to_owned());
    let full = QuotaRow {
        limit_octets: Some(END),
        topup_octets: 7,
        topup_start: -5,
        period: text("monthly:15 '\"\0"),
        since: Some(NOW),
        expires_at: Some(i64::MAX),
        subject: text("the \0 Müllers"),
        ..row("o'brien\0\n")
    };
    let all = [row("Alice"), row("alice"), row("alice "), full.clone()];
    for row in all.iter().rev() {
        put(&state, row).await;
    }
    assert_eq!(state.quota_rows(None).await.expect("asked"), all);
    assert_eq!(lines(bench), 4);
    let users = ["alice ", "nobody", "o'brien\0\n", "alice "].map(user);
    assert_eq!(state.quota_rows(Some(&users)).await.expect("asked"), all[2..]);
    assert!(state.quota_rows(Some(&[])).await.expect("asked").is_empty());
    let much = QuotaRow { limit_octets: Some(u64::MAX), topup_octets: u64::MAX, subject: text(""), ..full.clone() };
    put(&state, &much).await;
    let clamped = QuotaRow { limit_octets: Some(END), topup_octets: END, ..much };
    assert_eq!(state.quota_rows(Some(&users[2..3])).await.expect("asked"), [clamped]);
    assert_eq!(state.quota_rows(None).await.expect("asked").len(), 4, "one a user");
}

pub(super) async fn a_family_comes_whole(bench: &impl Bench) {
    let state = bench.state().await;
    let member = |name: &str, subject: &str| QuotaRow { subject: Some(subject.to_owned()), ..row(name) };
    let all = [
        member("a", "smith"),
        member("b", "smith"),
        member("c", "Smith"),
        member("d", "smith "),
        member("e", ""),
        row("f"),
        row("g"),
    ];
    for row in &all {
        put(&state, row).await;
    }
    let of = async |names: &[&str]| {
        let users: Vec<_> = names.iter().map(|name| user(name)).collect();
        let rows = state.quota_rows(Some(&users)).await.expect("asked");
        rows.iter().map(|row| row.user.as_str().to_owned()).collect::<Vec<_>>().concat()
    };
    assert_eq!(of(&["b"]).await, "ab");
    assert_eq!([of(&["c"]).await, of(&["d"]).await, of(&["e"]).await, of(&["f"]).await], ["c", "d", "e", "f"]);
    assert_eq!(of(&["smith"]).await, "", "a subject is no user");
    let many: Vec<String> = (0..2000).map(|index| format!("b{index}")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.extend(["a", "g", "z", "b"]);
    assert_eq!(of(&many).await, "abg", "more than one slice, and each row once");
}

pub(super) async fn top_ups(bench: &impl Bench) {
    let state = bench.state().await;
    let (alice, june, july) = (user("alice"), NOW, NOW + 86_400);
    assert_eq!(state.top_up(&alice, 5, june, &entry("alice", NOW)).await.expect("asked"), None);
    assert_eq!(lines(bench), 0, "what was not done does not stand in the journal");
    let plain = QuotaRow { limit_octets: Some(9), period: Some("daily".to_owned()), ..row("alice") };
    put(&state, &plain).await;
    put(&state, &row("Alice")).await;
    for (octets, start, stands) in [
        (5, june, 5),
        (6, june, 11),
        (7, july, 7),
        (END, july, END),
        (1, july, END),
        (u64::MAX, june, END),
        (0, 0, 0),
        (END, 0, END),
    ] {
        let wanted = QuotaRow {
            topup_octets: stands,
            topup_start: start,
            changed_at: NOW + 1,
            changed_by: "ops'".to_owned(),
            ..plain.clone()
        };
        let topped = state.top_up(&alice, octets, start, &entry("alice", NOW + 1)).await.expect("written");
        assert_eq!(topped.as_ref(), Some(&wanted));
        assert_eq!(state.quota_rows(Some(std::slice::from_ref(&alice))).await.expect("asked"), [wanted]);
    }
    assert_eq!(lines(bench), 2 + 8);
    assert_eq!(state.quota_rows(Some(&[user("Alice")])).await.expect("asked"), [row("Alice")]);
}

/// Two who pay at the same moment have both paid.
pub(super) async fn top_ups_at_once(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    put(&ours, &row("alice")).await;
    let pay = async |state: &State| {
        for _ in 0..10 {
            let topped = state.top_up(&user("alice"), 3, NOW, &entry("alice", NOW)).await.expect("written");
            assert!(topped.is_some_and(|row| row.topup_octets % 3 == 0));
        }
    };
    tokio::join!(pay(&ours), pay(&theirs));
    assert_eq!(ours.quota_rows(None).await.expect("asked")[0].topup_octets, 60);
    assert_eq!(lines(bench), 21);
}

/// Programs that set allowances side by side, of one user and of others.
pub(super) async fn allowances_put_at_once(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    let set = async |state: &State, names: [&str; 3], limit: u64| {
        for round in 0..8 {
            for name in names {
                let subject = Some(format!("family {}", round % 2));
                put(state, &QuotaRow { limit_octets: Some(limit), subject, ..row(name) }).await;
            }
        }
    };
    tokio::join!(set(&ours, ["a", "b", "c"], 1), set(&theirs, ["c", "b", "d"], 2));
    let rows = ours.quota_rows(None).await.expect("asked");
    let of = |name: &str| rows.iter().find(|row| row.user == user(name)).and_then(|row| row.limit_octets);
    assert_eq!((rows.len(), of("a"), of("d")), (4, Some(1), Some(2)));
    assert_eq!(lines(bench), 48);
}

pub(super) async fn a_removed_allowance(bench: &impl Bench) {
    let state = bench.state().await;
    put(&state, &row("alice")).await;
    put(&state, &row("Alice")).await;
    assert!(!state.remove_quota(&user("alice "), &entry("alice ", NOW)).await.expect("asked"));
    assert_eq!(lines(bench), 2);
    assert!(state.remove_quota(&user("alice"), &entry("alice", NOW)).await.expect("removed"));
    assert!(!state.remove_quota(&user("alice"), &entry("alice", NOW)).await.expect("asked"));
    assert_eq!((state.quota_rows(None).await.expect("asked"), lines(bench)), (vec![row("Alice")], 3));
}

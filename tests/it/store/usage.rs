//! Octets, from the whole of radacct.
use std::fmt::Write as _;

use radkick::store::Summed;

use super::{Bench, user};

/// A row: user, octets in and out as SQL, and whether it is closed.
fn row(bench: &impl Bench, name: &str, input: &str, output: &str, closed: bool) {
    let stop = if closed { bench.time(5) } else { "NULL".to_owned() };
    let next = bench.one("SELECT count(*) AS n FROM radacct");
    bench.sql(&format!(
        "INSERT INTO radacct (acctuniqueid, username, acctinputoctets, acctoutputoctets, acctstoptime)
         VALUES ('u{next}', '{name}', {input}, {output}, {stop})"
    ));
}

async fn usage_of(bench: &impl Bench, name: &str) -> Option<(u64, u64)> {
    let usage = bench.accounting().await.usage(&[user("nobody"), user(name)]).await.expect("asked");
    assert!(!usage.contains_key(&user("nobody")));
    usage.get(&user(name)).map(|Summed { closed, open }| (*closed, *open))
}

pub(super) async fn closed_and_open(bench: &impl Bench) {
    row(bench, "alice", "1", "2", true);
    row(bench, "alice", "10", "20", true);
    row(bench, "alice", "100", "200", false);
    row(bench, "alice2", "1000", "2000", false);
    assert_eq!(usage_of(bench, "alice").await, Some((33, 300)));
    assert_eq!(usage_of(bench, "bob").await, None);
    let names: Vec<_> = (0..450).map(|index| user(&format!("user{index}"))).collect();
    let mut many = String::from("INSERT INTO radacct (acctuniqueid, username, acctinputoctets) VALUES ('x', 'x', 0)");
    for (index, name) in names.iter().enumerate() {
        write!(many, ", ('m{index}', '{name}', {index})").expect("text");
    }
    bench.sql(&many);
    let usage = bench.accounting().await.usage(&names).await.expect("asked");
    let sum: u64 = usage.values().map(|usage| usage.open).sum();
    assert_eq!((usage.len(), sum), (450, 450 * 449 / 2), "more names than one slice holds");
}

pub(super) async fn octets_beyond_32_bits(bench: &impl Bench) {
    row(bench, "alice", "4294967295", "4294967296", true);
    row(bench, "alice", "9007199254740993", "1", false);
    assert_eq!(usage_of(bench, "alice").await, Some((8_589_934_591, 9_007_199_254_740_994)));
}

pub(super) async fn nothing_and_null_count_as_nothing(bench: &impl Bench) {
    row(bench, "alice", "NULL", "NULL", false);
    assert_eq!(usage_of(bench, "alice").await, Some((0, 0)));
    row(bench, "alice", "NULL", "7", true);
    row(bench, "alice", "-5", "1", true);
    assert_eq!(usage_of(bench, "alice").await, Some((8, 0)));
}

/// One row that no router counted keeps nobody's quota from being enforced.
pub(super) async fn sums_beyond_64_bits_stay_at_the_end(bench: &impl Bench) {
    row(bench, "alice", "9223372036854775807", "9223372036854775807", true);
    row(bench, "alice", "9223372036854775807", "1", false);
    row(bench, "bob", "1", "1", true);
    assert_eq!(usage_of(bench, "alice").await, Some((u64::MAX - 1, 1 << 63)));
    row(bench, "alice", "9223372036854775807", "9223372036854775807", true);
    assert_eq!(usage_of(bench, "alice").await, Some((u64::MAX, 1 << 63)));
    let both = bench.accounting().await.usage(&[user("alice"), user("bob")]).await.expect("asked");
    assert_eq!(both[&user("bob")].open + both[&user("bob")].closed, 2);
}

/// What a router with gigawords beyond 2^31 makes FreeRADIUS write is no whole number to SQLite.
pub(super) async fn octets_that_no_column_holds(bench: &impl Bench) {
    row(bench, "alice", "18446744073709551615", "0", false);
    row(bench, "bob", "5", "0", false);
    let store = bench.accounting().await;
    let open = store.all_open_sessions().await.expect("one row hides no other");
    assert!(open[0].input_octets >= i64::MAX.unsigned_abs() && open[1].input_octets == 5, "{open:?}");
    let seen = store.open_sightings_of(&[user("alice"), user("bob")]).await.expect("asked");
    assert!(seen[0].input >= Some(i64::MAX.unsigned_abs()) && seen[1].input == Some(5), "{seen:?}");
}

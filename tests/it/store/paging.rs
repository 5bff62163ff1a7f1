//! Looks at rows of radacct, page by page.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use radkick::config::DatabaseUrl;
use radkick::quota::Sighting;

use super::Bench;

pub(super) const T0: i64 = 1_700_000_000;

/// Rows `from..to`, each with its number in every place: open, or closed where `closed` says so.
pub(super) fn fill(bench: &impl Bench, from: usize, to: usize, closed: impl Fn(usize) -> bool) {
    let (start, stop) = (bench.time(T0), bench.time(T0 + 600));
    for numbers in (from..to).collect::<Vec<_>>().chunks(5_000) {
        let mut text = "INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, username, nasipaddress, \
                        acctstarttime, acctupdatetime, acctstoptime, acctinputoctets) VALUES"
            .to_owned();
        for (place, n) in numbers.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let stop = if closed(*n) { &stop } else { "NULL" };
            // The order of the Acct-Unique-Ids is another than that of the rows
            let id = n * 7919 % 1_000_003;
            write!(text, "{comma} ({n}, 's{n}', '{id:07}', 'user{n}', '10.0.0.1', {start}, {start}, {stop}, {n})")
                .expect("text");
        }
        bench.sql(&text);
    }
}

pub(super) fn ids(rows: &[Sighting]) -> Vec<i64> {
    rows.iter().map(|row| row.row_id).collect()
}

pub(super) async fn pages_lose_and_repeat_nothing(bench: &impl Bench) {
    fill(bench, 1, 101, |n| n % 4 == 0);
    let store = bench.accounting().await;
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.open_rows(after.as_ref(), 30).await.expect("asked");
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        pages.push(page);
        assert!(pages.len() < 9, "it goes on and on");
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 15]);
    let mut seen: Vec<i64> = pages.concat().iter().map(|row| row.row_id).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..101).filter(|n| n % 4 != 0).collect::<Vec<i64>>());
    assert!(pages.concat().iter().all(|row| row.input == row.row_id.try_into().ok() && row.stop.is_none()));
    assert!(store.open_rows(None, 0).await.expect("asked").is_empty());
}

/// Between the pages one session ends that was on the first, one that was not; one goes on, one begins.
pub(super) async fn rows_that_change_between_pages(bench: &impl Bench) {
    fill(bench, 1, 61, |_| false);
    let store = bench.accounting().await;
    let first = store.open_rows(None, 20).await.expect("asked");
    let unseen: Vec<i64> = (1..61).filter(|id| !ids(&first).contains(id)).collect();
    let (seen, ended, grown) = (first[5].row_id, unseen[3], unseen[4]);
    bench.sql(&format!(
        "UPDATE radacct SET acctstoptime = {} WHERE radacctid IN ({seen}, {ended});
         UPDATE radacct SET acctinputoctets = 999 WHERE radacctid = {grown}",
        bench.time(T0)
    ));
    fill(bench, 61, 62, |_| false);
    let mut rest = BTreeMap::new();
    let mut after = first.last().cloned();
    loop {
        let page = store.open_rows(after.as_ref(), 20).await.expect("asked");
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        for row in page {
            assert_eq!(rest.insert(row.row_id, row), None, "once");
        }
    }
    assert!(!rest.contains_key(&ended) && first.iter().all(|row| !rest.contains_key(&row.row_id)));
    assert_eq!(rest[&grown].input, Some(999));
    let stayed: BTreeSet<i64> = unseen.into_iter().filter(|id| *id != ended).collect();
    let found: BTreeSet<i64> = rest.into_keys().filter(|id| *id != 61).collect();
    assert_eq!(found, stayed);
}

pub(super) async fn rows_above_come_in_order(bench: &impl Bench) {
    let store = bench.accounting().await;
    assert_eq!(store.last_row_id().await.expect("asked"), 0);
    assert!(store.open_rows(None, 9).await.expect("asked").is_empty());
    fill(bench, 1, 21, |n| n % 2 == 0);
    bench.sql("DELETE FROM radacct WHERE radacctid IN (3, 4, 5)");
    assert_eq!(store.last_row_id().await.expect("asked"), 20);
    let above = store.rows_above(1, 4).await.expect("asked");
    assert_eq!(ids(&above), [2, 6, 7, 8]);
    assert!(above[0].stop.is_some() && above[2].stop.is_none());
    assert_eq!(ids(&store.rows_above(18, 100).await.expect("asked")), [19, 20]);
    assert!(store.rows_above(20, 100).await.expect("asked").is_empty());
}

pub(super) async fn rows_by_their_ids(bench: &impl Bench) {
    fill(bench, 1, 2_501, |n| n % 2 == 0);
    bench.sql("INSERT INTO radacct (radacctid, acctuniqueid, username) VALUES (9001, 'o''b \"x', 'a')");
    let store = bench.accounting().await;
    let mut asked: Vec<String> =
        store.rows_above(0, 9_999).await.expect("asked").into_iter().map(|row| row.acct_unique_id).collect();
    asked.extend(["nobody", "'", "o'b"].map(str::to_owned));
    let mut found = ids(&store.rows_by_id(&asked).await.expect("asked"));
    found.sort_unstable();
    assert_eq!(found, (1..2_501).chain([9_001]).collect::<Vec<i64>>());
    assert!(store.rows_by_id(&[]).await.expect("asked").is_empty());
    assert!(store.rows_by_id(&["u".to_owned()]).await.expect("asked").is_empty());
}

/// By what the database itself says. Without the index it says something else, so that the test can tell.
pub(super) async fn closed_rows_cost_nothing(bench: &impl Bench) {
    fill(bench, 1, 30_001, |n| n <= 27_000);
    bench.analyze();
    let store = bench.accounting().await;
    let index = if matches!(bench.accounting_url(), DatabaseUrl::Postgres(_)) {
        "radacct_active_session_idx"
    } else {
        "acctstoptime"
    };
    let mut after = None;
    for _ in 0..3 {
        let plan = store.open_rows_plan(after.as_ref(), 1_000).await.expect("asked").join("\n");
        assert!(plan.contains(index) && !scans(&plan), "{plan}");
        let page = store.open_rows(after.as_ref(), 1_000).await.expect("asked");
        assert_eq!(page.len(), 1_000);
        after = page.last().cloned();
    }
    bench.drop_index(index);
    let plan = store.open_rows_plan(after.as_ref(), 1_000).await.expect("asked").join("\n");
    assert!(!plan.contains(index) || scans(&plan), "{plan}");
}

/// Whether radacct is gone through from one end to the other, or by its ids.
fn scans(plan: &str) -> bool {
    let plan: String = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = [
        "Seq Scan",
        "SCAN radacct",
        "PRIMARY KEY",
        "\"table_name\": \"radacct\", \"access_type\": \"ALL\"",
        "\"key\": \"PRIMARY\"",
    ];
    words.iter().any(|word| plan.contains(word))
}

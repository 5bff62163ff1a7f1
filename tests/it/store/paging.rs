//! Looks at rows of radacct, page by page.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use radkick::config::DatabaseUrl;
use radkick::quota::Sighting;
use radkick::store::{Accounting, OpenCursor, OpenLook};

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
            let id = format!("{:04x}{n}", n * 7919 % 65_536);
            write!(text, "{comma} ({n}, 's{n}', '{id}', 'user{n}', '10.0.0.1', {start}, {start}, {stop}, {n})")
                .expect("text");
        }
        bench.sql(&text);
    }
}

pub(super) fn ids(rows: &[Sighting]) -> Vec<i64> {
    rows.iter().map(|row| row.row_id).collect()
}

/// All open rows whole, in pages of `page`, in the order of radacctid. What was told of each before is what it says.
pub(super) async fn open_rows(store: &Accounting, page: u32) -> Vec<Sighting> {
    let (mut looks, mut cursor) = (BTreeMap::<i64, OpenLook>::new(), OpenCursor::paged(1_000, page));
    while let Some(page) = store.open_looks(&mut cursor).await.expect("asked") {
        looks.extend(page.looks.into_iter().map(|row| (row.row_id, row)));
    }
    let ids: Vec<i64> = looks.keys().copied().collect();
    let mut rows = store.rows_numbered(&ids).await.expect("asked");
    rows.sort_by_key(|row| row.row_id);
    for row in &rows {
        let (start, update) = (row.start, row.update);
        let (input, output, seconds) = (row.input, row.output, row.seconds);
        assert_eq!(
            looks[&row.row_id],
            OpenLook { row_id: row.row_id, start, update, input, output, seconds, name: looks[&row.row_id].name }
        );
    }
    rows
}

/// All pages, each in the order of radacctid.
async fn pages(store: &Accounting, cursor: &mut OpenCursor) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    while let Some(page) = store.open_looks(cursor).await.expect("asked") {
        let mut ids: Vec<i64> = page.looks.iter().map(|row| row.row_id).collect();
        ids.sort_unstable();
        pages.push(ids);
        assert!(pages.len() < 99, "it goes on and on");
    }
    pages
}

pub(super) async fn pages_lose_and_repeat_nothing(bench: &impl Bench) {
    fill(bench, 1, 101, |n| n % 4 == 0);
    let store = bench.accounting().await;
    let open: Vec<i64> = (1..101).filter(|n| n % 4 != 0).collect();
    for (known, page) in [(0, 30), (75, 30), (1_000, 30), (75, 1), (75, 75), (0, 1_000)] {
        let mut cursor = OpenCursor::paged(known, page);
        let pages = pages(&store, &mut cursor).await;
        assert!(known == 0 || page > 50 || pages.len() > 2, "{pages:?}");
        let mut seen = pages.concat();
        seen.sort_unstable();
        assert_eq!(seen, open, "{known} {page}");
        assert_eq!(store.open_looks(&mut cursor).await.expect("asked"), None, "the end stays the end");
    }
    let rows = open_rows(&store, 30).await;
    assert_eq!(ids(&rows), open);
    assert!(rows.iter().all(|row| row.input == row.row_id.try_into().ok() && row.stop.is_none()));
}

/// Between the pages one session ends, one goes on, one begins.
pub(super) async fn rows_that_change_between_pages(bench: &impl Bench) {
    fill(bench, 1, 61, |_| false);
    let store = bench.accounting().await;
    let mut cursor = OpenCursor::paged(60, 20);
    let first = store.open_looks(&mut cursor).await.expect("asked").expect("a page");
    let first: Vec<i64> = first.looks.iter().map(|row| row.row_id).collect();
    let unseen: Vec<i64> = (1..61).filter(|id| !first.contains(id)).collect();
    let (seen, ended, grown) = (first[0], unseen[3], unseen[4]);
    bench.sql(&format!(
        "UPDATE radacct SET acctstoptime = {} WHERE radacctid IN ({seen}, {ended});
         UPDATE radacct SET acctinputoctets = 999 WHERE radacctid = {grown}",
        bench.time(T0)
    ));
    fill(bench, 61, 62, |_| false);
    let mut rest = BTreeMap::new();
    while let Some(page) = store.open_looks(&mut cursor).await.expect("asked") {
        for row in page.looks {
            assert_eq!(rest.insert(row.row_id, row), None, "once");
        }
    }
    assert!(!rest.contains_key(&ended) && first.iter().all(|id| !rest.contains_key(id)));
    assert_eq!(rest[&grown].input, Some(999));
    let stayed: BTreeSet<i64> = unseen.into_iter().filter(|id| *id != ended).collect();
    let found: BTreeSet<i64> = rest.into_keys().filter(|id| *id != 61).collect();
    assert_eq!(found, stayed);
}

pub(super) async fn side_by_side_each_row_is_told_once(bench: &impl Bench) {
    fill(bench, 1, 2_501, |n| n % 3 == 0);
    let store = bench.accounting().await;
    let open: Vec<i64> = (1..2_501).filter(|n| n % 3 != 0).collect();
    assert_eq!(store.side_by_side(OpenCursor::new(9_999), |_| vec![1_000]).len(), 1, "few");
    for ends in [&[][..], &[-1], &[1_000, 2_000], &[2_500], &[9_999], &[1, 2, 3, 2_400, 2_450]] {
        let mut seen = Vec::new();
        for mut cursor in store.side_by_side(OpenCursor::new(20_000), |_| ends.to_vec()) {
            seen.extend(pages(&store, &mut cursor).await.concat());
        }
        seen.sort_unstable();
        assert_eq!(seen, open, "{ends:?}");
    }
}

/// More than a server puts into one text.
pub(super) async fn a_stretch_may_have_more_rows_than_was_thought(bench: &impl Bench) {
    fill(bench, 1, 30_102, |_| false);
    let store = bench.accounting().await;
    let mut seen = Vec::new();
    for mut cursor in store.side_by_side(OpenCursor::new(20_000), |_| vec![30_050, 30_060]) {
        seen.extend(pages(&store, &mut cursor).await.concat());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..30_102).collect::<Vec<i64>>());
}

pub(super) async fn another_name_is_told(bench: &impl Bench) {
    fill(bench, 1, 5, |_| false);
    let store = bench.accounting().await;
    let names = async || {
        let mut cursor = OpenCursor::new(0);
        let mut names = BTreeMap::new();
        while let Some(page) = store.open_looks(&mut cursor).await.expect("asked") {
            names.extend(page.looks.into_iter().map(|row| (row.row_id, row.name)));
        }
        names
    };
    let mut before = names().await;
    for name in ["'user3'", "''", "'a b'", "'a\n- - 7\nb'", "'O''Brien'", "'user2'"] {
        bench.sql(&format!("UPDATE radacct SET username = {name} WHERE radacctid = 2"));
        let after = names().await;
        let differ: Vec<i64> = (1..5).filter(|id| before[id] != after[id]).collect();
        assert_eq!(differ, [2], "{name}");
        before = after;
    }
}

pub(super) async fn rows_by_their_numbers(bench: &impl Bench) {
    fill(bench, 1, 2_501, |n| n % 2 == 0);
    let store = bench.accounting().await;
    let asked: Vec<i64> = (-5..2_600).chain([7, 7, i64::MAX, i64::MIN]).collect();
    let mut found = store.rows_numbered(&asked).await.expect("asked");
    found.sort_by_key(|row| row.row_id);
    assert_eq!(found, store.rows_above(0, 9_999).await.expect("asked"));
    assert!(store.rows_numbered(&[]).await.expect("asked").is_empty());
}

pub(super) async fn rows_above_come_in_order(bench: &impl Bench) {
    let store = bench.accounting().await;
    assert_eq!(store.last_row_id().await.expect("asked"), 0);
    assert!(open_rows(&store, 9).await.is_empty());
    fill(bench, 1, 21, |n| n % 2 == 0);
    bench.sql("DELETE FROM radacct WHERE radacctid IN (3, 4, 5)");
    assert_eq!(store.last_row_id().await.expect("asked"), 20);
    let above = store.rows_above(1, 4).await.expect("asked");
    assert_eq!(ids(&above), [2, 6, 7, 8]);
    assert!(above[0].stop.is_some() && above[2].stop.is_none());
    assert_eq!(store.row_ids_above(1, 4).await.expect("asked"), [2, 6, 7, 8]);
    assert_eq!(store.row_ids_above(18, 100).await.expect("asked"), [19, 20]);
    assert_eq!(ids(&store.rows_above(18, 100).await.expect("asked")), [19, 20]);
    assert!(store.rows_above(20, 100).await.expect("asked").is_empty());
}

pub(super) async fn rows_by_their_ids(bench: &impl Bench) {
    fill(bench, 1, 2_501, |n| n % 2 == 0);
    bench.sql("INSERT INTO radacct (radacctid, acctuniqueid, username) VALUES (9001, 'o''b \"x', 'a')");
    let store = bench.accounting().await;
    let mut asked: Vec<String> = store
        .rows_above(0, 9_999)
        .await
        .expect("asked")
        .into_iter()
        .map(|row| row.acct_unique_id.to_string())
        .collect();
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
    let indexes: &[&str] = if matches!(bench.accounting_url(), DatabaseUrl::Postgres(_)) {
        &["radacct_active_session_idx", "radacct_bulk_close"]
    } else {
        &["acctstoptime"]
    };
    let uses = |plan: &str| indexes.iter().any(|index| plan.contains(index)) && !scans(plan);
    let mut cursor = OpenCursor::paged(3_000, 1_000);
    for _ in 0..2 {
        let plan = store.open_looks_plan(&cursor).await.expect("asked").join("\n");
        assert!(uses(&plan), "{plan}");
        assert!(!store.open_looks(&mut cursor).await.expect("asked").expect("a page").looks.is_empty());
    }
    for index in indexes {
        bench.drop_index(index);
    }
    let plan = store.open_looks_plan(&cursor).await.expect("asked").join("\n");
    assert!(!uses(&plan), "{plan}");
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

//! Looks at rows of radacct, page by page and by name.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use radkick::config::DatabaseUrl;
use radkick::quota::{Sighting, UserName};
use radkick::store::Accounting;
use serde_json::json;

use super::{Bench, user};

const T0: i64 = 1_700_000_000;

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

fn ids(rows: &[Sighting]) -> Vec<i64> {
    rows.iter().map(|row| row.row_id).collect()
}

async fn one(store: &Accounting, acct_unique_id: &str) -> Sighting {
    store.rows_by_id(&[acct_unique_id.to_owned()]).await.expect("asked").pop().expect("a row")
}

pub(super) async fn what_a_look_sees(bench: &impl Bench) {
    let [start, update, stop] = [0, 300, 600].map(|more| bench.time(T0 + more));
    // The column of MariaDB's stock schema has no sign
    let seconds = if matches!(bench.accounting_url(), DatabaseUrl::Mysql(_)) { "0" } else { "-3" };
    bench.sql(&format!(
        "INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, username, nasipaddress, calledstationid,
           acctstarttime, acctupdatetime, acctstoptime, acctinputoctets, acctoutputoctets, acctsessiontime) VALUES
         (7, '1', 'u1', 'o=27brien', '10.0.0.1', 'hot=27spot', {start}, {update}, {stop}, 4294967296, 9007199254740993, 600),
         (8, '2', 'u2', 'alice', '10.0.0.2', '', NULL, NULL, NULL, NULL, NULL, NULL),
         (9, '3', 'u3', 'alice', '10.0.0.2', '', {start}, NULL, NULL, -5, 9223372036854775807, {seconds})"
    ));
    let store = bench.accounting().await;
    let closed = Sighting {
        row_id: 7,
        acct_unique_id: "u1".to_owned(),
        user: user("o'brien"),
        nas_ip_address: "10.0.0.1".to_owned(),
        called_station_id: "hot'spot".to_owned(),
        start: Some(T0),
        update: Some(T0 + 300),
        stop: Some(T0 + 600),
        input: Some(4_294_967_296),
        output: Some(9_007_199_254_740_993),
        seconds: Some(600),
    };
    assert_eq!(one(&store, "u1").await, closed);
    let bare = one(&store, "u2").await;
    assert_eq!((bare.start, bare.update, bare.stop), (None, None, None));
    assert_eq!((bare.input, bare.output, bare.seconds), (None, None, None));
    let odd = one(&store, "u3").await;
    assert_eq!((odd.input, odd.output, odd.seconds), (Some(0), Some(i64::MAX.unsigned_abs()), Some(0)));
    assert_eq!((odd.start, odd.update), (Some(T0), None));
    assert_eq!(store.rows_above(6, 9).await.expect("asked"), [closed, bare.clone(), odd.clone()]);
    let mut open = store.open_rows(None, 9).await.expect("asked");
    open.sort_by_key(|row| row.row_id);
    assert_eq!(open, [bare, odd]);
}

pub(super) async fn times_of_a_look_in_every_form(bench: &impl Bench) {
    let store = bench.accounting().await;
    for (index, time) in bench.times(T0).into_iter().enumerate() {
        bench.sql(&format!(
            "INSERT INTO radacct (acctuniqueid, username, acctstarttime, acctupdatetime, acctstoptime)
             VALUES ('u{index}', 'alice', {time}, {time}, {time})"
        ));
        let row = one(&store, &format!("u{index}")).await;
        assert_eq!([row.start, row.update, row.stop], [Some(T0); 3], "{time}");
    }
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

pub(super) async fn all_rows_of_a_user(bench: &impl Bench) {
    fill(bench, 1, 4_500, |n| n % 3 != 0);
    bench.sql(
        "UPDATE radacct SET username = 'o=27brien';
         UPDATE radacct SET username = 'o''brien' WHERE radacctid IN (2, 4498);
         UPDATE radacct SET username = 'o=3D27brien' WHERE radacctid = 5;
         UPDATE radacct SET username = 'o''brien2' WHERE radacctid = 6",
    );
    let store = bench.accounting().await;
    let rows = store.sightings_of(&user("o'brien")).await.expect("asked");
    assert_eq!(ids(&rows), (1..4_500).filter(|id| ![5, 6].contains(id)).collect::<Vec<i64>>());
    assert!(rows.iter().all(|row| row.user == user("o'brien") && row.stop.is_none() == (row.row_id % 3 == 0)));
    assert_eq!(ids(&store.sightings_of(&user("o=27brien")).await.expect("asked")), [5]);
    assert!(store.sightings_of(&user("o")).await.expect("asked").is_empty());
}

/// `o=27brien` is how the tables spell o'brien, and the name of somebody else.
pub(super) async fn open_rows_of_some(bench: &impl Bench) {
    fill(bench, 1, 601, |n| n % 5 == 0);
    bench.sql(
        "UPDATE radacct SET username = 'o=27brien' WHERE radacctid IN (1, 10);
         UPDATE radacct SET username = 'o''brien' WHERE radacctid = 2;
         UPDATE radacct SET username = 'o=3D27brien' WHERE radacctid = 3",
    );
    let store = bench.accounting().await;
    let (plain, escaped) = (user("o'brien"), user("o=27brien"));
    for (asked, wanted) in [
        (vec![plain.clone()], &[1, 2][..]),
        (vec![escaped.clone()], &[3]),
        (vec![escaped, plain.clone(), plain], &[1, 2, 3]),
        (vec![user("nobody")], &[]),
        (vec![], &[]),
    ] {
        assert_eq!(ids(&store.open_sightings_of(&asked).await.expect("asked")), wanted, "{asked:?}");
    }
    let all: Vec<UserName> = (1..700).map(|n| user(&format!("user{n}"))).collect();
    let open = ids(&store.open_sightings_of(&all).await.expect("asked"));
    assert_eq!(open, (4..601).filter(|n| n % 5 != 0).collect::<Vec<i64>>(), "more names than one slice holds");
}

pub(super) async fn a_stale_row_closes_unless_it_was_updated(bench: &impl Bench) {
    let (start, update) = (bench.time(T0), bench.time(T0 + 300));
    bench.sql(&format!(
        "INSERT INTO radacct (acctuniqueid, username, acctstarttime, acctupdatetime) VALUES
         ('seen', 'a', {start}, {update}), ('never', 'a', {start}, NULL), ('moved', 'a', {start}, {update}),
         ('timeless', 'a', NULL, {update}), ('future', 'a', {update}, {update})"
    ));
    let store = bench.accounting().await;
    let (stop, seen) = (T0 + 360, Some(T0 + 300));
    for (id, seen, closes) in [
        ("moved", Some(T0 + 299), false),
        ("moved", None, false),
        ("never", seen, false),
        ("nobody", None, false),
        ("seen", seen, true),
        ("seen", seen, false),
        ("never", None, true),
        ("timeless", seen, true),
    ] {
        assert_eq!(store.close_stale(id, stop, seen).await.expect("asked"), closes, "{id} {seen:?}");
    }
    assert!(store.close_stale("future", T0, seen).await.expect("asked"));
    let query = "SELECT acctuniqueid, acctsessiontime, acctterminatecause FROM radacct
                 WHERE acctstoptime IS NOT NULL ORDER BY radacctid";
    let told = |id: &str, seconds: Option<i64>| json!({ "acctuniqueid": id, "acctsessiontime": seconds, "acctterminatecause": "Stale-Session" });
    let wanted = [told("seen", Some(360)), told("never", Some(360)), told("timeless", None), told("future", Some(0))];
    assert_eq!(json!(bench.sql(query)), json!(wanted));
    assert_eq!(one(&store, "seen").await.stop, Some(stop));
    assert_eq!(one(&store, "moved").await.stop, None);
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

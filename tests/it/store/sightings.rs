//! What a look at a row of radacct sees, by name and by id, and closing what has gone stale.
use radkick::config::DatabaseUrl;
use radkick::quota::{Sighting, UserName};
use radkick::store::Accounting;
use serde_json::json;

use super::paging::{T0, fill, ids, open_rows};
use super::{Bench, user};

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
        acct_unique_id: "u1".into(),
        user: user("o'brien"),
        nas_ip_address: "10.0.0.1".into(),
        called_station_id: "hot'spot".into(),
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
    assert_eq!(open_rows(&store, 9).await, [bare, odd]);
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

//! The rows that a block changes.
use radkick::store::{RowChange, RowImage, RowVerdict, Table};
use serde_json::json;

use super::{Bench, user};

fn image(id: i64, username: &str, attribute: &str, op: &str, value: &str) -> RowImage {
    let [username, attribute, op, value] = [username, attribute, op, value].map(str::to_owned);
    RowImage { id, username, attribute, op, value }
}

fn change(table: Table, row: RowImage, present: bool) -> RowChange {
    RowChange { table, row, present, only_if_absent: false }
}

fn reject(id: i64) -> RowChange {
    change(Table::Check, image(id, "alice", "Auth-Type", ":=", "Reject"), true)
}

pub(super) async fn inserts_and_deletes_once(bench: &impl Bench) {
    bench.sql("INSERT INTO radcheck (id, username, attribute, op, value) VALUES (3, 'alice', 'Cleartext-Password', ':=', 'x')");
    let store = bench.accounting().await;
    let password = change(Table::Check, image(3, "alice", "Cleartext-Password", ":=", "x"), false);
    let reply = change(Table::Reply, image(1, "alice", "Reply-Message", ":=", "It''s 100% used\n"), true);
    let group = change(Table::UserGroup, image(1, "alice", "blocked", "", "-1"), true);
    let changes = [reject(7), password.clone(), reply, group];
    assert_eq!(store.apply(&changes).await.expect("changed"), [RowVerdict::Changed; 4]);
    assert_eq!(store.apply(&changes).await.expect("left"), [RowVerdict::AlreadySo; 4]);
    let wanted = json!([{ "id": 7, "username": "alice", "attribute": "Auth-Type", "op": ":=", "value": "Reject" }]);
    assert_eq!(json!(bench.sql("SELECT id, username, attribute, op, value FROM radcheck")), wanted);
    assert_eq!(bench.one("SELECT value FROM radreply"), json!("It''s 100% used\n"));
    let wanted = json!([{ "username": "alice", "groupname": "blocked", "priority": -1 }]);
    assert_eq!(json!(bench.sql("SELECT username, groupname, priority FROM radusergroup")), wanted);

    let undone: Vec<_> = changes.iter().map(RowChange::undone).collect();
    assert_eq!(store.apply(&undone).await.expect("changed"), [RowVerdict::Changed; 4]);
    assert_eq!(store.rows_of(Table::Check, &user("alice")).await.expect("asked"), [password.row]);
    assert_eq!(bench.one("SELECT count(*) FROM radreply"), json!(0));
}

pub(super) async fn leaves_what_somebody_else_wrote(bench: &impl Bench) {
    bench.sql("INSERT INTO radcheck (id, username, attribute, op, value) VALUES (7, 'bob', 'Max-Octets', ':=', '5')");
    let store = bench.accounting().await;
    assert_eq!(store.apply(&[reject(7)]).await.expect("asked"), [RowVerdict::Superseded]);
    assert_eq!(store.apply(&[reject(7).undone()]).await.expect("asked"), [RowVerdict::Superseded]);
    bench.sql(
        "INSERT INTO radcheck (id, username, attribute, op, value) VALUES (8, 'alice', 'auth-type', ':=', 'Accept')",
    );
    let absent = RowChange { only_if_absent: true, ..reject(9) };
    assert_eq!(store.apply(std::slice::from_ref(&absent)).await.expect("asked"), [RowVerdict::Superseded]);
    assert_eq!(store.apply(&[reject(9)]).await.expect("asked"), [RowVerdict::Changed]);
    assert_eq!(store.apply(&[absent]).await.expect("asked"), [RowVerdict::AlreadySo]);
    let wanted = json!([{ "value": "5" }, { "value": "Accept" }, { "value": "Reject" }]);
    assert_eq!(json!(bench.sql("SELECT value FROM radcheck ORDER BY id")), wanted);
}

/// The second change cannot be made: a trigger of the site stands in the way.
pub(super) async fn all_or_nothing(bench: &impl Bench) {
    bench.refuse_replies();
    let store = bench.accounting().await;
    let reply = change(Table::Reply, image(1, "alice", "Reply-Message", ":=", "x"), true);
    let error = store.apply(&[reject(1), reply]).await.expect_err("refused").to_string();
    assert!(error.contains("changing a user's login") && error.contains("the panel writes this table"), "{error}");
    assert_eq!(bench.one("SELECT count(*) FROM radcheck"), json!(0));
    assert_eq!(store.apply(&[reject(1)]).await.expect("the connection is usable"), [RowVerdict::Changed]);
}

pub(super) async fn reserved_ids_are_free(bench: &impl Bench) {
    let store = bench.accounting().await;
    assert_eq!(store.reserve_ids(Table::Check, 2).await.expect("asked"), [1, 2]);
    bench.sql("INSERT INTO radcheck (id, username, attribute) VALUES (3, 'x', 'y'), (5, 'x', 'y'), (41, 'x', 'y')");
    let ids = store.reserve_ids(Table::Check, 3).await.expect("asked");
    assert!(ids.len() == 3 && ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert!(ids.iter().all(|id| ![3, 5, 41].contains(id)), "{ids:?}");
    assert_eq!(store.reserve_ids(Table::UserGroup, 1).await.expect("asked"), [1]);
    assert!(store.reserve_ids(Table::Reply, 0).await.expect("asked").is_empty());
}

pub(super) async fn ids_are_not_given_again(bench: &impl Bench) {
    let store = bench.accounting().await;
    let id = store.reserve_ids(Table::Check, 1).await.expect("asked")[0];
    for present in [true, false] {
        let row = image(id, "alice", "Auth-Type", ":=", "Reject");
        store.apply(&[change(Table::Check, row, present)]).await.expect("applied");
    }
    let next = store.reserve_ids(Table::Check, 1).await.expect("asked")[0];
    assert!(next > id, "{next} after {id}");
}

pub(super) async fn rows_of_one_user_alone(bench: &impl Bench) {
    bench.sql(
        "INSERT INTO radcheck (id, username, attribute, op, value) VALUES
           (1, 'o=27brien', 'A', ':=', '1'), (2, 'o''brien', 'B', '==', '2'), (3, 'o=3D27brien', 'C', ':=', '3');
         INSERT INTO radusergroup (id, username, groupname, priority) VALUES (9, 'o=27brien', 'gold', 4)",
    );
    let store = bench.accounting().await;
    let rows = store.rows_of(Table::Check, &user("o'brien")).await.expect("asked");
    assert_eq!(rows, [image(1, "o=27brien", "A", ":=", "1"), image(2, "o'brien", "B", "==", "2")]);
    let other = store.rows_of(Table::Check, &user("o=27brien")).await.expect("asked");
    assert_eq!(other, [image(3, "o=3D27brien", "C", ":=", "3")]);
    let groups = store.rows_of(Table::UserGroup, &user("o'brien")).await.expect("asked");
    assert_eq!(groups, [image(9, "o=27brien", "gold", "", "4")]);
}

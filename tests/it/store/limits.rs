//! Limits of users and groups.
use radkick::quota::{CheckItem, Place};

use super::{Bench, user};

fn told(items: &[CheckItem]) -> Vec<(String, &str, &str, &str)> {
    let place = |item: &CheckItem| match &item.place {
        Place::User => "user".to_owned(),
        Place::Group { name, rank } => format!("{name} {rank}"),
    };
    items.iter().map(|item| (place(item), item.table.as_str(), item.attribute.as_str(), item.value.as_str())).collect()
}

fn attributes(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn gold_and_silver(bench: &impl Bench) {
    bench.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES
           ('alice', 'Max-Octets', ':=', '5'), ('alice', 'Cleartext-Password', ':=', 'x'), ('bob', 'Max-Octets', ':=', '7');
         INSERT INTO radreply (username, attribute, op, value) VALUES ('alice', 'Mikrotik-Total-Limit', '=', '9');
         INSERT INTO radusergroup (username, groupname, priority) VALUES
           ('alice', 'silver', 5), ('alice', 'gold', 1), ('o=27brien', 'gold', 1), ('alice', 'empty', 0);
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES
           ('gold', 'Max-Octets', ':=', '100'), ('silver', 'Max-Octets', ':=', '200'), ('lead', 'Max-Octets', ':=', '300');
         INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('silver', 'Mikrotik-Total-Limit', '=', '400')",
    );
}

pub(super) async fn of_users_and_groups(bench: &impl Bench) {
    gold_and_silver(bench);
    let wanted = attributes(&["Max-Octets", "Mikrotik-Total-Limit"]);
    let all = bench.accounting().await.limited_users(&wanted).await.expect("asked");
    assert_eq!(all.keys().cloned().collect::<Vec<_>>(), [user("alice"), user("bob"), user("o'brien")]);
    let alice = [
        ("user".to_owned(), "radcheck", "Max-Octets", "5"),
        ("user".to_owned(), "radreply", "Mikrotik-Total-Limit", "9"),
        ("gold 1".to_owned(), "radgroupcheck", "Max-Octets", "100"),
        ("silver 2".to_owned(), "radgroupcheck", "Max-Octets", "200"),
        ("silver 2".to_owned(), "radgroupreply", "Mikrotik-Total-Limit", "400"),
    ];
    assert_eq!(told(&all[&user("alice")]), alice);
    assert_eq!(told(&all[&user("o'brien")]), [("gold 0".to_owned(), "radgroupcheck", "Max-Octets", "100")]);
}

pub(super) async fn groups_by_priority(bench: &impl Bench) {
    gold_and_silver(bench);
    bench.sql("INSERT INTO radusergroup (username, groupname, priority) VALUES ('alice', 'later', 1)");
    let store = bench.accounting().await;
    assert_eq!(store.groups(&user("alice")).await.expect("asked"), ["empty", "gold", "later", "silver"]);
    assert_eq!(store.groups(&user("o'brien")).await.expect("asked"), ["gold"]);
    assert!(store.groups(&user("o=27brien")).await.expect("asked").is_empty());
}

pub(super) async fn attributes_without_case(bench: &impl Bench) {
    bench.sql("INSERT INTO radcheck (username, attribute, op, value) VALUES ('alice', 'max-octets', ':=', '5')");
    let store = bench.accounting().await;
    let items = store.limit_items(&user("alice"), &attributes(&["Max-OCTETS"])).await.expect("asked");
    assert_eq!(told(&items), [("user".to_owned(), "radcheck", "max-octets", "5")]);
    assert!(store.limit_items(&user("alice"), &attributes(&["Max-Octets-"])).await.expect("asked").is_empty());
}

pub(super) async fn of_one_user_alone(bench: &impl Bench) {
    gold_and_silver(bench);
    bench.sql("INSERT INTO radcheck (username, attribute, op, value) VALUES ('o=27brien', 'Max-Octets', ':=', '1')");
    let store = bench.accounting().await;
    let wanted = attributes(&["Max-Octets"]);
    let all = store.limited_users(&wanted).await.expect("asked");
    for name in ["alice", "bob", "o'brien"] {
        let items = store.limit_items(&user(name), &wanted).await.expect("asked");
        assert_eq!(items, all[&user(name)], "{name}");
    }
    assert!(store.limit_items(&user("o=27brien"), &wanted).await.expect("asked").is_empty());
}

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

/// The same two ways, groups and ranks included; who has no item is absent.
pub(super) async fn of_some_as_of_all(bench: &impl Bench) {
    gold_and_silver(bench);
    bench.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('o''brien', 'max-octets', ':=', '1'),
           ('o=3D27brien', 'Max-Octets', ':=', '2'), ('carol', 'Cleartext-Password', ':=', 'x');
         INSERT INTO radusergroup (username, groupname, priority) VALUES ('carol', 'empty', 1), ('o''brien', 'silver', 9)",
    );
    let store = bench.accounting().await;
    let wanted = attributes(&["Max-Octets", "Mikrotik-Total-Limit"]);
    let all = store.limited_users(&wanted).await.expect("asked");
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(told(&all[&user("o'brien")]).len(), 4, "{all:?}");
    let everybody: Vec<_> = ["alice", "bob", "o'brien", "o=27brien", "carol", "nobody"].map(user).into();
    for asked in [&everybody[..], &everybody[2..3], &everybody[3..4], &everybody[1..3], &everybody[4..], &[]] {
        let mut expected = all.clone();
        expected.retain(|name, _| asked.contains(name));
        assert_eq!(store.limit_items_of(asked, &wanted).await.expect("asked"), expected, "{asked:?}");
    }
    let named = store.limited_names(&wanted).await.expect("asked");
    assert!(all.keys().all(|name| named.contains(name)), "{named:?}");
    assert!(store.limited_names(&[]).await.expect("asked").is_empty());
    let twice = [everybody.clone(), everybody].concat();
    assert_eq!(store.limit_items_of(&twice, &wanted).await.expect("asked"), all);
    assert!(store.limit_items_of(&twice, &[]).await.expect("asked").is_empty());
}

pub(super) async fn of_fifty_thousand(bench: &impl Bench) {
    let names = |step: usize| (0..50_000).step_by(step).map(|n| format!("user{n}"));
    let own: Vec<String> = names(100).map(|name| format!("('{name}', 'Max-Octets', ':=', '5')")).collect();
    let member: Vec<String> = names(50).map(|name| format!("('{name}', 'gold', 1)")).collect();
    bench.sql(&format!(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES {};
         INSERT INTO radusergroup (username, groupname, priority) VALUES {};
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('gold', 'Max-Octets', ':=', '100')",
        own.join(", "),
        member.join(", ")
    ));
    let store = bench.accounting().await;
    let wanted = attributes(&["Max-Octets"]);
    let asked: Vec<_> = names(1).map(|name| user(&name)).collect();
    let found = store.limit_items_of(&asked, &wanted).await.expect("asked");
    assert_eq!((found.len(), found.values().map(Vec::len).sum()), (1_000, 1_500));
    assert_eq!(found, store.limited_users(&wanted).await.expect("asked"));
    // The first reply item of the site
    bench.sql("INSERT INTO radreply (username, attribute, op, value) VALUES ('user7', 'Max-Octets', ':=', '7')");
    let found = store.limit_items_of(&asked, &wanted).await.expect("asked");
    assert_eq!((found.len(), told(&found[&user("user7")]).len()), (1_001, 1));
    assert_eq!(found, store.limited_users(&wanted).await.expect("asked"));
}

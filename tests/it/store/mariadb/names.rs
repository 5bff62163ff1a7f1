//! The server knows no case: neither in a login nor in radacct. Two spellings of one name are two names all the same.
use std::collections::BTreeSet;

use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::{Accounting, RowVerdict, Table};

use super::super::paging::open_rows;
use super::rows::{reject, reply};
use super::{database_url, store};
use crate::support::mariadb::MariaDb;

fn user(name: &str) -> UserName {
    UserName::new(name)
}

/// The octets of these users' open rows, each row once.
async fn octets_of(store: &Accounting, users: &[UserName]) -> u64 {
    let rows = store.open_sightings_of(users).await.expect("asked");
    rows.iter().filter_map(|row| row.input).sum()
}

/// One user in three spellings, and another whose name only looks like the first one's escaped.
fn spelled_anyhow(database: &MariaDb) {
    database.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES
           ('O=27Brien', 'Cleartext-Password', ':=', 'x'), ('o=27brien', 'Max-Octets', ':=', '100'),
           ('o=3D27brien', 'Max-Octets', ':=', '7');
         INSERT INTO radusergroup (username, groupname, priority) VALUES ('O=27BRIEN', 'Gold', 1), ('bob', 'GOLD', 1);
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('gold', 'Max-Octets', ':=', '50');
         INSERT INTO radacct (acctuniqueid, username, acctinputoctets) VALUES
           ('1', 'O=27BRIEN', 1), ('2', 'o=27brien', 10), ('3', 'o=3D27brien', 100), ('4', 'BOB', 1000)",
    );
}

#[tokio::test]
async fn one_user_whatever_the_case() {
    let database = MariaDb::new();
    spelled_anyhow(&database);
    let store = store(&database).await;
    for name in ["o'brien", "O'BRIEN", "O'Brien"] {
        let name = user(name);
        assert_eq!(store.open_sessions(&name).await.expect("asked").len(), 2);
        assert_eq!(octets_of(&store, std::slice::from_ref(&name)).await, 11);
        assert_eq!(store.groups(&name).await.expect("asked"), ["gold"]);
        assert_eq!(store.rows_of(Table::Check, &name).await.expect("asked").len(), 2);
        assert_eq!(store.known_as(&name).await.expect("asked"), Some(user("O'Brien")));
        assert_eq!(store.limit_items(&name, &["Max-Octets".to_owned()]).await.expect("asked").len(), 2);
    }
    let other = user("o=27brien");
    let sessions = store.open_sessions(&other).await.expect("asked");
    assert_eq!(sessions.iter().map(|row| row.acct_unique_id.as_str()).collect::<Vec<_>>(), ["3"]);
    assert_eq!(octets_of(&store, std::slice::from_ref(&other)).await, 100);
    assert_eq!(store.known_as(&other).await.expect("asked"), Some(other));
    // On the wire a session keeps the name that its NAS knows
    let sessions = store.open_sessions(&user("o'brien")).await.expect("asked");
    assert_eq!(sessions.iter().map(|row| row.user.as_str()).collect::<Vec<_>>(), ["O'BRIEN", "o'brien"]);
}

#[tokio::test]
async fn the_worker_sees_one_user_too() {
    let database = MariaDb::new();
    spelled_anyhow(&database);
    let store = store(&database).await;
    let limited = store.limited_users(&["max-octets".to_owned()]).await.expect("asked");
    let told: Vec<_> = limited.iter().map(|(user, items)| (user.as_str(), items.len())).collect();
    assert_eq!(told, [("O'Brien", 2), ("bob", 1), ("o=27brien", 1)]);
    let users: Vec<_> = limited.into_keys().collect();
    assert_eq!(octets_of(&store, &users).await, 1111);
    let names: Vec<_> = users.iter().map(|user| store.ledger_name(user)).collect();
    assert_eq!(names, [user("o'brien"), user("bob"), user("o=27brien")]);
    let seen = open_rows(&store, 9).await;
    assert!(seen.iter().all(|row| names.contains(&store.ledger_name(&row.user))), "{seen:?}");
}

/// A collation that knows case makes two users of them.
#[tokio::test]
async fn two_users_where_the_collation_says_so() {
    let database = MariaDb::with_charset("latin1 COLLATE latin1_general_cs");
    spelled_anyhow(&database);
    let store = store(&database).await;
    assert_eq!(store.open_sessions(&user("o'brien")).await.expect("asked").len(), 1);
    assert_eq!(store.known_as(&user("o'Brien")).await.expect("asked"), None);
    assert!(store.groups(&user("o'brien")).await.expect("asked").is_empty());
    let names: BTreeSet<_> = open_rows(&store, 9).await.iter().map(|row| store.ledger_name(&row.user)).collect();
    assert_eq!(names.len(), 4);
}

/// In latin1 columns no row can have such a name; to the server even the question is wrong.
#[tokio::test]
async fn names_that_no_column_can_hold() {
    let database = MariaDb::new();
    database.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('é', 'Max-Octets', ':=', '1'), ('??', 'x', '', '');
         INSERT INTO radacct (acctuniqueid, username, acctinputoctets) VALUES ('1', 'é', 5), ('2', '??', 7)",
    );
    let store = store(&database).await;
    let (foreign, accented) = (user("日本"), user("é"));
    assert_eq!(store.known_as(&foreign).await.expect("asked"), None);
    assert!(store.open_sessions(&foreign).await.expect("asked").is_empty());
    assert!(store.rows_of(Table::Check, &foreign).await.expect("asked").is_empty());
    assert!(store.limit_items(&foreign, &["Max-Octets".to_owned()]).await.expect("asked").is_empty());
    assert_eq!(octets_of(&store, &[foreign.clone(), accented]).await, 5);
    assert!(store.sightings_of(&foreign).await.expect("asked").is_empty());
    assert_eq!(octets_of(&store, &[foreign]).await, 0);
}

/// Debian's character set, and tables that do not agree: a panel made one of them anew.
#[tokio::test]
async fn character_sets_may_differ() {
    let database = MariaDb::with_charset("utf8mb4");
    database.sql(
        "ALTER TABLE radacct CONVERT TO CHARACTER SET latin1;
         ALTER TABLE radusergroup CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
         INSERT INTO radcheck (username, attribute, op, value) VALUES ('日本', 'Max-Octets', ':=', '1'),
           ('É', 'Max-Octets', ':=', '1');
         INSERT INTO radusergroup (username, groupname) VALUES ('日本', 'Gold');
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('gold', 'Max-Octets', ':=', '2');
         INSERT INTO radacct (acctuniqueid, username, acctinputoctets) VALUES ('1', 'é', 5)",
    );
    let store = store(&database).await;
    let limited = store.limited_users(&["Max-Octets".to_owned()]).await.expect("asked");
    let told: Vec<_> = limited.iter().map(|(user, items)| (user.as_str(), items.len())).collect();
    assert_eq!(told, [("É", 1), ("日本", 2)]);
    let users: Vec<_> = limited.into_keys().collect();
    assert_eq!(octets_of(&store, &users).await, 5);
    let open = open_rows(&store, 9).await;
    assert_eq!(store.ledger_name(&open[0].user), store.ledger_name(&user("É")));
    assert_eq!(store.groups(&user("日本")).await.expect("asked"), ["gold"]);
}

/// A key of the site's own lets no second row in: what stands there stays, and the other changes are made.
#[tokio::test]
async fn a_row_that_another_key_keeps_out() {
    let database = MariaDb::new();
    database.sql(
        "ALTER TABLE radcheck ADD UNIQUE KEY of_the_panel (username, attribute);
         INSERT INTO radcheck (id, username, attribute, op, value) VALUES (1, 'Alice', 'Auth-Type', ':=', 'Accept')",
    );
    let changes = [reject(7), reply(7)];
    let verdicts = store(&database).await.apply(&changes).await.expect("asked");
    assert_eq!(verdicts, [RowVerdict::Superseded, RowVerdict::Changed]);
    assert_eq!(database.sql("SELECT value FROM radcheck")[0]["value"], "Accept");
}

/// FreeRADIUS of old speaks latin1, so that each octet of a name in UTF-8 stands as a character of its own; the URL says so.
#[tokio::test]
async fn octets_in_latin1_columns() {
    let database = MariaDb::new();
    database.sql(
        "SET NAMES latin1; INSERT INTO radacct (acctuniqueid, username, acctinputoctets) VALUES ('1', 'é', 5), ('2', '日', 7)",
    );
    let url = database_url(&format!("{}?charset=latin1", database.url()));
    let store = Accounting::open(&url, &TableNames::default()).await.expect("FreeRADIUS' tables");
    for (name, octets) in [("é", 5), ("日", 7)] {
        let name = user(name);
        assert_eq!(store.open_sessions(&name).await.expect("asked").pop().expect("a row").user, name);
        assert_eq!(octets_of(&store, std::slice::from_ref(&name)).await, octets);
        assert_eq!(store.sightings_of(&name).await.expect("asked")[0].user, name);
    }
    let names: Vec<_> = open_rows(&store, 9).await.into_iter().map(|row| row.user).collect();
    assert_eq!(names, [user("é"), user("日")]);
}

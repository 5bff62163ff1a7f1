//! Looks at rows of radacct, as only PostgreSQL's tables hold them.
use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::Accounting;

use super::super::paging::open_rows;
use super::url;
use crate::support::postgres::Postgres;

async fn store(database: &Postgres) -> Accounting {
    Accounting::open(&url(database), &TableNames::default()).await.expect("FreeRADIUS' tables")
}

fn user(name: &str) -> UserName {
    UserName::new(name)
}

#[tokio::test]
async fn addresses_and_times_of_every_kind() {
    let database = Postgres::new();
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime) VALUES
         ('1', 'u1', 'a', '2001:db8::1', '1969-12-31 23:59:58.5+00', '2023-11-15 03:43:20.9+05:30'),
         ('2', 'u2', NULL, '10.0.0.0/8', '-infinity', 'infinity')",
    );
    let store = store(&database).await;
    let rows = open_rows(&store, 9).await;
    let told: Vec<_> = rows.iter().map(|row| (&*row.nas_ip_address, row.start, row.update)).collect();
    assert_eq!(told, [("2001:db8::1", Some(-2), Some(1_700_000_000)), ("10.0.0.0", None, None)]);
    assert_eq!(rows[1].user, user(""));
    for row in &rows {
        assert!(store.close_stale(&row.acct_unique_id, 1_700_000_000, row.update).await.expect("closed"), "{row:?}");
    }
}

/// A schema of old has no unique key: rows that share an Acct-Unique-Id are on one page each, and once.
#[tokio::test]
async fn several_rows_of_one_unique_id() {
    let database = Postgres::new();
    database.sql("ALTER TABLE radacct DROP CONSTRAINT radacct_acctuniqueid_key");
    database.sql(
        "INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, nasipaddress)
         SELECT n, n, CASE WHEN n % 3 = 0 THEN '' ELSE 'same' END, '10.0.0.1' FROM generate_series(1, 30) AS n",
    );
    let store = store(&database).await;
    let ids: Vec<i64> = open_rows(&store, 7).await.iter().map(|row| row.row_id).collect();
    assert_eq!(ids, (1..31).collect::<Vec<i64>>());
    assert_eq!(store.rows_by_id(&["same".to_owned()]).await.expect("asked").len(), 20);
}

/// No text of PostgreSQL's holds a NUL, and asking for one would fail the whole question.
#[tokio::test]
async fn a_name_with_a_nul_hides_nobody() {
    let database = Postgres::new();
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, nasipaddress, username) VALUES
           ('1', 'u1', '10.0.0.1', 'a=5C000b'), ('2', 'u2', '10.0.0.1', 'alice');
         INSERT INTO radcheck (username, attribute, value) VALUES ('a=5C000b', 'Max-Octets', '1'), ('alice', 'Max-Octets', '2')",
    );
    let store = store(&database).await;
    let both = ["a\0b", "alice"].map(user);
    assert_eq!(store.sightings_of(&both[0]).await.expect("asked").len(), 1);
    assert_eq!(store.open_sightings_of(&both).await.expect("asked").len(), 2);
    assert_eq!(store.rows_by_id(&["u\0".to_owned(), "u2".to_owned()]).await.expect("asked").len(), 1);
    assert!(!store.close_stale("u\0", 1, None).await.expect("asked"));
    let limited = store.limit_items_of(&both, &["Max-Octets".to_owned()]).await.expect("asked");
    assert_eq!(limited.into_keys().collect::<Vec<_>>(), both);
}

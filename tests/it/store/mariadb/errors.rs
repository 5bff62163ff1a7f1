//! What is told when MariaDB says no. Every message is looked at: no password stands in one.
use radkick::config::TableNames;
use radkick::store::{Accounting, State, StoreError};

use super::rows::reject;
use super::{database_url, store, url};
use crate::support::mariadb::{MariaDb, PASSWORD, PASSWORD_IN_URL};
use crate::support::ports::free_tcp_port;

async fn opened(url: &str) -> Result<Accounting, StoreError> {
    let opened = Accounting::open(&database_url(url), &TableNames::default()).await;
    if let Err(error) = &opened {
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD) && !told.contains(PASSWORD_IN_URL) && !told.contains("s3cret"), "{told}");
    }
    opened
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_with_the_servers_own_words() {
    let database = MariaDb::new();
    let (right, user, name) = (database.url(), database.user(), database.name());
    database.sql(&format!(
        "INSTALL SONAME 'auth_ed25519'; CREATE USER 'ed_{name}'@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('s3cret')"
    ));
    let cases = [
        (right.replace(PASSWORD_IN_URL, "s3cret"), "Access denied for user"),
        (right.replace(&format!("/{name}"), "/nowhere"), "nowhere"),
        (right.replace(&database.port().to_string(), &free_tcp_port().to_string()), "Connection refused"),
        (format!("{right}?ssl-mode=REQUIRED"), "TLS"),
        (format!("{right}?ssl-mode=s3cret"), "an option of the URL cannot be read"),
        (right.replace(&user, &format!("ed_{name}")).replace(PASSWORD_IN_URL, "s3cret"), "mysql_native_password"),
    ];
    for (url, words) in cases {
        let error = opened(&url).await.expect_err("refused");
        assert!(error.to_string().contains(words), "{error:?}");
        // A database that this user may not even see may be there or not
        let denied = words == "nowhere" && matches!(error, StoreError::Denied { .. });
        assert!(denied || matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        let state = State::open(&database_url(&url)).await.expect_err("refused").to_string();
        assert_eq!(state, error.to_string());
    }
    database.sql(&format!("DROP USER 'ed_{name}'@'127.0.0.1'"));
}

#[tokio::test]
async fn everything_missing_is_named_at_once() {
    let database = MariaDb::new();
    database.sql(
        "ALTER TABLE radacct CHANGE acctupdatetime x datetime, DROP acctterminatecause, DROP acctsessiontime;
         DROP TABLE radgroupreply;
         RENAME TABLE nas TO nas2",
    );
    let StoreError::Missing { missing, .. } = opened(&database.url()).await.expect_err("refused") else {
        panic!("something is missing")
    };
    let names: Vec<_> = missing.iter().filter_map(|what| what.split(' ').next()).collect();
    assert_eq!(
        names,
        ["radacct.acctupdatetime", "radacct.acctsessiontime", "radacct.acctterminatecause", "radgroupreply", "nas"]
    );
}

#[tokio::test]
async fn every_missing_right_is_named() {
    let database = MariaDb::new();
    let store = store(&database).await;
    store.check_writable().await.expect("the shipped rights");
    store.check_closable().await.expect("the shipped rights");
    let (name, account) = (database.name(), database.account());
    let revoke = |right: &str, table: &str| {
        database.sql(&format!("REVOKE {right} ON {name}.{table} FROM {account}"));
    };
    revoke("UPDATE (acctstoptime)", "radacct");
    revoke("DELETE", "radreply");
    revoke("INSERT", "radcheck");
    let store = opened(&database.url()).await.expect("it may still read");
    let told = store.check_writable().await.expect_err("refused").to_string();
    assert!(
        told.contains("trying to write: missing rights: INSERT on radcheck, DELETE on radreply (config/"),
        "{told}"
    );
    let told = store.check_closable().await.expect_err("refused").to_string();
    assert!(told.contains("closing rows: missing rights: UPDATE (acctstoptime"), "{told}");
    // And where the server itself refuses
    let error = store.apply(&[reject(1)]).await.expect_err("refused");
    assert!(matches!(error, StoreError::Denied { operation: "changing a user's login", .. }), "{error:?}");
    assert!(error.to_string().contains("INSERT command denied"), "{error}");
    // Tables of which it may do something, but not read
    revoke("SELECT", "radreply");
    let told = opened(&database.url()).await.expect_err("refused").to_string();
    assert!(told.contains("missing rights: SELECT on radreply"), "{told}");
    revoke("SELECT", "nas");
    let told = opened(&database.url()).await.expect_err("refused").to_string();
    assert!(told.contains("missing nas (or every right to it)"), "{told}");
}

#[tokio::test]
async fn our_own_tables_need_the_right_to_be_made_once() {
    let database = MariaDb::new();
    assert!(!State::is_there(&url(&database)).await.expect("asked"));
    let (name, account) = (database.name(), database.account());
    database.sql(&format!("REVOKE CREATE ON {name}.radkick_target FROM {account}"));
    for error in [
        State::is_there(&url(&database)).await.map(|_| ()).expect_err("refused"),
        State::open(&url(&database)).await.map(|_| ()).expect_err("refused"),
    ] {
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
        assert!(error.to_string().contains("radkick_target"), "{error}");
    }
    database.sql(&format!("GRANT CREATE ON {name}.radkick_target TO {account}"));
    State::open(&url(&database)).await.expect("made");
    let tables = ["job", "target", "block", "block_row", "journal", "brake", "feed", "session", "usage", "quota"];
    for table in tables.into_iter().chain(["migrations"]) {
        let ddl = "CREATE, ALTER, INDEX, REFERENCES";
        database.sql(&format!("REVOKE {ddl} ON {name}.radkick_{table} FROM {account}"));
    }
    State::open(&url(&database)).await.expect("they are there").brake("cut").await.expect("asked");
}

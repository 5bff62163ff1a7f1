//! What is told when PostgreSQL says no. Every message is looked at: no password stands in one.
use radkick::config::TableNames;
use radkick::store::{Accounting, RowChange, RowImage, State, StoreError, Table};

use super::super::paging::open_rows;
use super::{database_url, url};
use crate::support::postgres::{PASSWORD, PASSWORD_IN_URL, Postgres};

async fn opened(url: &str) -> Result<Accounting, StoreError> {
    let opened = Accounting::open(&database_url(url), &TableNames::default()).await;
    if let Err(error) = &opened {
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD) && !told.contains(PASSWORD_IN_URL) && !told.contains("s3cret"), "{told}");
    }
    opened
}

async fn store(database: &Postgres) -> Accounting {
    opened(&database.url()).await.expect("FreeRADIUS' tables")
}

fn change(id: i64) -> RowChange {
    let [username, attribute, op, value] = ["alice", "Auth-Type", ":=", "Reject"].map(str::to_owned);
    let row = RowImage { id, username, attribute, op, value };
    RowChange { table: Table::Check, row, present: true, only_if_absent: false }
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_with_the_servers_own_words() {
    let database = Postgres::new();
    let (right, port) = (database.url(), database.port().to_string());
    let nobody = crate::support::ports::free_tcp_port().to_string();
    let cases = [
        (right.replace(PASSWORD_IN_URL, "s3cret"), "password authentication failed for user \"radkick\""),
        (right.replace(database.name(), "nowhere"), "database \"nowhere\" does not exist"),
        (right.replace(&port, &nobody), "Connection refused"),
        (format!("{right}?sslmode=verify-full"), "invalid peer certificate"),
        (format!("{right}?passwort=s3cret"), "an option that is unknown: \"passwort\""),
    ];
    for (url, words) in cases {
        let error = opened(&url).await.expect_err("refused");
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        let state = State::open(&database_url(&url)).await.expect_err("refused").to_string();
        assert_eq!(state, error.to_string());
    }
}

#[tokio::test]
async fn tls_is_used_and_verified_where_that_is_asked_for() {
    let encrypted = "SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE usename = 'radkick' AND datname = current_database()";
    let certificate = Postgres::new().certificate();
    for (options, ssl) in [
        (String::new(), true),
        ("?sslmode=disable".to_owned(), false),
        (format!("?sslmode=verify-full&sslrootcert={}", certificate.display()), true),
    ] {
        let database = Postgres::new();
        let store = opened(&format!("{}{options}", database.url())).await.expect("opened");
        assert_eq!(database.sql(encrypted)[0]["ssl"], ssl, "{options}");
        drop(store);
    }
}

#[tokio::test]
async fn everything_missing_is_named_at_once() {
    let database = Postgres::new();
    database.sql("ALTER TABLE radacct RENAME acctupdatetime TO x; ALTER TABLE radacct DROP acctterminatecause CASCADE");
    database.sql("ALTER TABLE radacct DROP acctsessiontime");
    database.sql("DROP TABLE radgroupreply; ALTER TABLE nas RENAME TO nas2");
    let error = opened(&database.url()).await.expect_err("refused");
    let StoreError::Missing { missing, .. } = error else { panic!("{error}") };
    assert_eq!(
        missing,
        ["radacct.acctupdatetime", "radacct.acctsessiontime", "radacct.acctterminatecause", "radgroupreply", "nas"]
    );
}

#[tokio::test]
async fn every_missing_right_is_named() {
    let database = Postgres::new();
    let store = store(&database).await;
    store.check_writable().await.expect("the shipped rights");
    store.check_closable().await.expect("the shipped rights");
    database.sql("REVOKE UPDATE (acctstoptime) ON radacct FROM radkick; REVOKE DELETE ON radreply FROM radkick");
    database.sql("REVOKE USAGE ON SEQUENCE radusergroup_id_seq FROM radkick");
    let told = store.check_writable().await.expect_err("refused").to_string();
    assert!(
        told.contains("missing rights: DELETE on radreply, USAGE on the sequence public.radusergroup_id_seq"),
        "{told}"
    );
    let told = store.check_closable().await.expect_err("refused").to_string();
    assert!(told.contains("closing rows: missing rights: UPDATE on radacct (acctstoptime)"), "{told}");
    database.sql("REVOKE INSERT ON radcheck FROM radkick; REVOKE SELECT ON radreply FROM radkick");
    database.sql("REVOKE SELECT (secret) ON nas FROM radkick");
    let told = store.check_writable().await.expect_err("refused").to_string();
    assert!(told.contains("trying to write: missing rights: INSERT on radcheck (config/grants"), "{told}");
    let told = opened(&database.url()).await.expect_err("refused").to_string();
    assert!(told.contains("missing rights: SELECT on radreply, SELECT on nas (secret)"), "{told}");
    // And where the server itself refuses
    let error = store.apply(&[change(1)]).await.expect_err("refused");
    assert!(matches!(error, StoreError::Denied { operation: "changing a user's login", .. }), "{error:?}");
    assert!(error.to_string().contains("permission denied for table radcheck"), "{error}");
}

#[tokio::test]
async fn our_own_tables_need_a_schema_to_stand_in() {
    let database = Postgres::new();
    assert!(!State::is_there(&url(&database)).await.expect("asked"));
    database.sql("DROP SCHEMA radkick");
    for error in [
        State::is_there(&url(&database)).await.map(|_| ()).expect_err("refused"),
        State::open(&url(&database)).await.map(|_| ()).expect_err("refused"),
    ] {
        assert!(matches!(error, StoreError::Denied { operation: "making radkick's own tables", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_stand_by_is_read_only() {
    let database = Postgres::new();
    database.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name()));
    let store = store(&database).await;
    assert!(store.all_open_sessions().await.expect("it can be read").is_empty());
    for error in [
        store.check_writable().await.expect_err("refused"),
        store.apply(&[change(1)]).await.map(|_| ()).expect_err("refused"),
        State::open(&url(&database)).await.map(|_| ()).expect_err("refused"),
    ] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    }
}

/// By the server's own codes; a trigger plays each of them.
#[tokio::test]
async fn a_full_disk_a_deadlock_and_the_rest_are_told_apart() {
    let database = Postgres::new();
    let store = store(&database).await;
    for (code, words) in [
        ("53100", "changing a user's login: the disk is full; nothing was written"),
        ("40P01", "another program has held it locked for 1 s; try again"),
        ("55P03", "another program has held it locked for 5 s; try again"),
        ("57P01", "cannot be opened: as told"),
        ("08006", "cannot be opened: as told"),
        ("P0001", "changing a user's login: error returned from database: as told"),
    ] {
        database.sql(&format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
               $$BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END$$;
             CREATE OR REPLACE TRIGGER t BEFORE INSERT ON radcheck FOR EACH ROW EXECUTE FUNCTION fail()"
        ));
        let told = store.apply(&[change(1)]).await.expect_err("refused").to_string();
        assert!(told.contains(words), "{code}: {told}");
        assert!(database.sql("SELECT id FROM radcheck").is_empty());
    }
}

/// It waits for as long as a lock may take, and no longer; nothing is left half done.
#[tokio::test]
async fn a_table_that_somebody_holds_is_told_after_a_while() {
    let database = Postgres::new();
    let store = store(&database).await;
    let panel = database.holding("BEGIN; LOCK TABLE radcheck IN EXCLUSIVE MODE");
    let error = store.apply(&[change(1)]).await.expect_err("locked");
    assert!(matches!(error, StoreError::Locked { waited_secs: 5, .. }), "{error:?}");
    assert!(store.rows_of(Table::Check, &radkick::quota::UserName::new("alice")).await.expect("readable").is_empty());
    drop(panel);
    store.apply(&[change(1)]).await.expect("free again");
}

/// The server ended our sessions: a restart, a firewall, an operator.
#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let database = Postgres::new();
    let store = store(&database).await;
    for _ in 0..3 {
        assert!(store.all_open_sessions().await.expect("asked").is_empty());
        let ended = database.sql(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
             WHERE usename = 'radkick' AND datname = current_database()",
        );
        assert_ne!(ended[0]["count"], 0);
    }
    assert!(store.all_open_sessions().await.expect("asked").is_empty());
}

/// A view in place of radacct shows the settings of our sessions where a user's name would stand.
#[tokio::test]
async fn no_session_waits_without_end() {
    let database = Postgres::new();
    for setting in ["default_transaction_isolation = 'serializable'", "synchronous_commit = off"] {
        database.sql(&format!("ALTER DATABASE {} SET {setting}", database.name()));
    }
    database.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, nasipaddress) VALUES ('1', 'u1', '10.0.0.1');
         CREATE VIEW settings AS SELECT concat_ws('/', current_setting('statement_timeout'), current_setting('lock_timeout'),
             current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_isolation'),
             current_setting('synchronous_commit'), current_setting('application_name')) AS username,
           radacctid, acctsessionid, acctuniqueid, nasipaddress, acctstarttime, acctupdatetime, acctstoptime,
           acctsessiontime, acctinputoctets, acctoutputoctets, calledstationid, callingstationid, acctterminatecause, servicetype,
           framedprotocol, framedipaddress FROM radacct;
         GRANT SELECT ON settings TO radkick",
    );
    let tables = TableNames { acct: "settings".to_owned(), ..TableNames::default() };
    let store = Accounting::open(&url(&database), &tables).await.expect("a view will do");
    let shown = open_rows(&store, 9).await.pop().expect("a row");
    assert_eq!(shown.user.as_str(), "1min/5s/30s/read committed/local/radkick");
}

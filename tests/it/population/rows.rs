//! The rows themselves.
use super::server::Server;
use super::{Plan, faulty, generator, write};

/// Every row that a population writes, whatever the dialect.
fn everything(server: &Server) -> Vec<Vec<String>> {
    let times = ["acctstarttime", "acctupdatetime", "acctstoptime"];
    let times = times.map(|column| format!("{} AS {column}", server.epoch(column))).join(", ");
    let addresses = ["nasipaddress", "framedipaddress"];
    let addresses = addresses.map(|column| format!("{} AS {column}", server.address(column))).join(", ");
    let queries = [
        format!(
            "SELECT radacctid, acctsessionid, acctuniqueid, username, {times}, {addresses}, nasportid, nasporttype, acctinterval,
                acctsessiontime, acctauthentic, acctinputoctets, acctoutputoctets, calledstationid, callingstationid,
                acctterminatecause, servicetype, framedprotocol, realm, class, framedinterfaceid
             FROM radacct ORDER BY radacctid"
        ),
        "SELECT id, username, attribute, op, value FROM radcheck ORDER BY id".to_owned(),
        "SELECT id, username, groupname, priority FROM radusergroup ORDER BY id".to_owned(),
        "SELECT id, groupname, attribute, op, value FROM radgroupcheck ORDER BY id".to_owned(),
        "SELECT id, nasname, shortname, type, secret, description FROM nas ORDER BY id".to_owned(),
    ];
    queries.iter().flat_map(|query| server.texts(query)).collect()
}

#[tokio::test]
async fn the_same_in_every_dialect() {
    // MariaDB's column is the narrowest
    let plan = Plan { longest_name: 64, ..faulty() };
    let [sqlite, postgres, mariadb] = Server::all();
    for server in [&sqlite, &postgres, &mariadb] {
        write(&plan, server).await;
    }
    let expected = everything(&sqlite);
    let sizes = (plan.history_rows, plan.open_sessions, plan.users);
    assert!(expected.len() > 2000 + 100 + 1000, "{sizes:?} make {} rows", expected.len());
    for server in [postgres, mariadb] {
        let found = everything(&server);
        let other = expected.iter().zip(&found).find(|(expected, found)| expected != found);
        assert_eq!(other, None, "{server:?}");
        assert_eq!(found.len(), expected.len(), "{server:?}");
    }
}

#[tokio::test]
async fn the_seed_decides() {
    let [one, again, other] = [Server::sqlite(), Server::sqlite(), Server::sqlite()];
    write(&faulty(), &one).await;
    write(&faulty(), &again).await;
    write(&Plan { seed: 2, ..faulty() }, &other).await;
    assert_eq!(everything(&one), everything(&again));
    for column in ["acctuniqueid", "acctinputoctets", "acctstarttime", "nasipaddress"] {
        let column = format!("SELECT {column} FROM radacct ORDER BY radacctid");
        assert_ne!(one.texts(&column), other.texts(&column), "{column}");
    }
    let limits = "SELECT value FROM radcheck WHERE attribute = 'Max-Octets' ORDER BY id";
    assert_ne!(one.texts(limits), other.texts(limits));
}

#[tokio::test]
async fn ids_follow_the_time() {
    let server = Server::sqlite();
    let plan = Plan::default();
    write(&plan, &server).await;
    let earlier = "SELECT count(*) FROM radacct AS a JOIN radacct AS b ON b.radacctid = a.radacctid + 1
        WHERE b.acctstarttime < a.acctstarttime";
    assert_eq!(server.number(earlier), 0);
    let span = server.number("SELECT (max(acctstarttime) - min(acctstarttime)) / 86400 FROM radacct");
    assert!((395..=400).contains(&span), "{span} days");
    let now = plan.now;
    let open = "FROM radacct WHERE acctstoptime IS NULL AND acctupdatetime";
    assert_eq!(server.number(&format!("SELECT count(*) {open} BETWEEN {now} - 300 AND {now}")), 100);
    let nas = server.number("SELECT count(DISTINCT nasipaddress) FROM radacct");
    assert_eq!((nas, server.number("SELECT count(*) FROM nas")), (10, 10));
    let ids = "SELECT count(DISTINCT acctuniqueid) FROM radacct WHERE length(acctuniqueid) = 32
        AND acctuniqueid NOT GLOB '*[^0-9a-f]*'";
    assert_eq!(server.number(ids), 2100);
}

#[tokio::test]
async fn no_line_carries_more_and_nothing_is_still_to_come() {
    let server = Server::sqlite();
    let plan = faulty();
    write(&plan, &server).await;
    let late =
        format!("acctstoptime > {} OR acctstoptime < acctupdatetime OR acctupdatetime < acctstarttime", plan.now);
    assert_eq!(server.number(&format!("SELECT count(*) FROM radacct WHERE {late}")), 0);
    let rate = generator::session::LINE;
    let octets = "coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)";
    let seconds = "coalesce(acctstoptime, acctupdatetime, acctstarttime) - acctstarttime";
    let faster = |rate| server.number(&format!("SELECT count(*) FROM radacct WHERE {octets} > ({seconds}) * {rate}"));
    assert_eq!(faster(rate), 0);
    assert!(faster(rate / 2) > 10, "some come near it");
    assert_eq!(server.number("SELECT count(*) FROM radacct WHERE acctsessiontime < 0"), 0);
}

#[tokio::test]
async fn faults_are_there_when_asked_for() {
    let faults = [
        "acctinputoctets IS NULL AND acctoutputoctets IS NULL",
        "acctinputoctets IS NULL AND acctoutputoctets IS NOT NULL",
        "acctupdatetime IS NULL AND acctstoptime IS NOT NULL",
        "acctupdatetime IS NULL AND acctstoptime IS NULL",
        "acctinputoctets = 0 AND acctoutputoctets = 0 AND acctsessiontime > 0",
        "acctstoptime - acctstarttime > 30 * 86400",
        "EXISTS (SELECT 1 FROM radacct AS b WHERE b.acctsessionid = a.acctsessionid AND b.radacctid <> a.radacctid)",
        "acctstarttime < (SELECT max(acctstarttime) FROM radacct AS b WHERE b.radacctid < a.radacctid)",
    ];
    let (with, without) = (Server::sqlite(), Server::sqlite());
    write(&Plan { open_sessions: 500, ..faulty() }, &with).await;
    write(&Plan { open_sessions: 500, ..Plan::default() }, &without).await;
    for fault in faults {
        let count = format!("SELECT count(*) FROM radacct AS a WHERE {fault}");
        assert!(with.number(&count) > 1, "{fault}");
        assert_eq!(without.number(&count), 0, "{fault}");
    }
}

/// The indexes are taken away while it writes so many rows.
#[tokio::test]
async fn the_schema_stays_the_stock_one() {
    for server in Server::all() {
        let query = match server {
            Server::Sqlite(_) => "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'radacct' ORDER BY name",
            Server::Postgres(_) => {
                "SELECT indexdef AS a, '' AS b FROM pg_indexes WHERE tablename = 'radacct' UNION ALL
                 SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'radacct'::regclass
                 ORDER BY 1, 2"
            }
            Server::Mariadb(_) => "SHOW INDEX FROM radacct",
        };
        let definition = |server: &Server| {
            let mut rows = server.sql(query);
            for row in &mut rows {
                // How many values there are, which changes
                row.remove("Cardinality");
            }
            rows
        };
        let before = definition(&server);
        write(&Plan { history_rows: 10_000, ..Plan::default() }, &server).await;
        assert_eq!(server.number("SELECT count(*) FROM radacct"), 10_100);
        assert!(before.len() > 5, "{before:?}");
        assert_eq!(definition(&server), before, "{server:?}");
    }
}

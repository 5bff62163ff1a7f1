//! The demo's accounting sink against a real FreeRADIUS: the same packets, the same rows.
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use radkick::cli::demo::sink::{Sink, create_schema};
use radkick::radius::{
    AttributeType, Attributes, Code, Dictionary, MessageAuthenticator, SharedSecret, open_reply, parse_pair,
    seal_request,
};
use radkick::simulator::{AccountingOptions, Octets, RouterOptions, SessionSpec};
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{CLIENT, MAC, options, secret, start};
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};
use crate::support::sqlite::{Row, sqlite};
use crate::support::wait::PATIENCE;

const COLUMNS: &str = "SELECT * FROM radacct ORDER BY acctuniqueid";

/// A sink with a database of its own.
struct Stand {
    directory: TempDir,
    sink: Sink,
}

impl Stand {
    async fn start(secret: SharedSecret) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("radius.db");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("a database");
        create_schema(&pool).await.expect("the schema");
        pool.close().await;
        let sink = Sink::start(&file, secret, (Ipv4Addr::LOCALHOST, 0).into()).await.expect("a sink");
        Self { directory, sink }
    }

    fn rows(&self) -> Vec<Row> {
        rows(&self.directory.path().join("radius.db"))
    }
}

/// All rows without what depends on the order of arrival.
fn rows(database: &Path) -> Vec<Row> {
    let mut rows = sqlite(database, COLUMNS);
    for row in &mut rows {
        row.remove("radacctid");
    }
    rows
}

/// Sends one Accounting-Request and demands its answer.
async fn account(to: SocketAddr, secret: &SharedSecret, attributes: &Attributes) {
    let request = seal_request(Code::AccountingRequest, 1, attributes, secret, MessageAuthenticator::Optional)
        .expect("a request");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    socket.send_to(request.octets(), to).await.expect("sent");
    let mut buffer = [0; 4096];
    let received = timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("an answer in time").expect("received");
    open_reply(&buffer[..received], &request, secret, MessageAuthenticator::Optional).expect("the answer");
}

/// Packets as radclient would write them, each a line.
const PACKETS: &[&str] = &[
    // A session from beginning to end, with Gigawords and a Start that comes again.
    "Acct-Status-Type=Start,User-Name=alice,Acct-Session-Id=80a00001,NAS-IP-Address=127.0.1.7,NAS-Identifier=R1,\
     NAS-Port=2158104577,NAS-Port-Id=bridge1,NAS-Port-Type=Wireless-802.11,Called-Station-Id=hotspot1,\
     Calling-Station-Id=02:00:00:00:00:41,Framed-IP-Address=192.168.88.41,Event-Timestamp=1795000000",
    "Acct-Status-Type=Start,User-Name=alice,Acct-Session-Id=80a00001,NAS-IP-Address=127.0.1.7,NAS-Identifier=R1,\
     NAS-Port=2158104577,NAS-Port-Id=bridge1,NAS-Port-Type=Wireless-802.11,Called-Station-Id=hotspot1,\
     Calling-Station-Id=02:00:00:00:00:41,Framed-IP-Address=192.168.88.41,Event-Timestamp=1795000002",
    "Acct-Status-Type=Interim-Update,User-Name=alice,Acct-Session-Id=80a00001,NAS-IP-Address=127.0.1.7,\
     NAS-Identifier=R1,NAS-Port=2158104577,NAS-Port-Id=bridge1,Framed-IP-Address=192.168.88.41,\
     Acct-Session-Time=60,Acct-Input-Octets=100,Acct-Input-Gigawords=1,Acct-Output-Octets=4294967295,\
     Event-Timestamp=1795000060",
    "Acct-Status-Type=Stop,User-Name=alice,Acct-Session-Id=80a00001,NAS-IP-Address=127.0.1.7,NAS-Identifier=R1,\
     NAS-Port=2158104577,NAS-Port-Id=bridge1,Acct-Session-Time=61,Acct-Input-Octets=7,Acct-Input-Gigawords=2,\
     Acct-Output-Octets=1,Acct-Output-Gigawords=3,Acct-Terminate-Cause=Admin-Reset,Connect-Info=\"54 Mbps\",\
     Event-Timestamp=1795000061",
    // A session whose Start was lost, and one of which only the Stop came.
    "Acct-Status-Type=Interim-Update,User-Name=bob,Acct-Session-Id=81000002,NAS-IP-Address=127.0.1.7,\
     NAS-Port=5,Service-Type=Framed-User,Framed-Protocol=PPP,Acct-Authentic=RADIUS,Acct-Session-Time=30,\
     Acct-Output-Octets=9,Framed-IP-Address=10.0.0.2,Event-Timestamp=1795000100",
    "Acct-Status-Type=Stop,User-Name=carol,Acct-Session-Id=81000003,NAS-IP-Address=127.0.1.8,\
     Acct-Session-Time=90,Acct-Terminate-Cause=User-Request,Connect-Info=x,Event-Timestamp=1795000200",
    // No Acct-Session-Time; IPv6; a NAS that goes by its IPv6 address.
    "Acct-Status-Type=Interim-Update,User-Name=dave,Acct-Session-Id=81000004,NAS-IPv6-Address=2001:db8::1,\
     Framed-IPv6-Prefix=2001:db8:1::/64,Framed-Interface-Id=1:2:3:4,Delegated-IPv6-Prefix=2001:db8:2::/56,\
     Framed-IPv6-Address=2001:db8::7,Event-Timestamp=1795000300",
    // Names as people and attackers choose them.
    "Acct-Status-Type=Start,User-Name=\"o'brien; DROP TABLE \\\"x\\\"\",Acct-Session-Id=a1,\
     NAS-IP-Address=127.0.1.7,Event-Timestamp=1795000400",
    "Acct-Status-Type=Start,User-Name=\"J\u{fc}rgen =3D 100%{User-Name} $(x) a&b+c ../\",Acct-Session-Id=a2,\
     NAS-IP-Address=127.0.1.7,Event-Timestamp=1795000400",
    "Acct-Status-Type=Start,User-Name=\"tab\\tline\\ncr\\rend\\001\",Acct-Session-Id=a3,\
     NAS-IP-Address=127.0.1.7,Event-Timestamp=1795000400",
    "Acct-Status-Type=Start,User-Name=\"back\\\\slash\",Acct-Session-Id=a4,Called-Station-Id=\"caf\u{e9} 'x' \\\" \\\\ \\t \\001 \\377\",\
     NAS-Port-Id=\"q\\\"\",Calling-Station-Id=\"q\\nq\",NAS-Identifier=\"i\\\"\",\
     NAS-IP-Address=127.0.1.7,Event-Timestamp=1795000400",
    // The NAS restarts: what is open there is closed.
    "Acct-Status-Type=Start,User-Name=erin,Acct-Session-Id=b1,NAS-IP-Address=127.0.1.9,Event-Timestamp=1795000500",
    "Acct-Status-Type=Start,User-Name=frank,Acct-Session-Id=b2,NAS-IP-Address=127.0.1.9,Event-Timestamp=1795000900",
    "Acct-Status-Type=Accounting-On,NAS-IP-Address=127.0.1.9,Acct-Session-Id=00000000,Event-Timestamp=1795000600",
];

fn packets() -> Vec<Attributes> {
    let dictionary = Dictionary::bundled().expect("the dictionaries");
    let mut packets: Vec<Attributes> = Vec::new();
    for line in PACKETS {
        let mut attributes = Attributes::new();
        for pair in line.split(',') {
            parse_pair(&dictionary, pair, &mut attributes).expect(pair);
        }
        packets.push(attributes);
    }
    let mut octets = Attributes::new();
    octets.push_u32(AttributeType::ACCT_STATUS_TYPE, 1);
    octets
        .push(AttributeType::USER_NAME, b"\xff\xfe'latin\xe9 \x7f\x00\x1b \xc2\x80 \xed\xa0\x80".as_slice())
        .expect("octets");
    octets.push(AttributeType::ACCT_SESSION_ID, "c1").expect("an id");
    octets.push_u32(AttributeType::EVENT_TIMESTAMP, 1_795_000_700);
    packets.push(octets);
    packets
}

#[tokio::test]
async fn the_rows_are_those_of_a_real_freeradius() {
    let freeradius = FreeRadius::start(&FreeRadiusOptions::default());
    let shared = SharedSecret::new(freeradius.secret().as_bytes().to_vec()).expect("not empty");
    let stand = Stand::start(shared.clone()).await;
    for attributes in &packets() {
        // Each packet twice, as if its answer had been lost; but FreeRADIUS does not answer an Accounting-On that finds
        // nothing to close.
        let twice = attributes.first_u32(AttributeType::ACCT_STATUS_TYPE) != Some(7);
        for _ in 0..=u32::from(twice) {
            account(freeradius.acct_addr(), &shared, attributes).await;
            account(stand.sink.addr(), &shared, attributes).await;
        }
    }
    let (theirs, ours) = (rows(&freeradius.database()), stand.rows());
    let users = |rows: &[Row]| rows.iter().map(|row| row["username"].to_string()).collect::<Vec<_>>();
    for (their, our) in theirs.iter().zip(&ours) {
        assert_eq!(our, their);
    }
    assert_eq!((users(&ours), ours.len()), (users(&theirs), 11));
}

#[tokio::test]
async fn the_schema_is_the_stock_one() {
    let freeradius = FreeRadius::start(&FreeRadiusOptions::default());
    let stand = Stand::start(secret()).await;
    let ours = stand.directory.path().join("radius.db");
    for table in ["radacct", "radcheck", "radreply", "radgroupcheck", "radgroupreply", "radusergroup", "nas"] {
        let columns = format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')");
        assert_eq!(sqlite(&ours, &columns), freeradius.sql(&columns), "{table}");
        let defaults = format!(
            "SELECT name, trim(coalesce(nullif(dflt_value, 'NULL'), ''), '''') AS value FROM pragma_table_info('{table}')"
        );
        assert_eq!(sqlite(&ours, &defaults), freeradius.sql(&defaults), "{table}");
        let indexes = format!("SELECT name, \"unique\" FROM pragma_index_list('{table}') ORDER BY name");
        assert_eq!(sqlite(&ours, &indexes), freeradius.sql(&indexes), "{table}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_not_written() {
    let stand = Stand::start(secret()).await;
    let guess = SharedSecret::new(b"a guess".to_vec()).expect("not empty");
    let start = &packets()[0];
    let forged = seal_request(Code::AccountingRequest, 1, start, &guess, MessageAuthenticator::Optional).unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(forged.octets(), stand.sink.addr()).await.unwrap();
    account(stand.sink.addr(), &secret(), &packets()[4]).await;
    let users: Vec<_> = stand.rows().into_iter().map(|row| row["username"].clone()).collect();
    assert_eq!(users, ["bob"]);
}

#[tokio::test]
async fn the_simulated_router_and_the_sink_understand_each_other() {
    let stand = Stand::start(secret()).await;
    let accounting = Some(AccountingOptions::new(stand.sink.addr(), secret()));
    let router = start(RouterOptions { accounting, ..options() }).await;
    let session = router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    router.accounting_settled().await;
    router.use_data(&session.acct_session_id, Octets { input: 5, output: 1 << 33 }).unwrap();
    router.interim(&session.acct_session_id).unwrap();
    router.accounting_settled().await;
    let row = &stand.rows()[0];
    assert_eq!((&row["acctoutputoctets"], &row["acctstoptime"]), (&(1_u64 << 33).into(), &serde_json::Value::Null));
    router.logout(&session.acct_session_id).unwrap();
    router.accounting_settled().await;
    let row = &stand.rows()[0];
    assert!(row["acctstoptime"].is_u64());
    assert_eq!(row["acctterminatecause"], "User-Request");
}

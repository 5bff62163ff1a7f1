//! radacct and nas.
use serde_json::json;

use super::{Bench, user};

pub(super) async fn open_sessions_by_every_spelling(bench: &impl Bench) {
    let time = bench.time(5);
    bench.sql(&format!(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username) VALUES
         ('1', 'u1', 'o=27brien'), ('2', 'u2', 'o''brien'), ('3', 'u3', 'o=3D27brien'), ('4', 'u4', 'o''brien2');
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, acctstarttime, acctstoptime) VALUES
         ('5', 'u5', 'o=27brien', {time}, {time})"
    ));
    let store = bench.accounting().await;
    for (name, expected) in [("o'brien", &["1", "2"][..]), ("o=27brien", &["3"]), ("o'brien2", &["4"]), ("o", &[])] {
        let found = store.open_sessions(&user(name)).await.expect("asked");
        let ids: Vec<_> = found.iter().map(|session| session.acct_session_id.as_str()).collect();
        assert_eq!(ids, expected, "{name}");
        assert!(found.iter().all(|session| session.user == user(name)));
    }
    let all = store.all_open_sessions().await.expect("asked");
    assert_eq!(all.iter().map(|session| session.acct_unique_id.as_str()).collect::<Vec<_>>(), ["u1", "u2", "u3", "u4"]);
    assert!(store.session("u5").await.expect("asked").is_some_and(|row| row.stop.is_some()));
    assert_eq!(store.session("u6").await.expect("asked"), None);
}

pub(super) async fn columns_come_as_the_nas_sent_them(bench: &impl Bench) {
    bench.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, calledstationid, callingstationid,
           framedipaddress, framedipv6prefix, servicetype, framedprotocol, nasporttype, nasportid, acctinputoctets, acctoutputoctets) VALUES
         ('80=2A1', 'u1', 'alice', '10.0.0.1', 'hot=27spot', '02:00:00:00:00:41', '10.0.0.2', '2001:db8::/64',
          'Framed-User', 'PPP', 'Ethernet', 'ether1', 4294967296, 9007199254740993);
         INSERT INTO radacct (acctuniqueid, username) VALUES ('u2', 'bare')",
    );
    let store = bench.accounting().await;
    let row = store.session("u1").await.expect("asked").expect("a row");
    let text = [&row.acct_session_id, &row.called_station_id, &row.calling_station_id, &row.framed_ip_address];
    assert_eq!(text, ["80*1", "hot'spot", "02:00:00:00:00:41", "10.0.0.2"]);
    let text = [&row.nas_ip_address, &row.framed_ipv6_prefix, &row.service_type, &row.framed_protocol];
    assert_eq!(text, ["10.0.0.1", "2001:db8::/64", "Framed-User", "PPP"]);
    assert_eq!([&row.nas_port_type, &row.nas_port_id, &row.nas_identifier], ["Ethernet", "ether1", ""]);
    assert_eq!((row.input_octets, row.output_octets), (4_294_967_296, 9_007_199_254_740_993));
    let bare = store.session("u2").await.expect("asked").expect("a row");
    assert_eq!([&bare.nas_ip_address, &bare.service_type, &bare.framed_protocol], ["", "", ""]);
    assert_eq!([&bare.nas_port_type, &bare.nas_port_id], ["", ""]);
    bench.sql("ALTER TABLE radacct ADD nasidentifier varchar(64); UPDATE radacct SET nasidentifier = 'R=27 1'");
    let named = bench.accounting().await.session("u1").await.expect("asked").expect("a row");
    assert_eq!(named.nas_identifier, "R' 1");
    assert_eq!((bare.start, bare.update, bare.stop, bare.octets()), (None, None, None, 0));
}

pub(super) async fn times_in_every_form(bench: &impl Bench) {
    let store = bench.accounting().await;
    for (index, time) in bench.times(1_700_000_000).into_iter().enumerate() {
        bench.sql(&format!(
            "INSERT INTO radacct (acctuniqueid, username, acctstarttime, acctupdatetime, acctstoptime)
             VALUES ('u{index}', 'alice', {time}, {time}, {time})"
        ));
        let row = store.session(&format!("u{index}")).await.expect("asked").expect("a row");
        assert_eq!([row.start, row.update, row.stop], [Some(1_700_000_000); 3], "{time}");
    }
}

pub(super) async fn a_row_closes_once(bench: &impl Bench) {
    for (index, time) in bench.times(1_700_000_000).into_iter().enumerate() {
        bench.sql(&format!(
            "INSERT INTO radacct (acctuniqueid, username, acctstarttime) VALUES ('u{index}', 'a', {time})"
        ));
    }
    bench.sql("INSERT INTO radacct (acctuniqueid, username) VALUES ('other', 'a')");
    let store = bench.accounting().await;
    for index in 0..bench.times(0).len() {
        let id = format!("u{index}");
        assert!(store.close_row(&id, 1_700_000_060).await.expect("closed"));
        assert!(!store.close_row(&id, 1_700_000_999).await.expect("left"));
        let row = store.session(&id).await.expect("asked").expect("a row");
        assert_eq!(row.stop, Some(1_700_000_060));
        let query = format!("SELECT acctsessiontime, acctterminatecause FROM radacct WHERE acctuniqueid = '{id}'");
        let wanted = json!([{ "acctsessiontime": 60, "acctterminatecause": "Admin-Reset" }]);
        assert_eq!(json!(bench.sql(&query)), wanted);
    }
    assert!(!store.close_row("nobody", 1).await.expect("left"));
    assert_eq!(bench.one("SELECT count(*) FROM radacct WHERE acctstoptime IS NULL"), json!(1));
}

pub(super) async fn nas_rows(bench: &impl Bench) {
    bench.sql(
        "INSERT INTO nas (nasname, shortname, secret) VALUES ('10.0.0.1', 'R1', 'se=cret'), ('10.0.0.0/8', NULL, 'x')",
    );
    let rows = bench.accounting().await.nas().await.expect("asked");
    let told: Vec<_> =
        rows.iter().map(|row| (row.nasname.as_str(), row.shortname.as_deref(), row.secret.as_str())).collect();
    assert_eq!(told, [("10.0.0.1", Some("R1"), "se=cret"), ("10.0.0.0/8", None, "x")]);
    assert!(!format!("{rows:?}").contains("se=cret"));
}

pub(super) async fn who_is_known(bench: &impl Bench) {
    bench.sql(&format!(
        "INSERT INTO radcheck (username, attribute, value) VALUES ('o=27brien', 'x', 'y');
         INSERT INTO radreply (username, attribute, value) VALUES ('bob', 'x', 'y');
         INSERT INTO radusergroup (username, groupname) VALUES ('carol', 'gold');
         INSERT INTO radacct (acctuniqueid, username, acctstoptime) VALUES ('1', 'dave', {})",
        bench.time(5)
    ));
    let store = bench.accounting().await;
    for (name, known) in
        [("o'brien", true), ("o=27brien", false), ("bob", true), ("carol", true), ("dave", true), ("erin", false)]
    {
        assert_eq!(store.knows(&user(name)).await.expect("asked"), known, "{name}");
    }
}

//! What the tests rely on from FreeRADIUS: its rows, its logins, its Dynamic Authorization Server.
use crate::support::freeradius::{Authentication, FreeRadius, FreeRadiusOptions};
use crate::support::pairs::packet;
use crate::support::radclient::{Radclient, Reply, RequestKind};
use crate::support::sqlite::sql_text;

fn freeradius() -> FreeRadius {
    FreeRadius::start(&FreeRadiusOptions::default())
}

fn start(server: &FreeRadius, user: &str, session: &str, address: &str) {
    server.account(&[
        ("Acct-Status-Type", "Start"),
        ("User-Name", user),
        ("Acct-Session-Id", session),
        ("NAS-IP-Address", "127.0.0.1"),
        ("Framed-IP-Address", address),
        ("Calling-Station-Id", "AA:BB:CC:DD:EE:01"),
        ("Event-Timestamp", "1700000000"),
    ]);
}

fn code(reply: Option<Reply>) -> String {
    reply.map_or_else(String::new, |reply| reply.code)
}

fn error_cause(reply: Option<Reply>) -> String {
    let mut reply = reply.expect("an answer");
    assert_eq!(reply.code, "Disconnect-NAK");
    reply.attributes.remove("Error-Cause").unwrap_or_default().join(",")
}

#[test]
fn accounting_becomes_a_row() {
    let server = freeradius();
    start(&server, "o'brien", "80a00f31", "192.168.88.41");
    let session = [("User-Name", "o'brien"), ("Acct-Session-Id", "80a00f31"), ("NAS-IP-Address", "127.0.0.1")];
    let interim = [
        ("Acct-Status-Type", "Interim-Update"),
        ("Event-Timestamp", "1700000300"),
        ("Acct-Session-Time", "300"),
        ("Acct-Input-Octets", "100"),
        ("Acct-Input-Gigawords", "1"),
        ("Acct-Output-Octets", "7"),
        ("Framed-IP-Address", "192.168.88.41"),
    ];
    server.account(&[&session[..], &interim].concat());
    let row = "SELECT username, acctstarttime, acctupdatetime, acctstoptime, acctinputoctets, acctoutputoctets, \
               nasipaddress, framedipaddress, acctterminatecause, length(acctuniqueid) AS unique_id FROM radacct";
    let open = server.sql(row);
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["username"], "o=27brien");
    assert_eq!(open[0]["acctstarttime"], 1_700_000_000);
    assert_eq!(open[0]["acctupdatetime"], 1_700_000_300);
    assert!(open[0]["acctstoptime"].is_null());
    assert_eq!(open[0]["acctinputoctets"], 4_294_967_396_u64);
    assert_eq!(open[0]["framedipaddress"], "192.168.88.41");
    assert_eq!(open[0]["unique_id"], 32);
    let stop = [
        ("Acct-Status-Type", "Stop"),
        ("Event-Timestamp", "1700000360"),
        ("Acct-Terminate-Cause", "Admin-Reset"),
        ("Acct-Output-Gigawords", "2"),
    ];
    server.account(&[&session[..], &stop].concat());
    let closed = server.sql(row);
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0]["acctstoptime"], 1_700_000_360);
    assert_eq!(closed[0]["acctterminatecause"], "Admin-Reset");
    assert_eq!(closed[0]["acctoutputoctets"], 8_589_934_592_u64);
}

#[test]
fn a_user_name_is_stored_escaped_twice() {
    let server = freeradius();
    let name = "a\"b\\c\nd%{e} é";
    start(&server, name, "1", "192.0.2.1");
    let rows = server.sql("SELECT username FROM radacct");
    assert_eq!(rows[0]["username"], "a=5C=22b=5C=5Cc=5Cnd=25=7Be=7D é");
    let reply = server.disconnect(&[("User-Name", name), ("Acct-Session-Id", "1")]);
    assert_eq!(code(reply), "Disconnect-ACK");
    assert_eq!(server.coa_requests()[0]["User-Name"], [name]);
}

fn add_user(server: &FreeRadius, user: &str, checks: &[(&str, &str)]) {
    for (attribute, value) in checks {
        let values = [user, attribute, ":=", value].map(sql_text).join(", ");
        server.sql(&format!("INSERT INTO radcheck (username, attribute, op, value) VALUES ({values});"));
    }
}

#[test]
fn a_login_needs_max_octets_in_the_dictionary() {
    let checks = [("Cleartext-Password", "pässword"), ("Max-Octets", "5368709120")];
    let server = freeradius();
    add_user(&server, "alice", &checks);
    assert_eq!(server.authenticate("alice", "pässword"), Authentication::Accept);
    assert_eq!(server.authenticate("alice", "wrong"), Authentication::Reject(None));
    add_user(&server, "alice", &[("Auth-Type", "Reject")]);
    server.sql(
        "INSERT INTO radreply (username, attribute, op, value) VALUES ('alice', 'Reply-Message', ':=', 'Used up')",
    );
    let refused = Authentication::Reject(Some("Used up".to_owned()));
    assert_eq!(server.authenticate("alice", "pässword"), refused);

    let without = FreeRadiusOptions { max_octets_in_dictionary: false, ..FreeRadiusOptions::default() };
    let server = FreeRadius::start(&without);
    add_user(&server, "alice", &checks);
    assert_eq!(server.authenticate("alice", "pässword"), Authentication::Reject(None));
    assert!(server.log().contains("Max-Octets"), "{}", server.log());
}

#[test]
fn disconnect_closes_the_row_it_names() {
    let server = freeradius();
    start(&server, "alice", "81", "192.0.2.1");
    start(&server, "alice", "82", "192.0.2.2");
    assert_eq!(error_cause(server.disconnect(&[("User-Name", "alice")])), "Multiple-Session-Selection-Unsupported");
    let other_address = [("Acct-Session-Id", "81"), ("Framed-IP-Address", "192.0.2.2")];
    assert_eq!(error_cause(server.disconnect(&other_address)), "Session-Context-Not-Found");
    assert_eq!(
        code(server.disconnect(&[("User-Name", "alice"), ("Framed-IP-Address", "192.0.2.1")])),
        "Disconnect-ACK"
    );
    let open = server.sql("SELECT acctsessionid FROM radacct WHERE acctstoptime IS NULL");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["acctsessionid"], "82");
    let cause = server.sql("SELECT acctterminatecause AS cause FROM radacct WHERE acctsessionid = '81'");
    assert_eq!(cause[0]["cause"], "Admin-Reset");
    assert_eq!(error_cause(server.disconnect(&[("Acct-Session-Id", "81")])), "Session-Context-Not-Found");
    assert_eq!(server.coa_requests().len(), 4);
}

#[test]
fn an_ack_may_leave_the_row_open() {
    let options = FreeRadiusOptions {
        ack_without_stop: true,
        busy_timeout_ms: 200,
        das_addresses: vec![[127, 0, 1, 1].into(), [127, 0, 1, 2].into()],
        ..FreeRadiusOptions::default()
    };
    let server = FreeRadius::start(&options);
    start(&server, "alice", "81", "192.0.2.1");
    assert_eq!(code(server.disconnect(&[("User-Name", "alice")])), "Disconnect-ACK");
    let second = Radclient { to: ([127, 0, 1, 2], server.coa_addr().port()).into(), ..coa(&server) };
    let text = packet(&[("User-Name", "alice"), ("Message-Authenticator", "0x00")]);
    assert_eq!(code(second.send(&text)), "CoA-ACK");
    assert_eq!(server.sql("SELECT * FROM radacct WHERE acctstoptime IS NULL").len(), 1);
    assert_eq!(server.coa_requests()[1]["Packet-Type"], ["CoA-Request"]);
}

fn coa(server: &FreeRadius) -> Radclient {
    server.radclient(RequestKind::Coa)
}

#[test]
fn a_name_asks_for_trouble() {
    let server = freeradius();
    let cause = |user| error_cause(server.disconnect(&[("User-Name", user)]));
    assert_eq!(cause("nak403-alice"), "NAS-Identification-Mismatch");
    assert_eq!(cause("nak406-alice"), "Unsupported-Extension");
    assert_eq!(cause("naknone-alice"), "");
    assert_eq!(error_cause(server.disconnect(&[("Class", "0x00ff")])), "Missing-Attribute");
}

#[test]
fn a_faulty_request_meets_silence() {
    let server = freeradius();
    start(&server, "alice", "81", "192.0.2.1");
    let hasty = Radclient { tries: 1, wait_secs: 1, ..server.radclient(RequestKind::Disconnect) };
    let bare = packet(&[("User-Name", "alice")]);
    assert!(hasty.send(&bare).is_none(), "without a Message-Authenticator");
    let sealed = packet(&[("User-Name", "alice"), ("Message-Authenticator", "0x00")]);
    let wrong = Radclient { secret: "wrong".into(), ..hasty };
    assert!(wrong.send(&sealed).is_none(), "with a wrong secret");
    assert!(server.coa_requests().is_empty());
    let secret = std::fs::read_to_string(server.secret_file()).expect("the secret");
    assert_eq!(secret, server.secret());
}

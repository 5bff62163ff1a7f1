//! A real FreeRADIUS writes through `rlm_sql`, radkick reads; and what radkick writes, FreeRADIUS obeys.
use radkick::quota::UserName;
use radkick::store::SessionRow;
use serde_json::json;

use super::site::Site;
use super::store;
use crate::support::freeradius::Authentication;

/// Escaped twice by FreeRADIUS, and no ASCII.
const NAME: &str = "o'brien \"x\" é";

const T0: i64 = 1_700_000_000;

async fn the_row(site: &Site) -> SessionRow {
    let rows = site.database.sql("SELECT acctuniqueid FROM radacct");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let id = rows[0]["acctuniqueid"].as_str().expect("a text");
    store(&site.database).await.session(id).await.expect("asked").expect("a row")
}

fn at(seconds: i64) -> String {
    (T0 + seconds).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_as_freeradius_writes_them() {
    let site = Site::start();
    let (start, interim, stop) = (at(0), at(300), at(360));
    let prefix = ("Framed-IPv6-Prefix", "2001:db8:7::/56");
    site.account(NAME, "80a0=1", "Start", &[("Event-Timestamp", &start), prefix, ("Service-Type", "Framed-User")]);
    let row = the_row(&site).await;
    assert_eq!((row.user.as_str(), row.acct_session_id.as_str()), (NAME, "80a0=1"));
    assert_eq!((row.start, row.update, row.stop, row.octets()), (Some(T0), Some(T0), None, 0));
    let text = [&row.nas_ip_address, &row.framed_ip_address, &row.called_station_id, &row.framed_ipv6_prefix];
    assert_eq!(text, ["127.0.0.1", "192.168.88.41", "hot'spot 1", "2001:db8:7::/56"]);
    assert_eq!((row.service_type.as_str(), row.framed_protocol.as_str()), ("Framed-User", ""));

    let used = [("Event-Timestamp", interim.as_str()), ("Acct-Input-Octets", "100"), ("Acct-Input-Gigawords", "1")];
    for _ in 0..2 {
        // Sent twice, as a NAS does whose answer was lost
        site.account(NAME, "80a0=1", "Interim-Update", &[&used[..], &[("Acct-Output-Octets", "7")]].concat());
    }
    let row = the_row(&site).await;
    assert_eq!((row.update, row.input_octets, row.output_octets), (Some(T0 + 300), 4_294_967_396, 7));

    let ended = [("Event-Timestamp", stop.as_str()), ("Acct-Session-Time", "360")];
    let last = [&ended[..], &[("Acct-Output-Gigawords", "2"), ("Acct-Input-Octets", "101")]].concat();
    site.account(NAME, "80a0=1", "Stop", &last);
    let row = the_row(&site).await;
    assert_eq!((row.stop, row.input_octets, row.output_octets), (Some(T0 + 360), 101, 8_589_934_592));
    let seen = store(&site.database).await.sightings_of(&UserName::new(NAME)).await.expect("asked");
    let [seen] = &seen[..] else { panic!("one row") };
    assert_eq!((seen.input, seen.output, seen.seconds), (Some(101), Some(8_589_934_592), Some(360)));
    assert_eq!((seen.user.as_str(), &*seen.called_station_id, seen.stop), (NAME, "hot'spot 1", Some(T0 + 360)));
}

/// A late Interim-Update writes into the closed row here: the session is closed all the same, and the octets are those of
/// the packet that came last.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_packet_changes_a_closed_row() {
    let site = Site::start();
    let (start, stop, late) = (at(0), at(360), at(400));
    site.account("alice", "81", "Start", &[("Event-Timestamp", &start)]);
    site.account("alice", "81", "Stop", &[("Event-Timestamp", &stop), ("Acct-Input-Octets", "500")]);
    site.account("alice", "81", "Interim-Update", &[("Event-Timestamp", &late), ("Acct-Input-Octets", "300")]);
    let row = the_row(&site).await;
    assert_eq!((row.stop, row.update, row.input_octets), (Some(T0 + 360), Some(T0 + 400), 300));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_closes_the_login_and_restore_opens_it() {
    let site = Site::start();
    site.check("Alice", "Cleartext-Password", "pw");
    assert_eq!(site.server.authenticate("ALICE", "pw"), Authentication::Accept, "FreeRADIUS knows no case here either");
    let blocked = site.reports(&["block", "--user", "alice"], 0);
    assert_eq!(blocked, [json!({ "user": "Alice", "blocked": true })]);
    for name in ["Alice", "alice", "ALICE"] {
        assert!(matches!(site.server.authenticate(name, "pw"), Authentication::Reject(_)));
    }
    site.reports(&["restore", "--user", "aLICE"], 0);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    site.reports(&["restore", "--user", "alice"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_cut_by_hand() {
    let site = Site::start();
    site.account(NAME, "81", "Start", &[]);
    site.account("O'BRIEN \"X\" é", "82", "Start", &[]);
    site.account("somebody", "83", "Start", &[]);
    let reports = site.reports(&["disconnect", "--user", NAME], 0);
    assert_eq!(reports.len(), 2, "{reports:#?}");
    for report in &reports {
        assert_eq!((&report["fate"], &report["evidence"]), (&json!("ended"), &json!("accounting_stop")), "{report:#}");
    }
    // Each session by the name that its NAS knows
    let names: Vec<_> = site.server.coa_requests().iter().map(|request| request["User-Name"][0].clone()).collect();
    assert!(names.contains(&NAME.to_owned()) && names.contains(&"O'BRIEN \"X\" é".to_owned()), "{names:?}");
    let open = site.database.sql("SELECT username FROM radacct WHERE acctstoptime IS NULL");
    assert_eq!(json!(open), json!([{ "username": "somebody" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_over_is_cut_and_stays_out() {
    let site = Site::start();
    site.configure("[quota]\nmode = \"enforce\"\n");
    site.check("alice", "Cleartext-Password", "pw");
    site.check("alice", "Max-Octets", "1000");
    site.account("Alice", "81", "Start", &[]);
    site.account("Alice", "81", "Interim-Update", &[("Acct-Input-Octets", "600"), ("Acct-Output-Octets", "400")]);
    let reports = site.reports(&["enforce", "--once"], 0);
    assert_eq!(reports.len(), 1, "{reports:#?}");
    let report = &reports[0];
    assert_eq!((&report["fate"], &report["evidence"]), (&json!("ended"), &json!("accounting_stop")), "{report:#}");
    assert_eq!((&report["used_octets"], &report["blocked"]), (&json!(1000), &json!(true)), "{report:#}");
    assert!(matches!(site.server.authenticate("Alice", "pw"), Authentication::Reject(_)));
    let again = site.reports(&["enforce", "--once"], 0);
    assert!(again.iter().all(|report| report["attempts"] == json!([])), "{again:#?}");
    site.database.sql("UPDATE radcheck SET value = '2000' WHERE attribute = 'Max-Octets'");
    site.reports(&["enforce", "--once"], 0);
    assert_eq!(site.server.authenticate("Alice", "pw"), Authentication::Accept);
}

/// The list of the exempt knows no case either where the database knows none: better than to cut whom nobody may.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_exempt_is_so_in_every_spelling() {
    let site = Site::start();
    site.configure("[quota]\nmode = \"enforce\"\n[exempt]\nusers = [\"ALICE\"]\ngroups = [\"STAFF\"]\n");
    for user in ["alice", "bob", "carol"] {
        site.check(user, "Max-Octets", "1");
        site.account(user, user, "Start", &[]);
        site.account(user, user, "Interim-Update", &[("Acct-Input-Octets", "600")]);
    }
    site.database.sql("INSERT INTO radusergroup (username, groupname) VALUES ('Bob', 'staff')");
    let reports = site.reports(&["enforce", "--once"], 0);
    assert_eq!(reports.iter().map(|report| &report["user"]).collect::<Vec<_>>(), ["carol"]);
    site.reports(&["disconnect", "--user", "Alice"], 2);
    assert_eq!(site.database.sql("SELECT username FROM radacct WHERE acctstoptime IS NULL").len(), 2);
}

/// radcheck holds two spellings, and the block takes away the row that gave the user the name.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_stands_although_the_name_changes() {
    let site = Site::start();
    site.configure("[quota]\nmode = \"enforce\"\n[block]\nmode = \"remove\"\n");
    site.check("Alice", "Cleartext-Password", "pw");
    site.check("alice", "Max-Octets", "1");
    site.account("alice", "81", "Start", &[]);
    site.account("alice", "81", "Interim-Update", &[("Acct-Input-Octets", "600")]);
    site.reports(&["enforce", "--once"], 0);
    for _ in 0..2 {
        site.reports(&["enforce", "--once"], 0);
        assert!(matches!(site.server.authenticate("alice", "pw"), Authentication::Reject(_)));
    }
    site.database.sql("UPDATE radcheck SET value = '2000' WHERE attribute = 'Max-Octets'");
    site.reports(&["enforce", "--once"], 0);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_what_is_missing() {
    let site = Site::start();
    site.account("alice", "81", "Start", &[]);
    let finished = site.run(&["check"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let (name, account) = (site.database.name(), site.database.account());
    site.database.sql(&format!("REVOKE INSERT ON {name}.radreply FROM {account}"));
    site.database.sql(&format!("REVOKE CREATE ON {name}.radkick_job FROM {account}"));
    site.database.sql(&format!("REVOKE UPDATE (acctstoptime) ON {name}.radacct FROM {account}"));
    let finished = site.run(&["check"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    for words in ["missing rights: INSERT on radreply", "closing rows: missing rights: UPDATE", "`radkick_job`"] {
        assert!(finished.stderr.contains(words), "{words}: {finished:#?}");
    }
    site.database.sql("ALTER TABLE radacct DROP acctupdatetime");
    let finished = site.run(&["check"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert!(finished.stderr.contains("missing radacct.acctupdatetime"), "{finished:#?}");
}

//! A real FreeRADIUS writes through `rlm_sql`, radkick reads; and what radkick writes, FreeRADIUS obeys.
use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::{Accounting, SessionRow};
use serde_json::json;

use super::site::Site;
use super::url;
use crate::support::freeradius::Authentication;

/// Escaped twice by FreeRADIUS, and no ASCII.
const NAME: &str = "o'brien \"x\" é";

const T0: i64 = 1_700_000_000;

async fn store(site: &Site) -> Accounting {
    Accounting::open(&url(&site.database), &TableNames::default()).await.expect("FreeRADIUS' tables")
}

async fn the_row(site: &Site) -> SessionRow {
    let rows = site.database.sql("SELECT acctuniqueid FROM radacct");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let id = rows[0]["acctuniqueid"].as_str().expect("a text");
    store(site).await.session(id).await.expect("asked").expect("a row")
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
    site.account_unanswered(NAME, "80a0=1", &used);
    let row = the_row(&site).await;
    assert_eq!((row.stop, row.input_octets, row.output_octets), (Some(T0 + 360), 101, 8_589_934_592));
    let seen = store(&site).await.sightings_of(&UserName::new(NAME)).await.expect("asked");
    let [seen] = &seen[..] else { panic!("one row") };
    assert_eq!((seen.input, seen.output, seen.seconds), (Some(101), Some(8_589_934_592), Some(360)));
    assert_eq!((seen.user.as_str(), &*seen.called_station_id, seen.stop), (NAME, "hot'spot 1", Some(T0 + 360)));
}

/// Why `close_rows` is "never" here unless somebody says otherwise: what a session goes on using whose row we closed is not
/// seen until its Stop. That one FreeRADIUS 3.2.1 takes all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_we_close_takes_the_stop_alone() {
    let site = Site::start();
    site.account("alice", "1", "Interim-Update", &[("Event-Timestamp", &at(0)), ("Acct-Output-Octets", "5")]);
    let row = the_row(&site).await;
    assert!(store(&site).await.close_row(&row.acct_unique_id, T0 + 9).await.expect("closed"));
    site.account_unanswered("alice", "1", &[("Event-Timestamp", &at(30)), ("Acct-Output-Octets", "50")]);
    let row = the_row(&site).await;
    assert_eq!((row.stop, row.output_octets), (Some(T0 + 9), 5));
    site.account("alice", "1", "Stop", &[("Event-Timestamp", &at(60)), ("Acct-Output-Octets", "500")]);
    let row = the_row(&site).await;
    assert_eq!((row.stop, row.output_octets), (Some(T0 + 60), 500));
}

#[test]
fn a_block_closes_the_login_and_restore_opens_it() {
    let site = Site::start();
    site.check("o=27brien", "Cleartext-Password", "sesame");
    let login = || site.server.authenticate("o'brien", "sesame");
    assert_eq!(login(), Authentication::Accept);
    for (mode, message) in [("reject", Some("Data used up".to_owned())), ("remove", None)] {
        let reply = if message.is_some() { "reply_message = \"Data used up\"\n" } else { "" };
        site.configure(&format!("[block]\nmode = \"{mode}\"\n{reply}"));
        let before = site.database.sql("SELECT * FROM radcheck ORDER BY id");
        site.reports(&["block", "--user", "o'brien"], 0);
        assert_eq!(login(), Authentication::Reject(message), "{mode}");
        site.reports(&["restore", "--user", "o'brien"], 0);
        assert_eq!(login(), Authentication::Accept, "{mode}");
        assert_eq!(site.database.sql("SELECT * FROM radcheck ORDER BY id"), before);
        assert!(site.database.sql("SELECT id FROM radreply").is_empty());
    }
}

#[test]
fn disconnect_ends_a_session_and_proves_it() {
    let site = Site::start();
    site.account(NAME, "80a00f31", "Start", &[("Event-Timestamp", &at(0))]);
    let dry = site.reports(&["disconnect", "--user", NAME, "--dry-run"], 0);
    assert_eq!(dry[0]["would"]["paths"], json!(["radius"]));
    let ours = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'radkick%'";
    assert!(site.database.sql(ours).is_empty(), "a dry run makes no tables");
    let told = site.reports(&["disconnect", "--user", NAME], 0);
    assert_eq!(told.len(), 1);
    let keys = ["user", "nas", "fate", "path", "evidence", "framed_ip_address"].map(|key| told[0][key].clone());
    assert_eq!(json!(keys), json!([NAME, "R1", "ended", "radius", "accounting_stop", "192.168.88.41"]));
    assert_eq!(site.server.coa_requests().len(), 1);
    assert_eq!(site.database.sql("SELECT 1 AS open FROM radacct WHERE acctstoptime IS NULL").len(), 0);
    let jobs = site.database.sql("SELECT user_name, state FROM radkick.radkick_job");
    assert_eq!(json!(jobs), json!([{ "user_name": NAME, "state": "ended" }]));
}

#[test]
fn enforce_cuts_who_is_over_and_lets_in_who_has_paid() {
    let site = Site::start();
    site.configure("[quota]\nmode = \"enforce\"\n");
    for (user, octets) in [("alice", "1000"), ("bob", "999")] {
        site.check(user, "Cleartext-Password", "sesame");
        site.check(user, "Max-Octets", "5000000000");
        // 2^32 and the rest of 4,999,999,000
        let used = [("Acct-Input-Gigawords", "1"), ("Acct-Input-Octets", "705031704"), ("Acct-Output-Octets", octets)];
        site.account(user, user, "Interim-Update", &used);
    }
    let told = site.reports(&["enforce", "--once"], 0);
    assert_eq!(told.len(), 1, "{told:?}");
    let keys = ["user", "fate", "evidence", "blocked", "used_octets", "limit_octets"].map(|key| told[0][key].clone());
    assert_eq!(json!(keys), json!(["alice", "ended", "accounting_stop", true, 5_000_000_000_u64, 5_000_000_000_u64]));
    let logins = ["alice", "bob"].map(|user| site.server.authenticate(user, "sesame"));
    assert_eq!(logins, [Authentication::Reject(None), Authentication::Accept]);
    site.database.sql("UPDATE radcheck SET value = '6000000000' WHERE attribute = 'Max-Octets'");
    site.reports(&["enforce", "--once"], 0);
    assert_eq!(site.server.authenticate("alice", "sesame"), Authentication::Accept);
}

#[test]
fn check_names_what_is_missing() {
    let site = Site::start();
    site.configure("[accounting]\nclose_rows = \"proven\"\n");
    let told = site.run(&["check"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    let cases = [
        ("REVOKE UPDATE (acctstoptime) ON radacct FROM radkick", "missing rights: UPDATE on radacct (acctstoptime)"),
        ("REVOKE USAGE ON SEQUENCE radcheck_id_seq FROM radkick", "USAGE on the sequence public.radcheck_id_seq"),
        ("DROP SCHEMA radkick CASCADE", "missing rights: CREATE on a schema"),
        ("REVOKE SELECT (secret) ON nas FROM radkick", "missing rights: SELECT on nas (secret)"),
        ("ALTER TABLE radacct RENAME callingstationid TO mac", "missing radacct.callingstationid"),
        ("DROP TABLE radusergroup", "radusergroup"),
    ];
    for (statement, words) in cases {
        site.database.sql(statement);
        let told = site.run(&["check"]);
        assert_eq!(told.code, Some(5), "{told:#?}");
        assert!(told.stderr.contains(words), "{words}\n{told:#?}");
    }
}

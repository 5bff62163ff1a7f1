//! A simulated router with REST: what its own lists show of what it acknowledged.
use std::net::Ipv4Addr;

use radkick::simulator::{Event, HotspotCoa, LoginBy, NotFound, SessionSpec, SessionView, UnlistedLimits};
use serde_json::{Value, json};

use super::slower;
use crate::disconnect::site::{HASTY, PATIENT};
use crate::disconnect::stand::{CLIENT, MAC, Stand};

const PPP_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// alice on the hotspot, bob on PPP.
async fn stand() -> Stand {
    let stand = Stand::start(|_| ()).await;
    stand.configure("", PATIENT);
    stand.alice().await;
    stand.login(SessionSpec::ppp("bob", "02:00:00:00:00:42", PPP_CLIENT)).await;
    stand
}

fn view(stand: &Stand, user: &str) -> SessionView {
    stand.router.sessions().into_iter().find(|session| session.user == user).expect("a session")
}

/// The one report of this command, its exit code demanded.
fn told(stand: &Stand, arguments: &[&str], code: i32) -> Value {
    let mut reports = stand.site.reports(arguments, code);
    assert_eq!(reports.len(), 1, "{reports:#?}");
    reports.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_queue_and_the_row_show_is_confirmed() {
    let stand = stand().await;
    for user in ["alice", "bob"] {
        let report = told(&stand, &["coa", "--user", user, "--rate-limit", "512k/2M 1M/4M"], 0);
        assert_eq!((&report["outcome"], &report["confirmed"]), (&json!("ack"), &json!("confirmed")), "{report}");
        let limit = view(&stand, user).settings.rate_limit.expect("a limit");
        assert_eq!((limit.max.rx, limit.max.tx), (512_000, 2_000_000));
    }
    let limits =
        ["--recv-limit", "6 GiB", "--xmit-limit", "5000000000", "--session-timeout", "2h", "--idle-timeout", "10m"];
    let report = told(&stand, &[&["coa", "--user", "alice", "--address-list", "slow"], &limits[..]].concat(), 0);
    let attributes = ["Recv-Limit", "Recv-Limit-Gigawords", "Xmit-Limit", "Xmit-Limit-Gigawords", "Address-List"];
    let mut seen: serde_json::Map<String, Value> =
        attributes.iter().map(|name| (format!("Mikrotik-{name}"), json!("confirmed"))).collect();
    seen.extend(["Session-Timeout", "Idle-Timeout"].map(|name| (name.to_owned(), json!("confirmed"))));
    assert_eq!((&report["seen"], &report["confirmed"]), (&Value::Object(seen), &json!("confirmed")), "{report}");
    assert_eq!(view(&stand, "alice").settings.limit_bytes_in, Some(6 << 30));
    // PPP's list has no times: what is known of the rest is told, and no more is claimed
    let report = told(&stand, &["coa", "--user", "bob", "--rate-limit", "1M", "--session-timeout", "1h"], 0);
    let seen = json!({ "Mikrotik-Rate-Limit": "confirmed", "Session-Timeout": "not_asked" });
    assert_eq!((&report["seen"], &report["confirmed"]), (&seen, &json!("not_asked")), "{report}");
    assert_eq!(stand.removals().iter().filter(|status| **status != Some(200)).count(), 0, "nothing is removed");
    assert_eq!(stand.router.sessions().len(), 2, "nobody is cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_without_effect_is_found_out() {
    let stand = stand().await;
    stand.router.change(|behaviours| behaviours.coa.hotspot = HotspotCoa::AckNoop);
    let report = told(&stand, &slower("alice"), 3);
    assert_eq!((&report["outcome"], &report["confirmed"]), (&json!("ack"), &json!("not_seen")), "{report}");
    assert_eq!(report["seen_detail"], "the session has no queue");
    stand.router.change(|behaviours| behaviours.coa.hotspot = HotspotCoa::Applies);
    told(&stand, &["coa", "--user", "alice", "--rate-limit", "1M"], 0);
    stand.router.change(|behaviours| behaviours.coa.hotspot = HotspotCoa::AckNoop);
    let report = told(&stand, &slower("alice"), 3);
    assert_eq!((&report["outcome"], &report["confirmed"]), (&json!("ack"), &json!("not_seen")), "{report}");
    assert_eq!(report["seen_detail"], "queue <hotspot-alice> has max-limit 1M/1M");
    let report = told(&stand, &["coa", "--user", "alice", "--recv-limit", "1000"], 3);
    assert_eq!(report["seen_detail"], "limit-bytes-in is none", "{report}");
    // A router that takes the lower half alone
    stand.router.change(|behaviours| behaviours.coa.unlisted_limits = UnlistedLimits::Ignore);
    let report = told(&stand, &["coa", "--user", "bob", "--recv-limit", "6 GiB"], 3);
    assert_eq!(report["seen_detail"], "limit-bytes-in is 2147483648", "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_router() {
    let stand = stand().await;
    stand
        .login(SessionSpec {
            login_by: LoginBy::Mac,
            ..SessionSpec::hotspot("carol", "02:00:00:00:00:43", [192, 168, 88, 43].into())
        })
        .await;
    let report = told(&stand, &slower("carol"), 1);
    assert_eq!(
        (&report["outcome"], &report["error_cause"]),
        (&json!("nak"), &json!(406)),
        "logged in by MAC: {report}"
    );
    // The session is gone from the router, and radacct does not know
    stand.router.vanish(&view(&stand, "bob").acct_session_id).expect("a session");
    for (not_found, cause) in [
        (NotFound::UnsupportedExtension, json!(406)),
        (NotFound::SessionContextNotFound, json!(503)),
        (NotFound::NoErrorCause, Value::Null),
    ] {
        stand.router.change(|behaviours| behaviours.not_found = not_found);
        let report = told(&stand, &slower("bob"), 1);
        assert_eq!((&report["outcome"], &report["error_cause"]), (&json!("nak"), &cause), "{report}");
        assert_eq!(report["confirmed"], "not_asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_cannot_be_asked_confirms_nothing() {
    let stand = stand().await;
    stand.site.configure("", &(stand.nas(PATIENT) + &stand.rest("identity = \"R8\"")));
    let report = told(&stand, &slower("alice"), 0);
    assert_eq!((&report["outcome"], &report["confirmed"]), (&json!("ack"), &json!("not_asked")), "{report}");
    assert!(report["seen_detail"].as_str().is_some_and(|why| why.contains("not the router it should be")), "{report}");
    let closed = stand.rest("").replace(stand.router.rest_url(), "http://127.0.0.1:9/");
    stand.site.configure("", &(stand.nas(PATIENT) + &closed));
    let report = told(&stand, &slower("alice"), 0);
    assert!(report["seen_detail"].as_str().is_some_and(|why| why.contains("the connection was refused")), "{report}");
    // An ACK that is lost twice is sent again, and the same change twice is one
    let mut events = stand.router.events();
    stand.configure("", &HASTY.replace("mrc = 2", "mrc = 8").replace("mrd = \"1s\"", "mrd = \"20s\""));
    stand.router.change(|behaviours| behaviours.faults.drop_requests = 2);
    let report = told(&stand, &slower("alice"), 0);
    assert_eq!(
        (&report["attempts"][0]["transmissions"], &report["confirmed"]),
        (&json!(3), &json!("confirmed")),
        "{report}"
    );
    assert!(std::iter::from_fn(|| events.try_recv().ok()).any(|event| matches!(event, Event::Discarded { .. })));
    assert_eq!(view(&stand, "alice").address, CLIENT);
    assert_eq!(view(&stand, "alice").mac, MAC);
}

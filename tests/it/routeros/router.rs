//! Lists, cookies and hosts of a router that behaves like one.

use std::net::{IpAddr, Ipv4Addr};

use radkick::config::Tls;
use radkick::routeros::{ActiveRow, IncomingCounters, Menu, Removal, RestClient};
use radkick::simulator::{RestOptions, Router, RouterOptions, SessionSpec, Tls as RouterTls};

use super::{PASSWORD, settings};

const MAC: &str = "02:00:00:00:00:41";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);

/// A router with these hotspot users, and a client of it.
async fn with_users(users: &[&str]) -> (Router, RestClient) {
    let mut options = RouterOptions::new("R1", Ipv4Addr::new(127, 0, 1, 9));
    options.rest = Some(RestOptions { tls: RouterTls::Plain, ..RestOptions::new("radkick", PASSWORD) });
    let router = Router::start(options).await.expect("a router");
    for (user, at) in users.iter().zip(41_u8..) {
        let mac = format!("02:00:00:00:00:{at}");
        router
            .login(SessionSpec { cookies: true, ..SessionSpec::hotspot(*user, mac, Ipv4Addr::new(192, 168, 88, at)) });
    }
    let client = RestClient::new(&settings(router.rest_url(), Tls::Off)).expect("a client");
    (router, client)
}

fn users(rows: &[ActiveRow]) -> Vec<&str> {
    let mut users: Vec<&str> = rows.iter().map(|row| row.user.as_str()).collect();
    users.sort_unstable();
    users
}

#[tokio::test]
async fn rows_of_some_users() {
    let odd = "a&b=c%/../$(x)\"\\ é\n\u{1}";
    let (router, client) = with_users(&["alice", "bob", "carol", "a+b", odd]).await;
    router.change(|behaviours| behaviours.rest.raw_control_octets = true);
    for (names, expected) in [
        (vec!["alice", "carol", "nobody"], vec!["alice", "carol"]),
        (vec!["a+b"], vec!["a+b"]),
        (vec![odd, "bob"], vec![odd, "bob"]),
        (vec!["", "user=alice", "#|"], vec![]),
        (vec![], vec![]),
    ] {
        let rows = client.active_of(Menu::HotspotActive, &names).await.expect("a list");
        assert_eq!(users(&rows), expected, "{names:?}");
        assert!(rows.iter().all(|row| row.login_by.is_some() && row.uptime.is_some() && row.mac.is_some()));
    }
    let many: Vec<String> = (0..17).map(|n| format!("u{n}")).chain(["bob".to_owned()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(users(&client.active_of(Menu::HotspotActive, &many).await.expect("a list")), ["bob"]);
    let log = router.rest_log();
    assert_eq!(log.iter().filter(|request| request.method == "GET").count(), 2, "{log:#?}");
}

#[tokio::test]
async fn a_list_without_ids_is_refused() {
    let (router, client) = with_users(&["alice"]).await;
    assert_eq!(client.active(Menu::HotspotActive).await.expect("a list").len(), 1);
    router.change(|behaviours| behaviours.rest.proplist_without_id = true);
    // `.id` is asked for like any column, so such a version sends it too.
    assert_eq!(client.active(Menu::HotspotActive).await.expect("a list").len(), 1);
}

#[tokio::test]
async fn cookies_of_a_user_and_of_a_device() {
    let (router, client) = with_users(&["alice", "bob"]).await;
    let of_alice = client.cookies("alice", None).await.expect("a list");
    assert!(!of_alice.is_empty() && of_alice.iter().all(|cookie| cookie.user == "alice"), "{of_alice:?}");
    assert!(of_alice.iter().any(|cookie| cookie.is_mac_cookie) && of_alice.iter().any(|cookie| !cookie.is_mac_cookie));
    let of_device = client.cookies("nobody", Some("02-00-00-00-00-42")).await.expect("a list");
    assert!(!of_device.is_empty() && of_device.iter().all(|cookie| cookie.user == "bob"), "{of_device:?}");
    assert_eq!(client.cookies("nobody", Some("no MAC")).await.expect("a list"), []);
    assert_eq!(client.cookies("", None).await.expect("a list"), []);
    // A name that goes into no query: the whole list is read, and only what is wanted of it given.
    assert_eq!(client.cookies("é", Some(MAC)).await.expect("a list"), of_alice);

    for cookie in &of_alice {
        assert_eq!(client.remove_cookie(&cookie.id).await.expect("an answer"), Removal::Removed);
        assert_eq!(client.remove_cookie(&cookie.id).await.expect("an answer"), Removal::AlreadyGone);
    }
    assert!(router.cookies().iter().all(|cookie| cookie.user == "bob") && !router.cookies().is_empty());
}

#[tokio::test]
async fn hosts_of_a_device() {
    let (_router, client) = with_users(&["alice", "bob"]).await;
    let address = Some(IpAddr::V4(ADDRESS));
    for (mac, address) in [(Some(MAC), None), (None, address), (Some("020000000041"), address)] {
        let hosts = client.hosts(mac, address).await.expect("a list");
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        assert!(hosts[0].authorized && !hosts[0].bypassed && hosts[0].to_address == Some(IpAddr::V4(ADDRESS)));
    }
    let elsewhere = client.hosts(Some("02:00:00:00:00:42"), address).await.expect("a list");
    assert_eq!(elsewhere, [], "the device of that MAC is at another address");
    assert_eq!(client.hosts(None, None).await.expect("a list"), []);
    let host = client.hosts(Some(MAC), None).await.expect("a list").remove(0);
    assert_eq!(client.remove_host(&host.id).await.expect("an answer"), Removal::Removed);
    assert_eq!(client.remove_host(&host.id).await.expect("an answer"), Removal::AlreadyGone);
}

#[tokio::test]
async fn counters_of_incoming() {
    let (_router, client) = with_users(&[]).await;
    let none = IncomingCounters { requests: 0, bad_requests: 0, acks: 0, naks: 0 };
    assert_eq!(client.incoming_counters().await.expect("counters"), none);
}

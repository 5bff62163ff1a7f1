//! Lists, rows and removals as RouterOS answers them.

use std::time::Duration;

use radkick::routeros::{Menu, Removal};

use super::server::http;
use super::{Canned, client};

const HOTSPOT: &str = r#"[{".id":"*C0A85829","address":"192.168.88.41","bytes-in":"1024","bytes-out":"5000000000",
"domain":"isp","idle-time":"2s","login-by":"http-chap","mac-address":"AA:BB:CC:00:11:22","radius":"true",
"server":"hotspot1","uptime":"1h12m","user":"bob"},{".id":"*C0A8582A","address":"192.168.88.42","user":"guest"}]"#;
const PPP: &str = r#"[{".id":"*80000001","address":"10.20.4.7","caller-id":"AA:BB:CC:00:11:33","encoding":"",
"name":"eve","radius":"true","service":"pppoe","session-id":"0x81E0000B","uptime":"4d2h3m"}]"#;
const NOT_FOUND: &str = r#"{"error":404,"message":"Not Found"}"#;
const NO_ITEM: &str = r#"{"detail":"no such item","error":400,"message":"Bad Request"}"#;

#[tokio::test]
async fn reads_the_hotspot_list() {
    let router = Canned::json(200, HOTSPOT).await;
    let rows = client(&router).active(Menu::HotspotActive).await.expect("a list");
    assert_eq!(rows.len(), 2);
    let bob = &rows[0];
    assert_eq!((bob.id.as_str(), bob.login().as_str()), ("*C0A85829", "bob@isp"));
    assert_eq!(bob.address, Some("192.168.88.41".parse().expect("an address")));
    assert_eq!(bob.mac.as_deref(), Some("AA:BB:CC:00:11:22"));
    assert_eq!((bob.bytes_in, bob.bytes_out), (Some(1024), Some(5_000_000_000)));
    assert_eq!(bob.uptime, Some(Duration::from_mins(72)));
    assert!(bob.radius && bob.session_id.is_none());
    assert!(!rows[1].radius && rows[1].login() == "guest");

    let request = &router.requests()[0];
    assert!(request.starts_with("GET /rest/ip/hotspot/active?.proplist=.id,user,"), "{request}");
    assert!(request.contains("authorization: Basic cmFka2ljazpodW50ZXIyICYgY28="), "{request}");
}

#[tokio::test]
async fn reads_the_ppp_list() {
    let router = Canned::json(200, PPP).await;
    let rows = client(&router).active(Menu::PppActive).await.expect("a list");
    let eve = &rows[0];
    assert_eq!((eve.user.as_str(), eve.session_id.as_deref()), ("eve", Some("81e0000b")));
    assert_eq!(eve.mac.as_deref(), Some("AA:BB:CC:00:11:33"));
    assert_eq!((eve.bytes_in, eve.uptime), (None, Some(Duration::from_mins((4 * 24 + 2) * 60 + 3))));
    assert!(router.requests()[0].starts_with("GET /rest/ppp/active?.proplist=.id,name,"));
}

#[tokio::test]
async fn reads_names_with_raw_control_octets() {
    let router = Canned::json(200, "[{\".id\":\"*1\",\"user\":\"a\u{1}b\tc\"}]").await;
    let rows = client(&router).active(Menu::HotspotActive).await.expect("a list");
    assert_eq!(rows[0].user, "a\u{1}b\tc");
}

#[tokio::test]
async fn reads_one_row_or_none() {
    let row = r#"{".id":"*1A","user":"bob","radius":"true"}"#;
    let router = Canned::raw(&[&http(200, row), &http(404, NOT_FOUND), &http(200, "[]")]).await;
    let client = client(&router);
    let bob = client.row(Menu::HotspotActive, "*1A").await.expect("an answer").expect("a row");
    assert_eq!(bob.user, "bob");
    assert!(router.requests()[0].starts_with("GET /rest/ip/hotspot/active/*1A "));
    assert_eq!(client.row(Menu::HotspotActive, "*1A").await.expect("an answer"), None);
    assert_eq!(client.row(Menu::HotspotActive, "*1A").await.expect("an answer"), None);
}

#[tokio::test]
async fn removes_a_row_once() {
    let no_content = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    let answers = [no_content, &http(200, ""), &http(404, NOT_FOUND), &http(400, NO_ITEM)];
    let router = Canned::raw(&answers).await;
    let client = client(&router);
    for expected in [Removal::Removed, Removal::Removed, Removal::AlreadyGone, Removal::AlreadyGone] {
        assert_eq!(client.remove(Menu::PppActive, "*80000001").await.expect("an answer"), expected);
    }
    assert!(router.requests()[0].starts_with("DELETE /rest/ppp/active/*80000001 "));
}

#[tokio::test]
async fn asks_the_identity() {
    for body in [r#"{"name":"R17-Uyo"}"#, r#"[{"name":"R17-Uyo"}]"#] {
        let router = Canned::json(200, body).await;
        assert_eq!(client(&router).identity().await.expect("an answer"), "R17-Uyo");
        assert!(router.requests()[0].starts_with("GET /rest/system/identity "));
    }
}

//! REST as RouterOS serves it.
use std::net::Ipv4Addr;

use radkick::radius::AttributeType;
use radkick::simulator::{Behaviours, RestBehaviours, RestOptions, Rights, Router, RouterOptions, SessionSpec, Tls};
use reqwest::{Certificate, ClientBuilder, Method};
use serde_json::{Value, json};

use super::peer::AccountingServer;
use super::{CLIENT, MAC, accounted, options, start, with_alice, with_rest};

pub(super) const ACTIVE: &str = "/rest/ip/hotspot/active";
const ALICE: &str = "/rest/ip/hotspot/active/*C0A85829";

/// A client as a test wants one: it follows no redirect and asks no proxy.
pub(super) fn client() -> ClientBuilder {
    // Another test may have installed it before.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none())
}

pub(super) async fn ask_with(router: &Router, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let url = format!("{}{path}", router.rest_url());
    let request = client().build().expect("a client").request(method, url).basic_auth("kick", Some("p:ss"));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
}

pub(super) async fn ask(router: &Router, method: Method, path: &str) -> (u16, Value) {
    ask_with(router, method, path, None).await
}

async fn post(router: &Router, path: &str, body: Value) -> (u16, Value) {
    ask_with(router, Method::POST, path, Some(body)).await
}

fn error(status: u16, message: &str, detail: &str) -> (u16, Value) {
    (status, json!({ "error": status, "message": message, "detail": detail }))
}

fn not_found() -> (u16, Value) {
    (404, json!({ "error": 404, "message": "Not Found" }))
}

fn users((status, rows): (u16, Value)) -> Vec<String> {
    assert_eq!(status, 200, "{rows}");
    let Value::Array(rows) = rows else { panic!("no array: {rows}") };
    let name = |row: Value| row.get("user").or(row.get("name")).and_then(Value::as_str).expect("a name").to_owned();
    rows.into_iter().map(name).collect()
}

/// alice and bob on the hotspot, carol over PPP, and a local user.
async fn busy_router() -> Router {
    let router = start(with_rest()).await;
    let address = |last| Ipv4Addr::new(192, 168, 88, last);
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    router.login(SessionSpec::hotspot("a&b+c %", "02:00:00:00:00:42", address(42)));
    router.login(SessionSpec { radius: false, ..SessionSpec::hotspot("local", "02:00:00:00:00:43", address(43)) });
    router.login(SessionSpec::ppp("carol", "02:00:00:00:00:44", Ipv4Addr::new(10, 0, 0, 4)));
    router
}

#[tokio::test]
async fn rows_read_as_routeros_writes_them() {
    let router = busy_router().await;
    let (_, row) = ask(&router, Method::GET, ALICE).await;
    let expected = json!({
        ".id": "*C0A85829", "address": "192.168.88.41", "bytes-in": "0", "bytes-out": "0", "idle-time": "0s",
        "keepalive-timeout": "2m", "login-by": "http-chap", "mac-address": MAC, "packets-in": "0", "packets-out": "0",
        "radius": "true", "server": "hotspot1", "uptime": row["uptime"], "user": "alice",
    });
    assert_eq!(row, expected);
    let (_, rows) = ask(&router, Method::GET, "/rest/ppp/active").await;
    let carol = &rows[0];
    assert_eq!((&carol["name"], &carol["session-id"]), (&json!("carol"), &json!("0x81000004")));
    assert_eq!((&carol["service"], &carol["caller-id"]), (&json!("pppoe"), &json!("02:00:00:00:00:44")));
    assert!(carol.get("bytes-in").is_none(), "PPP has no counters here");
    assert_eq!(ask(&router, Method::GET, "/rest/system/identity").await, (200, json!({ "name": "R1" })));
    let (_, rows) = ask(&router, Method::GET, &format!("{ACTIVE}?user=local")).await;
    assert!(rows[0].get("radius").is_none(), "a flag that is not set is not there");
}

#[tokio::test]
async fn filters_are_exact_and_anded() {
    let router = busy_router().await;
    for (query, expected) in [
        ("", vec!["alice", "a&b+c %", "local"]),
        ("?user=alice", vec!["alice"]),
        ("?user=alic", vec![]),
        ("?user=alice&radius=true", vec!["alice"]),
        ("?user=local&radius=true", vec![]),
        ("?radius=false", vec!["local"]),
        ("?radius=no", vec!["local"]),
        ("?radius=yes&user=alice", vec!["alice"]),
        ("?user=a%26b%2Bc%20%25", vec!["a&b+c %"]),
        ("?.id=*C0A85829", vec!["alice"]),
        ("?.id=*1", vec![]),
    ] {
        assert_eq!(users(ask(&router, Method::GET, &format!("{ACTIVE}{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn print_takes_queries_with_operators() {
    let router = busy_router().await;
    let print = format!("{ACTIVE}/print");
    for (query, expected) in [
        (json!(["user=alice", "user=local", "#|"]), vec!["alice", "local"]),
        (json!(["user=alice", "radius=true"]), vec!["alice"]),
        (json!(["radius=true", "user=alice", "#!&"]), vec!["a&b+c %"]),
        (json!(["-radius"]), vec!["local"]),
        (json!(["radius"]), vec!["alice", "a&b+c %"]),
    ] {
        assert_eq!(users(post(&router, &print, json!({ ".query": query })).await), expected, "{query}");
    }
    let columns = json!({ ".query": ["user=alice"], ".proplist": ["user"] });
    assert_eq!(post(&router, &print, columns).await, (200, json!([{ ".id": "*C0A85829", "user": "alice" }])));
    assert_eq!(post(&router, &print, json!({ ".query": ["#|"] })).await.0, 400);
    assert_eq!(
        post(&router, &print, json!({ "colour": "red" })).await,
        error(400, "Bad Request", "unknown parameter colour")
    );
}

#[tokio::test]
async fn columns_may_come_without_the_id() {
    let rest = RestBehaviours { proplist_without_id: true, ..RestBehaviours::default() };
    let behaviours = Behaviours { rest, ..Behaviours::default() };
    let (router, _) = with_alice(RouterOptions { behaviours, ..with_rest() }).await;
    let path = format!("{ACTIVE}?.proplist=user,address");
    let expected = json!([{ "address": "192.168.88.41", "user": "alice" }]);
    assert_eq!(ask(&router, Method::GET, &path).await, (200, expected));
}

#[tokio::test]
async fn a_delete_ends_the_session_with_a_stop_and_the_next_is_404() {
    let server = AccountingServer::start().await;
    let rest = Some(RestOptions::new("kick", "p:ss"));
    let (router, _) = with_alice(RouterOptions { rest, ..accounted(server.addr()) }).await;
    server.take().await;
    assert_eq!(ask(&router, Method::DELETE, ALICE).await, (204, Value::Null));
    let stop = server.take().await.opened.attributes;
    assert_eq!(stop.first_u32(AttributeType::ACCT_TERMINATE_CAUSE), Some(6));
    assert_eq!((router.sessions().len(), router.cookies().len()), (0, 1), "the HTTP cookie stays");
    assert_eq!(ask(&router, Method::DELETE, ALICE).await, not_found());
    assert_eq!(ask(&router, Method::GET, ALICE).await, not_found());
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!([])));
    let log: Vec<_> = router.rest_log().into_iter().map(|r| (r.method, r.status)).collect();
    assert_eq!(log[..2], [("DELETE".to_owned(), Some(204)), ("DELETE".to_owned(), Some(404))]);
}

#[tokio::test]
async fn an_id_is_used_again_by_the_next_session_there() {
    let (router, _) = with_alice(with_rest()).await;
    router.login(SessionSpec::hotspot("mallory", "02:00:00:00:00:66", CLIENT));
    assert_eq!(users(ask(&router, Method::GET, ACTIVE).await), ["mallory"]);
    assert_eq!(ask(&router, Method::GET, ALICE).await.1["user"], "mallory");
}

#[tokio::test]
async fn remove_is_a_command_too() {
    let (router, _) = with_alice(with_rest()).await;
    let remove = format!("{ACTIVE}/remove");
    assert_eq!(post(&router, &remove, json!({})).await, error(400, "Bad Request", "missing =.id="));
    assert_eq!(post(&router, &remove, json!({ ".id": "*C0A85829" })).await, (200, json!([])));
    assert_eq!(
        post(&router, &remove, json!({ "numbers": "*C0A85829" })).await,
        error(400, "Bad Request", "no such item")
    );
    router.change(|behaviours| behaviours.rest.remove_missing_says_404 = true);
    assert_eq!(post(&router, &remove, json!({ ".id": "*1" })).await, error(404, "Not Found", "no such item"));
    router.change(|behaviours| behaviours.rest.delete_says_200 = true);
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    assert_eq!(ask(&router, Method::DELETE, ALICE).await, (200, Value::Null));
}

#[tokio::test]
async fn cookies_and_hosts_are_rows() {
    let (router, _) = with_alice(with_rest()).await;
    let (_, cookies) = ask(&router, Method::GET, "/rest/ip/hotspot/cookie?user=alice").await;
    assert_eq!(cookies.as_array().map(Vec::len), Some(2));
    assert_eq!((&cookies[0]["mac-cookie"], &cookies[0]["mac-address"]), (&json!("true"), &json!(MAC)));
    for cookie in cookies.as_array().unwrap() {
        let path = format!("/rest/ip/hotspot/cookie/{}", cookie[".id"].as_str().unwrap());
        assert_eq!(ask(&router, Method::DELETE, &path).await.0, 204);
    }
    assert_eq!(router.cookies(), []);
    let (_, hosts) = ask(&router, Method::GET, "/rest/ip/hotspot/host").await;
    assert_eq!((&hosts[0]["address"], &hosts[0]["authorized"]), (&json!("192.168.88.41"), &json!("true")));
    ask(&router, Method::DELETE, ALICE).await;
    let (_, hosts) = ask(&router, Method::GET, "/rest/ip/hotspot/host").await;
    assert!(hosts[0].get("authorized").is_none(), "the host stays, unauthorized");
}

#[tokio::test]
async fn the_monitor_counts_in_text() {
    let router = start(with_rest()).await;
    let expected = json!([{ "acks": "0", "bad-requests": "0", "naks": "0", "requests": "0" }]);
    assert_eq!(post(&router, "/rest/radius/incoming/monitor", json!({ "once": "" })).await, (200, expected));
}

#[tokio::test]
async fn errors_have_their_bodies() {
    let router = start(with_rest()).await;
    let bad = |detail| error(400, "Bad Request", detail);
    for (method, path, expected) in [
        (Method::GET, "/rest/ip/hotspot/activ", bad("no such command or directory (activ)")),
        (Method::GET, "/rest/ip/hotspot/active/remove", bad("no such command")),
        (Method::GET, "/rest/radius/incoming/monitor", bad("no such command")),
        (Method::PUT, ACTIVE, bad("no such command or directory (add)")),
        (Method::DELETE, "/rest/ip/hotspot/active/*1", not_found()),
        (Method::DELETE, "/rest/ip/hotspot/active/%2A1", bad("no such command or directory (%2A1)")),
    ] {
        assert_eq!(ask(&router, method, path).await, expected, "{path}");
    }
    assert_eq!(ask(&router, Method::HEAD, ACTIVE).await, (501, Value::Null));
}

#[tokio::test]
async fn a_wrong_login_and_missing_rights_are_refused() {
    let no = |change: fn(&mut Rights)| {
        let mut rest = RestOptions::new("kick", "p:ss");
        change(&mut rest.rights);
        RouterOptions { rest: Some(rest), ..options() }
    };
    let unauthorized = (401, json!({ "error": 401, "message": "Unauthorized" }));
    let mut wrong = with_rest();
    wrong.rest = Some(RestOptions::new("kick", "another"));
    for options in [wrong, no(|rights| rights.rest_api = false)] {
        assert_eq!(ask(&start(options).await, Method::GET, ACTIVE).await, unauthorized);
    }
    let forbidden = error(403, "Forbidden", "not enough permissions (9)");
    let (router, _) = with_alice(no(|rights| rights.read = false)).await;
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, forbidden);
    router.change(|behaviours| behaviours.rest.unreadable_is_empty = true);
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!([])));
    let (router, _) = with_alice(no(|rights| rights.write = false)).await;
    assert_eq!(ask(&router, Method::DELETE, ALICE).await, forbidden);
    assert_eq!(router.sessions().len(), 1);
}

#[tokio::test]
async fn a_router_with_a_certificate_authority_is_trusted_by_it_alone() {
    let router = start(with_tls(Tls::CaSigned)).await;
    let url = format!("{}/rest/system/identity", router.rest_url());
    assert!(url.starts_with("https://127.0.1.7:"));
    let authority = Certificate::from_pem(router.rest_certificate_pem().as_bytes()).unwrap();
    let trusting = client().tls_certs_only([authority]).build().unwrap();
    let answer = trusting.get(&url).basic_auth("kick", Some("p:ss")).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);

    let other = start(with_tls(Tls::CaSigned)).await;
    let stranger = Certificate::from_pem(other.rest_certificate_pem().as_bytes()).unwrap();
    let distrusting = client().tls_certs_only([stranger]).build().unwrap();
    assert!(distrusting.get(&url).send().await.is_err());
}

fn with_tls(tls: Tls) -> RouterOptions {
    let mut rest = RestOptions::new("kick", "p:ss");
    rest.tls = tls;
    RouterOptions { rest: Some(rest), ..options() }
}

#[tokio::test]
async fn a_fingerprint_is_that_of_the_certificate_that_is_served() {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;

    let router = start(with_tls(Tls::SelfSigned)).await;
    let pem = router.rest_certificate_pem().as_bytes().to_vec();
    let der = rustls::pki_types::pem::PemObject::from_pem_slice(&pem).unwrap();
    let der: rustls::pki_types::CertificateDer<'_> = der;
    let mut digest = String::new();
    for octet in Sha256::digest(&der) {
        write!(digest, "{octet:02x}").unwrap();
    }
    assert_eq!(router.rest_fingerprint(), digest);
    let trusting_all = client().tls_danger_accept_invalid_certs(true).build().unwrap();
    let url = format!("{}/rest/system/identity", router.rest_url());
    let answer = trusting_all.get(url).basic_auth("kick", Some("p:ss")).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

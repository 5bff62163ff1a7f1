//! The forms in which a router is asked, and what is asked when it does not know one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use radkick::config::Tls;
use radkick::routeros::{IncomingSettings, LoginRisk, Menu, RestClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::server::http;
use super::{Canned, client, settings};

const BOB: &str = r#"[{".id":"*1","user":"bob","login-by":"mac-cookie"},{".id":"*2","user":"eve"}]"#;
const COLUMNS: &str = ".id,user,domain,address,mac-address,login-by,radius,uptime,bytes-in,bytes-out";
const UNKNOWN_PARAMETER: &str = r#"{"detail":"unknown parameter .proplist","error":400,"message":"Bad Request"}"#;
const UNKNOWN_COMMAND: &str = r#"{"detail":"no such command","error":400,"message":"Bad Request"}"#;

#[tokio::test]
async fn a_list_is_asked_for_by_its_columns() {
    let router = Canned::raw(&[&http(200, BOB), &http(400, UNKNOWN_PARAMETER), &http(200, BOB)]).await;
    let client = client(&router);
    let rows = client.active(Menu::HotspotActive).await.expect("a list");
    assert_eq!(rows[0].login_by.as_deref(), Some("mac-cookie"));
    assert!(router.requests()[0].starts_with(&format!("GET /rest/ip/hotspot/active?.proplist={COLUMNS} ")));

    assert_eq!(client.active(Menu::HotspotActive).await.expect("a list").len(), 2);
    let print = &router.requests()[2];
    assert!(print.starts_with("POST /rest/ip/hotspot/active/print "), "{print}");
    assert!(print.ends_with(&format!("{{\".proplist\":[\"{}\"]}}", COLUMNS.replace(',', "\",\""))), "{print}");
}

#[tokio::test]
async fn users_are_asked_for_by_a_query() {
    for (names, words) in [
        (&["bob", "eve", "x"][..], r##"["user=bob","user=eve","#|","user=x","#|"]"##),
        (&["a&b c%/../$(x)\""], r#"["user=a&b c%/../$(x)\""]"#),
        (&["bob@isp", "eve"], r##"["user=bob@isp","user=bob","domain=isp","#&","#|","user=eve","#|"]"##),
        (&["isp\\bob"], r##"["user=isp\\bob","user=bob","domain=isp","#&","#|"]"##),
    ] {
        let router = Canned::json(200, "[]").await;
        client(&router).active_of(Menu::HotspotActive, names).await.expect("a list");
        let request = &router.requests()[0];
        assert!(request.starts_with("POST /rest/ip/hotspot/active/print "), "{request}");
        assert!(request.ends_with(&format!("\".query\":{words}}}")), "{request}");
    }
    let router = Canned::json(200, r#"[{".id":"*1","name":"bob@isp"}]"#).await;
    let rows = client(&router).active_of(Menu::PppActive, &["bob@isp"]).await.expect("a list");
    assert!(router.requests()[0].ends_with(r#"".query":["name=bob@isp"]}"#), "a PPP list has the name as it is");
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_router_that_knows_no_query_is_asked_for_everything() {
    for refusal in [http(400, UNKNOWN_PARAMETER), http(400, UNKNOWN_COMMAND), http(405, ""), http(404, "<html>")] {
        let router = Canned::raw(&[&refusal, &http(200, BOB)]).await;
        let rows = client(&router).active_of(Menu::HotspotActive, &["bob"]).await.expect("a list");
        assert_eq!((rows.len(), rows[0].user.as_str()), (1, "bob"));
        assert!(router.requests()[1].starts_with("GET /rest/ip/hotspot/active?"));
    }
}

#[tokio::test]
async fn a_router_that_ignores_the_query_gives_nobody_elses_rows() {
    let list = r#"[{".id":"*1","user":"bob","domain":"isp"},{".id":"*2","user":"bob"},{".id":"*3","user":"eve"}]"#;
    for (name, rows) in [("bob@isp", 1), ("isp\\bob", 1), ("BOB", 2), ("bo", 0)] {
        let router = Canned::json(200, list).await;
        let found = client(&router).active_of(Menu::HotspotActive, &[name]).await.expect("a list");
        assert_eq!(found.len(), rows, "{name}: {found:?}");
    }
}

#[tokio::test]
async fn settings_of_incoming() {
    for (body, accept, port) in [
        (r#"{"accept":"true","port":"3799","vrf":"main"}"#, true, 3799),
        (r#"[{"accept":"no","port":"1700"}]"#, false, 1700),
    ] {
        let router = Canned::json(200, body).await;
        let found = client(&router).incoming_settings().await.expect("settings");
        assert_eq!(found, IncomingSettings { accept, port });
        assert!(router.requests()[0].starts_with("GET /rest/radius/incoming "));
    }
    let router = Canned::json(200, "[]").await;
    let error = client(&router).incoming_settings().await.expect_err("no settings");
    assert!(error.to_string().contains("reading /radius incoming: its answer is not what RouterOS sends"), "{error}");
}

#[tokio::test]
async fn users_of_the_routers_own() {
    let bob = r#"[{".id":"*1","name":"bob"}]"#;
    let disabled = r#"[{".id":"*1","name":"bob","disabled":"true"}]"#;
    for (menu, path) in [(Menu::HotspotActive, "ip/hotspot/user"), (Menu::PppActive, "ppp/secret")] {
        for (answer, there) in
            [(bob, true), (disabled, false), ("[]", false), (r#"[{".id":"*1","name":"eve"}]"#, false)]
        {
            let router = Canned::json(200, answer).await;
            assert_eq!(client(&router).local_user(menu, "bob").await.expect("an answer"), there, "{answer}");
            let request = &router.requests()[0];
            assert!(request.starts_with(&format!("POST /rest/{path}/print ")), "{request}");
            assert!(request.ends_with(r#"{".proplist":[".id","name","disabled"],".query":["name=bob"]}"#), "{request}");
        }
    }
}

#[tokio::test]
async fn a_router_that_takes_neither_form_is_told() {
    let refusal =
        http(406, r#"{"detail":"no such command or directory (print)","error":406,"message":"Not Acceptable"}"#);
    let unusual = http(406, r#"{"error":406,"message":"Not Acceptable"}"#);
    for (answers, expected) in [
        ([&unusual, &unusual], "it answered 406"),
        ([&refusal, &refusal], "it answered 406 (no such command or directory (print))"),
    ] {
        let router = Canned::raw(&[answers[0], answers[1]]).await;
        let error = client(&router).active(Menu::HotspotActive).await.expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn ways_in_without_a_password_and_the_clock() {
    let profiles = r#"[{".id":"*0","name":"default","login-by":"cookie,http-chap"},
        {".id":"*1","name":"cafe","login-by":"mac,mac-cookie,http-pap"}]"#;
    let user_profiles = r#"[{"name":"default","add-mac-cookie":"true"},{"name":"strict","add-mac-cookie":"false"}]"#;
    let clock = r#"{"date":"2026-11-23","time":"02:41:07","gmt-offset":"+02:00","time-zone-name":"Europe/Kyiv"}"#;
    let router = Canned::raw(&[&http(200, profiles), &http(200, user_profiles), &http(200, clock)]).await;
    let client = client(&router);
    let by = |profile: &str, way: &str| LoginRisk::LoginBy { profile: profile.into(), way: way.into() };
    let expected = [
        by("default", "cookie"),
        by("cafe", "mac"),
        by("cafe", "mac-cookie"),
        LoginRisk::AddMacCookie { profile: "default".into() },
    ];
    assert_eq!(client.login_risks().await.expect("profiles"), expected);
    assert_eq!(client.time().await.expect("a clock"), Some(1_795_394_467));
    let paths = ["ip/hotspot/profile?", "ip/hotspot/user/profile?", "system/clock "];
    for (request, path) in router.requests().iter().zip(paths) {
        assert!(request.starts_with(&format!("GET /rest/{path}")), "{request}");
    }
    let harmless = Canned::json(200, r#"[{"name":"default","login-by":"http-chap,https"}]"#).await;
    assert_eq!(super::client(&harmless).login_risks().await.expect("profiles"), []);
}

#[tokio::test]
async fn two_questions_at_once_and_connections_are_kept() {
    const QUESTIONS: usize = 12;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)]);
    // Each answer waits for a permit, and the test gives them out, so that questions pile up.
    let permits = Arc::new(Semaphore::new(0));
    let arrivals = Arc::new(Semaphore::new(0));
    let (counted, gate, arrived) = (Arc::clone(&counts), Arc::clone(&permits), Arc::clone(&arrivals));
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let (counted, gate, arrived) = (Arc::clone(&counted), Arc::clone(&gate), Arc::clone(&arrived));
            tokio::spawn(async move {
                let [connections, busy, most] = &*counted;
                connections.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|octets| octets > 0) {
                    most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    arrived.add_permits(1);
                    gate.acquire().await.expect("open").forget();
                    busy.fetch_sub(1, Ordering::SeqCst);
                    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"name\":\"R1\"}";
                    stream.write_all(answer.as_bytes()).await.expect("a client");
                }
            });
        }
    });
    let client = RestClient::new(&settings(&url, Tls::Off)).expect("a client");
    let asking: Vec<_> = (0..QUESTIONS)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.identity().await })
        })
        .collect();
    let [connections, _, most] = &*counts;
    arrivals.acquire_many(2).await.expect("open").forget();
    for arrived in 2..=QUESTIONS {
        permits.add_permits(1);
        if arrived < QUESTIONS {
            arrivals.acquire().await.expect("open").forget();
        }
    }
    permits.add_permits(1);
    for answer in asking {
        assert_eq!(answer.await.expect("no panic").expect("an answer"), "R1");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(connections.load(Ordering::SeqCst), 2, "each new connection is a login in the router's log");
    server.abort();
}

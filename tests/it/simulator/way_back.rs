//! How a session that was cut comes back: by a real Access-Request, and only if it is accepted.
use std::net::Ipv4Addr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use radkick::radius::{AttributeType, Code};
use radkick::simulator::{
    AccountingOptions, AuthenticationOptions, AuthenticationProtocol, Behaviours, CookieRemoval, Event, LocalUser,
    LoginBy, RestOptions, Router, RouterOptions, Service, SessionSpec, SessionView, WayBack,
};
use reqwest::Method;
use serde_json::json;

use super::peer::{AccessServer, AccountingServer, Asked, Sender};
use super::rest::{ACTIVE, ask};
use super::{CLIENT, MAC, SECRET, event, identity, options, secret, start, until};
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};

const PPP_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// The ways that are open, at once.
fn ways(change: impl FnOnce(&mut WayBack)) -> Behaviours {
    let none = WayBack { mac_cookie: false, http_cookie: false, ppp_redial: false, delay_ms: 1, ..WayBack::default() };
    let mut behaviours = Behaviours { way_back: none, ..Behaviours::default() };
    change(&mut behaviours.way_back);
    behaviours
}

async fn router(server: &AccessServer, behaviours: Behaviours) -> Router {
    let authentication = Some(AuthenticationOptions::new(server.addr(), secret()));
    start(RouterOptions { authentication, behaviours, ..options() }).await
}

fn alice() -> SessionSpec {
    SessionSpec { password: "pass word".into(), ..SessionSpec::hotspot("alice", MAC, CLIENT) }
}

fn bob() -> SessionSpec {
    SessionSpec::ppp("bob", "02:00:00:00:00:42", PPP_CLIENT)
}

async fn cut(router: &Router, session: &SessionView) {
    let request = identity(&session.user, Some(session.address), Some(&session.acct_session_id));
    let answer = Sender::new(router.coa_addr()).await.exchange(1, &request).await;
    assert_eq!(answer.code, Code::DisconnectAck);
}

/// Waits until someone is in again.
async fn back(events: &mut tokio::sync::broadcast::Receiver<Event>) -> SessionView {
    let event = event(events, |event| matches!(event, Event::LoggedIn { .. })).await;
    let Event::LoggedIn { session } = event else { panic!("{event}") };
    session
}

/// Waits until a login is answered or given up.
async fn asked(events: &mut tokio::sync::broadcast::Receiver<Event>) -> (LoginBy, Option<&'static str>) {
    let event = event(events, |event| matches!(event, Event::Asked { .. })).await;
    let Event::Asked { login_by, answer, .. } = event else { panic!("{event}") };
    (login_by, answer)
}

/// RFC 2869 section 5.14, by hand.
fn assert_signed(request: &Asked) {
    let mut zeroed = request.octets.clone();
    let start = zeroed.len() - 16;
    zeroed[start..].fill(0);
    let mac = Hmac::<Md5>::new_from_slice(SECRET.as_bytes())
        .expect("any key length")
        .chain_update(&zeroed)
        .finalize()
        .into_bytes();
    assert_eq!(request.octets[start..], mac[..]);
}

#[tokio::test]
async fn a_ppp_client_dials_again_and_gets_a_new_session() {
    let (server, accounting) = (AccessServer::start().await, AccountingServer::start().await);
    let authentication = Some(AuthenticationOptions::new(server.addr(), secret()));
    let accounted = Some(AccountingOptions::new(accounting.addr(), secret()));
    let behaviours = ways(|ways| ways.ppp_redial = true);
    let router = start(RouterOptions { authentication, accounting: accounted, behaviours, ..options() }).await;
    let before = router.login(bob());
    accounting.take().await;
    cut(&router, &before).await;
    accounting.take().await;

    let request = server.receive().await;
    assert_eq!(router.sessions(), [], "nobody is in before the answer");
    assert_eq!(request.types(), [6, 7, 61, 31, 30, 87, 1, 5, 44, 60, 3, 32, 4, 80]);
    assert_signed(&request);
    // Mikrotik-Rate-Limit 1M, Framed-IP-Address 10.0.0.9
    let accept = [&[26, 10, 0, 0, 0x3a, 0x8c, 8, 4][..], b"1M", &[8, 6, 10, 0, 0, 9]].concat();
    server.answer(&request, 2, &accept).await;
    let begun = accounting.take().await.opened.attributes;
    let after = &router.sessions()[0];
    assert_ne!(after.acct_session_id, before.acct_session_id);
    assert_eq!(request.text(44), after.acct_session_id, "asked for under the id it has then");
    assert_eq!(request.value(5), u32::from_str_radix(&after.acct_session_id, 16).unwrap().to_be_bytes());
    assert_eq!(begun.first_text(AttributeType::ACCT_SESSION_ID).as_ref(), Some(&after.acct_session_id));
    assert_eq!(begun.first_u32(AttributeType::ACCT_STATUS_TYPE), Some(1));
    assert_eq!((after.address, after.radius), (Ipv4Addr::new(10, 0, 0, 9), true));
    assert_eq!(after.settings.rate_limit.expect("what the Accept set").max.rx, 1_000_000);
}

#[tokio::test]
async fn a_hotspot_asks_as_a_captured_one_did() {
    let server = AccessServer::start().await;
    let router = router(&server, ways(|ways| ways.http_cookie = true)).await;
    let mut events = router.events();
    let before = router.login(alice());
    back(&mut events).await;
    cut(&router, &before).await;
    let request = server.accept().await;
    assert_eq!(request.types(), [61, 31, 30, 87, 1, 5, 44, 8, 26, 60, 3, 6, 26, 32, 4, 80]);
    assert_signed(&request);
    assert_eq!((request.text(1), request.text(31), request.text(30)), ("alice", MAC, "hotspot1"));
    assert_eq!(
        (request.value(8), request.value(6), request.value(61)),
        (&[192, 168, 88, 41][..], &[0, 0, 0, 1][..], &[0, 0, 0, 19][..])
    );
    assert_eq!((request.text(32), request.value(4)), ("R1", &[127, 0, 1, 7][..]));
    let chap = request.value(3);
    let digest = Md5::digest([&chap[..1], b"pass word", request.value(60)].concat());
    assert_eq!(chap[1..], digest[..], "RFC 2865 section 2.2, by hand");
    let after = back(&mut events).await;
    assert_ne!(after.acct_session_id, before.acct_session_id);
    assert_eq!((router.sessions().len(), after.user.as_str()), (1, "alice"));
}

#[tokio::test]
async fn a_password_may_be_hidden_instead() {
    let server = AccessServer::start().await;
    let authentication = AuthenticationOptions::new(server.addr(), secret());
    let authentication = Some(AuthenticationOptions { protocol: AuthenticationProtocol::Pap, ..authentication });
    let behaviours = ways(|ways| ways.http_cookie = true);
    let router = start(RouterOptions { authentication, behaviours, ..options() }).await;
    cut(&router, &router.login(alice())).await;
    let request = server.accept().await;
    assert_eq!(request.types(), [61, 31, 30, 87, 1, 5, 44, 8, 26, 2, 6, 26, 32, 4, 80]);
    let mask = Md5::digest([SECRET.as_bytes(), request.authenticator()].concat());
    let shown: Vec<u8> = request.value(2).iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
    assert_eq!(shown, b"pass word\0\0\0\0\0\0\0");
}

#[tokio::test]
async fn a_rejected_client_stays_out_and_tries_as_often_as_it_is_told() {
    let server = AccessServer::start().await;
    let behaviours = ways(|ways| (ways.ppp_redial, ways.attempts) = (true, 2));
    let router = router(&server, behaviours).await;
    let mut events = router.events();
    cut(&router, &router.login(bob())).await;
    for _ in 0..2 {
        let request = server.receive().await;
        server.answer(&request, 3, &[]).await;
        assert_eq!(asked(&mut events).await.1, Some("Access-Reject"));
    }
    assert_eq!(router.sessions(), []);
}

#[tokio::test]
async fn an_answer_without_the_secret_lets_nobody_in() {
    let server = AccessServer::start().await;
    let router = router(&server, ways(|ways| ways.ppp_redial = true)).await;
    let mut events = router.events();
    cut(&router, &router.login(bob())).await;
    let request = server.receive().await;
    let mut forged = request.octets.clone();
    forged[0] = 2;
    let forged = Asked { octets: [&forged[..4], &[7; 16]].concat(), ..request };
    server.answer(&forged, 2, &[]).await;
    let again = server.receive().await;
    assert_eq!(again.octets[20..], request_tail(&again), "the same octets come again after the time-out");
    server.answer(&again, 3, &[]).await;
    assert_eq!(asked(&mut events).await.1, Some("Access-Reject"));
    assert_eq!(router.sessions(), []);
}

fn request_tail(request: &Asked) -> Vec<u8> {
    let length = |value: &[u8]| u8::try_from(value.len() + 2).expect("short");
    request.attributes.iter().flat_map(|(octet, value)| [&[*octet, length(value)][..], value].concat()).collect()
}

#[tokio::test]
async fn a_reject_removes_the_mac_cookie_and_a_time_out_keeps_it() {
    let server = AccessServer::start().await;
    let authentication = AuthenticationOptions::new(server.addr(), secret());
    let soon = AuthenticationOptions { timeout: Duration::from_millis(1), transmissions: 1, ..authentication.clone() };
    for (authentication, answer, cookies) in [(soon, None, 2), (authentication, Some("Access-Reject"), 1)] {
        let server_answers = answer.is_some();
        let behaviours = Behaviours { cookies: CookieRemoval::Neither, ..ways(|ways| ways.mac_cookie = true) };
        let router = start(RouterOptions { authentication: Some(authentication), behaviours, ..options() }).await;
        let mut events = router.events();
        cut(&router, &router.login(alice())).await;
        let request = server.receive().await;
        if server_answers {
            server.answer(&request, 3, &[]).await;
        }
        assert_eq!(asked(&mut events).await, (LoginBy::MacCookie, answer));
        // The row goes after it is told of.
        until("the cookie is dealt with", || router.cookies().len() == cookies).await;
        assert_eq!(router.sessions(), []);
    }
}

#[tokio::test]
async fn each_way_is_named_in_the_active_list() {
    for (change, login_by, name) in [
        ((|ways| ways.mac_cookie = true) as fn(&mut WayBack), "mac-cookie", "alice"),
        (|ways| ways.http_cookie = true, "cookie", "alice"),
        (|ways| ways.login_by_mac = true, "mac", MAC),
    ] {
        let server = AccessServer::start().await;
        let authentication = Some(AuthenticationOptions::new(server.addr(), secret()));
        let behaviours = Behaviours { cookies: CookieRemoval::Neither, ..ways(change) };
        let rest = Some(RestOptions::new("kick", "p:ss"));
        let router = start(RouterOptions { authentication, behaviours, rest, ..options() }).await;
        let mut events = router.events();
        let session = router.login(alice());
        back(&mut events).await;
        assert_eq!(ask(&router, Method::GET, ACTIVE).await.1[0]["login-by"], "http-chap");
        cut(&router, &session).await;
        assert_eq!(server.accept().await.text(1), name);
        back(&mut events).await;
        let (_, rows) = ask(&router, Method::GET, ACTIVE).await;
        assert_eq!((&rows[0]["login-by"], &rows[0]["user"]), (&json!(login_by), &json!(name)));
        assert_eq!(rows[0]["radius"], "true");
    }
}

#[tokio::test]
async fn a_way_that_is_shut_is_not_taken() {
    let server = AccessServer::start().await;
    let router = router(&server, ways(|_| ())).await;
    cut(&router, &router.login(alice())).await;
    cut(&router, &router.login(bob())).await;
    router.change(|behaviours| behaviours.way_back.ppp_redial = true);
    let carol = SessionSpec::ppp("carol", "02:00:00:00:00:43", Ipv4Addr::new(10, 0, 0, 3));
    cut(&router, &router.login(carol)).await;
    assert_eq!(server.accept().await.text(1), "carol", "the first who asks");
}

#[tokio::test]
async fn whoever_logs_out_himself_stays_out() {
    let server = AccessServer::start().await;
    let router = router(&server, ways(|ways| ways.ppp_redial = true)).await;
    router.logout(&router.login(bob()).acct_session_id).expect("bob is on");
    let carol = SessionSpec::ppp("carol", "02:00:00:00:00:43", Ipv4Addr::new(10, 0, 0, 3));
    cut(&router, &router.login(carol)).await;
    assert_eq!(server.accept().await.text(1), "carol", "the first who asks");
}

#[tokio::test]
async fn by_default_a_browser_and_a_ppp_client_come_back_and_a_mac_does_not() {
    let defaults = WayBack::default();
    assert!(defaults.mac_cookie && defaults.http_cookie && defaults.ppp_redial && !defaults.login_by_mac);
    assert!(defaults.delay_ms <= 1000);
    let server = AccessServer::start().await;
    let router = router(&server, Behaviours::default()).await;
    cut(&router, &router.login(alice())).await;
    assert_eq!(server.accept().await.text(1), "alice");
    cut(&router, &router.login(bob())).await;
    assert_eq!(server.accept().await.text(1), "bob");
}

#[tokio::test]
async fn a_local_user_needs_no_radius() {
    let local = |service, name: &str, disabled| LocalUser { service, name: name.to_owned(), disabled };
    let mut options = RouterOptions { behaviours: ways(|ways| ways.http_cookie = true), ..options() };
    options.rest = Some(RestOptions::new("kick", "p:ss"));
    options.local_users = vec![local(Service::Hotspot, "alice", false), local(Service::Ppp, "bob", true)];
    let server = AccessServer::start().await;
    options.authentication = Some(AuthenticationOptions::new(server.addr(), secret()));
    options.behaviours.way_back.ppp_redial = true;
    let router = start(options).await;
    let mut events = router.events();
    let session = router.login(alice());
    back(&mut events).await;
    cut(&router, &session).await;
    assert!(!back(&mut events).await.radius);
    let (_, rows) = ask(&router, Method::GET, ACTIVE).await;
    assert!(rows[0]["user"] == "alice" && rows[0].get("radius").is_none(), "{rows}");
    let (_, users) = ask(&router, Method::GET, "/rest/ip/hotspot/user?name=alice").await;
    assert_eq!((&users[0]["name"], &users[0]["disabled"]), (&json!("alice"), &json!("false")));
    let (_, secrets) = ask(&router, Method::GET, "/rest/ppp/secret").await;
    assert_eq!((&secrets[0]["name"], &secrets[0]["disabled"]), (&json!("bob"), &json!("true")));
    cut(&router, &router.login(bob())).await;
    assert_eq!(server.accept().await.text(1), "bob", "a disabled one is not there");
}

#[tokio::test]
async fn freeradius_lets_in_whom_it_knows() {
    let server =
        tokio::task::spawn_blocking(|| FreeRadius::start(&FreeRadiusOptions::default())).await.expect("a server");
    server.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('bob', 'Cleartext-Password', ':=', 'bob');",
    );
    let secret = radkick::radius::SharedSecret::new(server.secret().as_bytes().to_vec()).unwrap();
    for protocol in [AuthenticationProtocol::Pap, AuthenticationProtocol::Chap] {
        let authentication = AuthenticationOptions::new(server.auth_addr(), secret.clone());
        let authentication = Some(AuthenticationOptions { protocol, ..authentication });
        let behaviours = ways(|ways| ways.ppp_redial = true);
        let router = start(RouterOptions { authentication, behaviours, bind: Ipv4Addr::LOCALHOST, ..options() }).await;
        for (password, answer) in [("wrong", "Access-Reject"), ("bob", "Access-Accept")] {
            let mut events = router.events();
            cut(&router, &router.login(SessionSpec { password: password.into(), ..bob() })).await;
            assert_eq!(asked(&mut events).await.1, Some(answer), "{protocol:?}: {}", server.log());
        }
    }
}

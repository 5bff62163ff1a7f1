//! Who gets through to REST, what its log says, and what happens behind a client's back.
use std::net::{IpAddr, Ipv4Addr};

use radkick::simulator::{
    BeforeDelete, Behaviours, BeyondMaxSessions, Event, NoPermission, RestBehaviours, RestFault, RestOptions, Router,
    RouterOptions, SessionSpec, Tls,
};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::rest::{ACTIVE, ask, ask_with, client};
use super::{CLIENT, MAC, event, options, start, with_rest};
use crate::support::wait::PATIENCE;

const ALICE: &str = "/rest/ip/hotspot/active/*C0A85829";

async fn switched(rest: RestBehaviours) -> Router {
    let behaviours = Behaviours { rest, ..Behaviours::default() };
    let router = start(RouterOptions { behaviours, ..with_rest() }).await;
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    router
}

fn rest(change: impl FnOnce(&mut RestOptions)) -> RouterOptions {
    let mut rest = RestOptions::new("kick", "p:ss");
    change(&mut rest);
    RouterOptions { rest: Some(rest), ..options() }
}

async fn get(client: &Client, router: &Router, path: &str) -> Result<(u16, String), reqwest::Error> {
    let request = client.get(format!("{}{path}", router.rest_url())).basic_auth("kick", Some("p:ss"));
    let response = request.send().await?;
    let status = response.status().as_u16();
    Ok((status, response.text().await?))
}

fn users(router: &Router) -> Vec<String> {
    router.sessions().into_iter().map(|session| session.user).collect()
}

#[tokio::test]
async fn an_id_may_be_encoded_where_that_is_switched_on() {
    let encoded = "/rest/ip/hotspot/active/%2AC0A85829";
    let router = switched(RestBehaviours::default()).await;
    assert_eq!(ask(&router, Method::DELETE, encoded).await.0, 400);
    router.change(|behaviours| behaviours.rest.encoded_ids = true);
    assert_eq!(ask(&router, Method::GET, encoded).await.1["user"], "alice");
    assert_eq!(ask(&router, Method::DELETE, encoded).await.0, 204);
}

#[tokio::test]
async fn a_missing_policy_has_one_of_three_statuses() {
    for (no_permission, status) in
        [(NoPermission::Forbidden, 403), (NoPermission::BadRequest, 400), (NoPermission::InternalServerError, 500)]
    {
        let router = start(rest(|rest| (rest.rights.read, rest.rights.write) = (false, false))).await;
        router.change(|behaviours| behaviours.rest.no_permission = no_permission);
        for (method, path) in [(Method::GET, ACTIVE), (Method::DELETE, ALICE)] {
            let (found, body) = ask(&router, method, path).await;
            assert_eq!((found, &body["detail"]), (status, &json!("not enough permissions (9)")));
        }
    }
}

#[tokio::test]
async fn rest_may_need_the_policy_api() {
    let router = start(with_rest()).await;
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.0, 200);
    router.change(|behaviours| behaviours.rest.needs_api_policy = true);
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.0, 401);
    let router = start(rest(|rest| rest.rights.api = true)).await;
    router.change(|behaviours| behaviours.rest.needs_api_policy = true);
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.0, 200);
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_refused_though_the_port_is_open() {
    let router = start(rest(|rest| rest.allowed = vec![IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9))])).await;
    let mut events = router.events();
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (403, json!({ "error": 403, "message": "Forbidden" })));
    event(&mut events, |event| matches!(event, Event::Refused { .. })).await;
    let allowed = client().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9))).build().unwrap();
    assert_eq!(get(&allowed, &router, ACTIVE).await.unwrap(), (200, "[]".to_owned()));
}

#[tokio::test]
async fn beyond_max_sessions_a_connection_is_closed_or_waits() {
    let one = rest(|rest| rest.max_sessions = 1);
    let address = |router: &Router| router.rest_url().strip_prefix("http://").expect("http").to_owned();
    let router = start(one.clone()).await;
    let mut events = router.events();
    let _first = TcpStream::connect(address(&router)).await.unwrap();
    let mut second = TcpStream::connect(address(&router)).await.unwrap();
    assert_eq!(timeout(PATIENCE, second.read(&mut [0])).await.expect("in time").unwrap(), 0, "the end");
    event(&mut events, |event| matches!(event, Event::Refused { .. })).await;

    let router = start(one).await;
    router.change(|behaviours| behaviours.rest.beyond_max_sessions = BeyondMaxSessions::Waits);
    let mut events = router.events();
    let first = TcpStream::connect(address(&router)).await.unwrap();
    let url = router.rest_url().to_owned() + ACTIVE;
    let second = tokio::spawn(client().build().unwrap().get(url).basic_auth("kick", Some("p:ss")).send());
    event(&mut events, |event| matches!(event, Event::Refused { .. })).await;
    assert!(!second.is_finished());
    drop(first);
    let answer = timeout(PATIENCE, second).await.expect("its turn comes").unwrap().unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(RestOptions::new("", "").max_sessions, 20, "RouterOS' default");
}

#[tokio::test]
async fn the_log_has_a_line_for_each_connection_and_each_wrong_login() {
    let router = start(with_rest()).await;
    let mut events = router.events();
    let keeping = client().build().unwrap();
    for _ in 0..3 {
        get(&keeping, &router, ACTIVE).await.unwrap();
    }
    drop(keeping);
    let url = router.rest_url().to_owned() + ACTIVE;
    client().build().unwrap().get(url).basic_auth("mal\nlory", Some("x")).send().await.unwrap();
    let mut lines = Vec::new();
    while lines.len() < 3 {
        if let Event::Log { text } = event(&mut events, |event| matches!(event, Event::Log { .. })).await {
            lines.push(text);
        }
    }
    lines.sort();
    assert_eq!(
        lines,
        [
            "login failure for user mal\\nlory from 127.0.0.1 via rest-api",
            "user kick logged in from 127.0.0.1 via rest-api",
            "user kick logged out from 127.0.0.1 via rest-api",
        ]
    );
}

#[tokio::test]
async fn a_reboot_may_come_between_list_and_removal() {
    for remove in [false, true] {
        let router =
            switched(RestBehaviours { before_delete: Some(BeforeDelete::Reboot), ..RestBehaviours::default() }).await;
        assert_eq!(ask(&router, Method::GET, ALICE).await.1["user"], "alice");
        let (status, _) = if remove {
            let body = json!({ ".id": "*C0A85829" });
            ask_with(&router, Method::POST, &format!("{ACTIVE}/remove"), Some(body)).await
        } else {
            ask(&router, Method::DELETE, ALICE).await
        };
        assert_eq!(status, if remove { 400 } else { 404 });
        assert_eq!(router.login(SessionSpec::hotspot("alice", MAC, CLIENT)).acct_session_id, "80100001");
        assert_eq!(ask(&router, Method::DELETE, ALICE).await.0, 204, "once");
    }
}

#[tokio::test]
async fn another_user_may_take_the_address_between_list_and_removal() {
    let (user, mac) = ("mallory".to_owned(), "02:00:00:00:00:66".to_owned());
    let before_delete = Some(BeforeDelete::OtherUser { user, mac });
    let router = switched(RestBehaviours { before_delete, ..RestBehaviours::default() }).await;
    let mut events = router.events();
    assert_eq!(ask(&router, Method::DELETE, ALICE).await.0, 204, "the same .id");
    let mallory = |event: &Event| matches!(event, Event::Ended { user, .. } if user == "mallory");
    event(&mut events, mallory).await;
    assert_eq!(users(&router), [""; 0]);
}

#[tokio::test]
async fn answers_after_a_reboot_may_be_wrong_and_then_empty() {
    let behaviours = RestBehaviours { wrong_after_boot: 1, empty_after_boot: 1, ..RestBehaviours::default() };
    let router = switched(behaviours).await;
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.1[0]["user"], "alice");
    router.reboot();
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!({ "name": "MikroTik" })));
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!([])));
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.1[0]["user"], "alice");
}

#[tokio::test]
async fn a_fault_strikes_one_path_and_so_many_times() {
    let fault = Some(RestFault::SessionClosed);
    let path = Some("/rest/ip/hotspot".to_owned());
    let router =
        switched(RestBehaviours { fault, fault_path: path, fault_times: Some(2), ..RestBehaviours::default() }).await;
    assert_eq!(ask(&router, Method::GET, "/rest/ppp/active").await, (200, json!([])));
    let closed = json!({ "detail": "Session closed", "error": 400, "message": "Bad Request" });
    for _ in 0..2 {
        assert_eq!(ask(&router, Method::GET, ACTIVE).await, (400, closed.clone()));
    }
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.0, 200);
}

#[tokio::test]
async fn bodies_may_be_empty_wrong_slow_or_cut() {
    let router = switched(RestBehaviours::default()).await;
    let set = |fault| router.change(|behaviours| behaviours.rest.fault = Some(fault));
    let (_, whole) = ask(&router, Method::GET, ACTIVE).await;
    set(RestFault::EmptyList);
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!([])));
    set(RestFault::WrongBody);
    assert_eq!(ask(&router, Method::GET, ACTIVE).await, (200, json!({ "name": "MikroTik" })));
    set(RestFault::Slow(0));
    let (status, slow) = ask(&router, Method::GET, ACTIVE).await;
    assert_eq!((status, without_uptime(slow)), (200, without_uptime(whole)));

    set(RestFault::Slow(3_600_000));
    let client = client().build().unwrap();
    let request = client.get(router.rest_url().to_owned() + ACTIVE).basic_auth("kick", Some("p:ss"));
    let head = request.send().await.expect("the head comes at once");
    let body = tokio::spawn(head.bytes());
    set(RestFault::CutBody);
    assert!(get(&client, &router, ACTIVE).await.is_err(), "the connection ends before the body does");
    assert!(!body.is_finished(), "an octet an hour");
    body.abort();
}

fn without_uptime(mut rows: Value) -> Value {
    rows[0].as_object_mut().expect("a row").remove("uptime");
    rows
}

#[tokio::test]
async fn a_removal_is_done_though_its_answer_is_cut() {
    let router = switched(RestBehaviours { fault: Some(RestFault::CutBody), ..RestBehaviours::default() }).await;
    let body = json!({ ".id": "*C0A85829" });
    let url = format!("{}{ACTIVE}/remove", router.rest_url());
    let request = client().build().unwrap().post(url).basic_auth("kick", Some("p:ss")).json(&body);
    assert!(request.send().await.expect("a head").text().await.is_err());
    assert_eq!(users(&router), [""; 0]);
}

#[tokio::test]
async fn wrong_certificates_are_wrong_in_one_way_each() {
    for (tls, words) in
        [(Tls::Expired, "Expired"), (Tls::OtherName, "NotValidForName"), (Tls::OtherAuthority, "UnknownIssuer")]
    {
        let router = start(rest(|rest| rest.tls = tls)).await;
        let authority = Certificate::from_pem(router.rest_certificate_pem().as_bytes()).unwrap();
        let careful = client().tls_certs_only([authority]).build().unwrap();
        let error = format!("{:?}", get(&careful, &router, ACTIVE).await.expect_err("not trusted"));
        assert!(error.contains(words), "{words}: {error}");
        let careless = client().tls_danger_accept_invalid_certs(true).build().unwrap();
        assert_eq!(get(&careless, &router, ACTIVE).await.unwrap().0, 200, "{tls:?}");
    }
}

#[tokio::test]
async fn radius_is_listed_without_secrets_and_counters_start_again() {
    let router = start(with_rest()).await;
    let (_, rows) = ask(&router, Method::GET, "/rest/radius").await;
    assert_eq!((&rows[0]["address"], &rows[0]["disabled"]), (&json!("127.0.0.1"), &json!("false")));
    assert!(!rows.to_string().contains("secret"), "{rows}");
    let (_, incoming) = ask(&router, Method::GET, "/rest/radius/incoming").await;
    assert_eq!((&incoming["accept"], &incoming["vrf"]), (&json!("true"), &json!("main")));
    let other = super::peer::Sender::at(Ipv4Addr::new(127, 0, 0, 9), router.coa_addr()).await;
    other.send(b"noise").await;
    super::until("it is counted", || router.counters().bad_requests == 1).await;
    let reset = "/rest/radius/incoming/reset-counters";
    assert_eq!(ask_with(&router, Method::POST, reset, Some(json!({}))).await, (200, json!([])));
    assert_eq!(router.counters().requests, 0);
}

//! REST answers that are not RouterOS' own.
use radkick::simulator::{Behaviours, Event, RestBehaviours, RestFault, Router, RouterOptions, SessionSpec};
use reqwest::Method;
use serde_json::json;

use super::rest::{ACTIVE, ask, client};
use super::{CLIENT, MAC, event, start, with_rest};

async fn faulty(fault: RestFault) -> Router {
    let rest = RestBehaviours { fault: Some(fault), ..RestBehaviours::default() };
    start(RouterOptions { behaviours: Behaviours { rest, ..Behaviours::default() }, ..with_rest() }).await
}

async fn get(router: &Router) -> reqwest::Response {
    let url = format!("{}{ACTIVE}", router.rest_url());
    client().build().expect("a client").get(url).basic_auth("kick", Some("p:ss")).send().await.expect("a head")
}

#[tokio::test]
async fn any_status() {
    for (status, message) in [(401, "Unauthorized"), (403, "Forbidden"), (500, "Internal Server Error")] {
        let router = faulty(RestFault::Status(status)).await;
        let expected = json!({ "error": status, "message": message });
        assert_eq!(ask(&router, Method::GET, ACTIVE).await, (status, expected));
    }
}

#[tokio::test]
async fn a_page_instead_of_rows() {
    let response = get(&faulty(RestFault::Html).await).await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/html");
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn half_a_body() {
    let response = get(&faulty(RestFault::Truncated).await).await;
    assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(4096)));
    assert!(response.bytes().await.is_err(), "the connection ends before the body does");
}

#[tokio::test]
async fn a_redirect() {
    let response = get(&faulty(RestFault::Redirect("http://127.0.0.1:1/webfig/".to_owned())).await).await;
    assert_eq!(response.status().as_u16(), 302);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/webfig/");
}

#[tokio::test]
async fn no_answer_at_all_until_the_router_is_dropped() {
    let router = faulty(RestFault::NoAnswer).await;
    let mut events = router.events();
    let url = format!("{}{ACTIVE}", router.rest_url());
    let asking = tokio::spawn(client().build().unwrap().get(url).send());
    let wanted = |event: &Event| matches!(event, Event::Rest { status: None, .. });
    event(&mut events, wanted).await;
    assert!(!asking.is_finished());
    drop(router);
    let answer = tokio::time::timeout(crate::support::wait::PATIENCE, asking).await;
    answer.expect("it ends with the router").expect("no panic").ok();
}

#[tokio::test]
async fn a_fault_may_strike_one_method() {
    let router = faulty(RestFault::Status(500)).await;
    router.change(|behaviours| behaviours.rest.fault_method = Some("DELETE".to_owned()));
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    assert_eq!(ask(&router, Method::GET, ACTIVE).await.0, 200);
    assert_eq!(ask(&router, Method::DELETE, "/rest/ip/hotspot/active/*C0A85829").await.0, 500);
    assert_eq!(router.sessions().len(), 1);
}

#[tokio::test]
async fn control_octets_may_stand_raw_in_names() {
    let router = start(with_rest()).await;
    router.login(SessionSpec::hotspot("al\u{1}ice\n\"\\", MAC, CLIENT));
    let (_, rows) = ask(&router, Method::GET, ACTIVE).await;
    assert_eq!(rows[0]["user"], "al\u{1}ice\n\"\\", "JSON by default");
    router.change(|behaviours| behaviours.rest.raw_control_octets = true);
    let text = get(&router).await.text().await.unwrap();
    assert!(text.contains("\"user\":\"al\u{1}ice\n\\\"\\\\\""), "{text}");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
}

//! What keeps a router's REST service from being asked or believed.

use std::time::Duration;

use radkick::simulator::{RestFault, RestOptions, SessionSpec};

use crate::bad_input::site::assert_says;

use super::{PASSWORD, Rights, Scene, Tls, options};

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_service() {
    let scene = Scene::new(options()).await;
    for (fault, word, words) in [
        (RestFault::Status(401), "rest_unauthorized", "/user set [find name=\\\"kick\\\"] password="),
        (RestFault::Status(403), "rest_forbidden", "policy=read,write,rest-api"),
        (RestFault::Status(404), "rest_not_routeros", "RouterOS v7"),
        (RestFault::Html, "rest_not_routeros", "HTML instead of JSON"),
        (RestFault::Status(500), "rest_failed", "it answered 500"),
    ] {
        scene.router.change(|behaviours| behaviours.rest.fault = Some(fault));
        assert_says(&scene.finding(word), &[words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let scene = Scene::new(options()).await;
    let listener = tokio::net::TcpListener::bind("127.0.1.7:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let rest = scene.rest().replace(scene.router.rest_url(), &format!("http://127.0.1.7:{port}"));
    scene.write(&format!("{}{rest}", scene.nas()));
    assert_says(&scene.finding("rest_refused"), &["refused", &format!("/ip service set www disabled=no port={port}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for() {
    let mut options = options();
    options.rest = Some(RestOptions { tls: Tls::SelfSigned, ..RestOptions::new("kick", PASSWORD) });
    let scene = Scene::new(options).await;
    let rest = scene.rest().replace("tls = \"off\"\n", "");
    scene.write(&format!("{}{rest}", scene.nas()));
    let told = scene.finding("rest_certificate");
    let (_, line) = told.split_once("fingerprint = \\\"").expect("a line to write");
    let (fingerprint, _) = line.split_once('\\').expect("its end");
    assert_eq!(fingerprint.replace(':', "").to_lowercase(), scene.router.rest_fingerprint());
    scene.write(&format!("{}{rest}tls = \"pin\"\nfingerprint = \"{fingerprint}\"\n", scene.nas()));
    assert_eq!(scene.examined(&[]).0, 0, "the line mends it");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_router_behind_the_address() {
    let scene = Scene::new(options()).await;
    let rest = scene.rest().replace("identity = \"R7\"", "identity = \"R8\"");
    scene.write(&format!("{}{rest}", scene.nas()));
    assert_says(&scene.finding("rest_wrong_router"), &["is \"R7\" by its /system identity, not \"R8\""]);
    scene.write(&format!("{}{}", scene.nas(), scene.rest().replace("identity = \"R7\"\n", "")));
    assert_says(&scene.finding("rest_no_identity"), &["identity = \\\"R7\\\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_may_not_be_read() {
    let mut options = options();
    let rights = Rights { read: false, ..Rights::default() };
    options.rest = Some(RestOptions { tls: Tls::Plain, rights, ..RestOptions::new("kick", PASSWORD) });
    let scene = Scene::new(options).await;
    assert_says(&scene.finding("rest_forbidden"), &["policy=read,write,rest-api"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_while_radacct_has_sessions() {
    let scene = Scene::new(options()).await;
    for session in scene.router.sessions() {
        scene.router.vanish(&session.acct_session_id).expect("a session");
    }
    assert_says(
        &scene.finding("rest_empty_list"),
        &["its lists are empty while radacct has 1 open session", "/ip hotspot active print"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_only_the_router_has() {
    let scene = Scene::new(options()).await;
    let bob = SessionSpec::hotspot("bob", "02:00:00:00:00:42", [192, 168, 88, 42].into());
    scene.router.login(SessionSpec { already_on: Duration::from_hours(1), ..bob });
    assert_says(&scene.finding("hidden_sessions"), &["1 sessions", "as bob at 192.168.88.42", "--on-router"]);
}

//! A router's REST that answers wrongly, through a whole `disconnect`: the attempt says what happened, the fate is no more
//! than what is known, and no secret is shown.
use std::net::Ipv4Addr;

use radkick::simulator::{RestFault, RestOptions, Router, RouterOptions, SessionSpec, Tls};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use super::site::{OpenSession, Site, assert_says};

const PASSWORD: &str = "hunter2-of-rest";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);

/// A router with one hotspot session, and a site that knows it by REST alone.
struct Scene {
    router: Router,
    site: Site,
}

impl Scene {
    async fn new(tls: Tls) -> Self {
        let mut options = RouterOptions::new("R7", Ipv4Addr::new(127, 0, 1, 7));
        options.rest = Some(RestOptions { tls, ..RestOptions::new("kick", PASSWORD) });
        let router = Router::start(options).await.expect("a router");
        let session = router.login(SessionSpec::hotspot("alice", "02:00:00:00:00:41", ADDRESS));
        let site = Site::with(&OpenSession { id: &session.acct_session_id, ..OpenSession::default() });
        site.file("password", PASSWORD);
        let scene = Self { router, site };
        scene.configure("");
        scene
    }

    async fn with(fault: RestFault) -> Self {
        let scene = Self::new(Tls::Plain).await;
        scene.router.change(|behaviours| behaviours.rest.fault = Some(fault));
        scene
    }

    /// `[nas.rest]` with these keys; TLS is off where the URL has none.
    fn configure(&self, more: &str) {
        let url = self.router.rest_url();
        let tls = if url.starts_with("http:") { "tls = \"off\"\n" } else { "" };
        let more = if more.is_empty() { "password_file = \"password\"\n" } else { more };
        self.site.configure(&format!(
            "[[nas]]\nname = \"R7\"\nmatch = [\"127.0.1.7\"]\n[nas.rest]\nurl = \"{url}\"\nusername = \"kick\"\n{tls}{more}"
        ));
    }

    /// Runs `disconnect` with JSON and debug logs, and without: nothing may be claimed, changed or given away. The
    /// attempt.
    fn fails(&self, outcome: &str, code: Option<u16>, words: &[&str]) -> Value {
        let before = self.site.tables();
        let disconnect = ["disconnect", "--user", "alice"];
        let verbose = block_in_place(|| self.site.run(&[&disconnect[..], &["--output", "json", "-vv"]].concat()));
        assert_eq!(verbose.code, Some(3), "{verbose:#?}");
        let object = verbose.json_lines().pop().expect("an object");
        for (key, value) in [("fate", json!("unknown")), ("evidence", Value::Null), ("path", Value::Null)] {
            assert_eq!(object[key], value, "{key}: {object:#}");
        }
        let attempt = object["attempts"][0].clone();
        assert_eq!((&attempt["path"], &attempt["outcome"]), (&json!("rest"), &json!(outcome)), "{object:#}");
        assert_eq!(attempt["code"], json!(code), "{object:#}");
        assert_says(attempt["detail"].as_str().expect("a detail"), words);

        let text = block_in_place(|| self.site.run(&disconnect));
        assert_eq!(text.code, Some(3), "{text:#?}");
        assert_says(&text.stdout, words);
        assert_says(&text.stdout, &["NOT PROVEN", "Not every session is proven off"]);
        for told in [&verbose.stdout, &verbose.stderr, &text.stdout, &text.stderr] {
            assert!(!told.contains("hunter2"), "{told}");
        }
        assert_eq!(self.site.tables(), before);
        assert_eq!(self.router.sessions().len(), 1);
        attempt
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_401() {
    let words = ["listing hotspot sessions: it refused the user or the password (401)"];
    Scene::with(RestFault::Status(401)).await.fails("refused", Some(401), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_403() {
    let words = ["the user may not do that", "its group wants the policies read, write and rest-api"];
    Scene::with(RestFault::Status(403)).await.fails("refused", Some(403), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_404() {
    let words = ["it does not know that path (404): is this a RouterOS v7 with REST, and the right port?"];
    Scene::with(RestFault::Status(404)).await.fails("refused", Some(404), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_500() {
    let words = ["it answered 500 (Internal Server Error)"];
    Scene::with(RestFault::Status(500)).await.fails("refused", Some(500), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page() {
    Scene::with(RestFault::Html).await.fails("refused", None, &["it answered with HTML instead of JSON"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_body() {
    Scene::with(RestFault::Truncated).await.fails("refused", None, &["its answer is cut off"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect() {
    let scene = Scene::with(RestFault::Redirect("https://kick:hunter2@127.0.0.1:1/webfig/?p=hunter2".to_owned())).await;
    let words =
        ["it redirects to https://127.0.0.1:1/webfig/, which is not followed: write that as the url if it is right"];
    scene.fails("refused", Some(302), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer() {
    Scene::with(RestFault::NoAnswer).await.fails(
        "unreachable",
        None,
        &["listing hotspot sessions: its answer timed out"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_the_removal_alone() {
    let scene = Scene::with(RestFault::Status(500)).await;
    scene.router.change(|behaviours| behaviours.rest.fault_method = Some("DELETE".to_owned()));
    let finished = block_in_place(|| scene.site.run(&["disconnect", "--user", "alice", "--output", "json"]));
    let object = finished.json_lines().pop().expect("an object");
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert_eq!((&object["fate"], &object["evidence"]), (&json!("still_active"), &json!("on_router")));
    assert_says(object["attempts"][0]["detail"].as_str().expect("a detail"), &["it answered 500"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let scene = Scene::new(Tls::Plain).await;
    let url = format!("http://127.0.1.7:{}/", crate::support::ports::free_tcp_port());
    let text = std::fs::read_to_string(scene.site.path("radkick.toml")).expect("the configuration");
    scene.site.file("radkick.toml", text.replace(scene.router.rest_url(), &url));
    scene.fails("unreachable", None, &["the connection was refused: does the router's www-ssl (REST) service listen"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password() {
    let scene = Scene::new(Tls::Plain).await;
    scene.configure("password = \"hunter2-of-another\"\n");
    scene.fails("refused", Some(401), &["it refused the user or the password (401)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_router() {
    let scene = Scene::new(Tls::Plain).await;
    scene.configure("password_file = \"password\"\nidentity = \"R9\"\n");
    scene.fails("refused", None, &["this is not the router it should be: its identity is \"R7\", not \"R9\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for() {
    let scene = Scene::new(Tls::SelfSigned).await;
    let fingerprint = format!("pin it: fingerprint = \"{}\" in [nas.rest]", colons(scene.router.rest_fingerprint()));
    scene.fails("refused", None, &["its certificate is not trusted", &fingerprint, "MIKROTIK_API_FINGERPRINT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_pinned() {
    let scene = Scene::new(Tls::SelfSigned).await;
    let pin = "AB:".repeat(31) + "AB";
    scene.configure(&format!("password_file = \"password\"\nfingerprint = \"{pin}\"\n"));
    let presented = format!("it presented {}, fingerprint says {pin}", colons(scene.router.rest_fingerprint()));
    scene.fails("refused", None, &["its certificate is not the pinned one: ", &presented]);
}

/// `AA:BB:…`, whichever way the router writes it.
fn colons(fingerprint: &str) -> String {
    let digits: Vec<char> = fingerprint.chars().filter(char::is_ascii_hexdigit).collect();
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_uppercase()).collect();
    pairs.join(":")
}

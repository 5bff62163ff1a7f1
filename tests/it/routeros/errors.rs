//! Every way in which a router gives no usable answer, in the words that the operator reads.

use std::time::Duration;

use radkick::config::Tls;
use radkick::routeros::{Menu, RestClient, RestError, RestLimits};
use tokio::net::TcpListener;

use super::server::http;
use super::{Canned, client, settings};

/// What asking for the hotspot list says against this answer.
async fn listing(answer: &str) -> String {
    let router = Canned::raw(&[answer]).await;
    shown(&client(&router).active(Menu::HotspotActive).await.expect_err("no usable answer"))
}

/// The message, which must name the router and hold no secret.
fn shown(error: &RestError) -> String {
    for text in [error.to_string(), format!("{error:?}")] {
        for secret in [super::PASSWORD, "cmFka2ljazpodW50ZXIyICYgY28="] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert!(error.router.starts_with("http"), "{error}");
    error.to_string()
}

#[tokio::test]
async fn refusals() {
    let unauthorized = r#"{"error":401,"message":"Unauthorized"}"#;
    let forbidden = r#"{"detail":"not enough permissions (9)","error":500,"message":"Internal Server Error"}"#;
    let unknown = r#"{"detail":"no such command or directory (hotspot)","error":400,"message":"Bad Request"}"#;
    let closed = r#"{"detail":"Session closed","error":400,"message":"Bad Request"}"#;
    for (answer, expected) in [
        (http(401, unauthorized), "it refused the user or the password (401)"),
        (http(403, ""), "policies read, write and rest-api"),
        (http(500, forbidden), "(not enough permissions (9)): its group wants the policies"),
        (http(404, "<html>nginx</html>"), "does not know that path (404)"),
        (http(404, r#"{"error":404,"message":"Not Found"}"#), "does not know that path (404)"),
        (http(400, unknown), "does not know that path (400)"),
        (http(400, closed), "it gave up after the 60 s that a question may take"),
        (http(500, "boom"), "it answered 500"),
        (http(503, ""), "it answered 503"),
    ] {
        let shown = listing(&answer).await;
        assert!(shown.contains(": listing hotspot sessions: ") && shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn answers_that_are_not_routeros() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n[{\".id\":\"*1\"";
    let chunk_cut = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n[{\".id\":";
    for (answer, expected) in [
        (http(200, "<!doctype html><p>starting"), "it answered with HTML instead of JSON"),
        (http(200, "starting"), "it answered with something instead of JSON"),
        (http(200, ""), "its answer is empty"),
        (http(200, "[{\".id\":\"*1\",\"user\":"), "its answer is cut off"),
        (cut.to_owned(), "its answer is cut off"),
        (chunk_cut.to_owned(), "its answer is cut off"),
        (http(200, "{}"), "not what RouterOS sends: no list of rows"),
        (http(200, "[[]]"), "a row that is no object"),
        (http(200, "[{\"user\":\"bob\"}]"), "a row without .id"),
        (String::new(), "it gave no HTTP answer"),
        ("220 router FTP server ready\r\n".to_owned(), "it gave no HTTP answer"),
    ] {
        let shown = listing(&answer).await;
        assert!(shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let answer =
        "HTTP/1.1 302 Found\r\nlocation: https://u:secret@elsewhere/rest/x?token=1\r\nconnection: close\r\n\r\n";
    let shown = listing(answer).await;
    assert!(shown.contains("it redirects to https://elsewhere/rest/x, which is not followed"), "{shown}");
    let nowhere = listing("HTTP/1.1 302 Found\r\nconnection: close\r\n\r\n").await;
    assert!(nowhere.contains("it redirects to nowhere"), "{nowhere}");
}

#[tokio::test]
async fn a_page_in_between_proves_no_absence() {
    let router = Canned::raw(&[&http(404, "<html>"), &http(404, "<html>")]).await;
    let client = client(&router);
    let row = shown(&client.row(Menu::HotspotActive, "*1").await.expect_err("no proof"));
    assert!(row.contains("reading a session: it does not know that path (404)"), "{row}");
    let removal = shown(&client.remove(Menu::HotspotActive, "*1").await.expect_err("no proof"));
    assert!(removal.contains("removing a session: it does not know that path (404)"), "{removal}");
}

#[tokio::test]
async fn what_is_no_id_is_never_asked_for() {
    let router = Canned::json(200, "{}").await;
    let error = client(&router).remove(Menu::HotspotActive, "*1/../../system/reboot").await.expect_err("refused");
    assert!(shown(&error).contains("is no id of a row"));
    assert!(router.requests().is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_left() {
    let router = Canned::json(200, &format!("[{}]", " ".repeat(2000))).await;
    let limits = RestLimits { body_octets: 1000, ..RestLimits::default() };
    let client = RestClient::with_limits(&settings(&router.url, Tls::Off), limits).expect("a client");
    let shown = shown(&client.active(Menu::HotspotActive).await.expect_err("too long"));
    assert!(shown.contains("its answer is longer than 1000 octets"), "{shown}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let client = RestClient::new(&settings(&url, Tls::Off)).expect("a client");
    let shown = shown(&client.identity().await.expect_err("nobody"));
    assert!(shown.contains("asking for its identity: the connection was refused"), "{shown}");
}

#[tokio::test]
async fn a_router_that_says_nothing() {
    // The kernel completes the connection; nobody ever reads it.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = RestLimits { connect: Duration::from_millis(50), ..RestLimits::default() };
    let tls = RestClient::with_limits(&settings(&format!("https://{address}/"), Tls::Off), limits).expect("a client");
    let connecting = shown(&tls.identity().await.expect_err("silence"));
    assert!(connecting.contains("connecting timed out"), "{connecting}");
    let limits = RestLimits { total: Duration::from_millis(50), ..RestLimits::default() };
    let plain = RestClient::with_limits(&settings(&format!("http://{address}/"), Tls::Off), limits).expect("a client");
    let answering = shown(&plain.identity().await.expect_err("silence"));
    assert!(answering.contains("its answer timed out"), "{answering}");
}

#[tokio::test]
async fn no_way_there() {
    // The kernel connects to nobody's broadcast address; nothing leaves this machine.
    let client = RestClient::new(&settings("https://255.255.255.255/", Tls::Off)).expect("a client");
    let shown = shown(&client.identity().await.expect_err("no way"));
    assert!(shown.contains("unreachable: "), "{shown}");
}

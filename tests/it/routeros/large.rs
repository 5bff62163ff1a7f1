//! Lists of a big router, and answers that come slowly or not whole.

use std::fmt::Write as _;
use std::time::Duration;

use radkick::config::Tls;
use radkick::routeros::{Menu, RestClient, RestLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::server::http;
use super::{Canned, client, settings};

const USERS: u32 = 50_000;

/// The list of a router with 50,000 users, with the columns that are asked for.
fn crowd() -> String {
    let mut list = String::from("[");
    for n in 0..USERS {
        let comma = if n == 0 { "" } else { "," };
        let (high, low) = (n / 256, n % 256);
        write!(
            list,
            "{comma}{{\".id\":\"*{n:X}\",\"address\":\"10.{}.{}.{low}\",\"bytes-in\":\"1048576\",\"bytes-out\":\"5242880\",\
             \"login-by\":\"http-chap\",\"mac-address\":\"02:00:00:{:02X}:{:02X}:{low:02X}\",\"radius\":\"true\",\
             \"uptime\":\"1h2m3s\",\"user\":\"user-{n}\"}}",
            high / 256,
            high % 256,
            high / 256,
            high % 256,
        )
        .expect("a string takes it");
    }
    list + "]"
}

#[tokio::test]
async fn fifty_thousand_users_are_read_and_a_few_are_asked_for() {
    let list = http(200, &crowd());
    let router = Canned::raw(&[&list, &list, &http(200, r#"[{".id":"*1","user":"user-7"}]"#)]).await;
    let client = client(&router);
    let all = client.active(Menu::HotspotActive).await.expect("a list");
    assert_eq!(all.len(), 50_000);
    let last = all.last().expect("a row");
    assert_eq!((last.user.as_str(), last.id.as_str(), last.radius), ("user-49999", "*C34F", true));
    // A router that ignores the query sends everybody; more names than a query takes are looked for in the whole list
    let names: Vec<String> = (0..1000).map(|n| format!("user-{}", n * 50)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(client.active_of(Menu::HotspotActive, &names).await.expect("a list").len(), 1000);
    assert_eq!(client.active_of(Menu::HotspotActive, &["user-7"]).await.expect("a list").len(), 1);
    let methods: Vec<String> = router.requests().iter().map(|request| request[..4].to_owned()).collect();
    assert_eq!(methods, ["GET ", "GET ", "POST"]);
}

#[tokio::test]
async fn a_list_longer_than_the_limit_is_left() {
    let router = Canned::json(200, &crowd()).await;
    let limits = RestLimits { body_octets: 1 << 20, ..RestLimits::default() };
    let client = RestClient::with_limits(&settings(&router.url, Tls::Off), limits).expect("a client");
    let error = client.active(Menu::HotspotActive).await.expect_err("too long").to_string();
    assert!(error.contains("its answer is longer than 1048576 octets"), "{error}");
}

/// Sends the beginning of an answer, and then nothing until the client goes.
async fn stalling(client: impl Fn(String) -> RestClient) -> RestClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let client = client(format!("http://{}/", listener.local_addr().expect("an address")));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.expect("a request") > 0);
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n[{\".id\":\"*1\",";
            stream.write_all(head.as_bytes()).await.expect("a client");
            // Until the client has had enough
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok();
        }
    });
    client
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_given_up() {
    let short = Duration::from_millis(50);
    for limits in [
        RestLimits { list: short, ..RestLimits::default() },
        RestLimits { read: short, total: Duration::from_secs(50), ..RestLimits::default() },
    ] {
        let with = |url: String| RestClient::with_limits(&settings(&url, Tls::Off), limits).expect("a client");
        let client = stalling(with).await;
        let error = if limits.list == short {
            client.active(Menu::HotspotActive).await.expect_err("no end").to_string()
        } else {
            client.identity().await.expect_err("no end").to_string()
        };
        assert!(error.contains("its answer timed out"), "{error}");
    }
}

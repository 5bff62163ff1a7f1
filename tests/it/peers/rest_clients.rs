//! RouterOS REST clients that others wrote, against the simulated router: where one disagrees with it, the simulator is
//! wrong until RouterOS' documentation says otherwise.
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, SharedSecret, open_reply, seal_request};
use radkick::simulator::{
    Incoming, LocalUser, RadiusEntry, RestOptions, Router, RouterOptions, Service, SessionSpec, Tls,
};
use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::support::wait::PATIENCE;

const CLIENTS: [&str; 3] = ["with_rosrestpy", "with_routeros_client", "with_mikrotik_rest_mcp"];
const ALICE: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);

/// The interpreter of the virtual environment that tests/run makes.
fn python() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/rest-clients/bin/python");
    assert!(path.exists(), "{} is missing: tests/run --prepare installs the REST clients", path.display());
    path
}

async fn router(tls: Tls) -> Router {
    let mut options = RouterOptions::new("R1", Ipv4Addr::new(127, 0, 1, 8));
    let secret = SharedSecret::new(b"secret".to_vec()).expect("not empty");
    options.coa = Incoming::Accept(0);
    options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret.clone())];
    options.rest = Some(RestOptions { tls, ..RestOptions::new("kick", "p:ss") });
    options.local_users = vec![LocalUser { service: Service::Hotspot, name: "local".to_owned(), disabled: false }];
    let router = Router::start(options).await.expect("a router");
    let login = |name: &str, last: u8| {
        SessionSpec::hotspot(name, format!("02:00:00:00:00:{last}"), Ipv4Addr::new(192, 168, 88, last))
    };
    router.login(login("alice", 41));
    router.login(login("a&b+c %", 42));
    router.login(SessionSpec { radius: false, ..login("local", 43) });
    router.login(SessionSpec::ppp("carol", "02:00:00:00:00:44", Ipv4Addr::new(10, 0, 0, 4)));
    limit_alice(&router, &secret).await;
    router
}

/// A CoA-Request gives her a queue.
async fn limit_alice(router: &Router, secret: &SharedSecret) {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, "alice").expect("a name");
    attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, ALICE);
    attributes.push(AttributeType::mikrotik(8), "1M/2M").expect("a limit");
    let request =
        seal_request(Code::CoaRequest, 1, &attributes, secret, MessageAuthenticator::Required).expect("a request");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    socket.send_to(request.octets(), router.coa_addr()).await.expect("sent");
    let mut buffer = [0; 4096];
    let length = timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("an answer in time").expect("an answer");
    let answer = open_reply(&buffer[..length], &request, secret, MessageAuthenticator::Optional).expect("the answer");
    assert_eq!(answer.code, Code::CoaAck);
}

/// What a client found at the router.
async fn ask(client: &str, url: &str, trusted: &Path) -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rest_clients");
    let mut command = Command::new(python());
    command.arg("-B").arg(scripts.join("scenario.py")).args([client, url]).arg(trusted);
    // Of this machine's settings none may come between.
    for variable in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "PYTHONPATH"] {
        command.env_remove(variable);
    }
    for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(variable);
    }
    let run = tokio::task::spawn_blocking(move || command.output());
    let output = timeout(PATIENCE, run).await.expect("it ends in time").expect("no panic").expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{client}: {error}\n{errors}"))
}

fn expected() -> Value {
    json!({
        "identity": "R1",
        "hotspot": ["a&b+c %", "alice", "local"],
        "ppp": ["carol"],
        "filtered": ["a&b+c %"],
        "by_radius": ["a&b+c %", "alice"],
        "printed": ["alice", "local"],
        "local_users": ["local"],
        "queues": ["<hotspot-alice>"],
        "one": "alice",
        "after": ["a&b+c %", "local"],
        "removed_again": 404,
        "missing": 404,
        "unknown": 400,
        "unauthorized": 401,
    })
}

#[tokio::test]
async fn real_rest_clients_understand_the_router() {
    for client in CLIENTS {
        let router = router(Tls::Plain).await;
        assert_eq!(ask(client, router.rest_url(), Path::new("-")).await, expected(), "{client}");
        let users: Vec<_> = router.sessions().into_iter().map(|session| session.user).collect();
        assert_eq!(users, ["a&b+c %", "local", "carol"], "{client}");
    }
}

#[tokio::test]
async fn real_rest_clients_understand_the_router_over_tls() {
    let directory = tempfile::tempdir().expect("a directory");
    let trusted = directory.path().join("router.pem");
    for client in CLIENTS {
        let router = router(Tls::CaSigned).await;
        std::fs::write(&trusted, router.rest_certificate_pem()).expect("a certificate");
        assert_eq!(ask(client, router.rest_url(), &trusted).await, expected(), "{client}");
    }
}

#[tokio::test]
async fn real_rest_clients_distrust_wrong_certificates() {
    let directory = tempfile::tempdir().expect("a directory");
    let trusted = directory.path().join("router.pem");
    for client in CLIENTS {
        for tls in [Tls::Expired, Tls::OtherName, Tls::OtherAuthority] {
            let router = router(tls).await;
            std::fs::write(&trusted, router.rest_certificate_pem()).expect("a certificate");
            let found = ask(client, router.rest_url(), &trusted).await;
            let words = found["failed"].as_str().unwrap_or_else(|| panic!("{client} trusts {tls:?}: {found}"));
            assert!(words.to_lowercase().contains("certificate"), "{client} {tls:?}: {words}");
            assert_eq!(router.sessions().len(), 4, "{client} {tls:?}");
        }
    }
}

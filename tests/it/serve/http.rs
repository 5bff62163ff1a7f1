//! The pages against clients of every kind.
use std::io::{Read, Write};

use super::daemon::Daemon;
use super::{BRISK, configure};
use crate::disconnect::site::{PATIENT, Site};

fn serving() -> (Site, Daemon) {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    (site, daemon)
}

#[test]
fn only_what_there_is_and_only_to_look() {
    let (_site, daemon) = serving();
    for page in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(daemon.get(page).0, 200, "{page}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let request = format!("{method} {page} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
            let (status, head, _) = daemon.answer(request.as_bytes());
            assert_eq!(status, 405, "{method} {page}");
            assert!(head.to_lowercase().contains("allow: get"), "{head}");
        }
        let (status, _, body) = daemon.answer(format!("HEAD {page} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        assert_eq!((status, body.as_str()), (200, ""), "{page}");
    }
    for page in ["/", "/metrics/", "/readyz/x", "/jobs", "/../etc/passwd", "/%2e%2e/"] {
        assert_eq!(daemon.get(page).0, 404, "{page}");
    }
    let (_, head, _) = daemon.answer(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn what_is_no_request_is_refused_within_bounds() {
    let (_site, daemon) = serving();
    let long = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200));
    for request in [long.as_bytes(), many.as_bytes(), b"\x16\x03\x01\x02\x00\x01\x00", b"\xff\x00\r\n\r\n"] {
        let (status, ..) = daemon.answer(request);
        assert!(status == 0 || (400..500).contains(&status), "{status}");
    }
    // A body that nobody asked for is not read to its end
    let body = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\nx";
    assert_eq!(daemon.answer(body.as_bytes()).0, 200);
    assert_eq!(daemon.get("/healthz").0, 200);
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn a_client_that_stops_holds_up_nobody() {
    let (site, daemon) = serving();
    let mut half: Vec<_> = (0..40).map(|_| daemon.connect()).collect();
    for stream in &mut half {
        // The head is never completed, or the answer never read
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").expect("written");
    }
    for stream in half.iter_mut().skip(20) {
        stream.write_all(b"Host: localhost\r\n\r\n").expect("written");
    }
    assert_eq!(daemon.get("/healthz").0, 200);
    crate::enforce::customer(&site, "bob", crate::disconnect::site::Session::new("80a00002"), "1000");
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    // Those that never went on are shut out
    for stream in half.iter_mut().take(20) {
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).expect("closed, not waited for");
    }
    let held: Vec<_> = (0..200).map(|_| daemon.connect()).collect();
    drop(held);
    crate::support::wait::wait_until("there is room again", || daemon.get("/healthz").0 == 200);
    // Nor does one keep it from ending
    let _idle = daemon.connect();
    assert_eq!(daemon.stop().code, Some(0));
}

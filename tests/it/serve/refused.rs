//! What it does not begin with.
use std::net::TcpListener;

use super::daemon::Daemon;
use super::{BRISK, configure, sections};
use crate::disconnect::site::{PATIENT, Site};
use crate::enforce::ENFORCE;

#[test]
fn a_second_one_on_the_same_file() {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    for second in ["serve", "enforce"] {
        let finished = site.run(&[second]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
        let why = format!("another `radkick enforce` or `radkick serve` runs on sqlite:{}", site.state().display());
        assert!(finished.stderr.contains(&why), "{finished:#?}");
    }
    // One-shot commands beside it are welcome
    site.reports(&["enforce", "--once"], 0);
    assert_eq!(daemon.stop().code, Some(0));
    // The system gave the lock back; and the other way round
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("enforcing quotas");
    assert_eq!(site.run(&["serve"]).code, Some(5));
    assert_eq!(running.terminate().code, Some(0));
}

#[test]
fn an_address_that_others_reach_and_keys_that_it_cannot_keep() {
    let site = Site::start();
    let tls = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\ntrusted_proxy = [\"10.0.0.1\"]\n\
               [[serve.token]]\nname = \"panel\"\nhash_file = \"panel.hash\"";
    for (serve, named) in [
        ("listen = \"0.0.0.0:8099\"".to_owned(), &["serve.listen: "][..]),
        ("listen = \"[2001:db8::1]:8099\"".to_owned(), &["serve.listen: "]),
        (tls.to_owned(), &["serve.tls_cert: ", "serve.token: ", "serve.trusted_proxy: "]),
    ] {
        site.configure(&format!("{ENFORCE}\n[serve]\n{serve}"), &site.r1(PATIENT));
        let finished = site.run(&["serve"]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
        for key in named {
            assert!(finished.stderr.contains(&format!("error: {key}this version ")), "{key} {finished:#?}");
        }
        assert_eq!(finished.stderr.matches("error: ").count(), named.len(), "{finished:#?}");
        // Nobody else minds
        site.reports(&["enforce", "--once"], 0);
    }
}

#[test]
fn an_address_that_another_has() {
    let site = Site::start();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    site.configure(&sections(BRISK, "").replace("127.0.0.1:0", &address), &site.r1(PATIENT));
    let finished = site.run(&["serve"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert!(finished.stderr.contains(&format!("cannot listen on {address}: ")), "{finished:#?}");
    assert!(!site.state().exists(), "nothing was begun");
}

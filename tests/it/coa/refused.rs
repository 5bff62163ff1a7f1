//! What is refused before anything is sent, and what it costs nobody.
use super::{ALICE, slower};
use crate::disconnect::site::{PATIENT, Session, Site};

/// Runs it, demands this exit code and these words on standard error, and that nothing was sent.
fn refused(site: &Site, arguments: &[&str], code: i32, words: &[&str]) {
    let finished = site.run(arguments);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(code), ""), "{arguments:?}: {finished:#?}");
    assert!(words.iter().all(|word| finished.stderr.contains(word)), "{arguments:?}: {finished:#?}");
    assert!(site.server.coa_requests().is_empty(), "{arguments:?}");
}

#[test]
fn what_routeros_cannot_do_or_read() {
    let site = Site::of_r1();
    site.open("alice", &ALICE);
    let coa = |more: &[&'static str]| [&["coa", "--user", "alice"], more].concat();
    refused(&site, &coa(&[]), 2, &["nothing to change"]);
    refused(&site, &coa(&["--attr", "Framed-IP-Address=10.0.0.9"]), 2, &["Framed-IP-Address: RouterOS never changes"]);
    refused(&site, &coa(&["--attr", "Framed-Pool=p"]), 2, &["Framed-Pool: RouterOS never", "radkick disconnect"]);
    let two = coa(&["--attr", "Framed-Route=10.0.0.0/8 10.0.0.1", "--attr", "Delegated-IPv6-Prefix=2001:db8::/56"]);
    refused(
        &site,
        &two,
        2,
        &["error: 'Framed-Route=10.0.0.0/8 10.0.0.1': Framed-Route", "Delegated-IPv6-Prefix: RouterOS"],
    );
    refused(&site, &coa(&["--rate-limit", "2m/8m"]), 2, &["word 1 \"2m/8m\"", "as in 2M/8M"]);
    refused(&site, &coa(&["--attr", "Mikrotik-Rate-Limit=1M 2M 3M 4 9"]), 2, &["word 5 \"9\"", "1 (the best) to 8"]);
    refused(&site, &coa(&["--attr", "User-Name=bob"]), 2, &["User-Name says which session is meant"]);
    refused(&site, &coa(&["--attr", "Acct-Session-Id=80a00001"]), 2, &["--session"]);
    refused(&site, &coa(&["--session-timeout", "1h", "--attr", "Session-Timeout=60"]), 2, &["given twice"]);
    refused(&site, &coa(&["--session-timeout", "1500ms"]), 2, &["whole seconds"]);
    refused(&site, &coa(&["--recv-limit", "much"]), 2, &["is no size"]);
    refused(&site, &coa(&["--address-list", " slow"]), 2, &["no quotes or spaces around it"]);
    assert!(!site.state().exists(), "nothing is written");
}

#[test]
fn unknown_exempt_paused_and_offline() {
    let site = Site::of_r1();
    let file = site.folder().join("paused");
    let sections = format!("[exempt]\nusers = [\"boss\"]\n[brakes]\npause_file = \"{}\"", file.display());
    site.configure(&sections, &site.r1(PATIENT));
    site.open("alice", &ALICE);
    site.open("boss", &Session::new("80a00002").at("192.168.88.42"));
    site.open("lost", &Session::new("80a00003").on("127.0.0.9"));
    refused(&site, &slower("mallory"), 4, &["user mallory is unknown"]);
    refused(&site, &[&slower("alice")[..], &["--session", "80ffffff"]].concat(), 4, &["no open session \"80ffffff\""]);
    refused(&site, &[&slower("alice")[..], &["--nas", "R9"]].concat(), 4, &["NAS R9 is unknown: known are R1"]);
    refused(&site, &slower("boss"), 2, &["boss is exempt", "--force"]);
    std::fs::write(&file, "").expect("a file");
    refused(&site, &slower("alice"), 1, &["paused", "--force"]);
    assert!(!site.state().exists(), "nothing is written");
    let forced = site.reports(&[&slower("boss")[..], &["--force"]].concat(), 0);
    assert_eq!(forced[0]["outcome"], "ack");
    std::fs::remove_file(&file).expect("a file");
    // A NAS that cannot be told is a problem of the session
    let lost = site.reports(&slower("lost"), 3);
    assert!(
        lost[0]["problem"].as_str().is_some_and(|why| why.contains("matches nasipaddress \"127.0.0.9\"")),
        "{lost:#?}"
    );
    assert!(lost[0]["outcome"].is_null() && lost[0]["nas"] == "127.0.0.9");
    site.server.account(&ALICE.record("alice", "Stop"));
    let offline = site.reports(&slower("alice"), 0);
    assert!(offline[0]["acct_unique_id"].is_null() && offline[0]["outcome"].is_null(), "{offline:#?}");
    assert_eq!(site.server.coa_requests().len(), 1, "boss alone");
}

#[test]
fn a_router_without_a_secret_hears_no_coa_request() {
    let site = Site::start();
    let rest = "[nas.rest]\nurl = \"http://127.0.0.1:9\"\ntls = \"off\"\nusername = \"kick\"\npassword = \"pw\"\n";
    site.configure("", &format!("[[nas]]\nname = \"R1\"\nmatch = [\"127.0.0.1\"]\n{rest}"));
    site.open("alice", &ALICE);
    let told = site.reports(&slower("alice"), 3);
    assert_eq!(told[0]["problem"], "NAS R1: no secret: nothing to send a CoA-Request with");
}

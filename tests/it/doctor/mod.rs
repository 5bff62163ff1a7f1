//! `radkick doctor` at sites where one thing is wrong: it says which, and the line that mends it.

#![expect(clippy::expect_used, reason = "helpers of tests are tests too")]

mod radius;
mod rest;
mod whole;

use std::net::{IpAddr, Ipv4Addr};

use radkick::radius::SharedSecret;
use radkick::simulator::{Incoming, RadiusEntry, RestOptions, Rights, Router, RouterOptions, SessionSpec, Tls};
use serde_json::Value;
use tokio::task::block_in_place;

use crate::bad_input::site::{OpenSession, Site};

const SECRET: &str = "secret of R7";
const PASSWORD: &str = "hunter2-of-rest";
const AT: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 7);
const TIMERS: &str = "irt = \"50ms\"\nmrt = \"100ms\"\nmrc = 2\nmrd = \"1s\"\n";

/// A router with one session, and a site that knows both.
struct Scene {
    router: Router,
    site: Site,
}

/// A router that does everything right.
fn options() -> RouterOptions {
    let mut options = RouterOptions::new("R7", AT);
    options.coa = Incoming::Accept(0);
    options.radius_servers = vec![entry(SECRET, Ipv4Addr::LOCALHOST)];
    options.rest = Some(RestOptions { tls: Tls::Plain, ..RestOptions::new("kick", PASSWORD) });
    options
}

fn entry(secret: &str, address: Ipv4Addr) -> RadiusEntry {
    let secret = SharedSecret::new(secret.as_bytes().to_vec()).expect("not empty");
    RadiusEntry::new(IpAddr::V4(address), secret)
}

impl Scene {
    async fn new(options: RouterOptions) -> Self {
        let router = Router::start(options).await.expect("a router");
        let address = Ipv4Addr::new(192, 168, 88, 41);
        let session = router.login(SessionSpec::hotspot("alice", "02:00:00:00:00:41", address));
        let site = Site::with(&OpenSession { id: &session.acct_session_id, ..OpenSession::default() });
        site.file("password", PASSWORD);
        let scene = Self { router, site };
        scene.configure("", "");
        scene
    }

    /// `[[nas]]` with these lines more, and its `[nas.rest]` with these.
    fn configure(&self, nas: &str, rest: &str) {
        self.write(&format!("{}{nas}{}{rest}", self.nas(), self.rest()));
    }

    fn nas(&self) -> String {
        let port = self.router.coa_addr().port();
        let port = format!("coa_port = {port}\n");
        format!(
            "[[nas]]\nname = \"R7\"\nmatch = [\"127.0.1.7\"]\nsource = \"127.0.0.1\"\nsecret = \"{SECRET}\"\n{port}{TIMERS}"
        )
    }

    fn rest(&self) -> String {
        let url = self.router.rest_url();
        format!(
            "[nas.rest]\nurl = \"{url}\"\nusername = \"kick\"\ntls = \"off\"\npassword_file = \"password\"\nidentity = \"R7\"\n"
        )
    }

    fn write(&self, toml: &str) {
        self.site.configure(toml);
    }

    /// Runs doctor, which must change nothing and give nothing away; its exit code and objects.
    fn examined(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let before = (self.site.tables(), self.router.sessions().len());
        let finished = block_in_place(|| self.site.run(&[&["doctor", "--output", "json"], arguments].concat()));
        assert_eq!((self.site.tables(), self.router.sessions().len()), before, "{finished:#?}");
        for secret in [SECRET, PASSWORD] {
            assert!(!finished.stdout.contains(secret) && !finished.stderr.contains(secret), "{finished:#?}");
        }
        (finished.code.expect("a code"), finished.json_lines())
    }

    /// The one finding of this weight, which there must be: what and how to mend it.
    fn finding(&self, word: &str) -> String {
        let (code, objects) = self.examined(&[]);
        let findings: Vec<&Value> = objects.iter().filter_map(|o| o["findings"].as_array()).flatten().collect();
        let found = findings.iter().find(|finding| finding["finding"] == word);
        let found = found.unwrap_or_else(|| panic!("no {word}: {objects:#?}"));
        assert_eq!(code, i32::from(findings.iter().any(|f| f["weight"] == "wrong")), "{objects:#?}");
        format!("{} {}", found["what"].as_str().expect("words"), found["mend"])
    }
}

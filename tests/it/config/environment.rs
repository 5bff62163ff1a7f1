//! `MIKROTIK_API_*`: one router's REST from the environment.

use radkick::config::{Config, ConfigProblems, Tls};
use secrecy::ExposeSecret;

const SQLITE: &str = "[database]\nurl = \"sqlite:radius.db\"\n";

fn with(text: &str, host: &str, more: &[(&str, &str)]) -> Result<Config, ConfigProblems> {
    let environment = |name: &str| match name.strip_prefix("MIKROTIK_API_")? {
        "HOST" => Some(host.to_owned()),
        rest => more.iter().find(|(name, _)| *name == rest).map(|(_, value)| (*value).to_owned()),
    };
    Config::parse("radkick.toml".as_ref(), text, &environment)
}

const LOGIN: [(&str, &str); 2] = [("USER", "radkick"), ("PASSWORD", "hunter2")];

#[test]
fn a_bare_host_means_https() {
    for (host, url, bare) in [
        ("192.168.88.1", "https://192.168.88.1/", "192.168.88.1"),
        (" router.lan:8443 ", "https://router.lan:8443/", "router.lan"),
        ("fd00::1", "https://[fd00::1]/", "fd00::1"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443/", "fd00::1"),
        ("https://router.lan/rest", "https://router.lan/", "router.lan"),
    ] {
        let config = with(SQLITE, host, &LOGIN).expect("accepted");
        let api = config.mikrotik_api.expect("a router");
        assert_eq!((api.rest.url.as_str(), api.host.as_str()), (url, bare));
        assert_eq!(api.rest.tls, Tls::Verify { ca_file: None });
        assert_eq!((api.rest.username.as_str(), api.rest.password.expose_secret()), ("radkick", "hunter2"));
        assert!(config.warnings.is_empty());
    }
}

#[test]
fn plain_http_only_if_said_and_with_a_warning() {
    let config = with(SQLITE, "http://192.168.88.1", &LOGIN).expect("accepted");
    assert_eq!(config.mikrotik_api.expect("a router").rest.tls, Tls::Off);
    assert!(config.warnings[0].to_string().contains("MIKROTIK_API_HOST: http:// sends the password in clear text"));
}

#[test]
fn a_fingerprint_pins() {
    let fingerprint = "ab".repeat(32);
    let more = [LOGIN[0], LOGIN[1], ("FINGERPRINT", fingerprint.as_str())];
    let config = with(SQLITE, "192.168.88.1", &more).expect("accepted");
    assert_eq!(config.mikrotik_api.expect("a router").rest.tls, Tls::Pin([0xab; 32]));
    let clear = with(SQLITE, "http://192.168.88.1", &more).expect_err("a pin without TLS").to_string();
    assert!(clear.contains("MIKROTIK_API_FINGERPRINT: a fingerprint, but http:// has no certificate"), "{clear}");
    let short = with(SQLITE, "192.168.88.1", &[LOGIN[0], LOGIN[1], ("FINGERPRINT", "ab")]).expect_err("too short");
    assert!(short.to_string().contains("64 hexadecimal digits"), "{short}");
}

#[test]
fn other_schemes_and_credentials_are_refused() {
    for host in ["ftp://192.168.88.1", "https://radkick:hunter2@192.168.88.1", "two words"] {
        let problems = with(SQLITE, host, &LOGIN).expect_err("refused").to_string();
        assert!(problems.contains("MIKROTIK_API_HOST: no host of a router; write HOST"), "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn all_or_nothing() {
    let problems = with(SQLITE, "192.168.88.1", &[("PASSWORD", "")]).expect_err("no login");
    let missing: Vec<_> = problems.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(missing, ["MIKROTIK_API_USER", "MIKROTIK_API_PASSWORD"]);
    assert!(with(SQLITE, "", &LOGIN).expect("nothing is set").mikrotik_api.is_none());
}

#[test]
fn the_file_goes_first() {
    let rest = format!("{SQLITE}[[nas]]\nname = \"r1\"\n[nas.rest]\nusername = \"a\"\npassword = \"b\"\n");
    let config = with(&rest, "192.168.88.1", &LOGIN).expect("accepted");
    assert!(config.mikrotik_api.is_none());
    assert!(config.warnings[0].to_string().contains("not used: the file sets up REST itself"));
}

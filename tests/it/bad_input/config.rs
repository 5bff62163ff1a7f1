//! A configuration that is missing or wrong: every command exits with 2 before it opens anything.
use super::site::{OpenSession, Site, assert_says};
use crate::support::radkick::Radkick;

/// Every command that reads the configuration.
const COMMANDS: [&[&str]; 11] = [
    &["check"],
    &["disconnect", "--user", "alice"],
    &["--disconnect", "alice"],
    &["enforce", "--once"],
    &["sessions"],
    &["usage"],
    &["block", "--user", "alice"],
    &["restore", "--user", "alice"],
    &["pause"],
    &["resume"],
    &["confirm"],
];

/// What every command says of this configuration.
fn refused(more: &str) -> String {
    let site = Site::with(&OpenSession::default());
    site.configure(more);
    let said: Vec<String> = COMMANDS.iter().map(|command| site.refused(command, 2)).collect();
    assert!(said.iter().all(|stderr| *stderr == said[0]), "{said:#?}");
    said[0].replace(&format!("{}/", site.path("").display()), "").replace(&site.path("").display().to_string(), "")
}

#[test]
fn no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in COMMANDS {
        let finished = Radkick::new(command).current_dir(folder.path()).run();
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
        assert_says(
            &finished.stderr,
            &[
                "no configuration file: neither /etc/radkick/radkick.toml nor ./radkick.toml exists",
                "--config",
                "[database]",
            ],
        );
        let named = Radkick::new(command).arg("--config").arg(folder.path().join("other.toml")).run();
        assert_eq!((named.code, named.stdout.as_str()), (Some(2), ""), "{named:#?}");
        assert_says(&named.stderr, &["other.toml: there is no such file; write it, or name another with --config"]);
    }
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0);
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let said = refused("[quota]\nintervall = \"30s\"\n");
    assert_says(
        &said,
        &["error: ", "radkick.toml:4:1: quota.intervall: unknown key; the nearest known one is `interval`"],
    );
}

#[test]
fn a_wrong_unit() {
    let said = refused("[quota]\ninterval = \"5 parsecs\"\n");
    let right = "found \"5 parsecs\"; write a duration with its unit, from 1s to 1h, as \"30s\", \"5m\" or \"1h30m\"";
    assert_says(&said, &["radkick.toml:4:12: quota.interval: ", right]);
}

#[test]
fn every_problem_at_once() {
    let said = refused("[quota]\ninterval = 30\nmode = \"enforced\"\n[[nas]]\nname = \"a\"\n[[nas]]\nname = \"a\"\n");
    assert_says(
        &said,
        &[":4:12: quota.interval: ", ":5:8: quota.mode: ", "nas: a second NAS \"a\"; give each its own name"],
    );
    assert_eq!(said.lines().filter(|line| line.starts_with("error: ")).count(), 3, "{said}");
}

#[test]
fn a_secret_file_that_is_missing_or_empty() {
    let missing = refused("[[nas]]\nname = \"r1\"\nsecret_file = \"none\"\n");
    assert_says(
        &missing,
        &["nas.secret_file: cannot read ", "none: No such file or directory; name a file that holds"],
    );
    let empty = refused("[[nas]]\nname = \"r1\"\nsecret_file = \"radkick.toml/none\"\n");
    assert_says(&empty, &["nas.secret_file: cannot read ", "Not a directory"]);
    let site = Site::with(&OpenSession::default());
    site.configure("[[nas]]\nname = \"r1\"\nsecret_file = \"secret\"\n");
    for nothing in ["", "\n", "\r\n\n"] {
        site.file("secret", nothing);
        let said = site.refused(&["disconnect", "--user", "alice"], 2);
        assert_says(&said, &["nas.secret_file: ", "secret is empty; write the secret into it, on one line"]);
    }
}

#[test]
fn a_database_of_an_unknown_kind() {
    let site = Site::with(&OpenSession::default());
    for (url, found) in [
        (
            "oracle://radius:hunter2@db/radius",
            "database.url: a URL of the kind \"oracle\"; write sqlite:FILE, postgres:",
        ),
        ("radius.db", "database.url: no URL of a database; write sqlite:FILE"),
        ("hunter2@db", "database.url: no URL of a database; write sqlite:FILE"),
        ("sqlite:", "database.url: an SQLite URL without a file; write sqlite:FILE"),
        ("sqlite::memory:", "database.url: a database in memory, which ends with the process; write sqlite:FILE"),
    ] {
        site.file("radkick.toml", format!("[database]\nurl = \"{url}\"\n"));
        let said = site.refused(&["disconnect", "--user", "alice"], 2);
        assert_says(&said, &[found]);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

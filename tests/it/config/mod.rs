//! The configuration, at its door: files in, `Config` or every problem out.

#![expect(clippy::expect_used, reason = "helpers of tests are tests too")]

mod cases;
mod environment;
mod files;
mod resolved;
mod robust;

use radkick::config::{Config, ConfigProblems};

/// The environment of all cases.
fn environment(name: &str) -> Option<String> {
    (name == "DB_PASS").then(|| "s3/cr#t@x".to_owned())
}

/// `text` as a file in the current folder.
fn parse(text: &str) -> Result<Config, ConfigProblems> {
    Config::parse("radkick.toml".as_ref(), text, &environment)
}

/// `text` after a database.
fn with_database(text: &str) -> Config {
    let text = format!("[database]\nurl = \"sqlite:radius.db\"\n{text}");
    parse(&text).unwrap_or_else(|problems| panic!("{problems}"))
}

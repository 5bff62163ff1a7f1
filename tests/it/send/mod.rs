//! `radkick send`, as a person runs it: against a server of ours, and against FreeRADIUS.
mod bad_input;
mod dictionaries;
mod oracle;
mod real;
mod results;
mod stream;

use std::fmt::Display;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use tempfile::NamedTempFile;

use crate::support::radkick::Radkick;

/// A file with this text, readable by its owner alone.
fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file");
    file
}

fn chmod(file: &NamedTempFile, mode: u32) {
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("our own file");
}

/// `send KIND --to TO --secret-file SECRET`, and more.
fn send(kind: &str, to: impl Display, secret: &NamedTempFile, more: &[&str]) -> Radkick {
    let to = format!("{to}");
    let path = secret.path().to_str().expect("a path in UTF-8");
    Radkick::new(&[&["send", kind, "--to", &to, "--secret-file", path], more].concat())
}

/// Timers for a test that wants silence soon.
const HASTY: [&str; 6] = ["--irt", "50ms", "--mrc", "2", "--mrd", "5s"];

/// Timers that no busy machine reaches: one transmission.
const PATIENT: [&str; 6] = ["--irt", "30s", "--mrt", "30s", "--mrd", "50s"];

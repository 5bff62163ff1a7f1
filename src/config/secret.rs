//! Secrets, given as `x`, `x_file` or a variable of the environment.

use std::fs;
use std::io;
use std::path::Path;

use secrecy::SecretString;

use super::report::{Report, Spot};
use super::section::Section;
use crate::radius::SharedSecret;

impl Section<'_, '_> {
    /// The octets of a secret, at least one: text at `key`, or what the file named at `key_file` holds.
    pub(super) fn secret(&mut self, key: &'static str, key_file: &'static str) -> Option<Vec<u8>> {
        let (plain, file) = (self.text(key), self.text(key_file));
        match (plain, file) {
            (None, None) => None,
            (Some(plain), Some(_)) => {
                self.report.problem(&plain.spot, format!("both {key} and {key_file}"), "write only one of them");
                None
            }
            (Some(plain), None) => {
                if !plain.raw.contains("${") {
                    self.report.note_plain_secret();
                }
                if plain.value.is_empty() {
                    self.report.problem(&plain.spot, "empty", format!("write the secret, or its file as {key_file}"));
                    return None;
                }
                Some(plain.value.into_bytes())
            }
            (None, Some(file)) => secret_file(self.report, &file.spot, &self.report.path(&file.value)),
        }
    }

    /// A RADIUS shared secret.
    pub(super) fn shared_secret(&mut self) -> Option<SharedSecret> {
        SharedSecret::new(self.secret("secret", "secret_file")?).ok()
    }

    /// A password, which must be UTF-8.
    pub(super) fn password(&mut self) -> Option<SecretString> {
        self.secret_text("password", "password_file").map(SecretString::from)
    }

    /// A secret that must be UTF-8.
    pub(super) fn secret_text(&mut self, key: &'static str, key_file: &'static str) -> Option<String> {
        let octets = self.secret(key, key_file)?;
        let text = String::from_utf8(octets).ok();
        if text.is_none() {
            self.report.problem(&self.spot_of(key_file), "its text is not UTF-8", "save the file as UTF-8");
        }
        text
    }
}

/// What a secret's file holds, without the line ends that editors put last.
fn secret_file(report: &Report<'_>, spot: &Spot, path: &Path) -> Option<Vec<u8>> {
    let shown = path.display();
    let mut octets = match fs::read(path) {
        Ok(octets) => octets,
        Err(error) => {
            report.problem(spot, format!("cannot read {shown}: {}", reason(&error)), unreadable_help(&error));
            return None;
        }
    };
    while octets.last().is_some_and(|octet| matches!(octet, b'\n' | b'\r')) {
        octets.pop();
    }
    if octets.is_empty() {
        report.problem(spot, format!("{shown} is empty"), "write the secret into it, on one line");
        return None;
    }
    if let Some(mode) = world_readable(path) {
        let found = format!("everyone on this machine can read {shown} (mode {mode:04o})");
        report.warning(spot, found, format!("chmod 640 {shown}"));
    }
    Some(octets)
}

fn unreadable_help(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        "let the user that radkick runs as read it"
    } else {
        "name a file that holds the secret alone"
    }
}

/// An error of the system without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The permissions of a file that everyone can read.
pub(super) fn world_readable(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & 0o004 != 0).then_some(mode)
}

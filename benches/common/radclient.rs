//! Accounting-Requests as fast as a real radclient sends them.

use std::path::Path;
use std::process::Command;

use crate::support::freeradius::FreeRadius;

/// Sends them all, 32 at a time; how many were accepted.
pub(crate) fn send(server: &FreeRadius, file: &Path) -> anyhow::Result<usize> {
    let output = Command::new("radclient")
        .args(["-q", "-s", "-p", "32", "-r", "10", "-t", "3", "-f"])
        .arg(file)
        .arg("-d")
        .arg(server.raddb())
        .arg("-S")
        .arg(server.secret_file())
        .args([&server.acct_addr().to_string(), "acct"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let accepted = text.lines().find_map(|line| line.trim().strip_prefix("Accepted"));
    Ok(accepted.and_then(|rest| rest.trim_start_matches([':', ' ']).trim().parse().ok()).unwrap_or(0))
}

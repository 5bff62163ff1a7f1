//! How much memory a process had at most, as Linux tells it.

use anyhow::Context as _;

/// The most of this process that was resident, in KiB.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn peak_kib() -> anyhow::Result<u64> {
    peak_kib_of("self")
}

/// The same of a process by its id.
///
/// # Errors
/// Where there is no such process.
pub(crate) fn peak_kib_of(process: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

//! How much memory this process had at most, as Linux tells it.

use anyhow::Context as _;

/// The most that was resident, in KiB,.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

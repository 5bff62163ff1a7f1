//! How much memory this process had at most, as Linux tells it.

use anyhow::Context as _;

/// The most that was resident, in KiB, since the start or [`forget_peak`].
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// From here on the peak is a new one.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn forget_peak() -> anyhow::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5").context("forgetting the peak of memory")
}

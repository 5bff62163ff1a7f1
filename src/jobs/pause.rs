//! The pause file: while it exists, nothing is cut.

use std::fs;
use std::io;
use std::path::Path;

/// A pause, from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Until when, in seconds since 1970; `None` until somebody resumes.
    pub until: Option<i64>,
}

/// Whether everything is paused at `now`. A file that holds anything but a time in the future's form pauses until it is
/// removed; one whose time has come pauses no more.
///
/// # Errors
/// When the file is there and cannot be read: better to cut nothing than to cut against somebody's word.
pub fn paused(file: &Path, now: i64) -> io::Result<Option<Pause>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let until = text.trim().parse::<i64>().ok();
    Ok(until.is_none_or(|until| until > now).then_some(Pause { until }))
}

/// Pauses everything, until a time or until somebody resumes.
///
/// # Errors
/// When the file cannot be written.
pub fn pause(file: &Path, pause: Pause) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, pause.until.map(|until| format!("{until}\n")).unwrap_or_default())
}

/// Ends a pause. Whether there was one.
///
/// # Errors
/// When the file cannot be removed.
pub fn resume(file: &Path) -> io::Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

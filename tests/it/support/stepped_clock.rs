//! A wall clock that is set while a program runs: for that program alone, by libfaketime. Its monotonic clock goes on as it was, as with
//! a real clock that is set.
use std::path::PathBuf;

use tempfile::TempDir;

use super::radkick::Radkick;

/// What is ahead of or behind the machine's clock.
pub(crate) struct SteppedClock {
    folder: TempDir,
}

impl SteppedClock {
    /// As the machine's, to begin with.
    pub(crate) fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a folder") };
        clock.set(0);
        clock
    }

    /// A call that lives by it.
    pub(crate) fn of(&self, call: Radkick) -> Radkick {
        let text = |path: PathBuf| path.to_str().expect("a path in UTF-8").to_owned();
        call.env("LD_PRELOAD", &text(library()))
            .env("FAKETIME_TIMESTAMP_FILE", &text(self.file()))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
    }

    /// Sets it to so many seconds ahead of the machine's clock; behind it below 0.
    pub(crate) fn set(&self, ahead: i64) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{ahead:+}")).expect("a file");
        std::fs::rename(new, self.file()).expect("our own folder");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ahead")
    }
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let files = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    let found = files.into_iter().find(|file| file.is_file());
    found.expect("libfaketime is not installed: apt-get install libfaketime (tests/run does it)")
}

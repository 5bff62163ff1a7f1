//! A disk that can be filled.
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Running, program};
use super::wait::PATIENCE;

/// A small disk; unmounted when dropped.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Makes this folder and mounts one on it, of a size as `mount` writes it.
    ///
    /// # Panics
    ///
    /// When it may not be mounted: only root may.
    pub(crate) fn mount(at: &Path, size: &str) -> Self {
        std::fs::create_dir(at).expect("a folder to mount on");
        let mut command = Command::new(program("mount", "mount"));
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "radkick-test"]).arg(at);
        let finished = Running::start(&mut command, "").finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "a tmpfs is needed; run the tests as root: {finished:#?}");
        Self { at: at.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) {
        let mut filler = OpenOptions::new().create(true).append(true).open(self.filler()).expect("a file");
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new(program("umount", "mount")).arg(&self.at).status().ok();
    }
}

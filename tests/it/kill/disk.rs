//! No room on the disk that holds radkick's own tables.
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ALICE, done, login, watch};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::freeradius::Authentication;
use crate::support::process::{Running, program};
use crate::support::sqlite::sqlite;
use crate::support::wait::PATIENCE;

/// A small disk; unmounted when dropped.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// # Panics
    ///
    /// When it may not be mounted: only root may.
    fn mount(at: &Path, size: &str) -> Self {
        std::fs::create_dir(at).expect("a folder to mount on");
        let mut command = Command::new(program("mount", "mount"));
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "radkick-test"]).arg(at);
        let finished = Running::start(&mut command, "").finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "a tmpfs is needed; run the tests as root: {finished:#?}");
        Self { at: at.to_owned() }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut filler = OpenOptions::new().create(true).append(true).open(self.filler()).expect("a file");
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new(program("umount", "mount")).arg(&self.at).status().ok();
    }
}

/// alice, over her limit; radkick's own tables on a disk of their own.
fn alice(room: &str) -> (Site, SmallDisk) {
    let site = Site::start();
    let tmpfs = SmallDisk::mount(&site.folder().join("disk"), room);
    site.configure(ENFORCE, &site.r1(PATIENT));
    let text = std::fs::read_to_string(site.config()).expect("the configuration");
    let moved = text.replace("/state.db", "/disk/state.db");
    std::fs::write(site.config(), moved).expect("the configuration");
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", Session::new("80a00002").at("192.168.88.42"), "1");
    watch(&site);
    // The disk goes before the folder that it is mounted in
    (site, tmpfs)
}

/// Each command says so, exits with 5, and changes nothing.
fn says_that_the_disk_is_full(site: &Site) {
    let before = site.tables();
    for command in [
        &["enforce", "--once"][..],
        &["disconnect", "--user", "alice"],
        &["disconnect", "--user", "alice", "--block"],
        &["block", "--user", "alice"],
    ] {
        let finished = site.run(command);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{command:?} {finished:#?}");
        assert!(finished.stderr.contains("the disk is full"), "{command:?} {finished:#?}");
        assert!(finished.stderr.contains("/disk/state.db"), "{command:?} {finished:#?}");
    }
    assert_eq!(site.tables(), before);
    assert!(site.server.coa_requests().is_empty());
    assert_eq!(login(site), Authentication::Accept);
}

#[test]
fn full_before_the_first_run() {
    let (site, disk) = alice("1m");
    disk.fill();
    says_that_the_disk_is_full(&site);
    disk.make_room();
    assert_eq!(site.reports(&["enforce", "--once"], 0)[0]["fate"], "ended");
}

#[test]
fn full_after_the_first_run() {
    let (site, disk) = alice("1m");
    assert!(site.reports(&["enforce", "--once", "--user", "bob"], 0).is_empty());
    File::open(disk.at.join("state.db")).expect("the tables are there");
    disk.fill();
    says_that_the_disk_is_full(&site);
    disk.make_room();
    assert_eq!(site.reports(&["enforce", "--once"], 0)[0]["fate"], "ended");
    assert_eq!(done(&site), ["+ alice Auth-Type Reject", &format!("closed {}", ALICE.id)]);
    let live = sqlite(&disk.at.join("state.db"), "SELECT * FROM radkick_job WHERE live_key IS NOT NULL");
    assert!(live.is_empty(), "{live:#?}");
}

//! No room on the disk that holds radkick's own tables.
use std::fs::File;

use super::{ALICE, done, login, watch};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::freeradius::Authentication;
use crate::support::small_disk::SmallDisk;
use crate::support::sqlite::sqlite;

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
    File::open(disk.path().join("state.db")).expect("the tables are there");
    disk.fill();
    says_that_the_disk_is_full(&site);
    disk.make_room();
    assert_eq!(site.reports(&["enforce", "--once"], 0)[0]["fate"], "ended");
    assert_eq!(done(&site), ["+ alice Auth-Type Reject", &format!("closed {}", ALICE.id)]);
    let live = sqlite(&disk.path().join("state.db"), "SELECT * FROM radkick_job WHERE live_key IS NOT NULL");
    assert!(live.is_empty(), "{live:#?}");
}

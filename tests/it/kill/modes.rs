//! Who may read the file of our own tables, and that looking leaves it as it is.
use std::collections::BTreeMap;
use std::fs::{read, read_dir, remove_file};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::rights::{Ordinary, mode};
use super::{ALICE, kill_at};
use crate::disconnect::site::{PATIENT, Site};
use crate::enforce::{ENFORCE, customer};

const ONCE: [&str; 2] = ["enforce", "--once"];

fn modes(folder: &Path) -> BTreeMap<String, u32> {
    let files = read_dir(folder).expect("a folder").map(|file| file.expect("a file"));
    let state = files.filter(|file| file.file_name().to_string_lossy().starts_with("state.db"));
    state
        .map(|file| {
            let mode = file.metadata().expect("a file").permissions().mode() & 0o777;
            (file.file_name().to_string_lossy().into_owned(), mode)
        })
        .collect()
}

/// Removed passwords stand in it: nobody else reads it, nor what SQLite puts beside it.
#[test]
fn the_state_file_is_its_owners() {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n[block]\nmode = \"remove\""), &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let halted = site.radkick(&ONCE).env("RADKICK_FAILPOINT", "block_held").spawn();
    halted.wait_for_stderr("halted at a failpoint");
    let names = ["state.db", "state.db-shm", "state.db-wal", "state.db.migrate"];
    assert_eq!(modes(site.folder()), names.map(|name| (name.to_owned(), 0o600)).into());
}

#[test]
fn the_group_that_may_write_accounting_may_write_ours() {
    for (theirs, ours) in [(0o660, 0o660), (0o666, 0o660), (0o640, 0o600), (0o644, 0o600)] {
        let ordinary = Ordinary::new();
        mode(&ordinary.own(), 0o777);
        mode(ordinary.site.folder(), 0o777);
        Ordinary::become_owner(&ordinary.database);
        mode(&ordinary.database, theirs);
        let finished = ordinary.run(&["block", "--user", "alice"]);
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        let modes = modes(&ordinary.own());
        assert!(modes.len() >= 2 && modes.values().all(|mode| *mode == ours), "{theirs:o}: {modes:?}");
        let group = |file: &Path| std::fs::metadata(file).expect("a file").gid();
        assert_eq!(group(&ordinary.own().join("state.db")), group(&ordinary.database));
    }
}

/// Somebody else ran first: a lock file that may be read is enough.
#[test]
fn a_lock_file_of_another_user() {
    let ordinary = Ordinary::new();
    mode(&ordinary.own(), 0o777);
    mode(ordinary.site.folder(), 0o777);
    mode(&ordinary.database, 0o666);
    let lock = ordinary.own().join("state.db.migrate");
    std::fs::write(&lock, "").expect("a lock file");
    mode(&lock, 0o444);
    let finished = ordinary.run(&["block", "--user", "alice"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    mode(&lock, 0o000);
    let finished = ordinary.run(&["block", "--user", "alice"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    let said = format!("its lock file {} cannot be used: ", lock.display());
    assert!(finished.stderr.contains(&said), "{finished:#?}");
    assert!(finished.stderr.contains("run radkick as the user who made it, or let this user read it"), "{finished:#?}");
}

#[test]
fn looking_writes_nothing() {
    let site = Site::start();
    site.configure(ENFORCE, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    kill_at(site.radkick(&["block", "--user", "alice"]), "block_held");
    remove_file(site.folder().join("state.db.migrate")).expect("our lock file");
    // Nobody has it open, or a process that ended left its log; of the files that stand, the locks in -shm alone change
    reads_alone(&site, &["state.db", "state.db-shm", "state.db-wal"]);
    site.state_sql("PRAGMA wal_checkpoint");
    reads_alone(&site, &["state.db"]);
}

fn reads_alone(site: &Site, names: &[&str]) {
    let files = || -> BTreeMap<String, Option<Vec<u8>>> {
        let content = |name: &str| read(site.folder().join(name)).expect("a file");
        let names = modes(site.folder()).into_keys();
        names.map(|name| (name.clone(), (!name.ends_with("-shm")).then(|| content(&name)))).collect()
    };
    let before = files();
    assert!(before.keys().eq(names), "{:?}", before.keys());
    for command in
        [&["enforce", "--once", "--dry-run"][..], &["disconnect", "--user", "alice", "--dry-run"], &["usage"]]
    {
        assert_eq!(site.reports(command, 0)[0]["blocked"], true, "{command:?}");
        assert!(files() == before, "{command:?}: {:?}", modes(site.folder()));
    }
}

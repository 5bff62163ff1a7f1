//! Two runs on one block: one halts in the middle, the other goes on, and then the first does.
use std::process::Command;

use super::{ALICE, login, nothing_is_pending};
use crate::disconnect::site::{PATIENT, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::freeradius::Authentication;
use crate::support::process::{Finished, Running, program};
use crate::support::radkick::RunningRadkick;
use crate::support::sqlite::Row;
use crate::support::wait::PATIENCE;

const ONCE: [&str; 2] = ["enforce", "--once"];
const BLOCK: [&str; 3] = ["block", "--user", "alice"];
const RESTORE: [&str; 3] = ["restore", "--user", "alice"];

fn alice(block: &str) -> Site {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n[block]\nmode = \"{block}\""), &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    site
}

fn rows(site: &Site) -> Vec<Row> {
    site.server.sql("SELECT * FROM radcheck")
}

/// Runs a command until it halts at a step, from where [`go_on`] lets it go on.
fn halt_at(site: &Site, command: &[&str], step: &str) -> RunningRadkick {
    let pipe = site.folder().join("pipe");
    let made = Running::start(Command::new(program("mkfifo", "coreutils")).arg(&pipe), "").finish(PATIENCE);
    assert_eq!(made.code, Some(0), "{made:#?}");
    let call = site.radkick(command).env("RADKICK_FAILPOINT", step);
    let running = call.env("RADKICK_FAILPOINT_PIPE", pipe.to_str().expect("UTF-8")).spawn();
    running.wait_for_stderr("halted at a failpoint");
    running
}

fn go_on(site: &Site, halted: RunningRadkick) -> Finished {
    std::fs::write(site.folder().join("pipe"), "").expect("somebody reads");
    halted.finish()
}

/// Whatever came first: what is held is closed, and a restore gives back what there was.
fn is_closed_and_comes_back(site: &Site, before: &[Row], step: &str) {
    assert_eq!(login(site), Authentication::Reject(None), "{step}");
    let pending = site.state_sql("SELECT * FROM radkick_block WHERE state NOT IN ('held', 'released')");
    assert!(pending.is_empty(), "{step}: {pending:#?}");
    site.reports(&RESTORE, 0);
    assert_eq!(rows(site), before, "{step}");
    assert_eq!(login(site), Authentication::Accept, "{step}");
    nothing_is_pending(site, step);
}

#[test]
fn a_block_that_another_run_finishes() {
    for (mode, step) in [("remove", "block_planned"), ("remove", "block_changed"), ("reject", "block_changed")] {
        let site = alice(mode);
        let before = rows(&site);
        let halted = halt_at(&site, &BLOCK, step);
        assert_eq!(site.reports(&ONCE, 0)[0]["blocked"], true);
        let finished = go_on(&site, halted);
        assert_eq!(finished.code, Some(0), "{mode} {step}: {finished:#?}");
        is_closed_and_comes_back(&site, &before, step);
    }
}

#[test]
fn a_block_that_is_undone_meanwhile() {
    for (mode, step) in [("remove", "block_planned"), ("remove", "block_changed"), ("reject", "block_changed")] {
        let site = alice(mode);
        let before = rows(&site);
        let halted = halt_at(&site, &BLOCK, step);
        site.reports(&RESTORE, 0);
        let finished = go_on(&site, halted);
        assert_eq!(finished.code, Some(0), "{mode} {step}: {finished:#?}");
        is_closed_and_comes_back(&site, &before, step);
    }
}

#[test]
fn a_restore_beside_a_new_block() {
    for (mode, step) in [("reject", "restore_planned"), ("remove", "restore_planned"), ("remove", "restore_changed")] {
        let site = alice(mode);
        let before = rows(&site);
        site.reports(&BLOCK, 0);
        let halted = halt_at(&site, &RESTORE, step);
        site.reports(&BLOCK, 0);
        let finished = go_on(&site, halted);
        assert_eq!(finished.code, Some(5), "{mode} {step}: {finished:#?}");
        assert!(finished.stderr.contains("another radkick has closed the login again"), "{finished:#?}");
        is_closed_and_comes_back(&site, &before, step);
    }
}

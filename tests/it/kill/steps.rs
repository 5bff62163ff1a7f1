//! Every step of `radkick::failpoint::STEPS`, by the command that reaches it.
use radkick::failpoint::STEPS;
use radkick::simulator::StopTiming;

use super::{ALICE, done, journal, kill_at, login, nothing_is_pending, only_her_session_was_named, watch};
use crate::disconnect::site::{PATIENT, Site};
use crate::disconnect::stand::Stand;
use crate::enforce::{ENFORCE, customer, top_up};
use crate::support::freeradius::Authentication;

/// `serve::hook_steps` has these.
const HOOK: [&str; 4] = ["hook_written", "hook_kept", "event_taken", "event_stored"];
/// Before what was used is written, and while it is.
const LOOK: [&str; 2] = ["rows_seen", "use_counted"];
const CUT: [&str; 9] = [
    "job_submitted",
    "block_planned",
    "block_changed",
    "block_held",
    "target_selected",
    "intent_recorded",
    "request_answered",
    "attempt_recorded",
    "fate_recorded",
];
const CLOSING: &str = "row_closed";
const RESTORE: [&str; 2] = ["restore_planned", "restore_changed"];
/// `serve::control::coa` has it.
const COA: &str = "coa_recorded";

const ONCE: [&str; 2] = ["enforce", "--once"];

#[test]
fn no_step_is_left_out() {
    let tested: Vec<&str> =
        HOOK.into_iter().chain(LOOK).chain(CUT).chain([CLOSING]).chain(RESTORE).chain([COA]).collect();
    assert_eq!(tested, STEPS);
}

/// alice, over her limit, online at R1.
fn alice(block: &str) -> Site {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n[block]\nmode = \"{block}\""), &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    watch(&site);
    site
}

/// Kills `command` at each step, runs it again, and demands `effects` on the login and the row, each once.
fn survives(block: &str, command: &[&str], steps: &[&str], effect: &str) {
    for step in steps {
        let site = alice(block);
        kill_at(site.radkick(command), step);
        only_her_session_was_named(&site, step);
        let reports = site.reports(command, 0);
        assert_eq!(reports.len(), 1, "{step}: {reports:#?}");
        assert_eq!(reports[0]["acct_session_id"], ALICE.id, "{step}");
        assert_eq!(reports[0]["blocked"], true, "{step}");
        assert_eq!(done(&site), [effect, &format!("closed {}", ALICE.id)], "{step}");
        assert_eq!(login(&site), Authentication::Reject(None), "{step}");
        assert_eq!(site.server.coa_requests().len(), 1, "{step}");
        only_her_session_was_named(&site, step);
        nothing_is_pending(&site, step);
        let told: Vec<String> = journal(&site).into_iter().filter(|event| event != "over").collect();
        assert_eq!(told, ["blocked", "cut"], "{step}");
        // And there it ends
        site.reports(command, 0);
        assert_eq!((done(&site).len(), site.server.coa_requests().len()), (2, 1), "{step}");
        nothing_is_pending(&site, step);
        // What was begun before the kill is known as ours
        site.reports(&["restore", "--user", "alice"], 0);
        assert_eq!(login(&site), Authentication::Accept, "{step}");
    }
}

#[test]
fn a_cut_by_hand_is_finished() {
    survives("reject", &["disconnect", "--user", "alice", "--block"], &CUT, "+ alice Auth-Type Reject");
}

#[test]
fn a_cut_of_one_session_is_finished() {
    let command = ["disconnect", "--user", "alice", "--session", ALICE.id, "--block"];
    for step in CUT {
        let site = alice("reject");
        kill_at(site.radkick(&command), step);
        let reports = site.reports(&command, 0);
        assert_eq!((reports.len(), reports[0]["acct_session_id"].as_str()), (1, Some(ALICE.id)), "{step}");
        assert_eq!(done(&site), ["+ alice Auth-Type Reject", &format!("closed {}", ALICE.id)], "{step}");
        only_her_session_was_named(&site, step);
        nothing_is_pending(&site, step);
        // By now there is no such session
        assert_eq!(site.run(&command).code, Some(4), "{step}");
    }
}

#[test]
fn a_cut_of_the_worker_is_finished() {
    survives("reject", &ONCE, &[LOOK.as_slice(), &CUT].concat(), "+ alice Auth-Type Reject");
}

#[test]
fn a_password_is_removed_once() {
    survives("remove", &ONCE, &CUT[1..4], "- alice Cleartext-Password pw");
}

#[test]
fn a_kill_at_every_step_in_turn_is_finished() {
    let site = alice("reject");
    let command = ["disconnect", "--user", "alice", "--block"];
    // From the answer on there is nothing left to send
    for step in &CUT[..7] {
        kill_at(site.radkick(&command), step);
    }
    let reports = site.reports(&command, 0);
    assert_eq!((reports.len(), reports[0]["acct_session_id"].as_str()), (1, Some(ALICE.id)));
    assert_eq!(done(&site), ["+ alice Auth-Type Reject", &format!("closed {}", ALICE.id)]);
    only_her_session_was_named(&site, "all");
    nothing_is_pending(&site, "all");
    assert_eq!(journal(&site), ["blocked", "cut"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_closed_once() {
    let stand = Stand::start(|options| options.behaviours.stop = StopTiming::Lost).await;
    stand.configure("[accounting]\nstop_grace = \"0s\"", PATIENT);
    let session = stand.alice().await;
    stand.an_hour_later();
    let command = ["disconnect", "--user", "alice"];
    assert_eq!(stand.site.reports(&command, 0)[0]["evidence"], "absent_from_router");
    watch(&stand.site);
    kill_at(stand.site.radkick(&command), CLOSING);
    stand.site.reports(&command, 0);
    assert_eq!(done(&stand.site), [format!("closed {}", session.acct_session_id)]);
    nothing_is_pending(&stand.site, CLOSING);
    let due = stand.site.state_sql("SELECT * FROM radkick_target WHERE close_due_at IS NOT NULL");
    assert!(due.is_empty(), "{due:#?}");
}

/// Kills a restore at each step; `effects` on the login, the block's included, each once.
fn restores(block: &str, command: &[&str], effects: [&str; 2]) {
    for step in RESTORE {
        let site = alice(block);
        site.reports(&ONCE, 0);
        if command == ONCE {
            top_up(&site, "alice");
        }
        kill_at(site.radkick(command), step);
        assert_eq!(site.run(command).code, Some(0), "{step}");
        let mut done = done(&site);
        done.retain(|what| !what.starts_with("closed") && !what.starts_with('!'));
        assert_eq!(done, effects, "{step}");
        assert_eq!(login(&site), Authentication::Accept, "{step}");
        nothing_is_pending(&site, step);
        let told: Vec<String> = journal(&site).into_iter().filter(|event| event != "over").collect();
        assert_eq!(told, ["blocked", "cut", "restored"], "{step}");
        assert_eq!(site.run(&["restore", "--user", "alice"]).code, Some(4), "{step}: nothing is held");
    }
}

#[test]
fn a_restore_by_hand_is_finished() {
    let restore = ["restore", "--user", "alice"];
    restores("reject", &restore, ["+ alice Auth-Type Reject", "- alice Auth-Type Reject"]);
    restores("remove", &restore, ["- alice Cleartext-Password pw", "+ alice Cleartext-Password pw"]);
}

#[test]
fn a_restore_of_the_worker_is_finished() {
    restores("reject", &ONCE, ["+ alice Auth-Type Reject", "- alice Auth-Type Reject"]);
}

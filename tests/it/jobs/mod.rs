//! `radkick jobs`: looking at what waits, bringing it forward, calling it off.
mod turns;

use serde_json::{Value, json};

use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::freeradius::Authentication;
use crate::support::ports::free_udp_ports;

const ALICE: Session<'_> = Session::new("80a00001");
const ONCE: [&str; 2] = ["enforce", "--once"];

/// alice, over her limit behind a router that is asleep: her login is closed and her job waits.
fn waiting() -> (Site, i64) {
    let site = Site::start();
    let asleep = ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into();
    site.configure(ENFORCE, &site.nas("R1", "127.0.0.1", asleep, HASTY));
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    let jobs = site.reports(&["jobs"], 0);
    assert_eq!(jobs.len(), 1, "{jobs:#?}");
    let id = jobs[0]["id"].as_i64().expect("an id");
    (site, id)
}

fn journal(site: &Site) -> Vec<(String, String)> {
    let rows = site.state_sql("SELECT actor, event FROM radkick_journal ORDER BY id");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(&row["actor"]), text(&row["event"]))).collect()
}

/// Gives the job's lease to a process of another machine, which nobody can tell dead.
fn lend(site: &Site, seconds: i64) {
    let sql = format!(
        "UPDATE radkick_job SET lease_holder = 'elsewhere pid:[1] 1 1', lease_until = unixepoch() + {seconds};"
    );
    site.state_sql(&sql);
}

#[test]
fn a_job_that_waits_is_listed_and_shown() {
    let (site, id) = waiting();
    let listed = &site.reports(&["jobs", "--user", "alice", "--state", "waiting"], 0)[0];
    let word = |key: &str| listed[key].clone();
    assert_eq!([word("user"), word("reason"), word("actor"), word("state")], ["alice", "quota", "worker", "waiting"]);
    assert_eq!((word("attempts"), word("lease_holder")), (json!(1), Value::Null));
    for none in [&["jobs", "--user", "bob"][..], &["jobs", "--state", "ended"], &["jobs", "--state", "cutting"]] {
        assert!(site.reports(none, 0).is_empty(), "{none:?}");
    }
    let shown = &site.reports(&["jobs", "show", &id.to_string()], 0)[0];
    let (made, next) = (shown["created_at"].as_i64().expect("a time"), shown["retry_at"].as_i64().expect("a time"));
    assert!((made + 30..made + 60).contains(&next), "{shown:#}");
    assert_eq!((&shown["ended_at"], &shown["lease_until"]), (&Value::Null, &Value::Null));
    let states: Vec<_> = shown["states"].as_array().expect("states").iter().map(|state| &state["state"]).collect();
    assert_eq!(states, ["planned", "cutting", "waiting"]);
    let target = &shown["targets"][0];
    assert_eq!([&target["acct_session_id"], &target["nas"], &target["fate"]], [ALICE.id, "R1", "unknown"]);
    assert_eq!(
        [&target["attempts"][0]["outcome"], &target["attempts"][0]["transmissions"]],
        [&json!("no_reply"), &json!(2)]
    );
    let events: Vec<_> = shown["journal"].as_array().expect("lines").iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["over", "blocked", "cut"]);
    let text = radkick_text(&site, &["jobs", "show", &id.to_string()]);
    for line in [
        &format!("Job {id} of alice: waiting, quota, asked for by worker"),
        "radius silent (2 tries)",
        "1 runs; next: in ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let table = radkick_text(&site, &["jobs"]);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.lines().last().is_some_and(|line| line.starts_with(&format!("{id}   alice"))), "{table}");
}

#[test]
fn each_run_in_vain_is_told_with_its_time() {
    let (site, id) = waiting();
    // Of an hour ago, and one more just now
    let long_ago =
        "UPDATE radkick_journal SET at = at - 3600; UPDATE radkick_target SET selected_at = selected_at - 3600;
                    UPDATE radkick_job SET created_at = created_at - 3600, retry_at = 0;";
    site.state_sql(long_ago);
    site.reports(&ONCE, 3);
    let shown = &site.reports(&["jobs", "show", &id.to_string()], 0)[0];
    let states: Vec<(&str, i64)> = shown["states"].as_array().expect("states").iter().map(of_state).collect();
    let [(_, planned), (_, cutting), (_, first), (_, second)] = states[..] else { panic!("{states:?}") };
    assert_eq!(
        states.iter().map(|(state, _)| *state).collect::<Vec<_>>(),
        ["planned", "cutting", "waiting", "waiting"]
    );
    assert!(planned <= cutting && cutting <= first && first + 3500 < second, "{states:?}");
    site.configure(ENFORCE, &site.r1(PATIENT));
    site.reports(&ONCE, 0);
    let shown = &site.reports(&["jobs", "show", &id.to_string()], 0)[0];
    let states: Vec<(&str, i64)> = shown["states"].as_array().expect("states").iter().map(of_state).collect();
    assert_eq!(states[4..], [("ended", shown["ended_at"].as_i64().expect("a time"))]);
}

fn of_state(state: &Value) -> (&str, i64) {
    (state["state"].as_str().expect("a word"), state["at"].as_i64().expect("a time"))
}

#[test]
fn what_is_no_number_is_told_what_would_be_right() {
    let site = Site::of_r1();
    for (command, text) in [("show", "x"), ("retry", "0"), ("cancel", "1.5")] {
        let finished = site.run(&["jobs", command, text]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
        let right = format!(
            "{text:?} is no job's number; right would be the number of a job, as 17; `radkick jobs` lists them"
        );
        assert!(finished.stderr.contains(&right), "{finished:#?}");
    }
}

fn radkick_text(site: &Site, arguments: &[&str]) -> String {
    let config = site.config();
    let finished = crate::support::radkick::Radkick::new(arguments).arg("--config").arg(&config).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished.stdout
}

#[test]
fn a_job_is_brought_forward_by_hand() {
    let (site, id) = waiting();
    let id = id.to_string();
    // Its router is awake again; the loop would leave the job to its back-off, were it not due
    site.configure(ENFORCE, &site.r1(PATIENT));
    let told = site.reports(&["jobs", "retry", &id], 0);
    assert_eq!((told.len(), &told[0]["at_work"]), (1, &Value::Null));
    let rows = site.state_sql("SELECT retry_at <= unixepoch() AS due FROM radkick_job");
    assert_eq!(rows[0]["due"], 1);
    let user = String::from_utf8(std::process::Command::new("/usr/bin/id").arg("-un").output().expect("id").stdout);
    let actor = format!("cli:{}", user.expect("a name").trim());
    assert_eq!(journal(&site).last().expect("a line"), &(actor, "brought_forward".to_owned()));
    assert_eq!(site.reports(&ONCE, 0)[0]["fate"], "ended");
    let finished = site.run(&["jobs", "retry", &id]);
    assert_eq!(finished.code, Some(4), "{finished:#?}");
    assert!(finished.stderr.contains(&format!("job {id} of alice is over: ended")), "{finished:#?}");
}

#[test]
fn a_job_is_called_off_and_the_login_opened() {
    let (site, id) = waiting();
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
    let told = site.reports(&["jobs", "cancel", &id.to_string()], 0);
    assert_eq!(told, [json!({ "id": id, "state": "lapsed", "blocked": false })]);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    assert!(site.reports(&["jobs"], 0).is_empty());
    let lapsed = site.reports(&["jobs", "--state", "lapsed"], 0);
    assert_eq!((&lapsed[0]["id"], &lapsed[0]["retry_at"]), (&json!(id), &Value::Null));
    let lines = journal(&site);
    let (actor, event) = lines.last().expect("a line");
    assert!(actor.starts_with("cli:") && event == "cancelled", "{lines:?}");
    assert_eq!(lines.iter().filter(|(_, event)| event == "restored").count(), 1, "{lines:?}");
}

#[test]
fn a_job_that_another_is_at_work_on_is_left_alone() {
    let (site, id) = waiting();
    lend(&site, 60);
    let before = site.state_sql("SELECT * FROM radkick_job");
    let finished = site.run(&["jobs", "cancel", &id.to_string()]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert!(finished.stderr.contains("is being worked on by elsewhere pid:[1] 1 1"), "{finished:#?}");
    let told = site.reports(&["jobs", "retry", &id.to_string()], 0);
    assert_eq!(told[0]["at_work"], "elsewhere pid:[1] 1 1");
    assert_eq!(site.state_sql("SELECT * FROM radkick_job"), before);
    // Its lease has run out
    lend(&site, -1);
    site.reports(&["jobs", "cancel", &id.to_string()], 0);
}

#[test]
fn what_is_not_there_is_unknown() {
    let site = Site::of_r1();
    for command in ["show", "retry", "cancel"] {
        let finished = site.run(&["jobs", command, "17"]);
        assert_eq!(finished.code, Some(4), "{finished:#?}");
        assert!(finished.stderr.contains("there is no job 17"), "{finished:#?}");
    }
    assert!(site.reports(&["jobs"], 0).is_empty());
    assert!(!site.state().exists(), "looking makes nothing");
    let (site, id) = waiting();
    assert_eq!(site.run(&["jobs", "show", &(id + 1).to_string()]).code, Some(4));
}

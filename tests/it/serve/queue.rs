//! Jobs that wait: run when they are due, not when the worker's next step is.
use super::daemon::Daemon;
use super::{BRISK, SLOW, configure, live, sections};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::enforce::{ENFORCE, customer, top_up};
use crate::support::ports::free_udp_ports;
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");
const WAITING: [(&str, bool); 2] = [("waiting", false); 2];

fn asleep(site: &Site) -> String {
    site.nas("R1", "127.0.0.1", ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into(), HASTY)
}

fn ids(site: &Site) -> Vec<String> {
    site.reports(&["jobs"], 0).iter().map(|job| job["id"].to_string()).collect()
}

fn wait(site: &Site, states: &[(&str, bool)]) {
    wait_until("the jobs stand so", || {
        live(site).iter().map(|(state, held)| (state.as_str(), *held)).eq(states.iter().copied())
    });
}

/// How often each user's job was run, by name.
fn runs(site: &Site) -> Vec<i64> {
    let rows = site.state_sql("SELECT attempts FROM radkick_job ORDER BY user_name");
    rows.iter().map(|row| row["attempts"].as_i64().expect("a number")).collect()
}

/// alice and bob over, both waiting for a router that is asleep, the worker's next step an hour away.
fn waiting() -> (Site, Daemon) {
    let site = Site::start();
    configure(&site, SLOW, &asleep(&site));
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", BOB, "1000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    wait(&site, &WAITING);
    wait_until("the first step has ended", || daemon.metric("radkick_steps_total{result=\"ok\"}") == Some(1.0));
    (site, daemon)
}

#[test]
fn the_first_answer_after_silence_brings_the_others_forward() {
    let (site, daemon) = waiting();
    // The runner asks each in vain
    for id in ids(&site) {
        site.reports(&["jobs", "retry", &id], 0);
    }
    wait_until("both were run again", || runs(&site) == [2, 2]);
    wait(&site, &WAITING);
    configure(&site, SLOW, &site.r1(PATIENT));
    daemon.running.process.signal("HUP");
    daemon.wait_for("the new configuration is in force");
    // The reload brought a new worker, whose first step leaves jobs to their time
    wait_until("its first step has ended", || daemon.metric("radkick_steps_total{result=\"ok\"}") == Some(2.0));
    assert_eq!(runs(&site), [2, 2]);
    site.reports(&["jobs", "retry", &ids(&site)[0]], 0);
    daemon.wait_for("speaks again: its jobs are brought forward");
    wait(&site, &[]);
    assert_eq!(runs(&site), [3, 3]);
    assert!(!site.is_open(ALICE.id) && !site.is_open(BOB.id));
    let lines =
        site.state_sql("SELECT user_name, actor FROM radkick_journal WHERE event = 'brought_forward' ORDER BY id");
    let by_worker: Vec<_> =
        lines.iter().filter(|line| line["actor"] == "worker").map(|line| &line["user_name"]).collect();
    assert_eq!(by_worker.len(), 1, "{lines:?}");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(site.server.coa_requests().len(), 2, "one each");
}

#[test]
fn who_has_paid_or_is_paused_is_left_to_the_worker() {
    let (site, daemon) = waiting();
    configure(&site, SLOW, &site.r1(PATIENT));
    daemon.running.process.signal("HUP");
    daemon.wait_for("the new configuration is in force");
    wait_until("its first step has ended", || daemon.metric("radkick_steps_total{result=\"ok\"}") == Some(2.0));
    site.reports(&["pause"], 0);
    top_up(&site, "alice");
    // While all are paused a person may still ask; what the worker began waits
    stay(&site, &daemon, ("carol", Session::new("80a00003").at("192.168.88.43")));
    site.reports(&["resume"], 0);
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    wait(&site, &[("waiting", false)]);
    assert_eq!(runs(&site)[..2], [1, 2], "alice has paid: the worker lets her job go, behind its brake");
    assert!(site.is_open(ALICE.id));
    assert_eq!(site.server.coa_requests().len(), 2);
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn accounting_after_silence_brings_its_jobs_forward() {
    let site = Site::start();
    let told = "[accounting]\ninterim_interval = \"30s\"\n";
    let with = |nas: &str| site.configure(&format!("{}\n{told}", sections(BRISK, "")), nas);
    with(&asleep(&site));
    customer(&site, "alice", ALICE, "1000");
    site.reports(&["enforce", "--once"], 3);
    // Nothing has come from R1 for a thousand seconds, and the job is not due for a long time
    let times =
        "UPDATE radkick_feed SET detail = json_set(detail, '$.rhythms.\"127.0.0.1\".heard_at', unixepoch() - 1000);
                 UPDATE radkick_job SET retry_at = unixepoch() + 800;";
    site.state_sql(times);
    with(&site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    wait_until("R1 is silent", || daemon.metric("radkick_nas_silent") == Some(1.0));
    assert_eq!(runs(&site), [1]);
    let mut record = ALICE.record("alice", "Interim-Update");
    record.extend([("Acct-Output-Octets", "1001"), ("Acct-Session-Time", "90")]);
    site.server.account(&record);
    daemon.wait_for("speaks again: its jobs are brought forward");
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(runs(&site), [2]);
}

/// Both are due. While `held`, neither is run, though a job of a person's is: so a look at the queue was made meanwhile.
fn stay(site: &Site, daemon: &Daemon, person: (&str, Session<'_>)) {
    for id in ids(site) {
        site.reports(&["jobs", "retry", &id], 0);
    }
    let tokens = || site.state_sql("SELECT lease_token FROM radkick_job WHERE reason = 'quota' ORDER BY id");
    let (before, (user, session)) = (tokens(), person);
    customer(site, user, session, "10");
    // A job that its maker has left behind
    let spec = "{\"session\":null,\"detail\":{\"block\":false}}";
    site.state_sql(&format!(
        "INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, created_at, retry_at, lapses_at)
         VALUES ('by_hand {user}', '{user}', 'by_hand', 'command', '{spec}', 'planned', 0, 0, unixepoch() + 9999);"
    ));
    daemon.wait_for(&format!("Successfully disconnected user {user} from MikroTik"));
    assert_eq!(runs(site)[..2], [1, 1], "{user}");
    assert_eq!(tokens(), before, "{user}: nobody took them up");
}

fn hang_up(site: &Site, daemon: &Daemon, sections: &str, steps: f64) {
    site.configure(&format!("{sections}\n[serve]\nlisten = \"127.0.0.1:0\""), &site.r1(PATIENT));
    daemon.running.process.signal("HUP");
    wait_until("its first step has ended", || daemon.metric("radkick_steps_total{result=\"ok\"}") == Some(steps));
}

#[test]
fn what_the_worker_began_waits_for_mode_brake_and_pace() {
    let (site, daemon) = waiting();
    hang_up(&site, &daemon, "[quota]\nmode = \"observe\"\ninterval = \"1h\"", 2.0);
    stay(&site, &daemon, ("carol", Session::new("80a00003").at("192.168.88.43")));
    let tripped = "INSERT INTO radkick_brake (name, tripped_at, detail) VALUES ('cut', 1, 'too many');";
    site.state_sql(&format!(
        "UPDATE radkick_job SET retry_at = unixepoch() + 800 WHERE live_key IS NOT NULL; {tripped}"
    ));
    hang_up(&site, &daemon, &format!("{ENFORCE}\n{SLOW}\n[brakes]\nper_cycle = 1"), 3.0);
    // A step by which nobody is over too many lets go of the brake by itself
    site.state_sql(&format!("DELETE FROM radkick_brake; {tripped}"));
    wait_until("it is told", || daemon.metric("radkick_brake_tripped{brake=\"cut\"}") == Some(1.0));
    stay(&site, &daemon, ("dora", Session::new("80a00004").at("192.168.88.44")));
    assert_eq!(site.reports(&["confirm"], 0)[0]["confirmed"], serde_json::json!(["too many"]));
    // One in an hour: the other's turn does not come here
    wait_until("one is run", || runs(&site)[..2].iter().sum::<i64>() == 3);
    wait_until("it is done", || live(&site).len() == 1);
    customer(&site, "emma", Session::new("80a00005").at("192.168.88.45"), "10");
    assert_eq!(site.reports(&["disconnect", "--user", "emma"], 0)[0]["fate"], "ended");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(runs(&site)[..2].iter().sum::<i64>(), 3);
}

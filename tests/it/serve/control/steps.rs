//! `enforce --once`: a step of the daemon's own worker.
use super::{asked, begin, begin_to_halt, configure, sent, text};
use crate::disconnect::site::{PATIENT, Session, Site, reports};
use crate::enforce::customer;
use crate::serve::SLOW;

const ALICE: Session<'_> = Session::new("80a00001");
const BOBBY: Session<'_> = Session::new("80a00002").at("192.168.88.42");

#[test]
fn a_step_is_made_by_the_worker_itself() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    let daemon = begin(site.radkick(&["serve"]));
    assert_eq!(text(&site, &["enforce", "--once"]).stdout, "Nobody is over.\n");
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bobby", BOBBY, "1001");
    let one = site.reports(&["enforce", "--once", "--user", "bobby"], 0);
    assert_eq!((one.len(), &one[0]["user"], &one[0]["fate"]), (1, &"bobby".into(), &"ended".into()), "{one:#?}");
    assert!(site.is_open(ALICE.id));
    let all = site.reports(&["enforce", "--once"], 0);
    let alice = all.iter().find(|report| report["user"] == "alice").expect("alice");
    assert_eq!((&alice["fate"], &alice["actor"]), (&"ended".into(), &"worker".into()), "{all:#?}");
    // Its own ledger counted: whoever has no lease only counts in memory
    let counted = site.state_sql("SELECT sum(input + output) AS octets FROM radkick_usage WHERE user_name = 'alice'");
    assert_eq!(counted[0]["octets"], 1000);
    assert_eq!(site.run(&["enforce", "--once", "--user", "mallory"]).code, Some(4));
    assert_eq!((asked(&daemon, "enforce_once", "done"), sent(&daemon)), (3, Some(2.0)));
    assert_eq!(daemon.stop().code, Some(0));
}

/// Whoever is being cut by the step under way is off when the next begins: the two do not meet.
#[test]
fn a_step_waits_for_the_one_under_way() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let (daemon, pipe) = begin_to_halt(&site, "intent_recorded");
    daemon.wait_for("halted at a failpoint");
    let command = site.radkick(&["enforce", "--once"]).spawn();
    daemon.wait_for("a command asks");
    std::fs::write(&pipe, "go").expect("somebody reads");
    let finished = command.finish();
    let told = reports(&finished);
    assert_eq!((finished.code, told.len()), (Some(0), 1), "{finished:#?}");
    let [user, session, blocked] = ["user", "acct_session_id", "blocked"].map(|key| &told[0][key]);
    let log = daemon.log();
    assert_eq!((user, session.is_null(), blocked), (&"alice".into(), true, &true.into()), "{finished:#?}\n{log}");
    assert_eq!((sent(&daemon), site.is_open(ALICE.id)), (Some(1.0), false));
    assert_eq!(daemon.stop().code, Some(0));
}

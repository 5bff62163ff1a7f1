//! The wall clock is set by an hour, ahead or back, while the daemon runs: nothing waits for an hour, nothing is lost, nobody who
//! has paid is cut.
use radkick::simulator::{SessionSpec, StopTiming};

use super::daemon::Daemon;
use super::{BRISK, Gate, SLOW, configure, live, sections};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::disconnect::stand::Stand;
use crate::enforce::{Used, customer, top_up};
use crate::support::freeradius::Authentication;
use crate::support::ports::free_udp_ports;
use crate::support::stepped_clock::SteppedClock;
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");
const HOUR: i64 = 3600;

fn steps(daemon: &Daemon) -> f64 {
    daemon.metric("radkick_steps_total{result=\"ok\"}").unwrap_or(0.0)
}

fn more_steps(daemon: &Daemon) {
    let before = steps(daemon);
    wait_until("two more steps", || steps(daemon) >= before + 2.0);
}

/// It tells the time that it lives by: so the daemon's clock was set indeed.
fn has_noticed(daemon: &Daemon, site: &Site, ahead: i64) {
    let now = site.server.sql("SELECT unixepoch() AS now")[0]["now"].as_f64().expect("a time");
    let told = || daemon.metric("radkick_last_step_timestamp_seconds").unwrap_or(0.0) - now;
    let expected = f64::from(i32::try_from(ahead).expect("an hour"));
    wait_until("a step by the new time", || (told() - expected).abs() < 600.0);
}

/// A job that waits for a router comes to its turn; it is told when by a time that is an hour off now.
#[test]
fn a_job_that_waits_is_run() {
    for ahead in [HOUR, -HOUR] {
        let (site, clock) = (Site::start(), SteppedClock::new());
        let asleep = site.nas("R1", "127.0.0.1", ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into(), HASTY);
        configure(&site, SLOW, &asleep);
        customer(&site, "bob", BOB, "1000");
        let daemon = Daemon::start(clock.of(site.radkick(&["serve"])));
        wait_until("it waits", || live(&site) == [("waiting".to_owned(), false)]);
        site.state_sql("UPDATE radkick_job SET retry_at = unixepoch() + 800;");
        configure(&site, SLOW, &site.r1(PATIENT));
        daemon.running.process.signal("HUP");
        wait_until("the first step of the next worker", || steps(&daemon) >= 2.0);
        let runs = || site.state_sql("SELECT attempts FROM radkick_job")[0]["attempts"].as_i64();
        assert_eq!(runs(), Some(1), "it is not due");
        clock.set(ahead);
        daemon.wait_for("Successfully disconnected user bob from MikroTik");
        wait_until("the job has ended", || live(&site).is_empty());
        assert_eq!(daemon.stop().code, Some(0), "{ahead}");
        assert_eq!((site.server.coa_requests().len(), runs()), (1, Some(2)), "{ahead}");
    }
}

/// The ledger stays with its holder and counts on; the loop goes round; who has paid is let in, and not cut.
#[test]
fn the_worker_goes_on() {
    for ahead in [HOUR, -HOUR] {
        let (site, clock) = (Site::start(), SteppedClock::new());
        configure(&site, BRISK, &site.r1(PATIENT));
        customer(&site, "alice", ALICE, "5");
        customer(&site, "bob", BOB, "1000");
        let daemon = Daemon::start(clock.of(site.radkick(&["serve"])));
        daemon.wait_for("Successfully disconnected user bob from MikroTik");
        let holder = || site.state_sql("SELECT lease_holder, lease_token FROM radkick_feed");
        let before = holder();
        top_up(&site, "alice");
        clock.set(ahead);
        has_noticed(&daemon, &site, ahead);
        // By their old limits both would be over
        site.server.account(&Used::octets("2000").record("alice", ALICE, "Interim-Update"));
        top_up(&site, "bob");
        wait_until("bob may log in", || site.check_rows("bob").len() == 2);
        assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Accept);
        let sum = "SELECT sum(input + output) AS octets FROM radkick_usage WHERE user_name = 'alice'";
        wait_until("alice's are counted", || site.state_sql(sum)[0]["octets"] == 2000);
        clock.set(0);
        has_noticed(&daemon, &site, 0);
        more_steps(&daemon);
        assert_eq!(holder(), before, "{ahead}: the ledger is whose it was");
        assert_eq!((site.server.coa_requests().len(), site.is_open(ALICE.id)), (1, true), "{ahead}");
        assert_eq!(site.state_sql("SELECT sum(input + output) AS octets FROM radkick_usage")[0]["octets"], 3000);
        assert_eq!(daemon.stop().code, Some(0), "{ahead}");
    }
}

/// In the middle of a cut, and it is this daemon's still.
#[test]
fn a_cut_under_way_is_finished_once() {
    for ahead in [HOUR, -HOUR] {
        for step in ["job_submitted", "intent_recorded", "request_answered"] {
            let (site, clock, gate) = (Site::start(), SteppedClock::new(), Gate::new());
            configure(&site, BRISK, &site.r1(PATIENT));
            customer(&site, "alice", ALICE, "1000");
            let daemon = Daemon::begin(gate.at(step, clock.of(site.radkick(&["serve"]))));
            daemon.wait_for("halted at a failpoint");
            clock.set(ahead);
            gate.open();
            daemon.wait_for("Successfully disconnected user alice from MikroTik");
            wait_until("the job has ended", || live(&site).is_empty());
            has_noticed(&daemon, &site, ahead);
            assert!(!daemon.log().contains("taken over"), "{step} {ahead}: {}", daemon.log());
            assert_eq!(daemon.stop().code, Some(0), "{step} {ahead}");
            assert_eq!(site.server.coa_requests().len(), 1, "{step} {ahead}");
            assert_eq!(site.state_sql("SELECT lease_token FROM radkick_job")[0]["lease_token"], 1, "{step} {ahead}");
            assert_eq!(site.check_rows("alice").len(), 3, "{step} {ahead}: one block");
        }
    }
}

/// A lease that ends an hour from now is a dead process's all the same.
#[test]
fn the_lease_of_one_that_was_killed_is_free() {
    let (site, clock) = (Site::start(), SteppedClock::new());
    configure(&site, BRISK, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    clock.set(HOUR);
    let daemon = Daemon::begin(clock.of(site.radkick(&["serve"])).env("RADKICK_FAILPOINT", "request_answered"));
    daemon.wait_for("halted at a failpoint");
    daemon.running.process.signal("KILL");
    assert_eq!(daemon.running.finish().code, None);
    let left = site.state_sql("SELECT lease_until - unixepoch() AS left FROM radkick_job")[0]["left"].as_i64();
    assert!(left > Some(HOUR - 600), "{left:?}");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    wait_until("it is done", || live(&site).is_empty());
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!((site.server.coa_requests().len(), site.is_open(ALICE.id)), (1, false));
}

/// The row of a session that is proven off, and whose Stop never comes: closed, and not in an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_closed_after_its_grace() {
    for ahead in [HOUR, -HOUR] {
        let stand = Stand::start(|options| options.behaviours.stop = StopTiming::Lost).await;
        let clock = SteppedClock::new();
        stand.configure(&sections(BRISK, "[accounting]\nstop_grace = \"50m\""), PATIENT);
        let session = stand.alice().await;
        let other = crate::disconnect::stand::CLIENT;
        let bob = std::net::Ipv4Addr::from_bits(other.to_bits() + 1);
        let paid = stand.login(SessionSpec::hotspot("bob", "02:00:00:00:00:42", bob)).await;
        stand.an_hour_later();
        let daemon = Daemon::start(clock.of(stand.site.radkick(&["serve"])));
        let due =
            || stand.site.state_sql("SELECT close_due_at FROM radkick_target WHERE close_due_at IS NOT NULL").len();
        assert_eq!(stand.site.reports(&["disconnect", "--user", "alice"], 0)[0]["evidence"], "absent_from_router");
        more_steps(&daemon);
        assert_eq!((due(), stand.site.is_open(&session.acct_session_id)), (1, true), "not yet");
        clock.set(ahead);
        wait_until("the row is closed", || !stand.site.is_open(&session.acct_session_id));
        wait_until("it is written down", || due() == 0);
        assert!(stand.site.is_open(&paid.acct_session_id), "bob's is none of ours");
        assert_eq!(daemon.stop().code, Some(0), "{ahead}");
    }
}

//! Ten thousand hooks with nobody there; whoever starts then finds their events, and handles each session once.
use std::fmt::Write as _;

use radkick::clock::Clock;
use radkick::hook::{Event, Kind, Octets, Wish};

use super::hooks::{begin, configure, spool};
use super::live;
use crate::disconnect::site::{BEGAN, Site};
use crate::hook::Place;
use crate::support::process::Running;
use crate::support::wait::{PATIENCE, poll_for, wait_until};

const SESSIONS: usize = 10_000;
/// Of these the hook itself runs, as a process.
const PROCESSES: usize = 300;
/// Each hundredth has a limit, and is over by what its hook tells.
const EACH: usize = 100;
const OVER: usize = SESSIONS / EACH;

/// Everybody online with 100 octets.
fn online(site: &Site) {
    let mut rows = "BEGIN; ".to_owned();
    for n in 0..SESSIONS {
        write!(
            rows,
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
               acctinputoctets, acctoutputoctets, acctsessiontime)
             VALUES ('s{n}', 'u{n}', 'user{n}', '127.0.0.1', {BEGAN}, {BEGAN}, 100, 0, 0);"
        )
        .expect("text");
        if n % EACH == 0 {
            write!(
                rows,
                "INSERT INTO radcheck (username, attribute, op, value) VALUES ('user{n}', 'Max-Octets', ':=', '107');"
            )
            .expect("text");
        }
    }
    site.server.sql(&(rows + "COMMIT;"));
}

fn leave(place: &Place, n: usize) {
    let mut event = Event::new(Kind::Interim, Wish::Check, Clock.epoch());
    event.acct_unique_id = Octets::new(format!("u{n}").as_str());
    (event.input_octets, event.output_octets, event.session_time) = (Some(107), Some(0), Some(60));
    spool(place, &event);
}

fn run_hook(place: &Place, n: usize) {
    let (user, id) = (format!("\"user{n}\""), format!("u{n}"));
    let packet: [(&str, &[u8]); 6] = [
        ("ACCT_STATUS_TYPE", b"Interim-Update"),
        ("USER_NAME", user.as_bytes()),
        ("ACCT_UNIQUE_SESSION_ID", id.as_bytes()),
        ("ACCT_INPUT_OCTETS", b"107"),
        ("ACCT_OUTPUT_OCTETS", b"0"),
        ("ACCT_SESSION_TIME", b"60"),
    ];
    let finished = Running::start(&mut place.hook(&[], &packet), "").finish(PATIENCE);
    assert_eq!(finished.code, Some(3), "{finished:?}");
}

#[test]
fn what_was_left_while_nobody_was_there_is_handled_once() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "[brakes]\nper_cycle = 1000");
    online(&site);
    assert_eq!(begin(&site).stop().code, Some(0));
    let total = || site.state_sql("SELECT sum(input + output) AS octets FROM radkick_usage")[0]["octets"].as_i64();
    let sessions = i64::try_from(SESSIONS).expect("some");
    assert_eq!(total(), Some(100 * sessions));
    (0..PROCESSES).for_each(|n| run_hook(&place, n));
    // Of some the packet came twice
    (PROCESSES..SESSIONS).chain(0..SESSIONS / 10).for_each(|n| leave(&place, n));
    assert_eq!(place.files().len(), SESSIONS + SESSIONS / 10);
    let daemon = begin(&site);
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(total(), Some(107 * sessions), "each once");
    let jobs = || site.state_sql("SELECT user_name, state FROM radkick_job");
    let all_ended = || {
        let jobs = jobs();
        (jobs.len() == OVER && jobs.iter().all(|job| job["state"] == "ended")).then_some(())
    };
    assert!(poll_for(PATIENCE, all_ended).is_some(), "{:#?}\n{}", jobs(), daemon.log());
    assert!(live(&site).is_empty());
    let mut users: Vec<String> = jobs().iter().map(|job| job["user_name"].to_string()).collect();
    users.sort();
    users.dedup();
    assert_eq!(users.len(), OVER, "one job each");
    let mut cut: Vec<String> =
        site.server.coa_requests().iter().map(|request| request["User-Name"].join(",")).collect();
    assert_eq!(cut.len(), OVER, "one request each");
    cut.sort();
    cut.dedup();
    assert_eq!(cut.len(), OVER);
    let open = site.server.sql("SELECT count(*) AS n FROM radacct WHERE acctstoptime IS NULL");
    assert_eq!(open[0]["n"].as_u64(), u64::try_from(SESSIONS - OVER).ok());
    let blocks = site.server.sql("SELECT count(*) AS n FROM radcheck WHERE attribute = 'Auth-Type'");
    assert_eq!(blocks[0]["n"].as_u64(), u64::try_from(OVER).ok(), "one block each");
    let set_aside = daemon.metric("radkick_hook_events_total{result=\"set_aside\"}");
    assert!([None, Some(0.0)].contains(&set_aside), "{set_aside:?}");
    assert_eq!(daemon.stop().code, Some(0));
}

//! A kill at every named step, a full disk, a database that may not be written: the next run finishes what was begun,
//! and every effect happens once.
mod conflicts;
mod disk;
mod lapses;
mod modes;
mod races;
mod rights;
mod steps;

use crate::disconnect::site::{Session, Site};
use crate::support::freeradius::Authentication;
use crate::support::radkick::Radkick;

const ALICE: Session<'_> = Session::new("80a00001");

/// Everything that is ever done to logins and to stop times, as it is done: what is undone again counts too.
const AUDIT: &str = "
    CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT NOT NULL);
    CREATE TRIGGER audit_insert AFTER INSERT ON radcheck BEGIN
        INSERT INTO audit (what) VALUES ('+ ' || NEW.username || ' ' || NEW.attribute || ' ' || NEW.value); END;
    CREATE TRIGGER audit_delete AFTER DELETE ON radcheck BEGIN
        INSERT INTO audit (what) VALUES ('- ' || OLD.username || ' ' || OLD.attribute || ' ' || OLD.value); END;
    CREATE TRIGGER audit_change AFTER UPDATE ON radcheck BEGIN
        INSERT INTO audit (what) VALUES ('! ' || OLD.username || ' ' || OLD.attribute || ' ' || OLD.value); END;
    CREATE TRIGGER audit_stop AFTER UPDATE OF acctstoptime ON radacct BEGIN
        INSERT INTO audit (what) VALUES ('closed ' || NEW.acctsessionid); END;
";

/// Begins to write down what is done.
fn watch(site: &Site) {
    site.server.sql(AUDIT);
}

fn done(site: &Site) -> Vec<String> {
    let rows = site.server.sql("SELECT what FROM audit ORDER BY id");
    rows.iter().map(|row| row["what"].as_str().expect("text").to_owned()).collect()
}

/// Runs it until it halts at this step, and kills it there.
fn kill_at(call: Radkick, step: &str) {
    let running = call.env("RADKICK_FAILPOINT", step).spawn();
    running.wait_for_stderr("halted at a failpoint");
    assert!(running.process.stderr().contains(&format!("step=\"{step}\"")), "{}", running.process.stderr());
    running.process.signal("KILL");
    let finished = running.finish();
    assert_eq!((finished.code, finished.stdout.as_str()), (None, ""), "{step}: {finished:#?}");
}

/// What the journal tells, in order.
fn journal(site: &Site) -> Vec<String> {
    let rows = site.state_sql("SELECT event FROM radkick_journal ORDER BY id");
    rows.iter().map(|row| row["event"].as_str().expect("an event").to_owned()).collect()
}

/// Nothing is left half done in radkick's own tables.
fn nothing_is_pending(site: &Site, step: &str) {
    let live = site.state_sql("SELECT * FROM radkick_job WHERE live_key IS NOT NULL OR lease_holder IS NOT NULL");
    assert!(live.is_empty(), "{step}: {live:#?}");
    let blocks = site.state_sql("SELECT * FROM radkick_block WHERE state NOT IN ('held', 'released')");
    assert!(blocks.is_empty(), "{step}: {blocks:#?}");
    let targets = "SELECT * FROM radkick_target WHERE step <> 'done' OR fate NOT IN ('ended', 'already_gone')";
    let targets = site.state_sql(targets);
    assert!(targets.is_empty(), "{step}: {targets:#?}");
}

/// Every Disconnect-Request that FreeRADIUS decoded names alice's session, whole.
fn only_her_session_was_named(site: &Site, step: &str) {
    for request in site.server.coa_requests() {
        let named = ["User-Name", "Acct-Session-Id", "Framed-IP-Address"].map(|name| request[name].join(","));
        assert_eq!(named, ["alice", ALICE.id, ALICE.address], "{step}");
    }
}

fn login(site: &Site) -> Authentication {
    site.server.authenticate("alice", "pw")
}

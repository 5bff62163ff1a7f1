//! Connections that a server cuts in the middle, and a server that may only be read for a while: everything is done in the end, once.
use super::daemon::Daemon;
use super::{BRISK, Gate, sections};
use crate::panels::database::Engine;
use crate::panels::site::Site;
use crate::support::freeradius::Authentication;
use crate::support::sqlite::Row;
use crate::support::wait::wait_until;

const USERS: usize = 12;

/// Everything that is ever done to logins, as it is done.
const AUDIT_POSTGRES: &str = "
    CREATE TABLE audit (id serial PRIMARY KEY, what text NOT NULL);
    CREATE FUNCTION audit() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO audit (what) VALUES (TG_OP || ' ' || coalesce(NEW.username, OLD.username));
        RETURN NULL;
    END $$;
    CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON radcheck FOR EACH ROW EXECUTE FUNCTION audit()";
const AUDIT_MARIADB: &str = "
    CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(99) NOT NULL);
    CREATE TRIGGER audit_insert AFTER INSERT ON radcheck FOR EACH ROW
        INSERT INTO audit (what) VALUES (concat('INSERT ', NEW.username));
    CREATE TRIGGER audit_update AFTER UPDATE ON radcheck FOR EACH ROW
        INSERT INTO audit (what) VALUES (concat('UPDATE ', NEW.username));
    CREATE TRIGGER audit_delete AFTER DELETE ON radcheck FOR EACH ROW
        INSERT INTO audit (what) VALUES (concat('DELETE ', OLD.username));";

/// Whatever step a cut is at, the next one needs one of these.
const TABLES: &str = "radkick.radkick_job, radkick.radkick_target, radkick.radkick_block, radcheck";

/// A site whose radkick has its tables, and customers who have used 5 octets of 1,000.
fn site(engine: Engine, users: usize) -> Site {
    let site = Site::start(engine);
    site.configure(&sections(BRISK, ""));
    for n in 0..users {
        site.check(&user(n), &[("Max-Octets", "1000")]);
        site.online(&user(n), &id(n), 5);
    }
    assert!(site.step().is_empty());
    site.sql(if engine == Engine::Postgres { AUDIT_POSTGRES } else { AUDIT_MARIADB });
    site
}

fn user(n: usize) -> String {
    format!("user{n:02}")
}

fn id(n: usize) -> String {
    format!("80a000{n:02}")
}

/// Cuts every connection of radkick's; how many there were.
fn cut_connections(site: &Site) -> usize {
    if site.engine == Engine::Postgres {
        let cut = "SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
                   WHERE usename = 'radkick' AND datname = current_database()";
        return site.sql(cut).len();
    }
    let all = "SELECT id, user FROM information_schema.processlist WHERE db = database() AND user LIKE 'radkick%'";
    let all = site.sql(all);
    if let Some(one) = all.first() {
        site.sql(&format!("KILL USER '{}'@'127.0.0.1'", one["user"].as_str().expect("a name")));
    }
    all.len()
}

/// How many of radkick's connections wait for a lock.
fn waiting(site: &Site) -> usize {
    let waiting = if site.engine == Engine::Postgres {
        "SELECT pid FROM pg_stat_activity
         WHERE usename = 'radkick' AND datname = current_database() AND wait_event_type = 'Lock'"
    } else {
        "SELECT id FROM information_schema.processlist
         WHERE db = database() AND user LIKE 'radkick%' AND state LIKE 'Waiting for table metadata lock'"
    };
    site.sql(waiting).len()
}

/// Nobody gets at the table; once radkick waits for it, its connections are cut in the middle of what they were asked.
fn cut_in_the_middle(site: &Site, table: &str) {
    let schema = if site.engine == Engine::Postgres && table.starts_with("radkick") { "radkick." } else { "" };
    let lock = site.database.holding(&format!("{schema}{table}"));
    wait_until("radkick is in the middle of something", || waiting(site) > 0);
    assert!(cut_connections(site) > 0);
    site.database.let_go(lock);
}

/// Asks radkick's own tables, which have a schema of their own on PostgreSQL.
fn state(site: &Site, query: &str) -> Vec<Row> {
    let of_postgres = site.engine == Engine::Postgres;
    site.sql(&format!("{}{query}", if of_postgres { "SET search_path = radkick; " } else { "" }))
}

fn state_of_jobs(site: &Site) -> Vec<(String, String)> {
    let jobs = state(site, "SELECT user_name, state FROM radkick_job ORDER BY user_name");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    jobs.iter().map(|job| (text(&job["user_name"]), text(&job["state"]))).collect()
}

/// One job a user, each session proven off, one request each, one block each.
fn is_done_once(site: &Site, users: usize) {
    let all: Vec<(String, String)> = (0..users).map(|n| (user(n), "ended".to_owned())).collect();
    wait_until("all jobs have ended", || state_of_jobs(site) == all);
    let left = "SELECT id FROM radkick_job WHERE live_key IS NOT NULL OR lease_holder IS NOT NULL";
    assert!(state(site, left).is_empty());
    let targets = state(site, "SELECT step, fate FROM radkick_target");
    assert_eq!(targets.len(), users);
    // Whose answer was lost on the way is only known to be off
    let is_off = |target: &Row| ["ended", "already_gone"].iter().any(|fate| target["fate"] == *fate);
    assert!(targets.iter().all(|target| target["step"] == "done" && is_off(target)), "{targets:#?}");
    let done = site.sql("SELECT what FROM audit ORDER BY what");
    let done: Vec<&str> = done.iter().map(|row| row["what"].as_str().expect("text")).collect();
    assert_eq!(done, (0..users).map(|n| format!("INSERT {}", user(n))).collect::<Vec<_>>());
    let mut named: Vec<String> =
        site.server.coa_requests().iter().map(|request| request["Acct-Session-Id"].join(",")).collect();
    named.sort();
    assert_eq!(named, (0..users).map(id).collect::<Vec<_>>());
    for n in 0..users {
        assert_eq!(site.login(&user(n)), Authentication::Reject(None));
    }
}

fn connections_are_cut_in_the_middle(engine: Engine) {
    let site = site(engine, USERS);
    let daemon = Daemon::start(site.radkick(&["serve"]));
    // While nothing is to be done
    wait_until("a step", || daemon.metric("radkick_steps_total{result=\"ok\"}").is_some_and(|steps| steps >= 1.0));
    assert!(cut_connections(&site) > 0);
    for n in 0..USERS {
        site.account(&user(n), &id(n), "Interim-Update", 1000);
    }
    cut_in_the_middle(&site, "radkick_target");
    wait_until("some are cut", || !site.server.coa_requests().is_empty());
    cut_in_the_middle(&site, "radkick_block");
    cut_in_the_middle(&site, "radcheck");
    cut_in_the_middle(&site, "radkick_job");
    is_done_once(&site, USERS);
    assert!(daemon.log().contains("this cycle was cut short: "), "{}", daemon.log());
    daemon.wait_ready(200);
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn connections_are_cut_on_postgresql() {
    connections_are_cut_in_the_middle(Engine::Postgres);
}

#[test]
fn connections_are_cut_on_mariadb() {
    connections_are_cut_in_the_middle(Engine::Mariadb);
}

/// In the middle of the statement that follows each step.
#[test]
fn connections_are_cut_at_every_step() {
    for step in
        ["job_submitted", "block_planned", "block_changed", "intent_recorded", "request_answered", "fate_recorded"]
    {
        let site = site(Engine::Postgres, 1);
        site.account(&user(0), &id(0), "Interim-Update", 1000);
        let gate = Gate::new();
        let daemon = Daemon::begin(gate.at(step, site.radkick(&["serve"])));
        daemon.wait_for("halted at a failpoint");
        let lock = site.database.holding(TABLES);
        gate.open();
        // The job runner's look at the queue, and the cut's own
        wait_until("the cut is in the middle of something", || waiting(&site) > 1);
        assert!(cut_connections(&site) > 1, "{step}");
        site.database.let_go(lock);
        is_done_once(&site, 1);
        assert_eq!(daemon.stop().code, Some(0), "{step}");
    }
}

/// radkick may only read for a while; one cut is in the middle then, another becomes due.
#[test]
fn a_read_only_minute() {
    for step in ["job_submitted", "block_planned", "intent_recorded", "request_answered"] {
        let site = site(Engine::Postgres, 2);
        let may = |what: &str| {
            let database = site.database.name();
            site.sql(&format!("ALTER ROLE radkick IN DATABASE {database} {what}"));
            cut_connections(&site);
        };
        site.account(&user(0), &id(0), "Interim-Update", 1000);
        let gate = Gate::new();
        let daemon = Daemon::begin(gate.at(step, site.radkick(&["serve"])));
        daemon.wait_for("halted at a failpoint");
        may("SET default_transaction_read_only = on");
        gate.open();
        site.account(&user(1), &id(1), "Interim-Update", 1000);
        daemon.wait_for("may only read it");
        wait_until("it is counted", || daemon.metric("radkick_database_errors_total{kind=\"read_only\"}") > Some(0.0));
        // What was on disk before is carried out
        let named =
            site.server.coa_requests().iter().map(|request| request["Acct-Session-Id"].join(",")).collect::<Vec<_>>();
        let begun = ["intent_recorded", "request_answered"].contains(&step);
        assert_eq!(named, if begun { vec![id(0)] } else { vec![] }, "{step}: nothing is sent that is not written down");
        may("RESET default_transaction_read_only");
        is_done_once(&site, 2);
        daemon.wait_ready(200);
        assert_eq!(daemon.stop().code, Some(0), "{step}");
    }
}

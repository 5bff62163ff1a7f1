//! What is counted, is counted once: whoever dies, whoever looks at the same time.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Acct, DAY, HOUR, ONCE, configure, enforcing, now, person, step, used};
use crate::disconnect::site::Site;
use crate::support::radkick::RunningRadkick;
use crate::support::wait::poll_for;

/// So many rows of history, and fifty open ones, of users whom nothing limits but the first.
fn crowd(history: u32) -> Site {
    let site = enforcing("");
    person(&site, "user0", "Max-Octets", "1000000000000");
    let columns = "radacctid, acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
        acctstoptime, acctsessiontime, acctinputoctets, acctoutputoctets";
    let at = now(&site);
    let (then, lately) = (at - 30 * DAY, at - HOUR);
    site.server.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {history})
         INSERT INTO radacct ({columns}) SELECT i, 'h' || i, 'h' || i, 'user' || (i % 50), '127.0.0.1', {then}, {then} + 60,
             {then} + 60, 60, i, 2 * i FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
         INSERT INTO radacct ({columns}) SELECT NULL, 'o' || i, 'o' || i, 'user' || (i % 50), '127.0.0.1', {lately},
             {lately}, NULL, 0, i, i FROM n;"
    ));
    site
}

/// Everybody uses something.
fn go_on(site: &Site) {
    site.server.sql(
        "UPDATE radacct SET acctupdatetime = unixepoch(), acctsessiontime = acctsessiontime + 1,
             acctinputoctets = acctinputoctets + 7, acctoutputoctets = acctoutputoctets + abs(random() % 1000)
         WHERE acctstoptime IS NULL;",
    );
}

/// What the ledger has counted is what radacct holds.
fn all_is_counted_once(site: &Site) {
    let of_all =
        "SELECT sum(acctinputoctets + acctoutputoctets) AS octets, sum(acctsessiontime) AS seconds FROM radacct";
    let counted = "SELECT sum(input + output) AS octets, sum(seconds) AS seconds FROM radkick_usage";
    assert_eq!(site.state_sql(counted), site.server.sql(of_all));
    let of_one = "SELECT sum(acctinputoctets + acctoutputoctets) AS octets FROM radacct WHERE username = 'user0'";
    assert_eq!(used(site, "user0"), site.server.sql(of_one)[0]["octets"].as_u64().expect("octets"));
}

/// Kills it at a moment that nobody has chosen.
fn kill_at_some_moment(running: RunningRadkick, moment: u32) {
    let mut looks = 0;
    poll_for(Duration::from_secs(1), || {
        looks += 1;
        (looks > moment).then_some(())
    });
    // It may have ended by itself: it is a child of ours until it is waited for, so that no other process is hit
    running.process.signal("KILL");
    let finished = running.finish();
    assert!(finished.code.is_none_or(|code| code == 0), "{finished:#?}");
}

#[test]
fn what_came_and_went_between_two_looks() {
    let site = crowd(10);
    step(&site);
    let at = now(&site);
    for id in ["x1", "x2"] {
        Acct::closed("user0", id, (at - 60, at), 123).write(&site, None);
    }
    step(&site);
    all_is_counted_once(&site);
}

#[test]
fn a_process_that_is_killed_at_any_time() {
    let site = crowd(12_000);
    for moment in 0..30 {
        if moment > 10 {
            go_on(&site);
        }
        kill_at_some_moment(site.radkick(&ONCE).spawn(), moment * 7 % 31 * 3);
    }
    step(&site);
    all_is_counted_once(&site);
}

#[test]
fn two_at_the_same_time() {
    let site = crowd(6000);
    for _ in 0..4 {
        let running = [(); 3].map(|()| site.radkick(&ONCE).spawn());
        for finished in running.map(RunningRadkick::finish) {
            assert_eq!(finished.code, Some(0), "{finished:#?}");
        }
        step(&site);
        all_is_counted_once(&site);
        go_on(&site);
    }
}

fn files(site: &Site) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(site.folder()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    paths.map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

/// Over by octets, by a day's octets, by date; and one who is not.
fn everybody() -> Site {
    let site = Site::start();
    let at = now(&site);
    for (user, attribute, limit) in [
        ("alice", "Max-Octets", "1000"),
        ("bob", "Max-Daily-Octets", "1000"),
        ("carol", "Expiration", "01 Jan 2020 00:00:00"),
        ("dave", "Max-Octets", "1001"),
    ] {
        person(&site, user, attribute, limit);
        Acct::open(user, user, (at, at), 999).write(&site, None);
    }
    site
}

#[test]
fn who_looks_changes_nothing_and_sees_the_same() {
    let daily = "[quota.attributes]\n\"Max-Daily-Octets\" = \"total\"";
    for begun in [false, true] {
        let site = everybody();
        configure(&site, &format!("expiration = false\n{daily}"));
        if begun {
            assert!(step(&site).is_empty());
        }
        site.server
            .sql("UPDATE radacct SET acctoutputoctets = 1000, acctupdatetime = unixepoch(), acctsessiontime = 1;");
        let names = |reports: Vec<Value>| reports.into_iter().map(|report| report["user"].clone()).collect::<Vec<_>>();
        let mut seen = Vec::new();
        for (mode, command) in [("enforce", &["enforce", "--dry-run"][..]), ("observe", &ONCE)] {
            let sections = format!("[quota]\nmode = \"{mode}\"\n{daily}");
            site.configure(&sections, &site.r1(crate::disconnect::site::PATIENT));
            let (tables, before) = (site.tables(), files(&site));
            let database = std::fs::read(site.server.database()).expect("the database");
            seen.push(names(site.reports(command, 0)));
            for looking in
                [&["usage"][..], &["usage", "--user", "bob"], &["explain", "--user", "bob"], &["quota", "list"]]
            {
                site.reports(looking, 0);
            }
            assert_eq!(site.tables(), tables, "{mode} {begun}");
            assert!(std::fs::read(site.server.database()).expect("the database") == database, "{mode} {begun}");
            let after = files(&site);
            // SQLite marks in -shm how far each reader reads: no content, and gone with whoever closes the file last
            let is_content = |path: &Path| !path.to_string_lossy().ends_with("-shm");
            let [had, has] = [&before, &after]
                .map(|files| files.keys().filter(|path| is_content(path)).cloned().collect::<Vec<PathBuf>>());
            assert_eq!(has, had, "{mode} {begun}");
            let changed: Vec<_> = before
                .iter()
                .filter(|(path, octets)| is_content(path) && after[*path] != **octets)
                .map(|(path, _)| path)
                .collect();
            assert!(changed.is_empty(), "{mode} {begun}: {changed:?}");
        }
        configure(&site, daily);
        let mut cut = names(step(&site));
        cut.sort_by_key(ToString::to_string);
        for names in &mut seen {
            names.sort_by_key(ToString::to_string);
        }
        assert_eq!(cut, ["alice", "bob", "carol"]);
        assert_eq!(seen, [cut.clone(), cut]);
    }
}

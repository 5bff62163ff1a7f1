//! One worker over many steps, on PostgreSQL: what it remembers of limits and use misleads it about nobody.
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use radkick::clock::Clock;
use radkick::config::Config;
use radkick::jobs::Agent;
use radkick::worker::Worker;

use crate::support::postgres::Postgres;

/// More than are read without asking whether they have to be.
const USERS: i64 = 60;

/// Everything but the cut: a brake that trips at once, so that a step tells whom it would cut.
/// `quota` are further keys of that section.
async fn worker(database: &Postgres, folder: &Path, quota: &str) -> Worker {
    let text = format!(
        "[database]\nurl = \"{}\"\n[accounting]\ntime_zone = \"UTC\"\n[quota]\nmode = \"enforce\"\nlimit_sweep = \"24h\"\n{quota}\
         [brakes]\ntrip_users = 1\ntrip_share = \"0.0001 %\"\npause_file = \"{}\"\n",
        database.url(),
        folder.join("pause").display()
    );
    let path = folder.join("radkick.toml");
    let config = Config::parse(&path, &text, &|_| None).expect("a configuration");
    Worker::new(Arc::new(Agent::open(config, Clock).await.expect("both databases")), None, false)
}

async fn over(worker: &Worker) -> BTreeSet<String> {
    worker.step().await.expect("a step").reports.into_iter().map(|report| report.user).collect()
}

/// Everybody reports so many octets.
fn report(database: &Postgres, octets: i64) {
    database.sql(&format!("UPDATE radacct SET acctoutputoctets = {octets}, acctupdatetime = now()"));
}

/// What is written without being counted stands for what is counted a moment later.
#[tokio::test]
async fn whoever_goes_over_is_judged_by_the_limit_of_this_moment() {
    let (database, folder) = (Postgres::new(), tempfile::tempdir().expect("a folder"));
    database.sql(&format!(
        "INSERT INTO radcheck (username, attribute, op, value)
         SELECT 'user' || n, 'Max-Octets', ':=', '1000' FROM generate_series(1, {USERS}) AS n;
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime)
         SELECT n, md5(n::text), 'user' || n, '10.0.0.1', now(), now() FROM generate_series(1, {USERS}) AS n"
    ));
    let counted = "SELECT pg_stat_get_tuples_inserted('radcheck'::regclass) AS count";
    let until = Clock.now() + Duration::from_mins(1);
    while database.sql(counted)[0]["count"] != USERS {
        assert!(Clock.now() < until, "not counted after a minute");
    }
    let worker = worker(&database, folder.path(), "").await;
    for octets in [100, 200] {
        report(&database, octets);
        assert_eq!(over(&worker).await, BTreeSet::new());
    }
    database.sql("SET track_counts = off; UPDATE radcheck SET value = '2000' WHERE username <> 'user1'");
    report(&database, 1500);
    assert_eq!(over(&worker).await, BTreeSet::from(["user1".to_owned()]), "the others have paid");
    database.sql("SET track_counts = off; UPDATE radcheck SET value = '2000'");
    assert_eq!(over(&worker).await, BTreeSet::new(), "who was over is read at each step");
}

/// The use of each is at hand, and none is over alone.
#[tokio::test]
async fn a_family_is_judged_whole_in_each_step() {
    let (database, folder) = (Postgres::new(), tempfile::tempdir().expect("a folder"));
    database.sql(
        "CREATE TABLE plans (username text, limit_bytes bigint, subject text);
         INSERT INTO plans VALUES ('anna', 1000, 'anna'), ('ben', NULL, 'anna'), ('zoe', 1000, NULL);
         GRANT SELECT ON plans TO radkick;
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime)
         SELECT name, md5(name), name, '10.0.0.1', now(), now() FROM unnest(ARRAY['anna', 'ben', 'zoe']) AS name",
    );
    let query = "sources = [\"query\"]\nquery = \"SELECT * FROM plans\"\n";
    let worker = worker(&database, folder.path(), query).await;
    for octets in [100, 200, 499] {
        report(&database, octets);
        assert_eq!(over(&worker).await, BTreeSet::new(), "{octets}");
    }
    report(&database, 500);
    assert_eq!(over(&worker).await, BTreeSet::from(["anna", "ben"].map(str::to_owned)));
}

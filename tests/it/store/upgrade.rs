//! Tables of the version before this one, as its own statements made them.
use std::path::Path;

use radkick::store::{FeedRecord, JobState, State};
use sqlx::migrate::Migrator;

use super::feed::{NOW, counters, grown, leased, usage, used};
use super::ledger::account;
use super::{Bench, user};

/// The statements that make the tables, of every version.
pub(super) async fn migrations(dialect: &str) -> Migrator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations").join(dialect);
    let mut migrator = Migrator::new(folder).await.expect("migrations");
    migrator.dangerous_set_table_name("radkick_migrations");
    migrator.set_locking(false);
    migrator
}

/// A live job with a lease and a session that is proven absent, a block with a row, a line of the journal, a brake.
const ROWS: &str = r#"
    INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at,
        lease_holder, lease_until, lease_token) VALUES ('quota o''brien', 'o''brien', 'quota', 'worker',
        '{"session":null,"detail":{"block":true}}', 'waiting', 3, 5, 6, 7, 'somebody', 8, 9);
    INSERT INTO radkick_target (job_id, acct_unique_id, session, step, selected_at, attempts, evidence) SELECT id, 'u1',
        '{"acct_session_id":"81","acct_unique_id":"u1","user":"o''brien","nas_ip_address":"10.0.0.1","called_station_id":"",
          "calling_station_id":"","framed_ip_address":"","framed_ipv6_prefix":"","service_type":"","framed_protocol":"",
          "start":null,"update":null,"stop":null,"input_octets":1,"output_octets":2}',
        'done', 5, '[]', 'absent_from_router' FROM radkick_job;
    INSERT INTO radkick_block (user_name, reason, actor, mode, state, created_at, changed_at, remade)
        VALUES ('o''brien', 'quota', 'worker', 'reject', 'held', 5, 6, 2);
    INSERT INTO radkick_block_row (block_id, table_word, present, image, ours) SELECT id, 'check', TRUE,
        '{"id":7,"username":"o=27brien","attribute":"Auth-Type","op":":=","value":"Reject"}', TRUE FROM radkick_block;
    INSERT INTO radkick_journal (at, actor, user_name, event, detail) VALUES (5, 'worker', 'o''brien', 'cut', '{}');
    INSERT INTO radkick_brake (name, tripped_at, detail) VALUES ('cut', 5, '40 of 50')"#;

pub(super) async fn everything_is_still_there(bench: &impl Bench) {
    bench.make_old_tables().await;
    bench.own_sql(ROWS);
    for _ in 0..2 {
        let state = bench.state().await;
        let [job] = &state.live_jobs(Some(&user("o'brien"))).await.expect("asked")[..] else { panic!("one job") };
        assert_eq!((job.state, job.attempts, job.lease_token), (JobState::Waiting, 3, 9));
        let proof = state.proven_absent("u1").await.expect("asked").expect("the target");
        assert_eq!((proof.job_id, proof.session.output_octets), (job.id, 2));
        let [block] = &state.blocks(None).await.expect("asked")[..] else { panic!("one block") };
        assert_eq!((block.remade, block.rows.len(), block.rows[0].1), (2, 1, true));
        assert_eq!(state.brake("cut").await.expect("asked").map(|brake| brake.tripped_at), Some(5));
        assert_eq!(bench.own_sql("SELECT at FROM radkick_journal").len(), 1);
        assert!(state.claim(job.id, "a", Some("somebody"), NOW).await.expect("asked").is_some());
        bench.own_sql("UPDATE radkick_job SET lease_token = 9");
    }
}

pub(super) async fn what_is_new_can_be_used(bench: &impl Bench) {
    bench.make_old_tables().await;
    bench.own_sql(ROWS);
    let state = bench.state().await;
    let lease = leased(&state, "a", NOW).await.expect("free");
    let step = [grown("alice", 5, counters(1, 2, 3))];
    assert!(
        state.record(&lease, &FeedRecord::default(), &[account("u1", "alice")], &step, NOW).await.expect("written")
    );
    assert_eq!(usage(&state, &["alice"]).await, [used("alice", 5, counters(1, 2, 3))]);
    assert!(state.quota_rows(None).await.expect("asked").is_empty());
    assert_eq!(state.prune_journal(6, 5).await.expect("pruned"), 1);
    assert!(State::open_existing(&bench.state_url()).await.expect("asked").is_some());
}

/// Who writes nothing does not bring tables up to date either; the next who writes does.
pub(super) async fn existing_leaves_older_tables_alone(bench: &impl Bench) {
    bench.make_old_tables().await;
    bench.own_sql(ROWS);
    let versions = "SELECT version FROM radkick_migrations ORDER BY version";
    let before = bench.own_sql(versions);
    assert!(!before.is_empty());
    let refused = State::open_existing(&bench.state_url()).await.map(|_| ()).expect_err("refused").to_string();
    assert!(refused.contains("radkick's own tables are an older version's"), "{refused}");
    assert!(State::is_there(&bench.state_url()).await.expect("asked"));
    assert_eq!(bench.own_sql(versions), before);
    assert_eq!(bench.state().await.blocks(None).await.expect("asked").len(), 1);
    assert!(bench.own_sql(versions).len() > before.len());
    assert!(State::open_existing(&bench.state_url()).await.expect("asked").is_some());
}

//! Jobs, their lease, their targets.
use radkick::store::{JobRecord, JobSpec, JobState, JournalEntry, SessionRow, State, TargetRecord, TargetStep};
use serde_json::json;

use super::{Bench, user};

/// When everything here begins.
const NOW: i64 = 1_700_000_000;

fn spec(name: &str, reason: &str, session: Option<&str>) -> JobSpec {
    JobSpec {
        user: user(name),
        reason: reason.to_owned(),
        actor: "worker".to_owned(),
        session: session.map(str::to_owned),
        detail: json!({ "block": true, "text": "5 GB 'used'\n" }),
        lapses_at: NOW + 3600,
    }
}

async fn submitted(state: &State, spec: &JobSpec) -> JobRecord {
    let (job, new) = state.submit(spec, NOW).await.expect("written");
    assert!(new);
    job
}

async fn claimed(state: &State, job: i64, holder: &str, now: i64) -> Option<JobRecord> {
    state.claim(job, holder, None, now).await.expect("asked")
}

fn session(id: &str) -> SessionRow {
    SessionRow {
        acct_session_id: format!("8{id}"),
        acct_unique_id: id.to_owned(),
        user: user("o'brien \"x\"\n"),
        nas_ip_address: "10.0.0.1".to_owned(),
        called_station_id: "hotspot1".to_owned(),
        calling_station_id: "02:00:00:00:00:41".to_owned(),
        framed_ip_address: "10.0.0.2".to_owned(),
        framed_ipv6_prefix: "2001:db8::/64".to_owned(),
        service_type: "Framed-User".to_owned(),
        framed_protocol: "PPP".to_owned(),
        nas_port_type: "Ethernet".to_owned(),
        nas_port_id: "ether1".to_owned(),
        nas_identifier: "R1".to_owned(),
        start: Some(NOW - 60),
        update: None,
        stop: None,
        input_octets: u64::MAX,
        output_octets: 9_007_199_254_740_993,
        session_time: None,
    }
}

pub(super) fn target(job: i64, id: &str) -> TargetRecord {
    TargetRecord {
        id: 0,
        job_id: job,
        session: session(id),
        step: TargetStep::Selected,
        selected_at: NOW,
        effect_at: None,
        on_router: false,
        nas: None,
        attempts: Vec::new(),
        fate: None,
        path: None,
        evidence: None,
        problem: None,
        close_due_at: None,
        detail: serde_json::Value::Null,
    }
}

pub(super) async fn one_live_job(bench: &impl Bench) {
    let state = bench.state().await;
    let first = submitted(&state, &spec("alice", "quota", None)).await;
    assert_eq!(first.spec, spec("alice", "quota", None));
    assert_eq!((first.state, first.attempts, first.created_at, first.lease_token), (JobState::Planned, 0, NOW, 0));
    let again = JobSpec { actor: "command".to_owned(), ..spec("alice", "quota", None) };
    assert_eq!(state.submit(&again, NOW + 5).await.expect("asked"), (first.clone(), false));
    for other in [spec("alice", "expiry", None), spec("Alice", "quota", None), spec("bob", "quota", Some("u1"))] {
        submitted(&state, &other).await;
    }
    let live = state.live_jobs(None).await.expect("asked");
    assert_eq!(live.len(), 4);
    assert!(live.windows(2).all(|pair| pair[0].id < pair[1].id));
    let users: Vec<_> = state.live_jobs(Some(&user("alice"))).await.expect("asked");
    assert_eq!(users.iter().map(|job| job.spec.reason.as_str()).collect::<Vec<_>>(), ["quota", "expiry"]);
}

/// Two that ask at the same moment: one has it, and the other's writes count for nothing, their lines of the journal too.
pub(super) async fn the_lease_fences(bench: &impl Bench) {
    let (ours, theirs) = (bench.state().await, bench.state().await);
    let job = submitted(&ours, &spec("alice", "quota", None)).await;
    let (a, b) = tokio::join!(claimed(&ours, job.id, "a", NOW), claimed(&theirs, job.id, "b", NOW));
    assert_eq!(u8::from(a.is_some()) + u8::from(b.is_some()), 1, "{a:?} {b:?}");
    let old = a.or(b).expect("one of them");
    let old_target = ours.add_target(&old, &target(job.id, "u1")).await.expect("asked").expect("added");

    let holder = old.lease_holder.clone();
    assert_eq!(ours.claim(job.id, "c", Some("somebody else"), NOW).await.expect("asked"), None);
    let new = ours.claim(job.id, "c", holder.as_deref(), NOW).await.expect("asked").expect("it was abandoned");
    assert!(new.lease_token > old.lease_token);
    let (actor, detail) = ("worker".to_owned(), json!({}));
    let line = JournalEntry { at: NOW, actor, user: user("alice"), event: "cut", detail };
    let lines = || bench.own_sql("SELECT event FROM radkick_journal").len();
    let ended = JobRecord { state: JobState::Ended, ..old.clone() };
    assert!(!theirs.update_job(&ended, Some(&line), NOW).await.expect("asked"));
    let done = TargetRecord { fate: Some("ended".to_owned()), step: TargetStep::Done, ..old_target.clone() };
    assert!(!theirs.update_target(&old, &done, Some(&line), NOW).await.expect("asked"));
    assert!(theirs.add_target(&old, &target(job.id, "u2")).await.expect("asked").is_none());
    assert_eq!(ours.targets(job.id).await.expect("asked"), [old_target]);
    assert_eq!(lines(), 0, "what was not done does not stand in the journal");
    assert!(ours.update_target(&new, &done, Some(&line), NOW).await.expect("asked"));
    let cutting = JobRecord { state: JobState::Cutting, ..new.clone() };
    assert!(ours.update_job(&cutting, Some(&line), NOW).await.expect("asked"));
    assert_eq!(lines(), 2);
    assert_eq!(ours.live_jobs(None).await.expect("asked")[0].state, JobState::Cutting);
}

pub(super) async fn a_lease_runs_out(bench: &impl Bench) {
    let state = bench.state().await;
    let job = submitted(&state, &spec("alice", "quota", None)).await;
    let held = claimed(&state, job.id, "a", NOW).await.expect("free");
    assert!(claimed(&state, job.id, "b", NOW + 60).await.is_none());
    assert!(claimed(&state, job.id, "a", NOW + 60).await.is_some_and(|again| again.lease_token > held.lease_token));
    let renewed = claimed(&state, job.id, "a", NOW + 60).await.expect("ours");
    assert!(
        state.update_job(&JobRecord { state: JobState::Cutting, ..renewed }, None, NOW + 600).await.expect("asked")
    );
    assert!(claimed(&state, job.id, "b", NOW + 660).await.is_none(), "a write renews it");
    let late = claimed(&state, job.id, "b", NOW + 10_000).await.expect("it has run out");
    let waiting = JobRecord { state: JobState::Waiting, retry_at: NOW + 20_000, attempts: 3, ..late };
    assert!(state.update_job(&waiting, None, NOW + 10_000).await.expect("asked"));
    let parked = claimed(&state, job.id, "c", NOW + 10_001).await.expect("a job that waits is free");
    assert_eq!((parked.retry_at, parked.attempts, parked.state), (NOW + 20_000, 3, JobState::Waiting));
}

pub(super) async fn an_ended_job_makes_room(bench: &impl Bench) {
    let state = bench.state().await;
    for end in [JobState::Ended, JobState::Lapsed] {
        let job = submitted(&state, &spec("alice", "quota", None)).await;
        let held = claimed(&state, job.id, "a", NOW).await.expect("free");
        assert!(state.update_job(&JobRecord { state: end, ..held }, None, NOW).await.expect("asked"));
        assert!(state.live_jobs(None).await.expect("asked").is_empty());
        assert!(claimed(&state, job.id, "a", NOW).await.is_none(), "an ended job is nobody's");
    }
    assert!(claimed(&state, 999, "a", NOW).await.is_none());
}

pub(super) async fn targets_round_trip(bench: &impl Bench) {
    let state = bench.state().await;
    let job = submitted(&state, &spec("alice", "quota", None)).await;
    let job = claimed(&state, job.id, "a", NOW).await.expect("free");
    let plain = state.add_target(&job, &target(job.id, "u1")).await.expect("asked").expect("added");
    assert_eq!(plain, TargetRecord { id: plain.id, ..target(job.id, "u1") });
    for step in [TargetStep::Sending, TargetStep::Effected, TargetStep::Done] {
        let text = |text: &str| Some(text.to_owned());
        let full = TargetRecord {
            step,
            effect_at: Some(NOW + 1),
            on_router: true,
            nas: text("R'1"),
            session: SessionRow { update: Some(NOW + 5), ..plain.session.clone() },
            attempts: vec![json!({ "path": "radius", "rtt_ms": 41.5, "code": 41 }), json!({ "detail": "ü\n\"" })],
            fate: text("ended"),
            path: text("radius"),
            evidence: text("accounting_stop"),
            problem: text("none"),
            close_due_at: Some(NOW + 60),
            ..plain.clone()
        };
        assert!(state.update_target(&job, &full, None, NOW).await.expect("written"));
        assert_eq!(state.targets(job.id).await.expect("asked"), [full]);
    }
    assert!(state.update_target(&job, &plain, None, NOW).await.expect("written"));
    assert_eq!(state.targets(job.id).await.expect("asked"), [plain]);
}

pub(super) async fn a_target_is_added_once(bench: &impl Bench) {
    let state = bench.state().await;
    let job = submitted(&state, &spec("alice", "quota", None)).await;
    let job = claimed(&state, job.id, "a", NOW).await.expect("free");
    let first = state.add_target(&job, &target(job.id, "u1")).await.expect("asked").expect("added");
    let done = TargetRecord { step: TargetStep::Done, fate: Some("ended".to_owned()), ..first };
    assert!(state.update_target(&job, &done, None, NOW).await.expect("written"));
    let again = state.add_target(&job, &target(job.id, "u1")).await.expect("asked");
    assert_eq!(again, Some(done.clone()), "what is known of it stays");
    let second = state.add_target(&job, &target(job.id, "u2")).await.expect("asked").expect("added");
    assert_eq!(state.targets(job.id).await.expect("asked"), [done, second]);
}

pub(super) async fn rows_to_close(bench: &impl Bench) {
    let state = bench.state().await;
    let job = submitted(&state, &spec("alice", "quota", None)).await;
    let job = claimed(&state, job.id, "a", NOW).await.expect("free");
    let mut due = Vec::new();
    for (id, close_due_at) in [("u1", Some(NOW)), ("u2", None), ("u3", Some(NOW + 10))] {
        let added = state.add_target(&job, &target(job.id, id)).await.expect("asked").expect("added");
        let added = TargetRecord { close_due_at, ..added };
        assert!(state.update_target(&job, &added, None, NOW).await.expect("written"));
        due.push(added);
    }
    assert!(state.rows_to_close(NOW - 1).await.expect("asked").is_empty());
    assert_eq!(state.rows_to_close(NOW).await.expect("asked"), [due[0].clone()]);
    assert_eq!(state.rows_to_close(NOW + 10).await.expect("asked"), [due[0].clone(), due[2].clone()]);
    state.row_closed(due[0].id).await.expect("written");
    assert_eq!(state.rows_to_close(NOW + 10).await.expect("asked"), [due[2].clone()]);
}

pub(super) async fn a_proven_absence_is_found_again(bench: &impl Bench) {
    let state = bench.state().await;
    let job = submitted(&state, &spec("alice", "quota", None)).await;
    let job = claimed(&state, job.id, "a", NOW).await.expect("free");
    let mut proven = Vec::new();
    for (id, evidence) in [("u1", "absent_from_router"), ("u2", "accounting_stop")] {
        let added = state.add_target(&job, &target(job.id, id)).await.expect("asked").expect("added");
        let added = TargetRecord { evidence: Some(evidence.to_owned()), ..added };
        assert!(state.update_target(&job, &added, None, NOW).await.expect("written"));
        proven.push(added);
    }
    assert_eq!(state.proven_absent("u1").await.expect("asked"), Some(proven[0].clone()));
    assert_eq!(state.proven_absent("u2").await.expect("asked"), None, "a Stop is in radacct itself");
    assert_eq!(state.proven_absent("u3").await.expect("asked"), None);
}

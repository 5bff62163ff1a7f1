//! Jobs as a queue: what is due, what is brought forward, what is counted.
use radkick::store::{JobCount, JobRecord, JobSpec, JobState, JobTimes, JournalEntry, State};
use serde_json::json;

use super::{Bench, user};

const NOW: i64 = 1_700_000_000;

async fn submitted(state: &State, name: &str) -> JobRecord {
    let spec = JobSpec {
        user: user(name),
        reason: "quota".to_owned(),
        actor: "worker".to_owned(),
        session: None,
        detail: json!({}),
        lapses_at: NOW + 3600,
    };
    state.submit(&spec, NOW).await.expect("written").0
}

/// Makes the job wait until `retry_at`, or end.
async fn left(state: &State, id: i64, end: JobState, retry_at: i64) {
    let job = state.claim(id, "a", None, NOW).await.expect("asked").expect("free");
    let job = JobRecord { state: end, retry_at, attempts: 1, ..job };
    assert!(state.update_job(&job, None, NOW + 1).await.expect("written"));
}

async fn due(state: &State, now: i64, after: i64, limit: u32) -> Vec<i64> {
    let jobs = state.due_jobs((now, now + 900), after, limit).await.expect("asked");
    jobs.iter().map(|job| job.id).collect()
}

pub(super) async fn what_is_due_is_found(bench: &impl Bench) {
    let state = bench.state().await;
    let (first, second, third) =
        (submitted(&state, "first").await, submitted(&state, "second").await, submitted(&state, "third").await);
    let over = submitted(&state, "over").await;
    left(&state, second.id, JobState::Waiting, NOW + 30).await;
    // By a clock that was put back since
    left(&state, third.id, JobState::Waiting, NOW + 50_000).await;
    left(&state, over.id, JobState::Ended, NOW).await;
    assert_eq!(due(&state, NOW, 0, 9).await, [first.id, third.id]);
    assert_eq!(due(&state, NOW, 0, 1).await, [first.id]);
    assert_eq!(due(&state, NOW, first.id, 9).await, [third.id]);
    assert_eq!(due(&state, NOW + 30, 0, 9).await, [first.id, second.id, third.id]);
}

pub(super) async fn a_job_is_brought_forward(bench: &impl Bench) {
    let state = bench.state().await;
    let (waiting, over) = (submitted(&state, "o'brien").await, submitted(&state, "over").await);
    left(&state, waiting.id, JobState::Waiting, NOW + 800).await;
    left(&state, over.id, JobState::Lapsed, NOW + 800).await;
    let entry = |job: &JobRecord| JournalEntry {
        at: NOW + 5,
        actor: "cli:ann".to_owned(),
        user: job.spec.user.clone(),
        event: "brought_forward",
        detail: json!({ "job": job.id }),
    };
    assert!(state.hasten(waiting.id, Some(&entry(&waiting)), NOW + 5).await.expect("written"));
    assert!(!state.hasten(over.id, Some(&entry(&over)), NOW + 5).await.expect("asked"));
    assert!(!state.hasten(4711, None, NOW + 5).await.expect("asked"));
    assert_eq!(due(&state, NOW + 5, 0, 9).await, [waiting.id]);
    let journal = state.journal_of(&user("o'brien"), 9).await.expect("read");
    assert_eq!(journal.iter().map(|line| (line.at, line.actor.as_str())).collect::<Vec<_>>(), [(NOW + 5, "cli:ann")]);
    assert!(state.journal_of(&user("over"), 9).await.expect("read").is_empty(), "nothing was done");
    assert!(state.hasten(waiting.id, None, NOW + 6).await.expect("written"), "with no line");
    assert_eq!(state.journal_of(&user("o'brien"), 9).await.expect("read").len(), 1);
}

pub(super) async fn jobs_are_found_and_counted(bench: &impl Bench) {
    let state = bench.state().await;
    assert!(state.job_counts().await.expect("asked").is_empty());
    assert_eq!(state.blocks_held().await.expect("asked"), 0);
    let (one, two, three) =
        (submitted(&state, "one").await, submitted(&state, "two").await, submitted(&state, "three").await);
    left(&state, one.id, JobState::Ended, NOW).await;
    left(&state, two.id, JobState::Ended, NOW).await;
    let ended = async |name: Option<&str>, limit| {
        let name = name.map(user);
        let jobs = state.jobs_in(JobState::Ended, name.as_ref(), limit).await.expect("asked");
        jobs.iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(ended(None, 9).await, [two.id, one.id]);
    assert_eq!(ended(None, 1).await, [two.id]);
    assert_eq!(ended(Some("one"), 9).await, [one.id]);
    let (found, times) = state.job(one.id).await.expect("asked").expect("there");
    assert_eq!((found.spec, found.state, times.ended_at), (one.spec, JobState::Ended, Some(NOW + 1)));
    let held = state.claim(three.id, "b", None, NOW + 7).await.expect("asked").expect("free");
    let (found, times) = state.job(three.id).await.expect("asked").expect("there");
    assert_eq!((found, times), (held, JobTimes { ended_at: None, lease_until: NOW + 127 }));
    assert_eq!(state.job(4711).await.expect("asked"), None);
    let counts = state.job_counts().await.expect("asked");
    assert_eq!(counts, [JobCount { state: JobState::Planned, count: 1, oldest: NOW }]);
}

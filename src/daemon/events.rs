//! What an event of a hook asks for.

use crate::config::Mode;
use crate::hook::{Event, Kind, Octets, Wish};
use crate::jobs::{Agent, AgentError, JobDetail, Selection};
use crate::ledger::Told;
use crate::store::{JobRecord, JobSpec, SessionRow};
use crate::worker::Hearing;

/// For so many seconds an event waits for its row: FreeRADIUS may write it after it has run the hook.
const ROW_WITHIN: i64 = 10;
/// How long a cut is tried, in seconds, as every job.
const LAPSE_SECS: i64 = 7 * 24 * 3600;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To judge the user, which the hearing has noted.
    Check,
    /// To cut the session of this Acct-Unique-Id.
    Disconnect(String),
    /// Nothing that could be done: it names neither user nor session.
    Nothing,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It is on disk, or there is nothing to do any more.
    Now,
    /// It comes again.
    Later,
    /// Nothing can be done with it.
    Never,
}

/// What the event asks for; a check is noted in `hearing`.
pub(super) fn asked(event: &Event, hearing: &mut Hearing) -> Asked {
    let session = event.acct_unique_id.as_ref().map(Octets::to_text).filter(|session| is_unique_id(session));
    match (event.wish, session) {
        (Wish::Disconnect, Some(session)) => Asked::Disconnect(session),
        (Wish::Check, Some(session)) => {
            hearing.note(session, told(event));
            if event.kind == Kind::Start {
                hearing.users.extend(event.user());
            }
            Asked::Check
        }
        (Wish::Check, None) if event.user_name.is_some() => {
            hearing.users.extend(event.user());
            Asked::Check
        }
        (Wish::Check | Wish::Disconnect, None) => {
            tracing::warn!(kind = ?event.kind, wish = ?event.wish, "an event of a hook names no session: nothing can be done");
            Asked::Nothing
        }
    }
}

/// Whether it can be an Acct-Unique-Session-Id of FreeRADIUS', or of a site's own making. Others no column may be asked for:
/// to some servers the very question is an error.
fn is_unique_id(session: &str) -> bool {
    (1..=64).contains(&session.len()) && session.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Whether an event may be too early for its row.
pub(super) fn is_fresh(received_at: i64, now: i64) -> bool {
    (0..ROW_WITHIN).contains(&now.saturating_sub(received_at))
}

/// What the packet told of the counters; an Interim-Update or Stop with all three alone.
fn told(event: &Event) -> Option<Told> {
    if !matches!(event.kind, Kind::Interim | Kind::Stop) {
        return None;
    }
    let at = event.event_timestamp.unwrap_or_else(|| {
        let delay = event.delay_time.map_or(0, i64::from);
        event.received_at.saturating_sub(delay)
    });
    let seconds = u64::from(event.session_time?);
    Some(Told { at, input: event.input_octets?, output: event.output_octets?, seconds })
}

/// Puts the cut of one session on disk. One that is off needs none; one that radacct does not have yet is waited for.
pub(super) async fn submit(agent: &Agent, event: &Event, session: String) -> Result<Done, AgentError> {
    let now = agent.now();
    let Some(row) = agent.accounting.session(&session).await? else {
        let waits = is_fresh(event.received_at, now);
        if !waits {
            tracing::warn!(session, "a hook asked for a cut of a session that radacct does not have: nothing is done");
        }
        return Ok(if waits { Done::Later } else { Done::Now });
    };
    if agent.config.quota.mode == Mode::Observe {
        tracing::info!(user = %row.user, session, "mode observe: would cut off this session, as a hook asks");
        return Ok(Done::Now);
    }
    // In this order: a job ends after its session has, so of one that ends meanwhile the row tells
    let is_same = |job: &JobRecord| job.spec.reason == "hook" && job.spec.session.as_ref() == Some(&session);
    if agent.state.live_jobs(Some(&row.user)).await?.iter().any(is_same) {
        return Ok(Done::Now);
    }
    let row = agent.accounting.session(&session).await?.filter(|row| row.stop.is_none());
    if let Some(row) = row
        && agent.state.proven_absent(&session).await?.is_none()
    {
        agent.state.submit(&cut_of(&row, now), now).await?;
    }
    Ok(Done::Now)
}

fn cut_of(row: &SessionRow, now: i64) -> JobSpec {
    let session = row.acct_unique_id.clone();
    let selection = Selection { session: Some(session.clone()), ..Selection::default() };
    let detail = JobDetail { selection, ..JobDetail::default() };
    JobSpec {
        user: row.user.clone(),
        reason: "hook".to_owned(),
        actor: "hook".to_owned(),
        session: Some(session),
        detail: serde_json::to_value(detail).unwrap_or_default(),
        lapses_at: now + LAPSE_SECS,
    }
}

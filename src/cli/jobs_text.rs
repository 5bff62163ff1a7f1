//! Jobs as a table, one job whole, and both as JSON.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::store::{JobRecord, JobState, JobTimes, JournalRecord, TargetRecord};

use super::Output;
use super::person::{columns, duration, safe};
use super::sessions_text::attempt;
use super::usage_text::time;

/// One job and all that is known of it.
pub(super) struct Shown {
    pub(super) job: JobRecord,
    pub(super) times: JobTimes,
    pub(super) targets: Vec<TargetRecord>,
    /// The user's journal while the job lived, oldest line first.
    pub(super) journal: Vec<JournalRecord>,
}

/// A job as an object.
pub(super) fn object(job: &JobRecord) -> Value {
    json!({
        "id": job.id, "user": job.spec.user.as_str(), "reason": job.spec.reason, "actor": job.spec.actor,
        "session": job.spec.session, "state": job.state.as_str(), "attempts": job.attempts,
        "created_at": job.created_at, "retry_at": next(job), "lapses_at": job.spec.lapses_at,
        "lease_holder": job.lease_holder,
    })
}

/// When a job is tried next; `None` when it is over.
fn next(job: &JobRecord) -> Option<i64> {
    (!matches!(job.state, JobState::Ended | JobState::Lapsed)).then_some(job.retry_at)
}

/// Prints a table of jobs.
pub(super) fn print(output: Output, jobs: &[JobRecord], now: i64) -> anyhow::Result<()> {
    let mut rows = vec![["ID", "USER", "REASON", "STATE", "RUNS", "AGE", "NEXT", "BY"].map(str::to_owned).to_vec()];
    rows.extend(jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            job.spec.user.to_string(),
            safe(&job.spec.reason),
            job.state.as_str().to_owned(),
            job.attempts.to_string(),
            duration(now.saturating_sub(job.created_at)),
            next_text(job, now),
            safe(&job.spec.actor),
        ]
    }));
    if jobs.is_empty() {
        output.line("No such job.")?;
    } else {
        columns(&rows).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(())
}

fn next_text(job: &JobRecord, now: i64) -> String {
    match (next(job), &job.lease_holder) {
        (None, _) => "-".to_owned(),
        (Some(_), Some(_)) => "at work".to_owned(),
        (Some(at), None) if at > now => format!("in {}", duration(at - now)),
        (Some(_), None) => "due".to_owned(),
    }
}

impl Shown {
    /// As an object.
    pub(super) fn object(&self) -> Value {
        let mut object = object(&self.job);
        object["ended_at"] = json!(self.times.ended_at);
        object["lease_until"] = json!(self.job.lease_holder.as_ref().map(|_| self.times.lease_until));
        object["lease_token"] = json!(self.job.lease_token);
        object["detail"] = self.job.spec.detail.clone();
        object["states"] = self.states().into_iter().map(|(state, at)| json!({ "state": state, "at": at })).collect();
        object["targets"] = self.targets.iter().map(target_object).collect();
        let line = |line: &JournalRecord| json!({ "at": line.at, "actor": line.actor, "event": line.event, "detail": line.detail });
        object["journal"] = self.journal.iter().map(line).collect();
        object
    }

    /// The states that the job went through, each with the time at which it began, as far as they are known: of runs after the
    /// first their end alone, by what they left in the journal.
    fn states(&self) -> Vec<(&'static str, i64)> {
        let mut states = vec![("planned", self.job.created_at)];
        states.extend(self.targets.iter().map(|target| target.selected_at).min().map(|at| ("cutting", at)));
        states.extend(self.runs_in_vain().into_iter().map(|at| ("waiting", at)));
        states.extend(self.times.ended_at.map(|at| (self.job.state.as_str(), at)));
        states
    }

    /// When each run ended that left a session not proven off, and was to be followed by another.
    fn runs_in_vain(&self) -> Vec<i64> {
        let (mut runs, mut seen) = (Vec::<(i64, bool)>::new(), BTreeSet::new());
        let sessions: BTreeSet<_> =
            self.targets.iter().map(|target| Some(target.session.acct_unique_id.as_str())).collect();
        for line in self.journal.iter().filter(|line| line.event == "cut") {
            let session = line.detail["acct_unique_id"].as_str();
            if line.detail["reason"] != self.job.spec.reason.as_str() || !sessions.contains(&session) {
                continue;
            }
            // Each session once a run: one that comes again is of the next
            if !seen.insert(session) || runs.is_empty() {
                seen = BTreeSet::from([session]);
                runs.push((line.at, false));
            }
            let is_off = ["ended", "already_gone"].iter().any(|fate| line.detail["fate"] == *fate);
            if let Some((ended_at, in_vain)) = runs.last_mut() {
                (*ended_at, *in_vain) = (line.at, *in_vain || !is_off);
            }
        }
        // What a person asked for is tried once
        let retried = self.job.spec.reason != "by_hand";
        runs.into_iter().filter(|(_, in_vain)| *in_vain && retried).map(|(at, _)| at).collect()
    }

    /// For people.
    pub(super) fn print(&self, output: Output, zone: &TimeZone, now: i64) -> anyhow::Result<()> {
        let (job, spec) = (&self.job, &self.job.spec);
        let (reason, actor) = (safe(&spec.reason), safe(&spec.actor));
        output.line(&format!(
            "Job {} of {}: {}, {reason}, asked for by {actor}",
            job.id,
            spec.user,
            job.state.as_str()
        ))?;
        for (state, at) in self.states() {
            output.line(&format!("  {}  {state}", time(at, zone)))?;
        }
        let lapses = time(spec.lapses_at, zone);
        output.line(&format!("  {} runs; next: {}; given up at {lapses}", job.attempts, next_text(job, now)))?;
        if let Some(holder) = &job.lease_holder {
            let until = time(self.times.lease_until, zone);
            output.line(&format!("  lease {} of {} until {until}", job.lease_token, safe(holder)))?;
        }
        self.targets.iter().flat_map(target_lines).try_for_each(|line| output.line(&line))?;
        if !self.journal.is_empty() {
            output.line("Journal of the user meanwhile:")?;
        }
        for line in &self.journal {
            let (at, actor) = (time(line.at, zone), safe(&line.actor));
            output.line(&format!("  {at}  {actor} {}  {}", safe(&line.event), safe(&line.detail.to_string())))?;
        }
        Ok(())
    }
}

fn target_object(target: &TargetRecord) -> Value {
    let unique_id = Some(&target.session.acct_unique_id).filter(|id| !id.is_empty());
    json!({
        "nas": target.nas, "nas_ip_address": target.session.nas_ip_address,
        "acct_session_id": target.session.acct_session_id, "acct_unique_id": unique_id,
        "framed_ip_address": target.session.framed_ip_address, "step": target.step.as_str(),
        "selected_at": target.selected_at, "effect_at": target.effect_at, "on_router": target.on_router,
        "attempts": target.attempts, "fate": target.fate, "path": target.path, "evidence": target.evidence,
        "problem": target.problem, "close_due_at": target.close_due_at, "detail": target.detail,
    })
}

fn target_lines(target: &TargetRecord) -> Vec<String> {
    let nas = target.nas.as_ref().unwrap_or(&target.session.nas_ip_address);
    let fate = target.fate.as_deref().unwrap_or("no fate yet");
    let evidence = target.evidence.as_deref().map(|evidence| format!(" ({})", safe(evidence))).unwrap_or_default();
    let (session, address) = (safe(&target.session.acct_session_id), safe(&target.session.framed_ip_address));
    let head = format!("  {}  {session}  {address}  {}, {}{evidence}", safe(nas), target.step.as_str(), safe(fate));
    let tries = target.attempts.iter().map(|tried| format!("    {}", attempt(tried)));
    let problem = target.problem.iter().map(|problem| format!("    {}", safe(problem)));
    std::iter::once(head).chain(tries).chain(problem).collect()
}

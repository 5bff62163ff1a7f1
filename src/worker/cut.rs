//! Whom a cycle cuts: as far as brakes, pace, pause and the end of the program allow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::BlockMode;
use crate::disconnect::Directory;
use crate::jobs::{AgentError, SWEEP, SessionReport, directory, is_automatic};
use crate::quota::UserName;
use crate::store::{JobRecord, JobState};

use super::brakes::{self, CUT_BRAKE};
use super::measured::Measured;
use super::{OverUser, StepOutcome, Worker};

/// How many users are cut side by side.
const SIDE_BY_SIDE: usize = 16;

/// Of so many users who are over, blocked and offline it is looked up in one cycle whether the block stands, of all in turn.
/// One whose block somebody undid does no harm before the login, which makes it known.
const LOOKED_UP: usize = 500;

/// Of more than [`LOOKED_UP`] users those whose turn it is not in this round.
fn all_but_some<'a>(users: &BTreeSet<&'a UserName>, round: usize) -> BTreeSet<&'a UserName> {
    let behind = (round % users.len() + 1) * LOOKED_UP % users.len();
    users.iter().copied().cycle().skip(behind).take(users.len() - LOOKED_UP).collect()
}

/// Who is to be cut: over, with the worker's live job if there is one.
pub(super) type Acts<'a> = Vec<(&'a OverUser, Option<&'a JobRecord>)>;

/// Those of the first so many subjects: a family goes together.
pub(super) fn first_subjects(act: Acts<'_>, pace: usize) -> Acts<'_> {
    let mut begun = BTreeSet::new();
    let has_room = |(over, _): &(&OverUser, Option<&JobRecord>)| {
        let room = begun.len() < pace || begun.contains(over.subject());
        if room {
            begun.insert(over.subject().to_owned());
        }
        room
    };
    act.into_iter().filter(has_room).collect()
}

impl Worker {
    /// Cuts those who are over, as far as brakes allow, and finishes what persons asked for.
    pub(super) async fn cut(&self, measured: &Measured, outcome: &mut StepOutcome) -> Result<(), AgentError> {
        let agent = &self.agent;
        if let Some(pause) = agent.pause() {
            outcome.held.push(pause);
            return Ok(());
        }
        let live = agent.state.live_jobs(None).await?;
        let act = self.whom(measured, &live, outcome).await?;
        let online = measured.all_online;
        let directory = if act.is_empty() && live.is_empty() {
            None
        } else {
            Some(Arc::new(directory(&agent.config, &agent.accounting).await?))
        };
        if let Some(directory) = &directory {
            self.finish_asked(&live, |actor| !is_automatic(actor), directory, outcome).await?;
        }
        // With those who were cut for hooks since the last step
        let mut together = std::mem::take(&mut *self.lately.lock().await);
        together.extend(act.iter().map(|(over, _)| over.subject().to_owned()));
        let tripping = brakes::trips(&agent.config.brakes, together.len(), online);
        let subjects = act.iter().map(|(over, _)| over.subject()).collect::<BTreeSet<_>>().len();
        let at_work = live.iter().any(|job| job.spec.actor == "worker" && job.state != JobState::Watching);
        let detail =
            format!("{subjects} users are over at once, {online} are online: nobody is cut until `radkick confirm`");
        if let Some(why) = self.brake(CUT_BRAKE, (tripping, at_work), detail).await? {
            outcome.held.push(why);
            outcome.reports.extend(act.iter().map(|(over, _)| over.untouched()));
            return Ok(());
        }
        let pace = usize::try_from(agent.config.brakes.per_cycle).unwrap_or(usize::MAX);
        if subjects > pace {
            let why = format!("{subjects} users are over; {pace} are cut in this cycle, the others in the next ones");
            outcome.held.push(why);
        }
        if let Some(directory) = &directory {
            self.finish_asked(&live, |actor| actor == "hook" || actor == SWEEP, directory, outcome).await?;
            let reports = self.side_by_side(first_subjects(act, pace), directory).await?;
            outcome.reports.extend(reports);
        }
        outcome.held.extend(agent.pause());
        Ok(())
    }

    /// Who is to be cut now. Of the others who are over, the report as it stands.
    pub(super) async fn whom<'a>(
        &self,
        measured: &'a Measured,
        live: &'a [JobRecord],
        outcome: &mut StepOutcome,
    ) -> Result<Acts<'a>, AgentError> {
        let agent = &self.agent;
        let jobs: BTreeMap<&UserName, &JobRecord> =
            live.iter().filter(|job| job.spec.actor == "worker").map(|job| (&job.spec.user, job)).collect();
        let judgement = &measured.judgement;
        let held = agent.held_blocks(&judgement.names).await?;
        let rest = self.not_looked_up(measured, &held);
        let mut act = Vec::new();
        for over in judgement.over.iter().filter(|over| self.concerns(&over.user)) {
            // Whoever was cut and has not come back is no work
            let is_at_rest =
                |job: &&JobRecord| job.state == JobState::Watching && !measured.online.contains(&over.user);
            let job = jobs.get(&over.user).copied().filter(|job| !is_at_rest(job));
            if job.is_none() && judgement.waits(over) {
                outcome
                    .held
                    .push(format!("user {} is over, but nothing comes from the NAS: not cut for now", over.user));
                continue;
            }
            let blocked = agent.config.block.mode == BlockMode::None
                || job.is_none() && rest.contains(&over.user)
                || held.contains(&over.user) && agent.is_blocked(&over.user).await?;
            match job.filter(|job| !self.at_once && !agent.is_due(job)) {
                Some(waiting) => outcome.reports.extend(agent.standing(waiting).await?),
                None if job.is_none() && self.is_penalised(over).await? => {}
                None if job.is_some() || !blocked => act.push((over, job)),
                None if measured.online.contains(&over.user) && self.is_still_there(&over.user).await? => {
                    act.push((over, job));
                }
                None => outcome.reports.push(SessionReport { blocked, ..over.report() }),
            }
        }
        Ok(act)
    }

    /// Those whose turn it is not to have their block looked up.
    fn not_looked_up<'a>(&self, measured: &'a Measured, held: &BTreeSet<UserName>) -> BTreeSet<&'a UserName> {
        let over = measured.judgement.over.iter().map(|over| &over.user);
        let quiet: BTreeSet<&UserName> =
            over.filter(|user| held.contains(*user) && !measured.online.contains(*user)).collect();
        if quiet.len() <= LOOKED_UP {
            return BTreeSet::new();
        }
        all_but_some(&quiet, self.round.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether a user who was online at the last look still is. Asked after the live jobs: one that ended in between has ended
    /// the sessions.
    async fn is_still_there(&self, user: &UserName) -> Result<bool, AgentError> {
        Ok(!self.agent.accounting.open_sessions(user).await?.is_empty())
    }

    /// Whether all open sessions of a user began under the penalty for what the user is over by.
    async fn is_penalised(&self, over: &OverUser) -> Result<bool, AgentError> {
        let agent = &self.agent;
        let Some(since) = agent.penalised_since(&over.user, &over.over).await? else { return Ok(false) };
        let open = agent.accounting.open_sessions(&over.user).await?;
        Ok(!open.is_empty() && open.iter().all(|session| session.began_since(since)))
    }

    /// What persons, or hooks, asked for and a crash left unfinished.
    async fn finish_asked(
        &self,
        live: &[JobRecord],
        by: impl Fn(&str) -> bool,
        directory: &Arc<Directory>,
        outcome: &mut StepOutcome,
    ) -> Result<(), AgentError> {
        let by_hand = live.iter().filter(|job| by(&job.spec.actor) && self.concerns(&job.spec.user));
        for job in by_hand.filter(|job| self.at_once || self.agent.is_due(job)) {
            if !self.shutdown.is_cancelled() {
                outcome.reports.extend(self.agent.run(job, directory).await?);
            }
        }
        Ok(())
    }

    pub(super) async fn side_by_side(
        &self,
        acts: Acts<'_>,
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        let room = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut tasks = JoinSet::new();
        for (over, job) in acts {
            let (worker, room, directory) = (self.clone(), Arc::clone(&room), Arc::clone(directory));
            let (over, job) = (over.clone(), job.cloned());
            tasks.spawn(async move {
                let _place = room.acquire_owned().await;
                worker.pulse.beat(worker.agent.clock.now(), worker.agent.config.serve.stuck_after);
                if worker.shutdown.is_cancelled() || worker.agent.pause().is_some() {
                    return Ok(vec![over.untouched()]);
                }
                match worker.cut_one(&over, job, &directory).await {
                    // Its job stays on disk; the others go on
                    Err(error @ (AgentError::LeaseLost | AgentError::Cut(_))) => {
                        if matches!(error, AgentError::LeaseLost) {
                            tracing::warn!(user = %over.user, "{error}");
                        }
                        Ok(vec![over.report().failed(error.to_string())])
                    }
                    done => done,
                }
            });
        }
        // Every task is waited for, also after an error: one dropped in the middle would leave its connection in a
        // transaction
        let done = tasks.join_all().await;
        let mut reports = done.into_iter().collect::<Result<Vec<_>, AgentError>>()?.concat();
        reports.sort_by(|a, b| (&a.user, &a.acct_unique_id).cmp(&(&b.user, &b.acct_unique_id)));
        Ok(reports)
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, LOOKED_UP, UserName, all_but_some};

    #[test]
    fn each_has_a_turn_and_none_two_at_once() {
        let names: Vec<UserName> = (0..1_234).map(|n| UserName::new(format!("user{n:04}"))).collect();
        let users: BTreeSet<&UserName> = names.iter().collect();
        let mut looked_up = BTreeSet::new();
        for round in [usize::MAX, 0, 1, 2] {
            let rest = all_but_some(&users, round);
            assert_eq!(rest.len(), users.len() - LOOKED_UP, "{round}");
            if round < usize::MAX {
                looked_up.extend(users.difference(&rest).copied());
            }
        }
        assert_eq!(looked_up, users, "three rounds of 500");
    }
}

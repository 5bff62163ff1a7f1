//! `radkick jobs`: what is under way and what waits, and changing that by hand.

use crate::jobs::{Agent, is_dead};
use crate::quota::UserName;
use crate::store::{JobRecord, JobState, JobTimes, State};

use super::context::{Context, actor, refuse, user_name};
use super::{Exit, jobs_text};

/// Jobs: what is under way, what waits for its next try, what is over.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct JobsArgs {
    /// Only this user's
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
    /// In which state
    #[arg(long, value_enum, default_value = "live")]
    state: Wanted,
    #[command(subcommand)]
    command: Option<JobCommand>,
}

/// What to do with one job.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum JobCommand {
    /// One job, whole: its times, its sessions with every attempt and fate, its next try, its lease
    Show(JobArgs),
    /// Bring a job forward to now: whatever serves the queue runs it next
    Retry(JobArgs),
    /// Call a job off; a login that was closed for it is opened again
    ///
    /// Refused while a radkick is at work on it. While its user is over, the worker begins a new one.
    Cancel(JobArgs),
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct JobArgs {
    /// Which job, as `radkick jobs` numbers them
    #[arg(value_name = "ID")]
    id: i64,
}

/// Which jobs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// All that are not over, the oldest first
    Live,
    /// On disk, nothing done yet
    Planned,
    /// Their sessions are being cut
    Cutting,
    /// Not proven off; tried again
    Waiting,
    /// Over: done, or given up; the latest first
    Ended,
    /// Over: the reason no longer held, or called off; the latest first
    Lapsed,
}

/// So many of those that are over are listed.
const SHOWN: u32 = 1000;
/// So many lines of the user's journal are looked through.
const JOURNAL: u32 = 500;

/// Runs the command.
pub(crate) async fn run(args: JobsArgs, context: Context) -> anyhow::Result<Exit> {
    match args.command {
        None => list(&args, &context).await,
        Some(JobCommand::Show(JobArgs { id })) => show(id, &context).await,
        Some(JobCommand::Retry(JobArgs { id })) => Box::pin(retry(id, context)).await,
        Some(JobCommand::Cancel(JobArgs { id })) => Box::pin(cancel(id, context)).await,
    }
}

async fn list(args: &JobsArgs, context: &Context) -> anyhow::Result<Exit> {
    let (output, user) = (context.output, args.user.as_ref());
    let jobs = match context.existing_state().await? {
        None => Vec::new(),
        Some(state) => match args.state.state() {
            None => state.live_jobs(user).await?,
            Some(wanted) => state.jobs_in(wanted, user, SHOWN).await?,
        },
    };
    jobs.iter().try_for_each(|job| output.object(&jobs_text::object(job)))?;
    jobs_text::print(output, &jobs, context.clock.epoch())?;
    Ok(Exit::Done)
}

async fn show(id: i64, context: &Context) -> anyhow::Result<Exit> {
    let Some(state) = context.existing_state().await? else { return unknown(id, context) };
    let Some((job, times)) = state.job(id).await? else { return unknown(id, context) };
    let targets = state.targets(id).await?;
    let mut journal = state.journal_of(&job.spec.user, JOURNAL).await?;
    let span = job.created_at..=times.ended_at.unwrap_or(i64::MAX);
    journal.retain(|line| span.contains(&line.at));
    journal.reverse();
    let shown = jobs_text::Shown { job, times, targets, journal };
    context.output.object(&shown.object())?;
    shown.print(context.output, &context.config.accounting.time_zone, context.clock.epoch())?;
    Ok(Exit::Done)
}

async fn retry(id: i64, context: Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let (agent, job, times) = match live(id, context).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    let at_work = holder(&job, times, now);
    if at_work.is_none() && !agent.hasten(&job, &actor()).await? {
        return refuse(output, Exit::Unknown, &format!("job {id} is over by now"));
    }
    output.object(&serde_json::json!({ "id": id, "retry_at": now, "at_work": at_work }))?;
    output.line(&match at_work {
        Some(holder) => format!("Job {id} is being worked on now, by {holder}: nothing to bring forward."),
        None => format!("Job {id} is due now: `radkick serve` or the next step of `radkick enforce` runs it."),
    })?;
    Ok(Exit::Done)
}

async fn cancel(id: i64, context: Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let (agent, job, times) = match live(id, context).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    let busy =
        |holder: &str| format!("job {id} is being worked on by {holder}: not called off; try again when it is done");
    if let Some(holder) = holder(&job, times, now) {
        return refuse(output, Exit::Failed, &busy(holder));
    }
    if !agent.cancel(&job, &actor()).await? {
        return refuse(output, Exit::Failed, &busy("another radkick, since just now"));
    }
    let blocked = agent.is_blocked(&job.spec.user).await?;
    output.object(&serde_json::json!({ "id": id, "state": "lapsed", "blocked": blocked }))?;
    let login = if blocked { "the login stays closed" } else { "the login is not closed by us" };
    output.line(&format!("Job {id} of {} is called off; {login}.", job.spec.user))?;
    Ok(Exit::Done)
}

/// A live job, with an agent to change it; or the refusal that has been told.
async fn live(id: i64, context: Context) -> anyhow::Result<Result<(std::sync::Arc<Agent>, JobRecord, JobTimes), Exit>> {
    if !context.has_state().await? {
        return unknown(id, &context).map(Err);
    }
    let output = context.output;
    let state = State::open(&context.config.state.url).await?;
    match state.job(id).await? {
        None => unknown(id, &context).map(Err),
        Some((job, JobTimes { ended_at: Some(_), .. })) => {
            let why = format!("job {id} of {} is over: {}", job.spec.user, job.state.as_str());
            refuse(output, Exit::Unknown, &why).map(Err)
        }
        Some((job, times)) => Ok(Ok((context.agent().await?, job, times))),
    }
}

fn unknown(id: i64, context: &Context) -> anyhow::Result<Exit> {
    refuse(context.output, Exit::Unknown, &format!("there is no job {id}; `radkick jobs` lists them"))
}

/// Who is at work on a job: has its lease, and is not known to be dead.
fn holder(job: &JobRecord, times: JobTimes, now: i64) -> Option<&str> {
    job.lease_holder.as_deref().filter(|holder| times.lease_until >= now && !is_dead(holder))
}

impl Wanted {
    const fn state(self) -> Option<JobState> {
        Some(match self {
            Self::Live => return None,
            Self::Planned => JobState::Planned,
            Self::Cutting => JobState::Cutting,
            Self::Waiting => JobState::Waiting,
            Self::Ended => JobState::Ended,
            Self::Lapsed => JobState::Lapsed,
        })
    }
}

//! `radkick jobs`: what is under way and what waits, and changing that by hand.

use crate::command::{JobId, Request, user_name};
use crate::quota::UserName;
use crate::store::JobState;

use super::context::{Context, refuse};
use super::{Exit, answers, jobs_text};

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
    #[arg(value_name = "ID", value_parser = job_id)]
    id: i64,
}

fn job_id(text: &str) -> Result<i64, String> {
    let right = "the number of a job, as 17; `radkick jobs` lists them";
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| format!("{text:?} is no job's number; right would be {right}"))
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
    /// All off and the login closed: watched whether the user comes straight back
    Watching,
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
        Some(JobCommand::Retry(JobArgs { id })) => answers::run(Request::RetryJob(JobId { id }), context).await,
        Some(JobCommand::Cancel(JobArgs { id })) => answers::run(Request::CancelJob(JobId { id }), context).await,
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

fn unknown(id: i64, context: &Context) -> anyhow::Result<Exit> {
    refuse(context.output, Exit::Unknown, &format!("there is no job {id}; `radkick jobs` lists them"))
}

impl Wanted {
    const fn state(self) -> Option<JobState> {
        Some(match self {
            Self::Live => return None,
            Self::Planned => JobState::Planned,
            Self::Cutting => JobState::Cutting,
            Self::Waiting => JobState::Waiting,
            Self::Watching => JobState::Watching,
            Self::Ended => JobState::Ended,
            Self::Lapsed => JobState::Lapsed,
        })
    }
}

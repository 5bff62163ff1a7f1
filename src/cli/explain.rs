//! `radkick explain`: one user, whole: what was used where, what limits it, what was done, and what would be done next.

use crate::command::{known, user_name};
use crate::config::{BlockMode, Mode};
use crate::jobs::{Exemptions, paused};
use crate::ledger::{Depth, View, Zones, view};
use crate::quota::{Counters, Limit, Meaning, Reason, SessionAccount, UserName, judge};
use crate::store::{Accounting, BlockRecord, BlockState, JobRecord, JournalRecord, State};
use crate::worker::CUT_BRAKE;

use super::Exit;
use super::context::{Context, refuse};
use super::usage::readers;
use super::usage_text::Standing;

/// One user, whole: each session's share, the limits and where they stand, what was done, what would be done next.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ExplainArgs {
    /// Whose use, limits and history
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
}

/// Sessions and lines of the journal that are shown.
pub(super) const SHOWN: usize = 20;

/// Runs the command.
pub(crate) async fn run(args: ExplainArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let accounting = context.accounting().await?;
    let user = match known(&accounting, &args.user).await? {
        Ok(user) => user,
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let state = context.existing_state().await?;
    let now = context.clock.epoch();
    let (rules, reader) = readers(&context, &accounting, state.as_ref());
    let seen = view((&accounting, state.as_ref()), (&rules, &reader), (&user, Depth::Everything), now).await?;
    let done = Done::read(state.as_ref(), &user).await?;
    let next = next(&context, (&accounting, state.as_ref()), &user, (&seen, &done)).await?;
    let explained = Explained { user, seen, done, next, zones: Zones::new(&context.config), now };
    if output.is_json() {
        Ok(output.object(&explained.object()).map(|()| Exit::Done)?)
    } else {
        explained.print(output)
    }
}

/// What was done about the user.
pub(super) struct Done {
    pub(super) blocks: Vec<BlockRecord>,
    pub(super) jobs: Vec<JobRecord>,
    pub(super) journal: Vec<JournalRecord>,
}

impl Done {
    async fn read(state: Option<&State>, user: &UserName) -> anyhow::Result<Self> {
        let Some(state) = state else { return Ok(Self { blocks: Vec::new(), jobs: Vec::new(), journal: Vec::new() }) };
        let limit = u32::try_from(SHOWN).unwrap_or(u32::MAX);
        Ok(Self {
            blocks: state.blocks(Some(user)).await?,
            jobs: state.live_jobs(Some(user)).await?,
            journal: state.journal_of(user, limit).await?,
        })
    }

    /// Whether the login is closed for use, and not by hand.
    fn waits_for_use(&self) -> bool {
        let for_use = |reason: &str| Reason::is_word(reason) && reason != Reason::Expiry.as_str();
        self.blocks.iter().any(|block| block.state == BlockState::Held && for_use(&block.reason))
    }

    fn is_blocked(&self) -> bool {
        self.blocks.iter().any(|block| block.state == BlockState::Held)
    }
}

/// What the worker would do at its next step, in a sentence.
async fn next(
    context: &Context,
    (accounting, state): (&Accounting, Option<&State>),
    user: &UserName,
    (seen, done): (&View, &Done),
) -> anyhow::Result<String> {
    let (config, now) = (&context.config, context.clock.epoch());
    if !seen.limits.problems.is_empty() {
        return Ok("A limit cannot be read: the user is left alone, neither cut nor let in.".to_owned());
    }
    let Some(over) = judge(&seen.limits, &seen.usage, now) else {
        if seen.unheard && done.waits_for_use() {
            return Ok(
                "Not over as far as is known, but nothing comes from the NAS: not let in until it speaks again."
                    .to_owned(),
            );
        }
        return Ok(match (done.is_blocked(), done.blocks.iter().any(|block| block.reason == "by_hand")) {
            (true, true) => "Not over. The login was closed by hand and stays so until `radkick restore`.".to_owned(),
            (true, false) => "Not over any more: the login is opened again.".to_owned(),
            (false, _) => "Nothing: the user is not over.".to_owned(),
        });
    };
    if let Some(why) = Exemptions::new(accounting, &config.exempt).of(user).await? {
        return Ok(format!("Over, but exempt ({why}): left alone."));
    }
    if config.quota.mode == Mode::Observe {
        return Ok("Over. Mode observe: told, and nothing done.".to_owned());
    }
    if seen.unheard && over.reason != Reason::Expiry && done.jobs.is_empty() {
        return Ok("Over, but nothing comes from the NAS: nothing until it speaks again.".to_owned());
    }
    if paused(&config.brakes.pause_file, now).ok().flatten().is_some() {
        return Ok("Over, and everything is paused: nothing until `radkick resume`.".to_owned());
    }
    if let Some(state) = state
        && let Some(brake) = state.brake(CUT_BRAKE).await?.filter(|brake| brake.confirmed_at.is_none())
    {
        return Ok(format!("Over, and a brake has tripped ({}): nothing until `radkick confirm`.", brake.detail));
    }
    let login = match &config.block.mode {
        _ if done.is_blocked() => "the login stays closed",
        BlockMode::None => "the login stays open",
        BlockMode::Group(_) => "the user moves to the closed group",
        BlockMode::Reject | BlockMode::Remove => "the login is closed",
    };
    let open = seen.sessions.iter().filter(|account| account.closed_at.is_none()).count();
    Ok(format!("Over ({}): {login}, {open} open sessions are cut.", over.reason.as_str()))
}

/// Everything that is known of one user.
pub(super) struct Explained {
    pub(super) user: UserName,
    pub(super) seen: View,
    pub(super) done: Done,
    pub(super) next: String,
    pub(super) zones: Zones,
    pub(super) now: i64,
}

impl Explained {
    pub(super) fn standings(&self) -> Vec<Standing> {
        Standing::all(&self.seen.limits, &self.seen.usage, self.zones.site(), self.now)
    }

    /// What of a session counts against a limit.
    pub(super) fn share(&self, account: &SessionAccount, limit: &Limit) -> Counters {
        match limit.meaning {
            Meaning::Remaining | Meaning::PerSession if account.closed_at.is_some() => Counters::ZERO,
            Meaning::Remaining | Meaning::PerSession => account.seen,
            Meaning::Total => account.used_since(limit.start(self.now, &self.zones.named(&account.zone))),
        }
    }

    fn object(&self) -> serde_json::Value {
        let limits: Vec<_> = self.standings().iter().map(|one| one.object(&self.user, &self.seen.limits)).collect();
        let session = |account: &SessionAccount| {
            let shares: Vec<u64> =
                self.seen.limits.amounts.iter().map(|limit| limit.amount_of(self.share(account, limit))).collect();
            serde_json::json!({
                "acct_unique_id": account.acct_unique_id, "nas_ip_address": account.nas_ip_address,
                "open": account.closed_at.is_none(), "started_at": account.start, "updated_at": account.update,
                "stopped_at": account.stop, "counted_octets": account.counted.octets(),
                "counted_seconds": account.counted.seconds, "shares": shares, "held_octets": account.all_held().octets(),
            })
        };
        let job = |job: &JobRecord| {
            serde_json::json!({
                "job": job.id, "reason": job.spec.reason, "state": job.state.as_str(), "attempts": job.attempts,
                "created_at": job.created_at, "retry_at": job.retry_at,
            })
        };
        let block = |block: &BlockRecord| serde_json::json!({ "reason": block.reason, "actor": block.actor, "mode": block.mode, "state": block.state.as_str() });
        let line = |line: &JournalRecord| serde_json::json!({ "at": line.at, "actor": line.actor, "event": line.event, "detail": line.detail });
        serde_json::json!({
            "user": self.user.as_str(),
            "subject": self.seen.limits.subject.as_deref().unwrap_or(self.user.as_str()),
            "members": self.seen.members.iter().map(UserName::as_str).collect::<Vec<_>>(),
            "limits": limits,
            "expires_at": self.seen.limits.expires_at.as_ref().map(|(at, _)| at),
            "problems": self.seen.limits.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "over": judge(&self.seen.limits, &self.seen.usage, self.now).map(|over| over.reason.as_str()),
            "blocked": self.done.is_blocked(),
            "sessions": self.seen.sessions.iter().map(session).collect::<Vec<_>>(),
            "jobs": self.done.jobs.iter().map(job).collect::<Vec<_>>(),
            "blocks": self.done.blocks.iter().map(block).collect::<Vec<_>>(),
            "journal": self.done.journal.iter().map(line).collect::<Vec<_>>(),
            "next": self.next,
        })
    }
}

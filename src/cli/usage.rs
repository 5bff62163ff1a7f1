//! `radkick usage`: what was used of which limit, as a table or JSON.

use std::collections::BTreeSet;
use std::io;

use crate::command::{known_if_named, user_name};
use crate::jobs::is_dead;
use crate::ledger::{Depth, Ledger, LedgerRules, LimitReader, Surveyed, Zones, rebuild, survey, view};
use crate::quota::{UserName, judge};
use crate::store::{Accounting, BlockState, State};

use super::context::{Context, refuse};
use super::person::{Tone, coloured, columns, octets, safe};
use super::usage_text::Standing;
use super::{Exit, Output};

/// Usage and limits, of everybody who has a limit or of one user.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct UsageArgs {
    /// Whose usage
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
    /// First sum up again what the rows hold that were there before radkick was, for periods changed since
    #[arg(long)]
    rebuild: bool,
}

/// Runs the command.
pub(crate) async fn run(args: UsageArgs, context: Context) -> anyhow::Result<Exit> {
    let accounting = context.accounting().await?;
    let user = match known_if_named(&accounting, args.user.as_ref()).await? {
        Ok(user) => user,
        Err(why) => return refuse(context.output, Exit::Unknown, &why),
    };
    if args.rebuild {
        let exit = rebuild_history(&context, &accounting, user.as_ref()).await?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let state = context.existing_state().await?;
    let now = context.clock.epoch();
    let mut table = Table::new(&context, state.as_ref()).await?;
    if let Some(user) = &user {
        let (rules, reader) = readers(&context, &accounting, state.as_ref());
        let seen = view((&accounting, state.as_ref()), (&rules, &reader), (user, Depth::Everything), now).await?;
        let open: Vec<_> = seen.sessions.iter().filter(|account| account.closed_at.is_none()).collect();
        let held = open.iter().fold(crate::quota::Counters::ZERO, |sum, one| sum.plus(one.all_held()));
        let open_sessions = open.len();
        let one = Surveyed { user: user.clone(), limits: seen.limits, usage: seen.usage, open_sessions, held };
        table.add(vec![one])?;
    } else {
        let databases = (&accounting, state.as_ref());
        survey(&context.config, databases, now, &mut |some| table.add(some)).await??;
    }
    table.print()?;
    Ok(Exit::Done)
}

pub(super) fn readers(context: &Context, accounting: &Accounting, state: Option<&State>) -> (LedgerRules, LimitReader) {
    let reader = LimitReader::new(&context.config, accounting.clone(), state.cloned());
    (LedgerRules::new(&context.config), reader)
}

/// The lines, which are as wide as the widest of them.
struct Table {
    output: Output,
    now: i64,
    zones: Zones,
    blocked: BTreeSet<UserName>,
    rows: Vec<Vec<String>>,
}

impl Table {
    async fn new(context: &Context, state: Option<&State>) -> anyhow::Result<Self> {
        let blocks = match state {
            Some(state) => state.blocks(None).await?,
            None => Vec::new(),
        };
        let held = blocks.into_iter().filter(|block| block.state == BlockState::Held);
        let head = ["USER", "PERIOD", "USED", "LIMIT", "FROM", "SESSIONS", ""];
        Ok(Self {
            output: context.output,
            now: context.clock.epoch(),
            zones: Zones::new(&context.config),
            blocked: held.map(|block| block.user).collect(),
            rows: vec![head.map(str::to_owned).to_vec()],
        })
    }

    fn add(&mut self, some: Vec<Surveyed>) -> io::Result<()> {
        for one in some {
            one.limits.problems.iter().try_for_each(|problem| self.output.note(&format!("warning: {problem}")))?;
            let over = judge(&one.limits, &one.usage, self.now);
            let blocked = self.blocked.contains(&one.user);
            for standing in Standing::all(&one.limits, &one.usage, self.zones.site(), self.now) {
                let mut object = standing.object(&one.user, &one.limits);
                object.insert("over".to_owned(), over.is_some().into());
                object.insert("blocked".to_owned(), blocked.into());
                object.insert("open_sessions".to_owned(), one.open_sessions.into());
                object.insert("held_octets".to_owned(), one.held.octets().into());
                self.output.object(&object)?;
                if !self.output.is_json() {
                    self.rows.push(cells(&one, &standing, blocked, over.as_ref().map(|over| over.reason.as_str())));
                }
            }
        }
        Ok(())
    }

    fn print(&self) -> io::Result<()> {
        match self.rows.as_slice() {
            [_] if !self.output.is_json() => self.output.line("Nobody has a limit."),
            rows => columns(rows).iter().try_for_each(|line| self.output.line(line)),
        }
    }
}

fn cells(one: &Surveyed, standing: &Standing, blocked: bool, over: Option<&str>) -> Vec<String> {
    let state = match (over, blocked) {
        (Some(reason), _) => coloured(&format!("OVER ({reason})"), Tone::Bad),
        (None, true) => coloured("login closed", Tone::Open),
        (None, false) if !one.held.is_zero() => coloured(&format!("{} held", octets(one.held.octets())), Tone::Open),
        (None, false) => String::new(),
    };
    let about = if standing.estimated > 0 { "~" } else { "" };
    vec![
        one.user.to_string(),
        standing.word().to_owned(),
        format!("{about}{}", standing.used_text()),
        standing.limit_text(),
        standing.limit.as_ref().map_or_else(|| "-".to_owned(), |limit| safe(&limit.source)),
        one.open_sessions.to_string(),
        state,
    ]
}

/// Sums up history again, as the one who may write the ledger.
async fn rebuild_history(context: &Context, accounting: &Accounting, user: Option<&UserName>) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let state = State::open_beside(&context.config.state.url, Some(&context.config.database.url)).await?;
    let mut ledger = Ledger::new(accounting.clone(), Some(state.clone()), LedgerRules::new(&context.config));
    let mut reader = LimitReader::new(&context.config, accounting.clone(), Some(state));
    let other = ledger.holder().await?;
    let abandoned = other.as_deref().filter(|other| is_dead(other));
    if !ledger.take(&crate::jobs::this_process(), abandoned, now).await? {
        let why = "another radkick keeps the ledger just now; stop it for as long as this takes, or wait two minutes";
        return refuse(output, Exit::Failed, why);
    }
    let sweep = reader.sweep(0, true).await?;
    ledger.widen(sweep.periods);
    if let Some(problem) = sweep.query_problem {
        return refuse(output, Exit::Failed, &problem.to_string());
    }
    let since = reader.since(None, now).await?.unwrap_or_default();
    let since = |user: &UserName| since.get(user).copied();
    ledger.load().await?;
    ledger.begin(&since, now).await?;
    let only = user.map(|user| accounting.ledger_name(user));
    let Some(rebuilt) = rebuild(&ledger, only.as_ref(), &since, now).await? else {
        return refuse(output, Exit::Failed, "another radkick has taken the ledger over");
    };
    ledger.give_back().await?;
    for one in rebuilt.iter().filter(|one| !one.taken) {
        output.note(&format!(
            "warning: user {}: radacct holds {} of history, {} were counted; rows were deleted, so what was counted stays",
            one.user,
            octets(one.after),
            octets(one.before)
        ))?;
    }
    let taken = rebuilt.iter().filter(|one| one.taken).count();
    output.line(&format!("History of {taken} users summed up again (estimated where a session spans two periods)."))?;
    Ok(Exit::Done)
}

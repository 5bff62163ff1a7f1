//! `radkick disconnect`: cut all matching sessions of a user, and prove it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::BlockMode;
use crate::disconnect::Directory;
use crate::jobs::{Agent, Exemptions, JobDetail, Selection, SessionReport, Would, directory, paused};
use crate::quota::UserName;
use crate::store::{Accounting, JobSpec, SessionRow};
use crate::worker::would;

use super::aim::{Aim, aim};
use super::context::{Context, known, refuse, user_name};
use super::{Exit, sessions_text};

/// Cut all sessions of a user that match, and prove it.
///
/// Exits with 0 when every session is proven off or was gone already, 1 when one is still on, 3 when one is unproven,
/// 4 when the user, session or NAS is unknown, 2 when the command line is wrong, 5 when something of ours failed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DisconnectArgs {
    /// Whose sessions
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    pub(super) user: UserName,
    /// Only the session of this Acct-Session-Id or Acct-Unique-Id
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    pub(super) session: Option<String>,
    /// Only sessions of this Calling-Station-Id
    #[arg(long, value_name = "MAC", value_parser = mac)]
    pub(super) mac: Option<String>,
    /// Only the session with this Framed-IP-Address
    #[arg(long, value_name = "ADDR")]
    pub(super) ip: Option<std::net::IpAddr>,
    /// Only sessions on this NAS
    #[arg(long, value_name = "NAME", value_parser = not_empty)]
    pub(super) nas: Option<String>,
    /// Close the login first, so that the user cannot come straight back
    #[arg(long)]
    pub(super) block: bool,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Say what would be done; nothing is sent, written or created
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Also when the user is exempt, or everything is paused
    #[arg(long)]
    pub(super) force: bool,
}

/// A filter that an unset variable of a script left empty would take every session that lacks the attribute.
fn not_empty(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("it is empty; leave the option out, or name what is meant") } else { Ok(text.to_owned()) }
}

fn mac(text: &str) -> Result<String, &'static str> {
    let says_something = text.contains(|c: char| c.is_alphanumeric());
    if says_something { Ok(text.to_owned()) } else { Err("it names no MAC address; right would be 02:00:00:00:00:41") }
}

impl DisconnectArgs {
    /// What `radkick --disconnect NAME` stands for.
    pub(super) const fn of_user(user: UserName) -> Self {
        let (session, mac, ip, nas, reason) = (None, None, None, None, None);
        Self { user, session, mac, ip, nas, block: false, reason, dry_run: false, force: false }
    }

    /// Whether `--session` means this one.
    fn names(&self, report: &SessionReport) -> bool {
        self.session.is_some() && [&report.acct_session_id, &report.acct_unique_id].contains(&&self.session)
    }

    fn narrows(&self) -> bool {
        self.session.is_some() || self.mac.is_some() || self.ip.is_some() || self.nas.is_some()
    }
}

/// Runs the command.
pub(crate) async fn run(args: DisconnectArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let accounting = context.accounting().await?;
    let args = match known(&accounting, &args.user).await? {
        Ok(user) => DisconnectArgs { user, ..args },
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    if let Some((exit, why)) = refusal(&args, &context, &accounting).await? {
        return refuse(output, exit, &why);
    }
    let directory = Arc::new(directory(&context.config, &accounting).await?);
    let now = context.clock.epoch();
    match aim(&args, &accounting, &directory).await? {
        Aim::At { sessions, .. } if args.dry_run => {
            let reports = dry_run(&args, &context, &directory, &sessions).await?;
            sessions_text::print(output, &reports, now)?;
            return Ok(Exit::Done);
        }
        Aim::Refused(exit, why) if args.dry_run || context.existing_state().await?.is_none() => {
            return refuse(output, exit, &why);
        }
        // What an earlier run left is finished all the same, and may be what is asked for
        Aim::At { .. } | Aim::Refused(..) => {}
    }
    if args.block {
        // Before the block is on disk: a promise that cannot be kept would stand in the way of every later run
        accounting.check_writable().await?;
    }
    let agent = context.agent().await?;
    let finished = agent.finish(&args.user, &directory).await?;
    let reports = match aim(&args, &accounting, &directory).await? {
        Aim::At { selection, .. } => cut(&args, (&agent, &directory), selection, finished).await?,
        Aim::Refused(..) if finished.iter().any(|report| args.names(report)) => finished,
        Aim::Refused(exit, why) => {
            sessions_text::print(output, &finished, now)?;
            return refuse(output, exit.max(sessions_text::exit(&finished)), &why);
        }
    };
    sessions_text::print(output, &reports, now)?;
    advise(&args, &agent, &reports, output)?;
    Ok(sessions_text::exit(&reports))
}

/// Why nothing may be done at all.
async fn refusal(
    args: &DisconnectArgs,
    context: &Context,
    accounting: &Accounting,
) -> anyhow::Result<Option<(Exit, String)>> {
    let (config, user) = (&context.config, &args.user);
    if args.force || args.dry_run {
        return Ok(None);
    }
    if args.block && config.block.mode == BlockMode::None {
        let why = "--block closes no login while [block] mode is \"none\"".to_owned();
        return Ok(Some((Exit::Usage, why)));
    }
    if let Some(why) = Exemptions::new(accounting, &config.exempt).of(user).await? {
        return Ok(Some((Exit::Usage, format!("user {user} is exempt ({why}); --force to do it all the same"))));
    }
    let file = config.brakes.pause_file.display();
    let pause = paused(&config.brakes.pause_file, context.clock.epoch());
    if pause.map_err(|error| anyhow::anyhow!("{file}: cannot tell whether everything is paused: {error}"))?.is_some() {
        let why = format!("paused ({file}): nothing is cut until `radkick resume`; --force to do it all the same");
        return Ok(Some((Exit::StillActive, why)));
    }
    Ok(None)
}

async fn dry_run(
    args: &DisconnectArgs,
    context: &Context,
    directory: &Directory,
    sessions: &[SessionRow],
) -> anyhow::Result<Vec<SessionReport>> {
    let blocks = match context.existing_state().await? {
        Some(state) => state.blocks(Some(&args.user)).await?,
        None => Vec::new(),
    };
    let detail = JobDetail { text: args.reason.clone(), ..JobDetail::default() };
    let base = SessionReport::of_user(&args.user, "by_hand", "command", &detail);
    let base = SessionReport { blocked: !blocks.is_empty(), ..base };
    let block = args.block && blocks.is_empty();
    Ok(match sessions {
        [] => vec![SessionReport {
            fate: "unknown".to_owned(),
            evidence: None,
            would: Some(Would { block, paths: Vec::new(), identity: Vec::new() }),
            ..base
        }],
        _ => sessions.iter().map(|session| would(directory, base.clone(), session, block)).collect(),
    })
}

/// Does what is asked, once `reports` tells what earlier runs had left of this user.
async fn cut(
    args: &DisconnectArgs,
    (agent, directory): (&Arc<Agent>, &Arc<Directory>),
    selection: Selection,
    mut reports: Vec<SessionReport>,
) -> anyhow::Result<Vec<SessionReport>> {
    let narrowed = (args.block || args.narrows()).then(|| aim_key(args, &selection));
    let detail = JobDetail { block: args.block, text: args.reason.clone(), selection, ..JobDetail::default() };
    let spec = JobSpec {
        user: args.user.clone(),
        reason: "by_hand".to_owned(),
        actor: "command".to_owned(),
        session: narrowed,
        detail: serde_json::to_value(detail)?,
        lapses_at: 0,
    };
    let mut asked = agent.cut(spec, directory).await?;
    // What an earlier run left may have been all there was: nothing more to say about the user then
    asked.retain(|report| report.session.is_some() || reports.is_empty());
    let again = |report: &SessionReport| asked.iter().any(|new| new.acct_unique_id == report.acct_unique_id);
    reports.retain(|report| !again(report));
    let blocked = agent.is_blocked(&args.user).await?;
    reports.extend(asked);
    for report in &mut reports {
        report.blocked = blocked;
    }
    Ok(reports)
}

/// Names what is asked for beyond the user, so that two who ask for different things at once get two jobs.
fn aim_key(args: &DisconnectArgs, selection: &Selection) -> String {
    let aim = serde_json::json!({ "selection": selection, "block": args.block }).to_string();
    let short = Sha256::digest(aim).first_chunk().copied().map_or(0, u64::from_be_bytes);
    format!("{short:016x} of {}", args.user.as_str())
}

/// What the lines mean and what to do next.
fn advise(
    args: &DisconnectArgs,
    agent: &Agent,
    reports: &[SessionReport],
    output: super::Output,
) -> std::io::Result<()> {
    let mut advice = Vec::new();
    if reports.iter().all(|report| report.session.is_none()) {
        let which = if args.narrows() { " that matches" } else { "" };
        advice.push(format!("User {} has no open session{which}.", args.user));
    }
    if reports.iter().any(|report| !report.is_off()) {
        advice.push(
            "Not every session is proven off: see the reason behind each, then run the same command again.".to_owned(),
        );
    }
    if !reports.iter().any(|report| report.blocked) && agent.config.block.mode != BlockMode::None {
        advice.push("Login still allowed (--block closes it).".to_owned());
    }
    if advice.is_empty() { Ok(()) } else { output.line(&advice.join(" ")) }
}

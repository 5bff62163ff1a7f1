//! `radkick disconnect`: cut all matching sessions of a user, and prove it.

use crate::command::{Aim, Disconnect, Request, aim, known, mac, not_empty, reason, user_name};
use crate::disconnect::Directory;
use crate::jobs::{JobDetail, SessionReport, Would, directory};
use crate::quota::UserName;
use crate::store::SessionRow;
use crate::worker::would;

use super::context::{Context, refuse};
use super::{Exit, answers, sessions_text};

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
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: Option<String>,
    /// Say what would be done; nothing is sent, written or created
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Also when the user is exempt, or everything is paused
    #[arg(long)]
    pub(super) force: bool,
}

impl DisconnectArgs {
    /// What `radkick --disconnect NAME` stands for.
    pub(super) const fn of_user(user: UserName) -> Self {
        let (session, mac, ip, nas, reason) = (None, None, None, None, None);
        Self { user, session, mac, ip, nas, block: false, reason, dry_run: false, force: false }
    }

    fn request(self) -> Disconnect {
        let Self { user, session, mac, ip, nas, block, reason, force, .. } = self;
        Disconnect { user, session, mac, ip, nas, block, reason, force }
    }
}

/// Runs the command.
pub(crate) async fn run(args: DisconnectArgs, context: Context) -> anyhow::Result<Exit> {
    if args.dry_run {
        would_cut(args.request(), context).await
    } else {
        answers::run(Request::Disconnect(args.request()), context).await
    }
}

/// Says what would be done, looking only.
async fn would_cut(args: Disconnect, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let accounting = context.accounting().await?;
    let args = match known(&accounting, &args.user).await? {
        Ok(user) => Disconnect { user, ..args },
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let directory = directory(&context.config, &accounting).await?;
    let now = context.clock.epoch();
    match aim(&args, &accounting, &directory).await? {
        Aim::At { sessions, .. } => {
            let reports = dry_run(&args, &context, &directory, &sessions).await?;
            sessions_text::print(output, &reports, now)?;
            Ok(Exit::Done)
        }
        Aim::Refused(exit, why) => refuse(output, exit, &why),
    }
}

async fn dry_run(
    args: &Disconnect,
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

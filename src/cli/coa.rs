//! `radkick coa`: change all matching sessions of a user.

use std::time::Duration;

use crate::coa::{Change, RateLimit, limit_pairs};
use crate::command::{Aim, Changed, Coa, Request, aim, known, mac, not_empty, reason, user_name, wrong_changes};
use crate::config::parse_octets;
use crate::jobs::{ChangeReport, Changing, directory};
use crate::quota::UserName;

use super::context::{Context, refuse};
use super::{Exit, answers, coa_text, send_input};

/// Change all sessions of a user that match, without ending them: a CoA-Request (RFC 5176) to each one's NAS.
///
/// An ACK says that the router took the request; with [nas.rest] its queue and its list of sessions are read afterwards, and
/// the answer says whether they show it.
///
/// Exits with 0 when every NAS acknowledged and nothing contradicts it, 1 when one refused, 3 when one did not answer or does
/// not show what it acknowledged, 4 when the user, session or NAS is unknown, 2 when the command line is wrong, 5 when
/// something of ours failed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CoaArgs {
    /// Whose sessions
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
    /// Only the session of this Acct-Session-Id or Acct-Unique-Id
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    session: Option<String>,
    /// Only sessions of this Calling-Station-Id
    #[arg(long, value_name = "MAC", value_parser = mac)]
    mac: Option<String>,
    /// Only the session with this Framed-IP-Address
    #[arg(long, value_name = "ADDR")]
    ip: Option<std::net::IpAddr>,
    /// Only sessions on this NAS
    #[arg(long, value_name = "NAME", value_parser = not_empty)]
    nas: Option<String>,
    /// Mikrotik-Rate-Limit: upload/download, then burst, threshold, time, priority, least, as in "2M/8M 4M/16M 1M/4M 10/10 8"
    #[arg(long, value_name = "RATE", value_parser = rate_limit)]
    rate_limit: Option<RateLimit>,
    /// Session-Timeout, as in 2h or 90m; 0s for none
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    session_timeout: Option<u32>,
    /// Idle-Timeout, as in 10m; 0s for none
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    idle_timeout: Option<u32>,
    /// Octets that the client may send in this session (Mikrotik-Recv-Limit), as in "5 GiB"; 0 for no limit
    #[arg(long, value_name = "BYTES", value_parser = octets)]
    recv_limit: Option<u64>,
    /// Octets that the client may receive in this session (Mikrotik-Xmit-Limit); 0 for no limit
    #[arg(long, value_name = "BYTES", value_parser = octets)]
    xmit_limit: Option<u64>,
    /// Mikrotik-Address-List: put the client's address on this list
    #[arg(long, value_name = "LIST", value_parser = address_list)]
    address_list: Option<String>,
    /// Any other attribute by name, as in 'Filter-Id=slow'; may be given more than once
    #[arg(long = "attr", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
    /// Say what would be sent; nothing is sent, written or created
    #[arg(long)]
    dry_run: bool,
    /// Also when the user is exempt, or everything is paused
    #[arg(long)]
    force: bool,
}

impl CoaArgs {
    /// What is to be new, each as `Name=value`.
    fn pairs(&self) -> Vec<String> {
        let named = [
            ("Mikrotik-Rate-Limit", self.rate_limit.as_ref().map(ToString::to_string)),
            ("Session-Timeout", self.session_timeout.map(|seconds| seconds.to_string())),
            ("Idle-Timeout", self.idle_timeout.map(|seconds| seconds.to_string())),
            ("Mikrotik-Address-List", self.address_list.clone()),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let limits = [("Mikrotik-Recv-Limit", self.recv_limit), ("Mikrotik-Xmit-Limit", self.xmit_limit)];
        let limits = limits.into_iter().filter_map(|(name, octets)| Some(limit_pairs(name, octets?))).flatten();
        named.chain(limits).chain(self.attributes.iter().cloned()).collect()
    }

    fn request(self) -> Coa {
        let attributes = self.pairs();
        let Self { user, session, mac, ip, nas, reason, force, .. } = self;
        Coa { user, session, mac, ip, nas, attributes, reason, force }
    }
}

fn rate_limit(text: &str) -> Result<RateLimit, String> {
    RateLimit::parse(text).map_err(|error| error.to_string())
}

/// Whole seconds, as the attribute holds them.
fn seconds(text: &str) -> Result<u32, String> {
    let time: Duration = send_input::duration(text)?;
    let seconds = u32::try_from(time.as_secs()).ok().filter(|_| time.subsec_nanos() == 0);
    seconds.ok_or_else(|| format!("{text:?} does not fit the attribute: it holds whole seconds, up to {}", u32::MAX))
}

fn octets(text: &str) -> Result<u64, String> {
    parse_octets(text).ok_or_else(|| format!("{text:?} is no size; right would be \"5 GiB\", \"10 GB\" or octets"))
}

/// A list's name as RouterOS takes it. A quote in front would be read as one around.
fn address_list(text: &str) -> Result<String, String> {
    if text.trim() == text && !text.starts_with(['"', '\'']) && !text.chars().any(char::is_control) {
        not_empty(text)
    } else {
        Err("a list's name has no quotes or spaces around it, and no control characters".to_owned())
    }
}

/// Runs the command.
pub(crate) async fn run(args: CoaArgs, context: Context) -> anyhow::Result<Exit> {
    let (dry_run, request) = (args.dry_run, args.request());
    match Change::parse(&request.attributes) {
        Ok(change) if dry_run => would_change(request, change, context).await,
        Ok(_) => answers::run(Request::Coa(request), context).await,
        Err(problems) => {
            let told = wrong_changes(problems);
            told.iter().try_for_each(|problem| context.output.note(&format!("error: {problem}")))?;
            Ok(Exit::Usage)
        }
    }
}

/// Says what would be sent, looking only.
async fn would_change(asked: Coa, change: Change, context: Context) -> anyhow::Result<Exit> {
    let (output, accounting) = (context.output, context.accounting().await?);
    let asked = match known(&accounting, &asked.user).await? {
        Ok(user) => Coa { user, ..asked },
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let (directory, choice) = (directory(&context.config, &accounting).await?, asked.as_cut());
    match aim(&choice, &accounting, &directory).await? {
        Aim::At { sessions, .. } => {
            let changing = Changing { change, text: asked.reason, by: String::new() };
            let would = |session| ChangeReport::would(&changing, session, &directory);
            let mut reports: Vec<ChangeReport> = sessions.iter().map(would).collect();
            if reports.is_empty() {
                reports.push(ChangeReport::of_user(&changing, &asked.user));
            }
            let changed = Changed { user: asked.user.as_str().to_owned(), narrowed: choice.narrows(), reports };
            coa_text::print(&changed, output)?;
            Ok(Exit::Done)
        }
        Aim::Refused(exit, why) => refuse(output, exit, &why),
    }
}

//! `radkick sessions` and `radkick usage`: what is known, as tables or JSON.

use std::collections::BTreeMap;

use crate::disconnect::Directory;
use crate::jobs::{all_limits, directory, limits_of, quota_rules};
use crate::quota::{Limits, Usage, UserName, judge};
use crate::store::{Accounting, BlockState, SessionRow};

use super::context::{Context, known_if_named, refuse, user_name};
use super::person::{Tone, coloured, columns, duration, octets, safe};
use super::{Exit, Output, sessions_text};

/// Open sessions, of everybody or of one user.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SessionsArgs {
    /// Whose sessions
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
}

/// Usage and limits, of everybody who has a limit or of one user.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct UsageArgs {
    /// Whose usage
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
}

/// Runs `sessions`.
pub(crate) async fn sessions(args: SessionsArgs, context: Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let accounting = context.accounting().await?;
    let user = match known_if_named(&accounting, args.user.as_ref()).await? {
        Ok(user) => user,
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let sessions = match &user {
        Some(user) => accounting.open_sessions(user).await?,
        None => accounting.all_open_sessions().await?,
    };
    let directory = directory(&context.config, &accounting).await?;
    for session in &sessions {
        output.object(&session_object(session, &directory))?;
    }
    let mut rows =
        vec![["USER", "NAS", "SERVICE", "ADDRESS", "SESSION", "SINCE", "MAC", "OCTETS"].map(str::to_owned).to_vec()];
    rows.extend(sessions.iter().map(|session| session_cells(session, &directory, now)));
    if sessions.is_empty() {
        output.line("No open session.")?;
    } else {
        columns(&rows).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Done)
}

fn session_object(session: &SessionRow, directory: &Directory) -> serde_json::Value {
    let nas = directory.resolve(session);
    serde_json::json!({
        "user": session.user.as_str(),
        "nas": nas.as_ref().ok().map(|nas| &nas.name),
        "nas_problem": nas.as_ref().err().map(ToString::to_string),
        "nas_ip_address": session.nas_ip_address,
        "service": sessions_text::service(session),
        "acct_session_id": session.acct_session_id,
        "acct_unique_id": session.acct_unique_id,
        "framed_ip_address": session.framed_ip_address,
        "framed_ipv6_prefix": session.framed_ipv6_prefix,
        "calling_station_id": session.calling_station_id,
        "called_station_id": session.called_station_id,
        "started_at": session.start,
        "updated_at": session.update,
        "input_octets": session.input_octets,
        "output_octets": session.output_octets,
    })
}

fn session_cells(session: &SessionRow, directory: &Directory, now: i64) -> Vec<String> {
    let nas = match directory.resolve(session) {
        Ok(nas) => safe(&nas.name),
        Err(_) => coloured(&format!("{}?", safe(&session.nas_ip_address)), Tone::Bad),
    };
    vec![
        session.user.to_string(),
        nas,
        sessions_text::service(session).to_owned(),
        safe(&session.framed_ip_address),
        safe(&session.acct_session_id),
        session.start.map_or_else(|| "?".to_owned(), |start| duration(now - start)),
        safe(&session.calling_station_id),
        octets(session.octets()),
    ]
}

/// Runs `usage`.
pub(crate) async fn usage(args: UsageArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let accounting = context.accounting().await?;
    let rules = quota_rules(&context.config);
    let user = match known_if_named(&accounting, args.user.as_ref()).await? {
        Ok(user) => user,
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let limited = match &user {
        Some(user) => BTreeMap::from([(user.clone(), limits_of(&accounting, &rules, user).await?)]),
        None => all_limits(&accounting, &rules).await?,
    };
    let mut rows = vec![["USER", "USED", "LIMIT", "FROM", "SESSIONS", ""].map(str::to_owned).to_vec()];
    let state = context.existing_state().await?;
    for (user, (limits, usage)) in &limited {
        limits.problems.iter().try_for_each(|problem| output.note(&format!("warning: {problem}")))?;
        let blocks = match &state {
            Some(state) => state.blocks(Some(user)).await?,
            None => Vec::new(),
        };
        let blocked = blocks.iter().any(|block| block.state == BlockState::Held);
        rows.push(one_usage((user, limits, usage.clone(), blocked), &accounting, context.clock.epoch(), output).await?);
    }
    if limited.is_empty() {
        output.line("Nobody has a limit.")?;
    } else {
        columns(&rows).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Done)
}

/// Prints one user's object and gives the user's line.
async fn one_usage(
    (user, limits, usage, blocked): (&UserName, &Limits, Usage, bool),
    accounting: &Accounting,
    now: i64,
    output: Output,
) -> anyhow::Result<Vec<String>> {
    let open_sessions = accounting.open_sessions(user).await?.len();
    let over = judge(limits, &usage, now);
    let tightest = limits.amounts.iter().min_by_key(|limit| limit.amount);
    let counted = tightest.map_or_else(|| usage.total().octets(), |limit| usage.against(limit, now));
    output.object(&serde_json::json!({
        "user": user.as_str(), "subject": user.as_str(), "period": "total", "period_start": null, "period_end": null,
        "used_octets": counted, "limit_octets": tightest.map(|limit| limit.amount),
        "limit_source": tightest.map(|limit| &limit.source), "over": over.is_some(), "blocked": blocked,
        "open_sessions": open_sessions,
    }))?;
    let state = match (&over, blocked) {
        (Some(over), _) => coloured(&format!("OVER ({})", over.reason.as_str()), Tone::Bad),
        (None, true) => coloured("login closed", Tone::Open),
        (None, false) => String::new(),
    };
    Ok(vec![
        user.to_string(),
        octets(counted),
        tightest.map_or_else(|| "none".to_owned(), |limit| octets(limit.amount)),
        tightest.map_or_else(|| "-".to_owned(), |limit| safe(&limit.source)),
        open_sessions.to_string(),
        state,
    ])
}

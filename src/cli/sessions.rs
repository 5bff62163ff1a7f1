//! `radkick sessions`: who is online, as a table or JSON.

use std::sync::Arc;

use crate::command::{known_if_named, user_name};
use crate::disconnect::{Directory, Disconnector};
use crate::jobs::directory;
use crate::quota::UserName;
use crate::store::{Accounting, SessionRow};

use super::context::{Context, refuse};
use super::person::{Tone, coloured, columns, duration, octets, safe};
use super::{Exit, sessions_text};

/// Open sessions, of everybody or of one user.
///
/// With --on-router it exits with 3 when a router's list could not be read or not be believed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SessionsArgs {
    /// Whose sessions
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
    /// Only sessions that routers with REST have on their lists and radacct does not have open
    #[arg(long)]
    on_router: bool,
}

/// Runs `sessions`.
pub(crate) async fn run(args: SessionsArgs, context: Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let accounting = context.accounting().await?;
    let user = match known_if_named(&accounting, args.user.as_ref()).await? {
        Ok(user) => user,
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    if args.on_router {
        return on_router(user.as_ref(), &accounting, &context).await;
    }
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

/// What routers have and radacct does not; asks each of them once.
async fn on_router(user: Option<&UserName>, accounting: &Accounting, context: &Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let directory = directory(&context.config, accounting).await?;
    let routers = directory.routers(&accounting.nas_in_use().await?);
    if routers.is_empty() {
        return refuse(output, Exit::Usage, "no NAS has [nas.rest]: there is no router's list to compare with");
    }
    let disconnector = Disconnector::new(context.clock, accounting.clone(), Arc::default(), Arc::default());
    let (mut exit, mut rows) = (Exit::Done, Vec::new());
    for at in disconnector.hidden(&routers).await? {
        match at.sessions {
            Ok(sessions) => {
                let wanted = sessions.iter().filter(|session| user.is_none_or(|user| *user == session.user));
                for session in wanted {
                    output.object(&hidden_object(session, &at.nas))?;
                    rows.push(hidden_cells(session, &at.nas, now));
                }
            }
            Err(why) => {
                output.note(&format!("warning: NAS {}: its list tells nothing: {why}", at.nas))?;
                exit = Exit::Unproven;
            }
        }
    }
    if rows.is_empty() {
        output.line("No session that only a router has.")?;
    } else {
        let head = ["USER", "NAS", "SERVICE", "ADDRESS", "SESSION", "SINCE", "MAC", "IN RADACCT"];
        rows.insert(0, head.map(str::to_owned).to_vec());
        columns(&rows).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(exit)
}

fn hidden_object(session: &SessionRow, nas: &str) -> serde_json::Value {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    serde_json::json!({
        "user": session.user.as_str(),
        "nas": nas,
        "service": sessions_text::service(session),
        "acct_session_id": text(&session.acct_session_id),
        "acct_unique_id": text(&session.acct_unique_id),
        "framed_ip_address": text(&session.framed_ip_address),
        "calling_station_id": text(&session.calling_station_id),
        "started_at": session.start,
        "closed_at": session.stop,
    })
}

fn hidden_cells(session: &SessionRow, nas: &str, now: i64) -> Vec<String> {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { safe(text) };
    vec![
        session.user.to_string(),
        safe(nas),
        sessions_text::service(session).to_owned(),
        or_dash(&session.framed_ip_address),
        or_dash(&session.acct_session_id),
        session.start.map_or_else(|| "?".to_owned(), |start| duration(now - start)),
        or_dash(&session.calling_station_id),
        session.stop.map_or_else(|| "no row".to_owned(), |stop| format!("closed {} ago", duration(now - stop))),
    ]
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

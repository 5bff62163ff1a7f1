//! `radkick sessions`: who is online, as a table or JSON.

use crate::command::{known_if_named, user_name};
use crate::disconnect::Directory;
use crate::jobs::directory;
use crate::quota::UserName;
use crate::store::SessionRow;

use super::context::{Context, refuse};
use super::person::{Tone, coloured, columns, duration, octets, safe};
use super::{Exit, sessions_text};

/// Open sessions, of everybody or of one user.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SessionsArgs {
    /// Whose sessions
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
}

/// Runs `sessions`.
pub(crate) async fn run(args: SessionsArgs, context: Context) -> anyhow::Result<Exit> {
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

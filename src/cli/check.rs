//! `radkick check`: the configuration and the databases, every problem at once.

use crate::config::{CloseRows, DatabaseUrl, Mode};
use crate::jobs::directory;
use crate::store::{Accounting, State};

use super::Exit;
use super::context::{Context, refuse};

/// Runs the command. The configuration itself has been resolved already: what was wrong with it has been told.
pub(crate) async fn run(context: Context) -> anyhow::Result<Exit> {
    let (config, output) = (&context.config, context.output);
    output.line(&format!("{}: understood; mode {}", config.file.display(), mode(config.quota.mode)))?;
    for problem in config.unserved() {
        output.note(&format!("warning: `radkick serve` refuses this: {problem}"))?;
    }
    let (mut exit, accounting) = databases(&context).await?;
    let Some(accounting) = accounting else { return Ok(exit) };
    exit = exit.max(check_nas(&context, &accounting).await?);
    output.object(&serde_json::json!({ "ok": exit == Exit::Done, "file": config.file.display().to_string() }))?;
    Ok(exit)
}

/// Tells whether both databases can be used; FreeRADIUS' where it can be asked at all.
pub(super) async fn databases(context: &Context) -> anyhow::Result<(Exit, Option<Accounting>)> {
    let (config, output) = (&context.config, context.output);
    let accounting = match context.accounting().await {
        Ok(accounting) => accounting,
        Err(error) => return Ok((refuse(output, Exit::Failed, &error.to_string())?, None)),
    };
    output.line(&format!("{}: FreeRADIUS' tables and columns are there", config.database.url))?;
    let mut exit = Exit::Done;
    if let Err(error) = accounting.check_writable().await {
        output.note(&format!("error: {error}"))?;
        exit = Exit::Failed;
    }
    if config.accounting.close_rows == CloseRows::Proven
        && let Err(error) = accounting.check_closable().await
    {
        output.note(&format!("error: {error}"))?;
        exit = Exit::Failed;
    }
    exit = exit.max(check_query(context, &accounting).await?);
    exit = exit.max(check_state(context).await?);
    Ok((exit, Some(accounting)))
}

/// The operator's query for limits must be one that can be run, with the columns it must have; it is not run.
async fn check_query(context: &Context, accounting: &Accounting) -> anyhow::Result<Exit> {
    let (quota, output) = (&context.config.quota, context.output);
    let Some(query) = &quota.query else { return Ok(Exit::Done) };
    match accounting.check_query(query, quota.query_timeout).await {
        Ok(()) => {
            output.line("[quota] query: can be run, and has its columns")?;
            Ok(Exit::Done)
        }
        Err(error) => refuse(output, Exit::Failed, &error.to_string()),
    }
}

/// radkick's own tables must be there, or be such that they can be made.
async fn check_state(context: &Context) -> anyhow::Result<Exit> {
    let (url, output) = (&context.config.state.url, context.output);
    if let Some(folder) = state_folder(url).filter(|folder| !folder.is_dir()) {
        let why = format!("{}: the folder does not exist", folder.display());
        return refuse(output, Exit::Failed, &why);
    }
    match State::is_there(url).await {
        Ok(there) => {
            let when = if there { "" } else { ", made at the first need" };
            output.line(&format!("{url}: radkick's own tables{when}"))?;
            Ok(Exit::Done)
        }
        Err(error) => refuse(output, Exit::Failed, &error.to_string()),
    }
}

/// Every open session must have a NAS that can be told and reached; those that have none are named once a NAS.
async fn check_nas(context: &Context, accounting: &Accounting) -> anyhow::Result<Exit> {
    let directory = directory(&context.config, accounting).await?;
    let sessions = accounting.all_open_sessions().await?;
    let problems: std::collections::BTreeSet<String> = sessions
        .iter()
        .filter_map(|session| directory.resolve(session).err())
        .map(|problem| problem.to_string())
        .collect();
    problems.iter().try_for_each(|problem| context.output.note(&format!("warning: {problem}")))?;
    let known = directory.names_text();
    context.output.line(&format!("NAS: {known}; {} open sessions", sessions.len()))?;
    Ok(Exit::Done)
}

fn state_folder(url: &DatabaseUrl) -> Option<std::path::PathBuf> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            Some(folder.map_or_else(|| ".".into(), std::path::Path::to_path_buf))
        }
        DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_) => None,
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe (nothing is cut)",
        Mode::Enforce => "enforce",
    }
}

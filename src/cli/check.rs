//! `radkick check`: the configuration and the databases, every problem at once.

use crate::config::{DatabaseUrl, Mode};
use crate::jobs::directory;
use crate::store::Accounting;

use super::Exit;
use super::context::{Context, refuse};

/// Runs the command. The configuration itself has been resolved already: what was wrong with it has been told.
pub(crate) async fn run(context: Context) -> anyhow::Result<Exit> {
    let (config, output) = (&context.config, context.output);
    output.line(&format!("{}: in order, mode {}", config.file.display(), mode(config.quota.mode)))?;
    let accounting = match context.accounting().await {
        Ok(accounting) => accounting,
        Err(error) => return refuse(output, Exit::Failed, &error.to_string()),
    };
    output.line(&format!("{}: FreeRADIUS' tables and columns are there", config.database.url))?;
    let mut exit = Exit::Done;
    if let Err(error) = accounting.check_writable().await {
        output.note(&format!("error: {error}"))?;
        exit = Exit::Failed;
    }
    if let (DatabaseUrl::Sqlite(path), Some(folder)) = (&config.state.url, state_folder(&config.state.url)) {
        if folder.is_dir() {
            output.line(&format!("{}: radkick's own tables{}", config.state.url, if path.exists() { "" } else { ", made at the first need" }))?;
        } else {
            output.note(&format!("error: {}: the folder does not exist", folder.display()))?;
            exit = Exit::Failed;
        }
    }
    exit = exit.max(check_nas(&context, &accounting).await?);
    output.object(&serde_json::json!({ "ok": exit == Exit::Done, "file": config.file.display().to_string() }))?;
    Ok(exit)
}

/// Every open session must have a NAS that can be told and reached; those that have none are named once a NAS.
async fn check_nas(context: &Context, accounting: &Accounting) -> anyhow::Result<Exit> {
    let directory = directory(&context.config, accounting).await?;
    let sessions = accounting.all_open_sessions().await?;
    let problems: std::collections::BTreeSet<String> =
        sessions.iter().filter_map(|session| directory.resolve(session).err()).map(|problem| problem.to_string()).collect();
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

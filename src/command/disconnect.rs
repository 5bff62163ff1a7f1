//! `disconnect`: cut all matching sessions of a user, and prove it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::BlockMode;
use crate::disconnect::Directory;
use crate::jobs::{Agent, Exemptions, JobDetail, Selection, SessionReport, directory, paused};
use crate::store::{Accounting, JobSpec};

use super::{Aim, Answer, CommandError, Cut, Disconnect, Exit, Hands, aim, known};

pub(super) async fn disconnect(asked: Disconnect, hands: &Hands) -> Result<Answer, CommandError> {
    let accounting = hands.accounting().await?;
    let asked = match known(&accounting, &asked.user).await? {
        Ok(user) => Disconnect { user, ..asked },
        Err(why) => return Ok(Answer::refused(Exit::Unknown, why)),
    };
    if let Some((exit, why)) = refusal(&asked, hands, &accounting).await? {
        return Ok(Answer::refused(exit, why));
    }
    let directory = Arc::new(directory(hands.config(), &accounting).await?);
    match aim(&asked, &accounting, &directory).await? {
        Aim::Refused(exit, why) if !hands.has_state().await? => return Ok(Answer::refused(exit, why)),
        // What an earlier run left is finished all the same, and may be what is asked for
        Aim::At { .. } | Aim::Refused(..) => {}
    }
    if asked.block {
        // Before the block is on disk: a promise that cannot be kept would stand in the way of every later run
        accounting.check_writable().await?;
    }
    let agent = hands.agent().await?;
    let before = agent.accounting.open_sessions(&asked.user).await?.into_iter().map(|row| row.acct_unique_id).collect();
    let finished = agent.finish(&asked.user, &directory).await?;
    let answer = Cut {
        user: asked.user.as_str().to_owned(),
        narrowed: asked.narrows(),
        can_block: agent.config.block.mode != BlockMode::None,
        ..Cut::default()
    };
    let cut = match aim(&asked, &accounting, &directory).await? {
        Aim::At { selection, .. } => {
            let spec = spec(&asked, selection, &hands.by)?;
            Cut { reports: cut(spec, (&agent, &directory), finished).await?, ..answer }
        }
        Aim::Refused(..) if finished.iter().any(|report| names(&asked, report)) => Cut { reports: finished, ..answer },
        Aim::Refused(exit, why) => Cut { reports: finished, refused: Some((exit, why)), ..answer },
    };
    let reports = agent.see_out(cut.reports, &directory, (Some(&before), hands.go_on())).await?;
    Ok(Answer::Cut(Cut { reports, ..cut }))
}

/// Whether `session` means this one.
fn names(asked: &Disconnect, report: &SessionReport) -> bool {
    asked.session.is_some() && [&report.acct_session_id, &report.acct_unique_id].contains(&&asked.session)
}

/// Why nothing may be done at all.
pub(super) async fn refusal(
    asked: &Disconnect,
    hands: &Hands,
    accounting: &Accounting,
) -> Result<Option<(Exit, String)>, CommandError> {
    let (config, user) = (hands.config(), &asked.user);
    if asked.force {
        return Ok(None);
    }
    if asked.block && config.block.mode == BlockMode::None {
        let why = "--block closes no login while [block] mode is \"none\"".to_owned();
        return Ok(Some((Exit::Usage, why)));
    }
    if let Some(why) = Exemptions::new(accounting, &config.exempt).of(user).await? {
        return Ok(Some((Exit::Usage, format!("user {user} is exempt ({why}); --force to do it all the same"))));
    }
    let file = &config.brakes.pause_file;
    let pause = paused(file, hands.now()).map_err(|error| CommandError::Pause { file: file.clone(), error })?;
    Ok(pause.map(|_| {
        let file = file.display();
        let why = format!("paused ({file}): nothing is cut until `radkick resume`; --force to do it all the same");
        (Exit::StillActive, why)
    }))
}

/// The job that is asked for.
fn spec(asked: &Disconnect, selection: Selection, by: &str) -> Result<JobSpec, serde_json::Error> {
    let narrowed = (asked.block || asked.narrows()).then(|| aim_key(asked, &selection));
    let (text, by) = (asked.reason.clone(), Some(by.to_owned()));
    let detail = JobDetail { block: asked.block, text, by, selection, ..JobDetail::default() };
    Ok(JobSpec {
        user: asked.user.clone(),
        reason: "by_hand".to_owned(),
        actor: "command".to_owned(),
        session: narrowed,
        detail: serde_json::to_value(detail)?,
        lapses_at: 0,
    })
}

/// Does what is asked, once `reports` tells what earlier runs had left of this user.
async fn cut(
    spec: JobSpec,
    (agent, directory): (&Arc<Agent>, &Arc<Directory>),
    mut reports: Vec<SessionReport>,
) -> Result<Vec<SessionReport>, CommandError> {
    let user = spec.user.clone();
    let mut asked = agent.cut(spec, directory).await?;
    // What an earlier run left may have been all there was: nothing more to say about the user then
    asked.retain(|report| report.session.is_some() || reports.is_empty());
    let again = |report: &SessionReport| asked.iter().any(|new| new.acct_unique_id == report.acct_unique_id);
    reports.retain(|report| !again(report));
    let blocked = agent.is_blocked(&user).await?;
    reports.extend(asked);
    for report in &mut reports {
        report.blocked = blocked;
    }
    Ok(reports)
}

/// Names what is asked for beyond the user, so that two who ask for different things at once get two jobs.
fn aim_key(asked: &Disconnect, selection: &Selection) -> String {
    let aim = serde_json::json!({ "selection": selection, "block": asked.block }).to_string();
    let short = Sha256::digest(aim).first_chunk().copied().map_or(0, u64::from_be_bytes);
    format!("{short:016x} of {}", asked.user.as_str())
}

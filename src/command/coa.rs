//! `coa`: change matching sessions of a user, and say what is known of it.

use std::sync::Arc;

use crate::coa::Change;
use crate::jobs::{ChangeReport, Changing, directory};

use super::disconnect::refusal;
use super::{Aim, Answer, Changed, Coa, CommandError, Exit, Hands, aim, known, wrong_changes};

pub(super) async fn coa(asked: Coa, hands: &Hands) -> Result<Answer, CommandError> {
    let change = match Change::parse(&asked.attributes) {
        Ok(change) => change,
        Err(problems) => return Ok(Answer::refused(Exit::Usage, wrong_changes(problems).join("; "))),
    };
    let accounting = hands.accounting().await?;
    let asked = match known(&accounting, &asked.user).await? {
        Ok(user) => Coa { user, ..asked },
        Err(why) => return Ok(Answer::refused(Exit::Unknown, why)),
    };
    let choice = asked.as_cut();
    if let Some((exit, why)) = refusal(&choice, hands, &accounting).await? {
        return Ok(Answer::refused(exit, why));
    }
    let directory = Arc::new(directory(hands.config(), &accounting).await?);
    let sessions = match aim(&choice, &accounting, &directory).await? {
        Aim::At { sessions, .. } => sessions,
        Aim::Refused(exit, why) => return Ok(Answer::refused(exit, why)),
    };
    let changing = Arc::new(Changing { change, text: asked.reason, by: hands.by.clone() });
    let reports = if sessions.is_empty() {
        vec![ChangeReport::of_user(&changing, &asked.user)]
    } else {
        hands.agent().await?.change_sessions(&changing, sessions, &directory).await?
    };
    Ok(Answer::Changed(Changed { user: asked.user.as_str().to_owned(), narrowed: choice.narrows(), reports }))
}

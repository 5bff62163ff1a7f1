//! The order of things: what the users do, when the worker runs, and what is noted down around it.

use crate::worker::StepOutcome;

use super::cast::{ADA_DOT_OBI, ADA_OBI, BAYO, LIMIT, OVER, User};
use super::cut::Cut;
use super::narrator::Narrator;
use super::scenes;
use super::stage::Stage;
use super::tables::{AcctRow, Login};

/// Octets that everybody but [`ADA_DOT_OBI`] has used when the first cycle runs.
pub(super) const UNDER: u64 = LIMIT - 100_000_000;
/// Octets that [`ADA_DOT_OBI`] uses in all.
pub(super) const MODEST: u64 = 1_200_000_000;
/// Octets that take the others over the limit.
const MORE: u64 = 300_000_000;
/// Octets that [`ADA_OBI`] uses after the router's last report.
const UNREPORTED: u64 = 112_345_678;
/// Octets of the last report of those who are over.
pub(super) const REPORTED: u64 = UNDER + MORE;
/// Octets that [`ADA_OBI`] has used in truth.
pub(super) const FINAL: u64 = REPORTED + UNREPORTED;

/// What was noted down.
#[derive(Debug)]
pub(super) struct Notes {
    /// The cycle in which everybody was under the limit.
    pub(super) quiet: StepOutcome,
    /// How many Disconnect-Requests and REST requests there were by then.
    pub(super) asked_by_then: (usize, usize),
    /// The login rows of [`ADA_OBI`] and [`ADA_DOT_OBI`] before anybody was over.
    pub(super) before: (Login, Login),
    /// The cycle that cut.
    pub(super) cut: StepOutcome,
    /// The row of [`BAYO`] in radacct right after that.
    pub(super) bayo_after: Option<AcctRow>,
}

impl Notes {
    /// What the cycle that cut reported about a user.
    pub(super) fn cut(&self, user: User) -> Cut {
        Cut::of(&self.cut, user)
    }
}

/// Plays the story on a stage and tells it.
pub(super) async fn play(stage: &Stage, narrator: &mut Narrator) -> anyhow::Result<()> {
    let notes = enforce(stage).await?;
    scenes::over_the_limit(stage, &notes, narrator).await?;
    scenes::closed_incoming(stage, &notes, narrator).await?;
    scenes::nearly_the_same_name(stage, &notes, narrator).await?;
    scenes::forged_answer(stage, &notes, narrator)?;
    scenes::empty_ack(stage, &notes, narrator)?;
    scenes::top_up(stage, &notes, narrator).await
}

/// Everybody surfs; a cycle while all are under the limit, one when four are over, one after it.
async fn enforce(stage: &Stage) -> anyhow::Result<Notes> {
    for user in OVER {
        stage.download(user, UNDER, true)?;
    }
    stage.download(ADA_DOT_OBI, MODEST, true)?;
    stage.settle().await;
    let quiet = stage.cycle().await?;
    let asked_by_then = stage.asked();
    let before = (stage.tables.login(ADA_OBI.name).await?, stage.tables.login(ADA_DOT_OBI.name).await?);
    for user in OVER {
        stage.download(user, MORE, true)?;
    }
    stage.settle().await;
    stage.download(ADA_OBI, UNREPORTED, false)?;
    let cut = stage.cycle().await?;
    let bayo_after = stage.tables.session(BAYO.name).await?;
    stage.cycle().await?;
    Ok(Notes { quiet, asked_by_then, before, cut, bayo_after })
}

//! Brakes: a mass cut and a mass restore wait for a person.

use crate::config::Brakes;
use crate::store::{Brake, State, StoreError};

/// The brake on cutting.
pub const CUT_BRAKE: &str = "cut";
/// The brake on cutting sessions that routers have and radacct does not.
pub const HIDDEN_BRAKE: &str = "hidden";
/// The brake on taking a result of the operator's query that has lost many of its rows.
pub const LIMITS_BRAKE: &str = "limits";
/// The brake on opening logins again.
pub const RESTORE_BRAKE: &str = "restore";

/// Whether so many at once is too many: more than `trip_users`, and more than `trip_share` of all concerned.
#[expect(clippy::cast_precision_loss, reason = "a share of users needs no more than 52 bits")]
pub(super) fn trips(brakes: &Brakes, affected: usize, of: usize) -> bool {
    let share = brakes.trip_share * of as f64;
    affected as f64 > f64::from(brakes.trip_users).max(share)
}

/// How things stand with a brake in this cycle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pull {
    /// Too many at once.
    pub(super) tripping: bool,
    /// A person lets it go in this run.
    pub(super) confirmed: bool,
    /// Those whom a person let go are still being worked on: a confirmation lasts as long.
    pub(super) at_work: bool,
}

/// Asks a brake on behalf of a few of whom something was heard: it lets nothing go that it holds, for the few say nothing of
/// all others.
pub(super) async fn ask_for_few(
    state: &State,
    name: &str,
    tripping: bool,
    now: i64,
    detail: String,
) -> Result<Option<String>, StoreError> {
    match state.brake(name).await? {
        Some(Brake { confirmed_at: None, detail, .. }) => Ok(Some(detail)),
        None if tripping => {
            let brake = Brake { tripped_at: now, detail: detail.clone(), confirmed_at: None };
            state.set_brake(name, Some(&brake)).await?;
            Ok(Some(detail))
        }
        Some(_) | None => Ok(None),
    }
}

/// Asks a brake: `Some` says why nothing may be done. It lets go when few enough are concerned again, and, once
/// confirmed, until then and until those confirmed are done.
pub(super) async fn ask(
    state: &State,
    name: &str,
    Pull { tripping, confirmed, at_work }: Pull,
    now: i64,
    detail: String,
) -> Result<Option<String>, StoreError> {
    let standing = state.brake(name).await?;
    match (tripping, standing) {
        (false, Some(Brake { confirmed_at: Some(_), .. })) if at_work => Ok(None),
        (false, Some(_)) => state.set_brake(name, None).await.map(|()| None),
        (false, None) | (true, Some(Brake { confirmed_at: Some(_), .. })) => Ok(None),
        (true, standing) => {
            let tripped_at = standing.map_or(now, |brake| brake.tripped_at);
            let confirmed_at = confirmed.then_some(now);
            state.set_brake(name, Some(&Brake { tripped_at, detail: detail.clone(), confirmed_at })).await?;
            Ok((!confirmed).then_some(detail))
        }
    }
}

//! The end of a session over the router's REST service.

use std::sync::Arc;

use crate::routeros::{ActiveRow, Menu, Removal, RestClient, RestError, RestFailure};
use crate::store::{SessionRow, StoreError};

use super::router_view::{Sought, menus};
use super::{Attempt, AttemptOutcome, Disconnector, ResolvedNas, service_of};

/// Why a router's REST service could not be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RouterError {
    /// It could not be asked, or answered with an error.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// It is another router than the configured one: nothing that it says counts.
    #[error("this is not the router it should be: its identity is {found:?}, not {expected:?}")]
    WrongRouter {
        /// `identity` of `[nas.rest]`.
        expected: String,
        /// What the router says.
        found: String,
    },
}

impl Disconnector {
    /// Finds the session on the router's list and removes that row, read again right before; `None` without REST. What
    /// it saw of the list stands in the outcome. A person's request, `by_hand`, is tried on a silent router too.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked which of the user's sessions a row is: nothing is removed then.
    pub async fn remove(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
        by_hand: bool,
    ) -> Result<Option<Attempt>, StoreError> {
        let router = match self.router(nas) {
            Ok(Some(router)) => router,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(failed(&error))),
        };
        let open = self.accounting().open_sessions(&session.user).await?;
        let sought = Sought::new(session, &open);
        let rest = if by_hand { Arc::new(router.rest.by_hand()) } else { router.rest };
        Ok(Some(remove_over(&rest, nas, &sought).await.unwrap_or_else(|error| failed(&error))))
    }
}

/// Removes the session's row from whichever list has it.
async fn remove_over(rest: &RestClient, nas: &ResolvedNas, sought: &Sought<'_>) -> Result<Attempt, RouterError> {
    check_identity(nas, rest).await?;
    for menu in menus(service_of(sought.session(), nas.profile.service)) {
        let rows = rest.active_of(*menu, &[sought.session().user.as_str()]).await?;
        if let Some(row) = rows.iter().find(|row| sought.is(row)) {
            return remove_row(rest, *menu, row, sought).await;
        }
    }
    Ok(Attempt::over_rest(AttemptOutcome::NotListed, None, None))
}

/// Refuses a router that is not the one it should be; whether that is known at all.
pub(super) async fn check_identity(nas: &ResolvedNas, rest: &RestClient) -> Result<bool, RouterError> {
    let Some(expected) = nas.profile.rest.as_ref().and_then(|rest| rest.identity.clone()) else { return Ok(false) };
    let found = rest.identity().await?;
    if found == expected { Ok(true) } else { Err(RouterError::WrongRouter { expected, found }) }
}

/// Removes a row after reading it again: a hotspot's ids are reused by the next session on the address. One whose uptime
/// has gone back is that next session.
async fn remove_row(
    rest: &RestClient,
    menu: Menu,
    listed: &ActiveRow,
    sought: &Sought<'_>,
) -> Result<Attempt, RouterError> {
    let id = listed.id.as_str();
    match rest.row(menu, id).await? {
        Some(row) if sought.is(&row) && row.uptime >= listed.uptime => {}
        Some(_) | None => return Ok(Attempt::over_rest(AttemptOutcome::AlreadyGone, Some(404), None)),
    }
    Ok(match rest.remove(menu, id).await? {
        Removal::Removed => Attempt::over_rest(AttemptOutcome::Removed, None, None),
        Removal::AlreadyGone => Attempt::over_rest(AttemptOutcome::AlreadyGone, Some(404), None),
    })
}

fn failed(error: &RouterError) -> Attempt {
    let RouterError::Rest(RestError { failure, .. }) = error else {
        return Attempt::over_rest(AttemptOutcome::Refused, None, Some(error.to_string()));
    };
    if let RestFailure::NotAsked(why) = failure {
        let attempt = Attempt::over_rest(AttemptOutcome::NotSent, None, None);
        return Attempt::not_sent("rest", attempt.identity, why.clone());
    }
    let outcome = if failure.is_silence() { AttemptOutcome::Unreachable } else { AttemptOutcome::Refused };
    Attempt::over_rest(outcome, failure.status(), Some(error.to_string()))
}

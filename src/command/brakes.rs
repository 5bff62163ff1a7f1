//! `confirm`.

use crate::store::{Brake, State, StoreError};
use crate::worker::{CUT_BRAKE, HIDDEN_BRAKE, LIMITS_BRAKE, RESTORE_BRAKE};

use super::{Answer, CommandError, Hands};

pub(super) async fn confirm(hands: &Hands) -> Result<Answer, CommandError> {
    let mut confirmed = Vec::new();
    if hands.has_state().await? {
        // Alone: brakes are let go also while FreeRADIUS' database is away
        let state = hands.state().await?;
        for name in [CUT_BRAKE, RESTORE_BRAKE, LIMITS_BRAKE, HIDDEN_BRAKE] {
            confirmed.extend(confirm_one(&state, name, hands.now()).await?);
        }
    }
    Ok(Answer::Confirmed { confirmed })
}

async fn confirm_one(state: &State, name: &str, now: i64) -> Result<Option<String>, StoreError> {
    match state.brake(name).await? {
        Some(brake) if brake.confirmed_at.is_none() => {
            state.set_brake(name, Some(&Brake { confirmed_at: Some(now), ..brake.clone() })).await?;
            Ok(Some(brake.detail))
        }
        Some(_) | None => Ok(None),
    }
}

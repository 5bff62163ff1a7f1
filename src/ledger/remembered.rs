//! Limits that need not be read again while nobody writes to the tables that they come from.

use std::sync::Arc;

use foldhash::HashMap;

use crate::quota::{Limits, UserName};
use crate::store::LimitsMark;

/// The limits of how many users are kept: some 35 MB of them.
const MANY: usize = 100_000;

/// What was read while the tables stood as they do.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    mark: Option<LimitsMark>,
    /// `None` for a user whom nothing limits.
    limits: HashMap<UserName, Option<Arc<Limits>>>,
}

impl Remembered {
    /// Of these users those whose limits are known, and who is to be read: all, where it is to be done `again` or nobody
    /// knows how the tables stand. Then nothing is remembered: what is written until somebody knows again is not told.
    pub(super) fn known(
        &mut self,
        mark: Option<&LimitsMark>,
        users: &[UserName],
        again: bool,
    ) -> (Vec<(UserName, Arc<Limits>)>, Vec<UserName>) {
        if self.mark.as_ref() != mark {
            self.limits.clear();
            self.mark = mark.cloned();
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for user in users {
            match self.limits.get(user).filter(|_| !again) {
                None => unknown.push(user.clone()),
                Some(None) => {}
                Some(Some(limits)) => known.push((user.clone(), limits.clone())),
            }
        }
        (known, unknown)
    }

    /// Keeps what was `found` of users who were read after the tables were seen to stand so. Where everybody is read, of those
    /// alone who are remembered: of the others most are offline.
    pub(super) fn keep(
        &mut self,
        mark: Option<&LimitsMark>,
        users: &[UserName],
        found: &[(UserName, Arc<Limits>)],
        everybody: bool,
    ) {
        if mark.is_none() || self.mark.as_ref() != mark {
            return;
        }
        for user in users {
            let has_room = !everybody && self.limits.len() < MANY;
            match self.limits.get_mut(user) {
                Some(limits) => *limits = None,
                None if has_room => {
                    self.limits.insert(user.clone(), None);
                }
                None => {}
            }
        }
        for (user, limits) in found {
            if let Some(known) = self.limits.get_mut(user) {
                *known = Some(limits.clone());
            }
        }
    }

    /// Whether nothing is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// These users are to be read again.
    pub(super) fn forget<'a>(&mut self, users: impl IntoIterator<Item = &'a UserName>) {
        for user in users {
            self.limits.remove(user);
        }
    }
}

//! Who is never touched without `--force`.

use crate::config::Exempt;
use crate::quota::UserName;
use crate::store::{Accounting, StoreError};

/// Who is never touched without `--force`.
#[derive(Debug)]
pub struct Exemptions<'a> {
    accounting: &'a Accounting,
    exempt: &'a Exempt,
}

impl<'a> Exemptions<'a> {
    /// The configuration's, with the groups of FreeRADIUS' tables.
    #[must_use]
    pub const fn new(accounting: &'a Accounting, exempt: &'a Exempt) -> Self {
        Self { accounting, exempt }
    }

    /// Why a user is exempt; `None` when not.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked.
    pub async fn of(&self, user: &UserName) -> Result<Option<String>, StoreError> {
        if self.exempt.users.iter().any(|name| name == user.as_str()) {
            return Ok(Some("[exempt] users".to_owned()));
        }
        if self.exempt.groups.is_empty() {
            return Ok(None);
        }
        let groups = self.accounting.groups(user).await?;
        let group = groups.into_iter().find(|group| self.exempt.groups.contains(group));
        Ok(group.map(|group| format!("[exempt] groups: {group}")))
    }
}

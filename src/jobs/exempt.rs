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
        for name in &self.exempt.users {
            if self.accounting.same_name(name, user.as_str()).await? {
                return Ok(Some("[exempt] users".to_owned()));
            }
        }
        if self.exempt.groups.is_empty() {
            return Ok(None);
        }
        for group in self.accounting.groups(user).await? {
            for name in &self.exempt.groups {
                if self.accounting.same_name(name, &group).await? {
                    return Ok(Some(format!("[exempt] groups: {group}")));
                }
            }
        }
        Ok(None)
    }
}

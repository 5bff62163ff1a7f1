//! Check and reply items that limit users, their own or a group's.

use std::collections::BTreeMap;

use crate::quota::{CheckItem, Place, UserName};

use super::{Accounting, Backend, StoreError, each_dialect};

/// How the tables that limits come from stand. While two are equal, nobody has written to them, as far as the server has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsMark(pub(super) String);

impl Accounting {
    /// How the tables that limits come from stand; `None` where the server cannot tell. What is written is told once it is
    /// counted: on PostgreSQL 10 s later, as a rule, where the connection that wrote it stays idle. `MariaDB` keeps the time
    /// of the last write alone, and that is the time at which the transaction began.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn limits_mark(&self) -> Result<Option<LimitsMark>, StoreError> {
        match &self.backend {
            Backend::Postgres(store) => store.limits_mark().await,
            Backend::Mariadb(_) | Backend::Sqlite(_) => Ok(None),
        }
    }

    /// The users whom any of these attributes limits, their own or a group's, each with the items concerned.
    ///
    /// # Errors
    /// As above.
    pub async fn limited_users(&self, attributes: &[String]) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        each_dialect!(self.limited_users(attributes, None))
    }

    /// What [`Accounting::limited_users`] gives for these users, under the same names: where the database takes two
    /// spellings for one user, that is the one of radcheck. Users without an item are absent.
    ///
    /// # Errors
    /// As above.
    pub async fn limit_items_of(
        &self,
        users: &[UserName],
        attributes: &[String],
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        each_dialect!(self.limited_users(attributes, Some(users)))
    }

    /// The names of all whom any of these attributes limits, their own or a group's, in no order, some more than once; there
    /// may be others among them.
    ///
    /// # Errors
    /// As above.
    pub async fn limited_names(&self, attributes: &[String]) -> Result<Vec<UserName>, StoreError> {
        if attributes.is_empty() {
            return Ok(Vec::new());
        }
        each_dialect!(self.limited_names(attributes))
    }

    /// The items that limit one user.
    ///
    /// # Errors
    /// As above.
    pub async fn limit_items(&self, user: &UserName, attributes: &[String]) -> Result<Vec<CheckItem>, StoreError> {
        Ok(self.limit_items_of(std::slice::from_ref(user), attributes).await?.into_values().flatten().collect())
    }

    /// A user's groups, best priority first.
    ///
    /// # Errors
    /// As above.
    pub async fn groups(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        each_dialect!(self.groups(user))
    }
}

/// What a member of these groups, best priority first, has of their items.
pub(super) fn inherited(groups: &[String], of_group: &BTreeMap<String, Vec<CheckItem>>) -> Vec<CheckItem> {
    let ranked = groups.iter().enumerate();
    let items = ranked.flat_map(|(rank, name)| {
        let items = of_group.get(name).into_iter().flatten();
        items.map(move |item| CheckItem { place: Place::Group { name: name.clone(), rank }, ..item.clone() })
    });
    items.collect()
}

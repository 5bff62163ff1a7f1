//! Check and reply items that limit a user, and groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;

use super::{Postgres, spellings_of};

/// The name in the first column, and its item.
type Named = (String, CheckItem);

/// How many users are asked for at once.
const SLICE: usize = 10_000;

impl Postgres {
    /// All users, or `only` these.
    pub(in super::super) async fn limited_users(
        &self,
        attributes: &[String],
        only: Option<&[UserName]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let attributes: Vec<String> = attributes.iter().map(|name| name.to_ascii_lowercase()).collect();
        let of_group = self.items_of_groups(&attributes).await?;
        let Some(users) = only else { return self.limited_among(&attributes, &of_group, None).await };
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        for slice in users.chunks(SLICE) {
            let wanted: BTreeSet<&UserName> = slice.iter().collect();
            let among = self.limited_among(&attributes, &of_group, Some(&spellings_of(slice))).await?;
            // A bare spelling of one name may be the escaped spelling of another, of whom some items came with it
            found.extend(among.into_iter().filter(|(user, _)| wanted.contains(user)));
        }
        Ok(found)
    }

    /// One slice of [`Postgres::limited_users`].
    async fn limited_among(
        &self,
        attributes: &[String],
        of_group: &BTreeMap<String, Vec<CheckItem>>,
        spellings: Option<&[String]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        let items = |table| self.items(table, "username", attributes, spellings);
        let groups = async {
            if of_group.is_empty() { Ok(BTreeMap::new()) } else { self.memberships(spellings).await }
        };
        let (checks, replies) = (items(&self.tables.authcheck), items(&self.tables.authreply));
        let (checks, replies, groups) = tokio::try_join!(checks, replies, groups)?;
        for (name, item) in checks.into_iter().chain(replies) {
            found.entry(UserName::from_table(&name)).or_default().push(item);
        }
        for (user, groups) in groups {
            let items = inherited(&groups, of_group);
            if !items.is_empty() {
                found.entry(user).or_default().extend(items);
            }
        }
        Ok(found)
    }

    async fn items_of_groups(&self, attributes: &[String]) -> Result<BTreeMap<String, Vec<CheckItem>>, StoreError> {
        let mut of_group = BTreeMap::<String, Vec<CheckItem>>::new();
        for table in [&self.tables.groupcheck, &self.tables.groupreply] {
            for (group, item) in self.items(table, "groupname", attributes, None).await? {
                of_group.entry(group).or_default().push(item);
            }
        }
        Ok(of_group)
    }

    async fn items(
        &self,
        table: &str,
        name: &str,
        attributes: &[String],
        spellings: Option<&[String]>,
    ) -> Result<Vec<Named>, StoreError> {
        let sql = self.sql(&format!(
            "SELECT {name}, id::bigint, attribute, value FROM {table}
             WHERE lower(attribute) = ANY($1) AND ($2::text[] IS NULL OR {name} = ANY($2)) ORDER BY id"
        ));
        let rows: Vec<(String, i64, String, String)> = sqlx::query_as(sql)
            .bind(attributes)
            .bind(spellings)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading limits", error))?;
        let named = |(name, id, attribute, value)| {
            (name, CheckItem { id, place: Place::User, table: table.to_owned(), attribute, value })
        };
        Ok(rows.into_iter().map(named).collect())
    }

    /// Each user's groups, best priority first.
    async fn memberships(&self, spellings: Option<&[String]>) -> Result<BTreeMap<UserName, Vec<String>>, StoreError> {
        let sql = self.sql(
            "SELECT username, groupname FROM {usergroup} WHERE $1::text[] IS NULL OR username = ANY($1)
             ORDER BY priority, id",
        );
        let rows: Vec<(String, String)> = sqlx::query_as(sql)
            .bind(spellings)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading groups", error))?;
        let mut groups = BTreeMap::<UserName, Vec<String>>::new();
        for (user, group) in rows {
            groups.entry(UserName::from_table(&user)).or_default().push(group);
        }
        Ok(groups)
    }

    pub(in super::super) async fn groups(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        Ok(self.memberships(Some(&spellings_of([user]))).await?.remove(user).unwrap_or_default())
    }
}

//! Check and reply items that limit a user, and groups.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;

use super::{Sqlite, name, spellings_of, text};

const OPERATION: &str = "reading limits";

/// The name in the first column, and its item.
type Named = (String, CheckItem);

/// How many users are asked for at once: few enough for a read of some milliseconds.
const SLICE: usize = 500;

/// Users who are asked for together.
struct Slice<'a> {
    /// `None`: all.
    users: Option<(&'a [UserName], String)>,
}

impl<'a> Slice<'a> {
    fn all(only: Option<&'a [UserName]>) -> Vec<Self> {
        let of = |users: &'a [UserName]| Self { users: Some((users, spellings_of(users))) };
        only.map_or_else(|| vec![Self { users: None }], |users| users.chunks(SLICE).map(of).collect())
    }

    fn spellings(&self) -> Option<&str> {
        self.users.as_ref().map(|(_, spellings)| spellings.as_str())
    }

    /// A bare spelling of one name may be the escaped spelling of another, of whom some items came with it.
    fn keep(&self, mut found: BTreeMap<UserName, Vec<CheckItem>>) -> BTreeMap<UserName, Vec<CheckItem>> {
        if let Some((users, _)) = &self.users {
            let wanted: BTreeSet<&UserName> = users.iter().collect();
            found.retain(|user, _| wanted.contains(user));
        }
        found
    }
}

impl Sqlite {
    /// All users, or `only` these.
    pub(in super::super) async fn limited_users(
        &self,
        attributes: &[String],
        only: Option<&[UserName]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let attributes: serde_json::Value = attributes.iter().map(|name| name.to_ascii_lowercase()).collect();
        let attributes = attributes.to_string();
        let mut slices = Slice::all(only).into_iter();
        let Some(first) = slices.next() else { return Ok(BTreeMap::new()) };
        let own = self.own_items(&attributes, first.spellings());
        let (of_group, own) = tokio::try_join!(self.items_of_groups(&attributes), own)?;
        let mut found = first.keep(self.with_inherited(own, &of_group, first.spellings()).await?);
        for slice in slices {
            let own = self.own_items(&attributes, slice.spellings()).await?;
            found.extend(slice.keep(self.with_inherited(own, &of_group, slice.spellings()).await?));
        }
        Ok(found)
    }

    /// The users' own items.
    async fn own_items(
        &self,
        attributes: &str,
        spellings: Option<&str>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        let items = |table| self.items(table, "username", attributes, spellings);
        let (checks, replies) = tokio::try_join!(items(&self.tables.authcheck), items(&self.tables.authreply))?;
        for (name, item) in checks.into_iter().chain(replies) {
            found.entry(UserName::from_table(&name)).or_default().push(item);
        }
        Ok(found)
    }

    /// The users' own items and those of their groups.
    async fn with_inherited(
        &self,
        own: BTreeMap<UserName, Vec<CheckItem>>,
        of_group: &BTreeMap<String, Vec<CheckItem>>,
        spellings: Option<&str>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = own;
        if of_group.is_empty() {
            return Ok(found);
        }
        for (user, groups) in self.memberships(spellings).await? {
            let items = inherited(&groups, of_group);
            if !items.is_empty() {
                found.entry(user).or_default().extend(items);
            }
        }
        Ok(found)
    }

    async fn items_of_groups(&self, attributes: &str) -> Result<BTreeMap<String, Vec<CheckItem>>, StoreError> {
        let mut of_group = BTreeMap::<String, Vec<CheckItem>>::new();
        let items = |table| self.items(table, "groupname", attributes, None);
        let (checks, replies) = tokio::try_join!(items(&self.tables.groupcheck), items(&self.tables.groupreply))?;
        for (group, item) in checks.into_iter().chain(replies) {
            of_group.entry(group).or_default().push(item);
        }
        Ok(of_group)
    }

    async fn items(
        &self,
        table: &str,
        name: &str,
        attributes: &str,
        spellings: Option<&str>,
    ) -> Result<Vec<Named>, StoreError> {
        let of_users = if spellings.is_some() { "AND username IN (SELECT value FROM json_each(?2))" } else { "" };
        let sql = self.sql(&format!(
            "SELECT {name}, id, attribute, value FROM {table}
             WHERE lower(attribute) IN (SELECT value FROM json_each(?1)) {of_users} ORDER BY id"
        ));
        let rows = sqlx::query(sql).bind(attributes).bind(spellings).fetch_all(&self.pool).await;
        let rows = rows.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter()
            .filter_map(|row| named_item(row, table).map_err(|error| self.failed(OPERATION, error)).transpose())
            .collect()
    }

    /// Each user's groups, best priority first.
    async fn memberships(&self, spellings: Option<&str>) -> Result<BTreeMap<UserName, Vec<String>>, StoreError> {
        let of_users = if spellings.is_some() { "WHERE username IN (SELECT value FROM json_each(?1))" } else { "" };
        let sql = self.sql(&format!("SELECT username, groupname FROM {{usergroup}} {of_users} ORDER BY priority, id"));
        let failed = |error| self.failed("reading groups", error);
        let rows = sqlx::query(sql).bind(spellings).fetch_all(&self.pool).await.map_err(failed)?;
        let mut groups = BTreeMap::<UserName, Vec<String>>::new();
        for row in rows {
            let of_group = |column| name(&row, column, &self.tables.usergroup).map_err(failed);
            if let (Some(user), Some(group)) = (of_group(0)?, of_group(1)?) {
                groups.entry(UserName::from_table(&user)).or_default().push(group);
            }
        }
        Ok(groups)
    }

    pub(in super::super) async fn groups(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        Ok(self.memberships(Some(&spellings_of([user]))).await?.remove(user).unwrap_or_default())
    }
}

fn named_item(row: &SqliteRow, table: &str) -> Result<Option<Named>, sqlx::Error> {
    let (id, attribute, value) = (row.try_get(1)?, text(row, 2)?, text(row, 3)?);
    let item = CheckItem { id, place: Place::User, table: table.to_owned(), attribute, value };
    Ok(name(row, 0, table)?.map(|name| (name, item)))
}

//! Check and reply items that limit a user, and groups.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;
use crate::store::mariadb::{padded, places};

use super::Mariadb;

const OPERATION: &str = "reading limits";

/// What is asked about users.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The attributes that limit.
    pub(super) attributes: &'a [String],
    /// Whether there may be reply items.
    pub(super) replies: bool,
    /// The items of groups.
    pub(super) of_group: &'a BTreeMap<String, Vec<CheckItem>>,
}

/// The name in the first column, and its item.
type Named = (String, CheckItem);

/// How many users are asked for at once: of a thousand names on, MariaDB makes a table of them first.
const SLICE: usize = 490;

impl Mariadb {
    /// All users, or `only` these.
    pub(in super::super) async fn limited_users(
        &self,
        attributes: &[String],
        only: Option<&[UserName]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        if attributes.is_empty() || only.is_some_and(<[_]>::is_empty) {
            return Ok(BTreeMap::new());
        }
        let are_many = only.is_some_and(|users| users.len() > SLICE);
        let (of_group, replies) = tokio::try_join!(self.items_of_groups(attributes), self.may_reply(are_many))?;
        let Some(users) = only else {
            let own = self.own_items(attributes, None).await?;
            return self.with_inherited(own, &of_group, None).await;
        };
        // While the server looks for one half, the other is taken in
        let (first, second) = users.split_at(users.len() / 2);
        let wanted = Wanted { attributes, replies, of_group: &of_group };
        let of = |users| self.limits_of(users, wanted);
        let (mut found, others) = tokio::try_join!(of(first), of(second))?;
        for (user, items) in others {
            // All of a user's come with any of the user's spellings, of which another slice may have held one
            found.entry(user).or_insert(items);
        }
        Ok(found)
    }

    async fn limits_of(
        &self,
        users: &[UserName],
        wanted: Wanted<'_>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        for slice in users.chunks(SLICE) {
            let of_slice = if self.keeps_names_alike() {
                self.spelled_items(slice, wanted).await?
            } else {
                let own = self.own_items(wanted.attributes, Some(slice)).await?;
                self.with_inherited(own, wanted.of_group, Some(slice)).await?.into_iter().collect()
            };
            for (user, items) in of_slice {
                found.entry(user).or_insert(items);
            }
        }
        Ok(found)
    }

    /// Whether any user may have reply items, where that is worth a question: at many sites all replies are those of groups.
    async fn may_reply(&self, worth: bool) -> Result<bool, StoreError> {
        if !worth {
            return Ok(true);
        }
        let sql = self.sql("SELECT CAST(EXISTS (SELECT 1 FROM {authreply}) AS SIGNED)");
        let any: Result<i64, _> = sqlx::query_scalar(sql).fetch_one(&self.pool).await;
        any.map(|any| any != 0).map_err(|error| self.failed(OPERATION, error))
    }

    /// The users' own items.
    async fn own_items(
        &self,
        attributes: &[String],
        only: Option<&[UserName]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        let items = |table| self.user_items(table, attributes, only);
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
        only: Option<&[UserName]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = own;
        let members = if of_group.is_empty() { BTreeMap::new() } else { self.memberships(only).await? };
        for (user, groups) in members {
            let items = inherited(&groups, of_group);
            if !items.is_empty() {
                found.entry(user).or_default().extend(items);
            }
        }
        self.learn(found.keys()).await?;
        Ok(found)
    }

    async fn user_items(
        &self,
        table: &str,
        attributes: &[String],
        only: Option<&[UserName]>,
    ) -> Result<Vec<Named>, StoreError> {
        let (condition, names) = self.of_users(table, only).await?;
        let attributes = attributes.iter().map(|name| name.to_lowercase());
        self.items(table, &self.canonical("t"), &condition, attributes.chain(names)).await
    }

    async fn items_of_groups(&self, attributes: &[String]) -> Result<BTreeMap<String, Vec<CheckItem>>, StoreError> {
        let mut of_group = BTreeMap::<String, Vec<CheckItem>>::new();
        let name = self.canonical_group("t");
        let items = |table| self.items(table, &name, "", attributes.iter().map(|name| name.to_lowercase()));
        let (checks, replies) = tokio::try_join!(items(&self.tables.groupcheck), items(&self.tables.groupreply))?;
        for (group, item) in checks.into_iter().chain(replies) {
            of_group.entry(group).or_default().push(item);
        }
        Ok(of_group)
    }

    /// The items of one table. `arguments` are the attributes, in lower case, and what `condition` asks for behind them.
    async fn items(
        &self,
        table: &str,
        name: &str,
        condition: &str,
        arguments: impl Iterator<Item = String>,
    ) -> Result<Vec<Named>, StoreError> {
        let arguments: Vec<String> = arguments.collect();
        let attributes = places(arguments.len() - condition.matches('?').count());
        let sql = self.sql(&format!(
            "SELECT {name}, CAST(t.id AS SIGNED), t.attribute, t.value FROM {table} t
             WHERE lower(t.attribute) IN ({attributes}) {condition} ORDER BY t.id"
        ));
        let query = arguments.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
        let rows = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter().map(|row| named_item(row, table).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    /// A condition that keeps to these users, if there are any, and its arguments.
    pub(super) async fn of_users(
        &self,
        table: &str,
        only: Option<&[UserName]>,
    ) -> Result<(String, Vec<String>), StoreError> {
        let Some(users) = only else { return Ok((String::new(), Vec::new())) };
        let names = self.spellings_in(table, &users.iter().collect::<Vec<_>>()).await?;
        let names = padded(names.into_iter().map(|(_, name)| name).collect());
        let condition = if names.is_empty() {
            "AND FALSE".to_owned()
        } else {
            format!("AND t.username IN ({})", places(names.len()))
        };
        Ok((condition, names))
    }

    /// Each user's groups, best priority first.
    async fn memberships(&self, only: Option<&[UserName]>) -> Result<BTreeMap<UserName, Vec<String>>, StoreError> {
        let (condition, names) = self.of_users(&self.tables.usergroup, only).await?;
        let (user, group) = (self.canonical("t"), self.canonical_group("t"));
        let sql = self.sql(&format!(
            "SELECT {user}, {group} FROM {{usergroup}} t WHERE TRUE {condition} ORDER BY t.priority, t.id"
        ));
        let query = names.into_iter().fold(sqlx::query_as(sql), sqlx::query::QueryAs::bind);
        let rows: Vec<(String, String)> =
            query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading groups", error))?;
        let mut groups = BTreeMap::<UserName, Vec<String>>::new();
        for (user, group) in rows {
            groups.entry(UserName::from_table(&user)).or_default().push(group);
        }
        Ok(groups)
    }

    pub(in super::super) async fn groups(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        Ok(self.memberships(Some(std::slice::from_ref(user))).await?.into_values().flatten().collect())
    }
}

fn named_item(row: &MySqlRow, table: &str) -> Result<Named, sqlx::Error> {
    let (id, attribute, value) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok((row.try_get(0)?, CheckItem { id, place: Place::User, table: table.to_owned(), attribute, value }))
}

//! Check and reply items that limit a user, and groups.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::mariadb::places;

use super::Mariadb;

const OPERATION: &str = "reading limits";

/// The name in the first column, and its item.
type Named = (String, CheckItem);

impl Mariadb {
    pub(in super::super) async fn limited_users(
        &self,
        attributes: &[String],
        only: Option<&UserName>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        if attributes.is_empty() {
            return Ok(found);
        }
        for table in [&self.tables.authcheck, &self.tables.authreply] {
            for (name, item) in self.user_items(table, attributes, only).await? {
                found.entry(UserName::from_table(&name)).or_default().push(item);
            }
        }
        for (user, items) in self.group_items(attributes, only).await? {
            found.entry(user).or_default().extend(items);
        }
        Ok(found)
    }

    async fn user_items(
        &self,
        table: &str,
        attributes: &[String],
        only: Option<&UserName>,
    ) -> Result<Vec<Named>, StoreError> {
        let (condition, names) = self.of_user(table, only).await?;
        self.items(
            table,
            &self.canonical("t"),
            &condition,
            attributes.iter().map(|name| name.to_lowercase()).chain(names),
        )
        .await
    }

    /// The items of groups, handed to each member.
    async fn group_items(
        &self,
        attributes: &[String],
        only: Option<&UserName>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let mut of_group = BTreeMap::<String, Vec<CheckItem>>::new();
        for table in [&self.tables.groupcheck, &self.tables.groupreply] {
            let attributes = attributes.iter().map(|name| name.to_lowercase());
            for (group, item) in self.items(table, &self.canonical_group("t"), "", attributes).await? {
                of_group.entry(group).or_default().push(item);
            }
        }
        if of_group.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        for (user, groups) in self.memberships(only).await? {
            for (rank, name) in groups.iter().enumerate() {
                let place = Place::Group { name: name.clone(), rank };
                let items = of_group.get(name).into_iter().flatten();
                let items = items.map(|item| CheckItem { place: place.clone(), ..item.clone() });
                found.entry(user.clone()).or_default().extend(items);
            }
        }
        Ok(found)
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

    /// A condition that keeps to one user, if there is one, and its arguments.
    async fn of_user(&self, table: &str, only: Option<&UserName>) -> Result<(String, Vec<String>), StoreError> {
        let Some(user) = only else { return Ok((String::new(), Vec::new())) };
        let names: Vec<String> = self.spellings_in(table, &[user]).await?.into_iter().map(|(_, name)| name).collect();
        let condition = if names.is_empty() {
            "AND FALSE".to_owned()
        } else {
            format!("AND t.username IN ({})", places(names.len()))
        };
        Ok((condition, names))
    }

    /// Each user's groups, best priority first.
    async fn memberships(&self, only: Option<&UserName>) -> Result<BTreeMap<UserName, Vec<String>>, StoreError> {
        let (condition, names) = self.of_user(&self.tables.usergroup, only).await?;
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
        Ok(self.memberships(Some(user)).await?.into_values().flatten().collect())
    }
}

fn named_item(row: &MySqlRow, table: &str) -> Result<Named, sqlx::Error> {
    let (id, attribute, value) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok((row.try_get(0)?, CheckItem { id, place: Place::User, table: table.to_owned(), attribute, value }))
}

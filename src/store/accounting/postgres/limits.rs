//! Check and reply items that limit a user, and groups.

use std::collections::BTreeMap;

use foldhash::HashSet;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;

use super::{Postgres, spellings_of};

/// The name in the first column, and its item.
type Named = (String, CheckItem);

/// The items of some, as one row of lists: on their way they cost a fraction of what rows would.
const LISTS: &str =
    "SELECT array_agg({name}::text), array_agg(id::bigint), array_agg(attribute::text), array_agg(value::text)
    FROM {table} WHERE lower(attribute) = ANY($1) AND {name} = ANY($2)";

/// What [`LISTS`] gives; no lists for no rows.
type Lists = (Option<Vec<String>>, Option<Vec<i64>>, Option<Vec<String>>, Option<Vec<String>>);

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
            // While one half is taken in, the server looks for the other
            let (first, second) = slice.split_at(slice.len() / 2);
            let of = |users| self.limits_of(users, &attributes, &of_group);
            let (mut first, mut second) = tokio::try_join!(of(first), of(second))?;
            found.append(&mut first);
            found.append(&mut second);
        }
        Ok(found)
    }

    async fn limits_of(
        &self,
        users: &[UserName],
        attributes: &[String],
        of_group: &BTreeMap<String, Vec<CheckItem>>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let wanted: HashSet<&UserName> = users.iter().collect();
        let mut found = self.limited_among(attributes, of_group, Some(&spellings_of(users))).await?;
        // A bare spelling of one name may be the escaped spelling of another, of whom some items came with it
        found.retain(|user, _| wanted.contains(user));
        Ok(found)
    }

    /// All users, or those with one of these spellings.
    async fn limited_among(
        &self,
        attributes: &[String],
        of_group: &BTreeMap<String, Vec<CheckItem>>,
        spellings: Option<&[String]>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let items = |table| self.items(table, "username", attributes, spellings);
        let groups =
            async { if of_group.is_empty() { Ok(BTreeMap::new()) } else { self.memberships(spellings).await } };
        let (checks, replies) = (items(&self.tables.authcheck), items(&self.tables.authreply));
        let (checks, replies, groups) = tokio::try_join!(checks, replies, groups)?;
        let mut found = by_user(checks.into_iter().chain(replies));
        for (user, groups) in groups {
            let items = inherited(&groups, of_group);
            if !items.is_empty() {
                found.entry(user).or_default().extend(items);
            }
        }
        Ok(found)
    }

    async fn items_of_groups(&self, attributes: &[String]) -> Result<BTreeMap<String, Vec<CheckItem>>, StoreError> {
        let items = |table| self.items(table, "groupname", attributes, None);
        let (checks, replies) = tokio::try_join!(items(&self.tables.groupcheck), items(&self.tables.groupreply))?;
        let mut of_group = BTreeMap::<String, Vec<CheckItem>>::new();
        for (group, item) in checks.into_iter().chain(replies) {
            of_group.entry(group).or_default().push(item);
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
        let item = |(name, id, attribute, value)| {
            (name, CheckItem { id, place: Place::User, table: table.to_owned(), attribute, value })
        };
        let failed = |error| self.failed("reading limits", error);
        let Some(spellings) = spellings else {
            let columns = format!("{name}, id::bigint, attribute, value");
            let sql = self.sql(&format!("SELECT {columns} FROM {table} WHERE lower(attribute) = ANY($1)"));
            let rows: Vec<(String, i64, String, String)> =
                sqlx::query_as(sql).bind(attributes).fetch_all(&self.pool).await.map_err(failed)?;
            return Ok(rows.into_iter().map(item).collect());
        };
        let sql = self.sql(&LISTS.replace("{name}", name).replace("{table}", table));
        let query = sqlx::query_as::<_, Lists>(sql).bind(attributes).bind(spellings);
        let (names, ids, kinds, values) = query.fetch_one(&self.pool).await.map_err(failed)?;
        let texts = |list: Option<Vec<String>>| list.unwrap_or_default().into_iter();
        let rows = texts(names).zip(ids.unwrap_or_default()).zip(texts(kinds).zip(texts(values)));
        Ok(rows.map(|((name, id), (attribute, value))| item((name, id, attribute, value))).collect())
    }

    /// Each user's groups, best priority first.
    async fn memberships(&self, spellings: Option<&[String]>) -> Result<BTreeMap<UserName, Vec<String>>, StoreError> {
        let sql = self.sql(
            "SELECT array_agg(username::text), array_agg(groupname::text) FROM (
                 SELECT username, groupname FROM {usergroup} WHERE $1::text[] IS NULL OR username = ANY($1)
                 ORDER BY priority, id) AS ranked",
        );
        let (users, names): (Option<Vec<String>>, Option<Vec<String>>) = sqlx::query_as(sql)
            .bind(spellings)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed("reading groups", error))?;
        let mut groups = BTreeMap::<UserName, Vec<String>>::new();
        for (user, group) in users.unwrap_or_default().into_iter().zip(names.unwrap_or_default()) {
            groups.entry(UserName::from_table(&user)).or_default().push(group);
        }
        Ok(groups)
    }

    pub(in super::super) async fn groups(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        Ok(self.memberships(Some(&spellings_of([user]))).await?.remove(user).unwrap_or_default())
    }
}

/// Each user's items, in their order.
fn by_user(items: impl Iterator<Item = Named>) -> BTreeMap<UserName, Vec<CheckItem>> {
    let mut named: Vec<(UserName, CheckItem)> = items.map(|(name, item)| (UserName::from_table(&name), item)).collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut users = Vec::<(UserName, Vec<CheckItem>)>::new();
    for (user, item) in named {
        match users.last_mut().filter(|(last, _)| *last == user) {
            Some((_, items)) => items.push(item),
            None => users.push((user, vec![item])),
        }
    }
    users.into_iter().collect()
}

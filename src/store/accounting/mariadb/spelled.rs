//! What limits some users, where their names are kept alike in all tables: which rows are one user's is then told here, and not
//! row by row by the server, for which that is most of the work.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;
use crate::store::mariadb::places;

use super::Mariadb;

const OPERATION: &str = "reading limits";

/// A check or reply item of any kind: the name, the id, the attribute, and the value of one that limits.
type Item = (String, i64, String, Option<String>);

/// A membership: the user, the group, the id.
type Membership = (String, String, i64);

/// The name under which each user stands, by the user's name in the ledger: that of the first row, as
/// [`Mariadb::canonical`] has it.
#[derive(Debug, Default)]
struct Spelled(HashMap<UserName, UserName>);

impl Spelled {
    /// Notes the names of a table's rows, in the order of their ids, for users whom no table before it has.
    fn note<'a>(&mut self, store: &Mariadb, names: impl Iterator<Item = &'a String>) {
        for name in names.map(|name| UserName::from_table(name)) {
            self.0.entry(store.ledger_name(&name)).or_insert(name);
        }
    }

    fn name(&self, store: &Mariadb, name: &str) -> UserName {
        let name = UserName::from_table(name);
        self.0.get(&store.ledger_name(&name)).cloned().unwrap_or(name)
    }
}

impl Mariadb {
    /// Whether the names of users, and of groups, are kept and compared in all tables as in radacct.
    pub(super) fn keeps_names_alike(&self) -> bool {
        let tables = &self.tables;
        let users = [&tables.authcheck, &tables.authreply, &tables.usergroup].map(|table| (table, "username"));
        let groups = [&tables.groupcheck, &tables.groupreply, &tables.usergroup].map(|table| (table, "groupname"));
        let in_radacct = self.catalogue.collation(&tables.acct, "username");
        users.iter().chain(&groups).all(|(table, column)| self.catalogue.collation(table, column) == in_radacct)
    }

    /// The items of these users, and those of their groups: users in the spelling that [`Mariadb::canonical`] gives them, groups
    /// in that of `of_group`.
    pub(super) async fn spelled_items(
        &self,
        users: &[UserName],
        attributes: &[String],
        of_group: &BTreeMap<String, Vec<CheckItem>>,
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        let items = |table| self.all_items(table, attributes, users);
        let (checks, replies, members) = tokio::try_join!(
            items(&self.tables.authcheck),
            items(&self.tables.authreply),
            self.all_memberships(users, of_group.is_empty())
        )?;
        let rows = || checks.iter().chain(&replies).map(|row| &row.0);
        let groups = members.iter().map(|row| &row.1);
        let names: Vec<UserName> = rows()
            .chain(members.iter().map(|row| &row.0))
            .chain(groups)
            .map(|name| UserName::from_table(name))
            .collect();
        self.learn(&names).await?;
        let mut spelled = Spelled::default();
        spelled.note(self, checks.iter().map(|row| &row.0));
        spelled.note(self, replies.iter().map(|row| &row.0));
        let mut by_id: Vec<&Membership> = members.iter().collect();
        by_id.sort_unstable_by_key(|row| row.2);
        spelled.note(self, by_id.into_iter().map(|row| &row.0));
        let mut found = BTreeMap::<UserName, Vec<CheckItem>>::new();
        for (table, rows) in [(&self.tables.authcheck, checks), (&self.tables.authreply, replies)] {
            for (name, id, attribute, value) in rows {
                let Some(value) = value else { continue };
                let item = CheckItem { id, place: Place::User, table: table.clone(), attribute, value };
                found.entry(spelled.name(self, &name)).or_default().push(item);
            }
        }
        self.inherit(&mut found, &spelled, &members, of_group);
        Ok(found)
    }

    /// Adds what users have of their groups.
    fn inherit(
        &self,
        found: &mut BTreeMap<UserName, Vec<CheckItem>>,
        spelled: &Spelled,
        members: &[Membership],
        of_group: &BTreeMap<String, Vec<CheckItem>>,
    ) {
        let fold = |name: &str| self.ledger_name(&UserName::from_table(name));
        let limiting: HashMap<UserName, &String> = of_group.keys().map(|name| (fold(name), name)).collect();
        let mut groups = BTreeMap::<UserName, Vec<String>>::new();
        for (user, group, _) in members {
            let group = limiting.get(&fold(group)).copied().unwrap_or(group);
            groups.entry(spelled.name(self, user)).or_default().push(group.clone());
        }
        for (user, groups) in groups {
            let items = inherited(&groups, of_group);
            if !items.is_empty() {
                found.entry(user).or_default().extend(items);
            }
        }
    }

    /// All items of these users, in the order of their ids; the values of those alone that limit.
    async fn all_items(&self, table: &str, attributes: &[String], users: &[UserName]) -> Result<Vec<Item>, StoreError> {
        let (condition, names) = self.of_users(table, Some(users)).await?;
        let limits = places(attributes.len());
        let sql = self.sql(&format!(
            "SELECT CONVERT(t.username USING utf8mb4), CAST(t.id AS SIGNED), t.attribute,
               IF(lower(t.attribute) IN ({limits}), t.value, NULL) FROM {table} t WHERE TRUE {condition} ORDER BY t.id"
        ));
        let arguments = attributes.iter().map(|name| name.to_lowercase()).chain(names);
        let query = arguments.fold(sqlx::query_as(sql), sqlx::query::QueryAs::bind);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    /// The memberships of these users, best priority first; none where no group `limits_nobody`.
    async fn all_memberships(&self, users: &[UserName], limits_nobody: bool) -> Result<Vec<Membership>, StoreError> {
        if limits_nobody {
            return Ok(Vec::new());
        }
        let (condition, names) = self.of_users(&self.tables.usergroup, Some(users)).await?;
        let sql = self.sql(&format!(
            "SELECT CONVERT(t.username USING utf8mb4), CONVERT(t.groupname USING utf8mb4), CAST(t.id AS SIGNED)
             FROM {{usergroup}} t WHERE TRUE {condition} ORDER BY t.priority, t.id"
        ));
        let query = names.into_iter().fold(sqlx::query_as(sql), sqlx::query::QueryAs::bind);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading groups", error))
    }
}

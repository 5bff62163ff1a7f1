//! What limits some users, where their names are kept alike in all tables: which rows are one user's is then told here, and not
//! row by row by the server, for which that is most of the work.

use std::collections::BTreeMap;

use foldhash::HashMap;
use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::quota::{CheckItem, Place, UserName};
use crate::store::StoreError;
use crate::store::accounting::limits::inherited;
use crate::store::mariadb::{padded, places};

use super::Mariadb;
use super::limits::Wanted;

const OPERATION: &str = "reading limits";

/// What users have, each under the name of the user's first row, as [`Mariadb::canonical`] has it: so they are told of the tables
/// one after the other, each in the order of its ids.
#[derive(Debug, Default)]
struct Spelled<'r> {
    users: Vec<Found<'r>>,
    /// The place of each, by the name in the ledger.
    places: HashMap<UserName, usize>,
    /// The same by every spelling that came by.
    spellings: HashMap<&'r str, usize>,
}

/// What one user has.
#[derive(Debug)]
struct Found<'r> {
    name: UserName,
    items: Vec<CheckItem>,
    groups: Vec<&'r str>,
}

impl<'r> Spelled<'r> {
    fn user(&mut self, store: &Mariadb, spelling: &'r str) -> &mut Found<'r> {
        let place = match self.spellings.get(spelling) {
            Some(place) => *place,
            None => self.place(store, spelling),
        };
        &mut self.users[place]
    }

    fn place(&mut self, store: &Mariadb, spelling: &'r str) -> usize {
        let name = UserName::from_table(spelling);
        let place = *self.places.entry(store.ledger_name(&name)).or_insert(self.users.len());
        if place == self.users.len() {
            self.users.push(Found { name, items: Vec::new(), groups: Vec::new() });
        }
        self.spellings.insert(spelling, place);
        place
    }

    fn add_items(&mut self, store: &Mariadb, table: &str, items: &[Item<'r>]) {
        for item in items {
            let user = self.user(store, item.user);
            user.items.extend(item.value.map(|value| CheckItem {
                id: item.id,
                place: Place::User,
                table: table.to_owned(),
                attribute: item.attribute.to_owned(),
                value: value.to_owned(),
            }));
        }
    }

    /// `members` are in the order of their ids; groups count in that of their priority.
    fn add_groups(&mut self, store: &Mariadb, mut members: Vec<Membership<'r>>) {
        for member in &members {
            self.user(store, member.user);
        }
        members.sort_by_key(|member| member.priority);
        for member in members {
            self.user(store, member.user).groups.push(member.group);
        }
    }
}

/// A check or reply item of any kind.
struct Item<'r> {
    id: i64,
    user: &'r str,
    attribute: &'r str,
    /// The value of one that limits.
    value: Option<&'r str>,
}

impl<'r> Item<'r> {
    fn of(row: &'r MySqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.try_get(0)?, user: row.try_get(1)?, attribute: row.try_get(2)?, value: row.try_get(3)? })
    }
}

/// That a user is in a group.
struct Membership<'r> {
    id: i64,
    priority: Option<i64>,
    user: &'r str,
    group: &'r str,
}

impl<'r> Membership<'r> {
    fn of(row: &'r MySqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.try_get(0)?, priority: row.try_get(1)?, user: row.try_get(2)?, group: row.try_get(3)? })
    }
}

impl Mariadb {
    /// Whether the names of users, and of groups, are kept and compared in all tables as in radacct.
    pub(super) fn keeps_names_alike(&self) -> bool {
        let tables = &self.tables;
        let users = [&tables.authcheck, &tables.authreply, &tables.usergroup].map(|table| (table, "username"));
        let groups = [&tables.groupcheck, &tables.groupreply, &tables.usergroup].map(|table| (table, "groupname"));
        let in_radacct = self.catalogue.names.as_ref();
        users.iter().chain(&groups).all(|(table, column)| self.catalogue.collation(table, column) == in_radacct)
    }

    /// The items of these users, and those of their groups: users in the spelling that [`Mariadb::canonical`] gives them, groups
    /// in that of `of_group`.
    pub(super) async fn spelled_items(
        &self,
        users: &[UserName],
        Wanted { attributes, replies, of_group }: Wanted<'_>,
    ) -> Result<Vec<(UserName, Vec<CheckItem>)>, StoreError> {
        let names = self.spellings_in(&self.tables.acct, &users.iter().collect::<Vec<_>>()).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let names = padded(names.into_iter().map(|(_, name)| name).collect());
        let items = |table, wanted: bool| self.all_items(table, attributes, if wanted { &names } else { &[] });
        let (check, reply) = (&self.tables.authcheck, &self.tables.authreply);
        // Where no group limits anybody nobody need know who is in one
        let members = self.all_memberships(if of_group.is_empty() { &[] } else { &names });
        let (checks, replies, members) = tokio::try_join!(items(check, true), items(reply, replies), members)?;
        let failed = |error| self.failed(OPERATION, error);
        let checks = in_order(&checks, Item::of, |item| item.id).map_err(failed)?;
        let replies = in_order(&replies, Item::of, |item| item.id).map_err(failed)?;
        let members = in_order(&members, Membership::of, |member| member.id).map_err(failed)?;
        let names = checks.iter().chain(&replies).map(|item| item.user);
        let names = names.chain(members.iter().flat_map(|member| [member.user, member.group]));
        let names: Vec<UserName> = names.filter(|name| !name.is_ascii()).map(UserName::from_table).collect();
        self.learn(&names).await?;
        let mut spelled = Spelled::default();
        spelled.add_items(self, check, &checks);
        spelled.add_items(self, reply, &replies);
        spelled.add_groups(self, members);
        Ok(self.with_those_of_groups(spelled, of_group))
    }

    /// Adds what users have of their groups; those who have nothing are left out.
    fn with_those_of_groups(
        &self,
        spelled: Spelled<'_>,
        of_group: &BTreeMap<String, Vec<CheckItem>>,
    ) -> Vec<(UserName, Vec<CheckItem>)> {
        let fold = |name: &str| self.ledger_name(&UserName::from_table(name));
        let limiting: HashMap<UserName, &String> = of_group.keys().map(|name| (fold(name), name)).collect();
        let mut names = HashMap::<&str, String>::default();
        let users = spelled.users.into_iter().map(|Found { name, mut items, groups }| {
            let name_of = |group| {
                let name = || limiting.get(&fold(group)).map_or_else(|| group.to_owned(), |name| (*name).clone());
                names.entry(group).or_insert_with(name).clone()
            };
            let groups: Vec<String> = groups.into_iter().map(name_of).collect();
            items.extend(inherited(&groups, of_group));
            (name, items)
        });
        users.filter(|(_, items)| !items.is_empty()).collect()
    }

    /// All items of users of these names; the values of those alone that limit.
    async fn all_items(
        &self,
        table: &str,
        attributes: &[String],
        names: &[String],
    ) -> Result<Vec<MySqlRow>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.sql(&format!(
            "SELECT CAST(t.id AS SIGNED), CONVERT(t.username USING utf8mb4), t.attribute,
               IF(lower(t.attribute) IN ({}), t.value, NULL) FROM {table} t WHERE t.username IN ({})",
            places(attributes.len()),
            places(names.len())
        ));
        let query = attributes.iter().map(|name| name.to_lowercase()).fold(sqlx::query(sql), sqlx::query::Query::bind);
        let query = names.iter().fold(query, sqlx::query::Query::bind);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    /// The memberships of users of these names.
    async fn all_memberships(&self, names: &[String]) -> Result<Vec<MySqlRow>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.sql(&format!(
            "SELECT CAST(t.id AS SIGNED), CAST(t.priority AS SIGNED), CONVERT(t.username USING utf8mb4),
               CONVERT(t.groupname USING utf8mb4) FROM {{usergroup}} t WHERE t.username IN ({})",
            places(names.len())
        ));
        let query = names.iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading groups", error))
    }
}

/// What rows hold, in the order of their ids, which costs less here than at the server.
fn in_order<'r, T>(
    rows: &'r [MySqlRow],
    read: impl Fn(&'r MySqlRow) -> Result<T, sqlx::Error>,
    id: impl Fn(&T) -> i64,
) -> Result<Vec<T>, sqlx::Error> {
    let mut all: Vec<T> = rows.iter().map(read).collect::<Result<_, _>>()?;
    all.sort_by_key(id);
    Ok(all)
}

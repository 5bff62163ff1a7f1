//! Which names are whose, by the server's own comparison.

use std::collections::BTreeSet;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::mariadb::places;

use super::Mariadb;

const OPERATION: &str = "looking for the user";

/// The spellings of one user, and the user's place in what was asked.
pub(super) type Spelling = (usize, String);

impl Mariadb {
    /// Every spelling under which the tables know the user, that of [`Mariadb::canonical`] first.
    pub(in super::super) async fn spellings(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        let tables = &self.tables;
        let mut found = Vec::new();
        for (table, id) in [
            (&tables.authcheck, "id"),
            (&tables.authreply, "id"),
            (&tables.usergroup, "id"),
            (&tables.acct, "radacctid"),
        ] {
            let names = self.spellings_in(table, &[user]).await?;
            let sql = self.sql(&format!(
                "SELECT username FROM {table} WHERE username IN ({}) ORDER BY {id} LIMIT 1",
                places(names.len())
            ));
            if names.is_empty() {
                continue;
            }
            let query = names.into_iter().fold(sqlx::query_scalar(sql), |query, (_, name)| query.bind(name));
            let name: Option<String> =
                query.fetch_optional(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
            found.extend(name);
        }
        Ok(found)
    }

    /// Whether two names are one to a look-up in radcheck.
    pub(in super::super) async fn same_name(&self, one: &str, other: &str) -> Result<bool, StoreError> {
        let Some(kept) = self.catalogue.collation(&self.tables.authcheck, "username") else { return Ok(false) };
        let as_kept = format!("CONVERT(? USING {}) COLLATE {}", kept.charset, kept.name);
        let sql = sqlx::AssertSqlSafe(format!("SELECT CAST({as_kept} = {as_kept} AS SIGNED)"));
        let same: i64 = sqlx::query_scalar(sql)
            .bind(one)
            .bind(other)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed(OPERATION, error))?;
        Ok(same != 0)
    }

    /// The spellings of these users that the table can hold: a comparison with a text that does not fit the column's
    /// character set is an error to the server, not a mismatch.
    pub(super) async fn spellings_in(&self, table: &str, users: &[&UserName]) -> Result<Vec<Spelling>, StoreError> {
        self.learn(users.iter().copied()).await?;
        let both = users.iter().enumerate().flat_map(|(index, user)| spellings_of(user).map(move |name| (index, name)));
        let both: Vec<Spelling> = both.collect();
        let charset = self.catalogue.collation(table, "username").map(|column| column.charset.as_str());
        let unfit = self.unfit(charset, both.iter().map(|(_, name)| name.as_str())).await?;
        Ok(both.into_iter().filter(|(_, name)| !unfit.contains(name)).collect())
    }

    /// Those of these names that do not survive the way into this character set.
    pub(super) async fn unfit<'a>(
        &self,
        charset: Option<&str>,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeSet<String>, StoreError> {
        /// Each is a part of its own of one statement.
        const SLICE: usize = 200;
        let Some(charset) = charset.filter(|charset| *charset != "utf8mb4") else { return Ok(BTreeSet::new()) };
        let doubtful: Vec<&str> = names.filter(|name| !name.is_ascii()).collect();
        let one = format!(
            "SELECT ? AS name, CAST(CONVERT(CONVERT(? USING {charset}) USING utf8mb4) COLLATE utf8mb4_bin
               = CONVERT(? USING utf8mb4) AS SIGNED) AS fits"
        );
        let mut unfit = BTreeSet::new();
        for slice in doubtful.chunks(SLICE) {
            let all = vec![one.as_str(); slice.len()].join(" UNION ALL ");
            let sql = sqlx::AssertSqlSafe(format!("SELECT name FROM ({all}) AS names WHERE fits = 0"));
            let query = sqlx::query_scalar(sql).persistent(false);
            let query = slice.iter().fold(query, |query, name| query.bind(*name).bind(*name).bind(*name));
            let names: Vec<String> =
                query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
            unfit.extend(names);
        }
        Ok(unfit)
    }

    /// SQL for the one name of whatever the server takes for the user in `alias.username`: the first of radcheck, else of
    /// radreply, of radusergroup, else as it stands there. Each user has an index to be found by.
    pub(super) fn canonical(&self, alias: &str) -> String {
        let tables = &self.tables;
        self.first_of(alias, "username", &[&tables.authcheck, &tables.authreply, &tables.usergroup])
    }

    /// The same for groups, of whom radgroupcheck comes first.
    pub(super) fn canonical_group(&self, alias: &str) -> String {
        self.first_of(alias, "groupname", &[&self.tables.groupcheck, &self.tables.groupreply])
    }

    fn first_of(&self, alias: &str, column: &str, tables: &[&str]) -> String {
        let firsts = tables.iter().filter_map(|table| {
            let kept = self.catalogue.collation(table, column)?;
            // Into the collation of the column that is asked: two that differ would be an error, and no index is used
            let own = format!("CONVERT({alias}.{column} USING {}) COLLATE {}", kept.charset, kept.name);
            let first = format!("SELECT c.{column} FROM {table} c WHERE c.{column} = {own} ORDER BY c.id LIMIT 1");
            Some(format!("CONVERT(({first}) USING utf8mb4)"))
        });
        let firsts: Vec<String> = firsts.collect();
        format!("coalesce({}, CONVERT({alias}.{column} USING utf8mb4))", firsts.join(", "))
    }
}

/// The spellings under which the user may stand in a table, without a bare one that is how another name is escaped.
pub(super) fn spellings_of(user: &UserName) -> impl Iterator<Item = String> + use<> {
    let name = user.clone();
    let is_plain = user.is_plain();
    user.spellings().filter(move |spelling| is_plain || UserName::from_table(spelling) == name)
}

//! The question that a panel would ask the database, to hold what radkick does against it.

use sqlx::{AssertSqlSafe, Row as _, raw_sql};

use super::Database;

/// The users at or above `Max-Octets`, their own or their group's, by reading all of radacct. `{NUMBER}` is the dialect's
/// cast of a value.
const OVER: &str = "SELECT l.username FROM (
        SELECT username, CAST(value AS {NUMBER}) AS octets FROM radcheck WHERE attribute = 'Max-Octets'
        UNION ALL
        SELECT g.username, CAST(c.value AS {NUMBER}) FROM radusergroup AS g
        JOIN radgroupcheck AS c ON c.groupname = g.groupname WHERE c.attribute = 'Max-Octets'
    ) AS l LEFT JOIN (
        SELECT username, SUM(coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)) AS used
        FROM radacct GROUP BY username
    ) AS u ON u.username = l.username
    WHERE coalesce(u.used, 0) >= l.octets";

/// All open sessions, as somebody who looks at every one of them would read them.
const OPEN: &str = "SELECT acctuniqueid, username, acctinputoctets, acctoutputoctets FROM radacct
    WHERE acctstoptime IS NULL";

impl Database {
    /// The users over their limits, spelled as in the tables.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn users_over(&mut self) -> anyhow::Result<Vec<String>> {
        let number = match self {
            Self::Sqlite(_) => "INTEGER",
            Self::Postgres(_) => "numeric",
            Self::Mariadb(_) => "UNSIGNED",
        };
        self.first_column(&OVER.replace("{NUMBER}", number)).await
    }

    /// Acct-Unique-Session-Id of every open session.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn open_sessions(&mut self) -> anyhow::Result<Vec<String>> {
        self.first_column(OPEN).await
    }

    async fn first_column(&mut self, query: &str) -> anyhow::Result<Vec<String>> {
        let query = raw_sql(AssertSqlSafe(query));
        let names: Result<Vec<String>, sqlx::Error> = match self {
            Self::Sqlite(connection) => query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect(),
            Self::Postgres(connection) => query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect(),
            Self::Mariadb(connection) => query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect(),
        };
        Ok(names?)
    }
}

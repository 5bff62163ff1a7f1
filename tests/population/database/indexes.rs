//! The indexes of radacct, taken away while it is filled and made again as they were: sorting is many times as fast as
//! inserting into a dozen trees.

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, query_as};

use super::Database;

/// What stands between two statements, or two lines of MariaDB's definition.
type Statements = Vec<String>;

/// How to make them again.
#[derive(Debug)]
#[must_use = "radacct needs its indexes back"]
pub(super) struct Indexes(Statements);

const SQLITE: &str = "SELECT 'DROP INDEX ' || name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name = 'radacct' AND sql IS NOT NULL ORDER BY rowid";

/// Of constraints, which are indexes too, the primary key stays.
const POSTGRES: &str = "SELECT CASE WHEN k.oid IS NULL THEN 'DROP INDEX ' || i.indexrelid::regclass
            ELSE 'ALTER TABLE radacct DROP CONSTRAINT ' || quote_ident(k.conname) END,
        CASE WHEN k.oid IS NULL THEN pg_get_indexdef(i.indexrelid)
            ELSE 'ALTER TABLE radacct ADD CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) END
    FROM pg_index AS i LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
    WHERE i.indrelid = 'radacct'::regclass AND NOT i.indisprimary ORDER BY i.indexrelid";

impl Database {
    /// Takes them away. On SQLite and PostgreSQL they are back when the transaction is rolled back.
    pub(super) async fn drop_indexes(&mut self) -> anyhow::Result<Indexes> {
        let (drop, create) = match self {
            Self::Sqlite(_) => self.pairs(SQLITE).await?.into_iter().unzip(),
            Self::Postgres(_) => self.pairs(POSTGRES).await?.into_iter().unzip(),
            Self::Mariadb(_) => {
                let definition = self.pairs("SHOW CREATE TABLE radacct").await?;
                mariadb(&definition.first().context("no radacct")?.1)
            }
        };
        self.all(&drop).await?;
        Ok(Indexes(create))
    }

    /// Makes them again.
    pub(super) async fn create_indexes(&mut self, indexes: Indexes) -> anyhow::Result<()> {
        self.all(&indexes.0).await.context("making the indexes of radacct again")
    }

    async fn all(&mut self, statements: &[String]) -> anyhow::Result<()> {
        for statement in statements {
            self.execute(statement).await?;
        }
        Ok(())
    }

    async fn pairs(&mut self, query: &'static str) -> anyhow::Result<Vec<(String, String)>> {
        let query = AssertSqlSafe(query);
        Ok(match self {
            Self::Sqlite(connection) => query_as(query).fetch_all(connection).await?,
            Self::Postgres(connection) => query_as(query).fetch_all(connection).await?,
            Self::Mariadb(connection) => query_as(query).fetch_all(connection).await?,
        })
    }
}

/// One statement that drops all keys but the primary one, and one that adds them: each reads the table once.
fn mariadb(definition: &str) -> (Statements, Statements) {
    let lines = definition.lines().map(|line| line.trim().trim_end_matches(','));
    let keys: Vec<&str> = lines.filter(|line| line.starts_with("KEY ") || line.starts_with("UNIQUE KEY ")).collect();
    let alter = |changes: Vec<String>| match changes.as_slice() {
        [] => Vec::new(),
        changes => vec![format!("ALTER TABLE radacct {}", changes.join(", "))],
    };
    let name = |key: &str| key.split('`').nth(1).unwrap_or_default().to_owned();
    let drop = keys.iter().map(|key| format!("DROP KEY `{}`", name(key))).collect();
    let add = keys.iter().map(|key| format!("ADD {key}")).collect();
    (alter(drop), alter(add))
}

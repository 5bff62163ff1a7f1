//! FreeRADIUS' database, written in bulk: COPY on PostgreSQL, long INSERTs elsewhere.
mod cell;
mod indexes;
mod updates;

use std::str::FromStr as _;

use anyhow::{Context as _, bail, ensure};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, raw_sql};

pub(super) use cell::Cell;

/// What is sent at once, in octets. SQLite takes no statement of a million.
const CHUNK: usize = 500_000;

/// From so many rows on the indexes of radacct are made when it is full.
const MANY: u64 = 10_000;

/// A table of FreeRADIUS, with the columns that are written.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// One connection to FreeRADIUS' database, as somebody who may write all its tables.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mariadb(MySqlConnection),
}

/// The same for each connection.
macro_rules! each_dialect {
    ($self:ident, $connection:ident => $what:expr) => {
        match $self {
            Self::Sqlite($connection) => $what,
            Self::Postgres($connection) => $what,
            Self::Mariadb($connection) => $what,
        }
    };
}

impl Database {
    /// Connects to `sqlite:FILE`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    /// When it is no such URL, or nobody answers there.
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            "sqlite" => {
                let options = SqliteConnectOptions::new().filename(rest.strip_prefix("//").unwrap_or(rest));
                Ok(Self::Sqlite(options.disable_statement_logging().connect().await?))
            }
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
                Ok(Self::Postgres(Box::pin(options.connect()).await?))
            }
            "mysql" | "mariadb" => {
                // The server's own zone, as FreeRADIUS has it
                let options = MySqlConnectOptions::from_str(url)?.timezone(None).disable_statement_logging();
                Ok(Self::Mariadb(options.connect().await?))
            }
            _ => bail!("{url:?} is neither sqlite:FILE nor postgres://… nor mysql://…"),
        }
    }

    /// How many octets a user's name may have, as its tables spell it.
    pub(super) const fn longest_name(&self) -> usize {
        match self {
            Self::Sqlite(_) | Self::Postgres(_) => 253,
            Self::Mariadb(_) => 64,
        }
    }

    /// # Errors
    /// When there are users or sessions, or no such tables.
    pub(super) async fn check_empty(&mut self) -> anyhow::Result<()> {
        for table in ["radacct", "radcheck"] {
            ensure!(!self.has_rows(table).await?, "{table} holds rows; a population wants an empty database");
        }
        Ok(())
    }

    async fn has_rows(&mut self, table: &str) -> anyhow::Result<bool> {
        let query = raw_sql(AssertSqlSafe(format!("SELECT 1 FROM {table} LIMIT 1")));
        Ok(each_dialect!(self, connection => query.fetch_optional(connection).await?.is_some()))
    }

    /// Fills radacct, which is empty, with about so many rows; how many there are then.
    pub(super) async fn fill<'a>(
        &mut self,
        table: &Table,
        expected: u64,
        rows: impl Iterator<Item = Vec<Cell<'a>>>,
    ) -> anyhow::Result<u64> {
        if expected < MANY {
            self.begin().await?;
            let count = self.insert(table, rows).await?;
            self.commit().await?;
            return Ok(count);
        }
        match self {
            // What is lost when the machine stops can be made again
            Self::Sqlite(_) => self.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -64000").await?,
            Self::Postgres(_) => self.execute("SET maintenance_work_mem = '256MB'").await?,
            Self::Mariadb(_) => {}
        }
        self.begin().await?;
        let indexes = self.drop_indexes().await?;
        // On MariaDB an ALTER TABLE has ended the transaction
        self.begin_again().await?;
        let count = self.insert(table, rows).await?;
        self.create_indexes(indexes).await?;
        self.commit().await?;
        Ok(count)
    }

    pub(super) async fn begin(&mut self) -> anyhow::Result<()> {
        self.execute("BEGIN").await
    }

    async fn begin_again(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Mariadb(_) => self.begin().await,
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
        }
    }

    pub(super) async fn commit(&mut self) -> anyhow::Result<()> {
        self.execute("COMMIT").await
    }

    /// Tells the planner what is there now, as a server would find out in time.
    pub(super) async fn refresh_statistics(&mut self) -> anyhow::Result<()> {
        const TABLES: &str = "radacct, radcheck, radusergroup, radgroupcheck";
        match self {
            Self::Sqlite(_) => self.execute("PRAGMA cache_size = -2000; PRAGMA shrink_memory").await,
            Self::Postgres(_) => self.execute(&format!("VACUUM ANALYZE {TABLES}")).await,
            Self::Mariadb(_) => self.execute(&format!("ANALYZE TABLE {TABLES}")).await,
        }
    }

    /// Inserts all rows, in the transaction that has begun; how many there were.
    pub(super) async fn insert<'a>(
        &mut self,
        table: &Table,
        mut rows: impl Iterator<Item = Vec<Cell<'a>>>,
    ) -> anyhow::Result<u64> {
        let Table { name, columns } = table;
        let columns = columns.join(", ");
        let mut count = 0;
        if let Self::Postgres(connection) = self {
            let mut copy = connection.copy_in_raw(&format!("COPY {name} ({columns}) FROM STDIN")).await?;
            while let Some(chunk) = chunk(String::new(), &mut rows, &mut count, copied) {
                copy.send(chunk.as_bytes()).await?;
            }
            copy.finish().await.with_context(|| format!("filling {name}"))?;
            return Ok(count);
        }
        let write = if let Self::Mariadb(_) = self { mariadb } else { sqlite };
        let insert = format!("INSERT INTO {name} ({columns}) VALUES");
        while let Some(mut statement) = chunk(insert.clone(), &mut rows, &mut count, write) {
            // The comma behind the last row
            statement.pop();
            self.execute(&statement).await.with_context(|| format!("filling {name}"))?;
        }
        Ok(count)
    }

    pub(super) async fn execute(&mut self, statements: &str) -> anyhow::Result<()> {
        let query = raw_sql(AssertSqlSafe(statements));
        each_dialect!(self, connection => query.execute(connection).await.map(|_| ())?);
        Ok(())
    }
}

/// The next rows behind `begin`, until they are enough; `None` when there are none.
fn chunk<'a>(
    mut begin: String,
    rows: &mut impl Iterator<Item = Vec<Cell<'a>>>,
    count: &mut u64,
    write: fn(&[Cell<'a>], &mut String),
) -> Option<String> {
    let before = *count;
    while begin.len() < CHUNK
        && let Some(row) = rows.next()
    {
        write(&row, &mut begin);
        *count += 1;
    }
    (*count > before).then_some(begin)
}

fn copied(row: &[Cell<'_>], text: &mut String) {
    for cell in row {
        cell.copied(text);
        text.push('\t');
    }
    text.pop();
    text.push('\n');
}

fn mariadb(row: &[Cell<'_>], text: &mut String) {
    values(row, text, Cell::mariadb);
}

fn sqlite(row: &[Cell<'_>], text: &mut String) {
    values(row, text, Cell::sqlite);
}

fn values<'a>(row: &[Cell<'a>], text: &mut String, write: fn(&Cell<'a>, &mut String)) {
    for (at, cell) in row.iter().enumerate() {
        text.push(if at == 0 { '(' } else { ',' });
        write(cell, text);
    }
    text.push_str("),");
}

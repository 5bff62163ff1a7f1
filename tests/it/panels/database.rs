//! The three databases of the tests behind one face.
use crate::support::freeradius::{Dialect, FreeRadius, SqlServer};
use crate::support::mariadb::{MariaDb, RADIUS};
use crate::support::postgres::Postgres;
use crate::support::process::Running;
use crate::support::sqlite::Row;
use crate::support::wait::{PATIENCE, wait_until};

/// The database program of a site.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

impl Engine {
    /// A panel's writes to one table as one transaction, beside which nobody else writes there.
    pub(crate) fn at_once(self, table: &str, statements: &str) -> String {
        match self {
            Self::Sqlite => format!("BEGIN IMMEDIATE; {statements} COMMIT;"),
            Self::Postgres => format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE; {statements} COMMIT;"),
            Self::Mariadb => format!("START TRANSACTION; {statements} COMMIT;"),
        }
    }
}

/// The same, running.
pub(crate) enum Database {
    Sqlite,
    Postgres(Postgres),
    Mariadb(MariaDb),
}

impl Database {
    /// Fresh, with FreeRADIUS' stock schema; SQLite's file is FreeRADIUS' own.
    pub(crate) fn start(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite,
            Engine::Postgres => Self::Postgres(Postgres::new()),
            Engine::Mariadb => Self::Mariadb(MariaDb::with_charset("utf8mb4")),
        }
    }

    /// What stands in `[database] url`.
    pub(crate) fn url(&self, server: &FreeRadius) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", server.database().display()),
            Self::Postgres(database) => database.url(),
            Self::Mariadb(database) => database.url(),
        }
    }

    /// Runs SQL as the database's owner; the rows of the last query.
    pub(crate) fn sql(&self, server: &FreeRadius, statements: &str) -> Vec<Row> {
        match self {
            Self::Sqlite => server.sql(statements),
            Self::Postgres(database) => database.sql(statements),
            Self::Mariadb(database) => database.sql(statements),
        }
    }

    /// Runs a panel's SQL, again where the server let somebody else go first, as panels do.
    pub(crate) fn rewrite(&self, server: &FreeRadius, statements: &str) {
        let Self::Mariadb(database) = self else {
            self.sql(server, statements);
            return;
        };
        let run = || Running::start(&mut database.client(), statements).finish(PATIENCE);
        wait_until("the panel has written", || {
            let finished = run();
            assert!(finished.code == Some(0) || finished.stderr.contains("ERROR 1213"), "{finished:#?}");
            finished.code == Some(0)
        });
    }

    /// Lets radkick read a panel's table.
    pub(crate) fn grant(&self, table: &str) {
        match self {
            Self::Sqlite => {}
            Self::Postgres(database) => drop(database.sql(&format!("GRANT SELECT ON {table} TO radkick"))),
            Self::Mariadb(database) => {
                let (name, account) = (database.name(), database.account());
                database.sql(&format!("GRANT SELECT ON {name}.{table} TO {account}"));
            }
        }
    }

    /// As FreeRADIUS logs in.
    pub(crate) fn server(&self) -> Option<SqlServer> {
        let (login, password) = RADIUS;
        let (dialect, port, database) = match self {
            Self::Sqlite => return None,
            Self::Postgres(database) => (Dialect::Postgres, database.port(), database.name().to_owned()),
            Self::Mariadb(database) => (Dialect::Mysql, database.port(), database.name().to_owned()),
        };
        Some(SqlServer { dialect, port, login, password, database })
    }
}

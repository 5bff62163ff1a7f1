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

    /// The database's own name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Sqlite => "main",
            Self::Postgres(database) => database.name(),
            Self::Mariadb(database) => database.name(),
        }
    }

    /// A session that keeps everybody from a table until it is let go.
    ///
    /// # Panics
    ///
    /// On SQLite, which knows no such locks.
    pub(crate) fn holding(&self, table: &str) -> Running {
        match self {
            Self::Sqlite => panic!("no locks of tables"),
            Self::Postgres(database) => {
                database.holding(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            }
            Self::Mariadb(database) => {
                let text = format!("LOCK TABLES {table} WRITE; SELECT 'held'; SELECT sleep(600);");
                let session = Running::start(&mut database.client(), &text);
                wait_until("the table is locked", || session.stdout().contains("held"));
                session
            }
        }
    }

    /// Ends such a session, and waits until its lock is gone.
    pub(crate) fn let_go(&self, session: Running) {
        if let Self::Mariadb(database) = self {
            let of_root = "SELECT id FROM information_schema.processlist WHERE db = database() AND info LIKE 'SELECT sleep(600)%'";
            for row in database.sql(of_root) {
                database
                    .sql(&format!("KILL {}", row["id"].as_str().map_or_else(|| row["id"].to_string(), str::to_owned)));
            }
        }
        drop(session);
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

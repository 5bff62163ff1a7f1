//! What the server's catalogue says about FreeRADIUS' tables.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;

use crate::config::TableNames;
use crate::store::StoreError;
use crate::store::mariadb::{Server, places};

/// The columns that we read, by table.
pub(super) const ACCT: [&str; 17] = [
    "radacctid",
    "acctsessionid",
    "acctuniqueid",
    "username",
    "nasipaddress",
    "acctstarttime",
    "acctupdatetime",
    "acctstoptime",
    "acctsessiontime",
    "acctinputoctets",
    "acctoutputoctets",
    "calledstationid",
    "callingstationid",
    "acctterminatecause",
    "servicetype",
    "framedprotocol",
    "framedipaddress",
];
const ITEM: [&str; 5] = ["id", "username", "attribute", "op", "value"];
const GROUP_ITEM: [&str; 5] = ["id", "groupname", "attribute", "op", "value"];
const USERGROUP: [&str; 4] = ["id", "username", "groupname", "priority"];
const NAS: [&str; 4] = ["id", "nasname", "shortname", "secret"];

/// Each table with the columns that we read.
pub(super) fn wanted(tables: &TableNames) -> [(&str, &'static [&'static str]); 7] {
    [
        (&tables.acct, &ACCT),
        (&tables.authcheck, &ITEM),
        (&tables.authreply, &ITEM),
        (&tables.groupcheck, &GROUP_ITEM),
        (&tables.groupreply, &GROUP_ITEM),
        (&tables.usergroup, &USERGROUP),
        (&tables.client, &NAS),
    ]
}

/// How a column of text is kept and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collation {
    pub(super) charset: String,
    pub(super) collation: String,
}

impl Collation {
    /// Whether it takes `A` for `a`.
    pub(super) fn ignores_case(&self) -> bool {
        self.collation.ends_with("_ci")
    }

    /// Whether spaces at the end count for nothing: but for the newer ones they do.
    pub(super) fn pads(&self) -> bool {
        let keeps_spaces = ["nopad", "_0900_"].iter().any(|word| self.collation.contains(word));
        !keeps_spaces && self.collation != "binary"
    }
}

/// The columns that are there, by table, in lower case; of text with their collation.
#[derive(Debug, Clone)]
pub(super) struct Catalogue {
    tables: Columns,
}

impl Catalogue {
    pub(super) async fn read(
        connection: &mut MySqlConnection,
        server: &Server,
        names: &TableNames,
    ) -> Result<Self, StoreError> {
        let wanted = wanted(names);
        let failed = |error| server.failed("looking for FreeRADIUS' tables", error);
        let tables = columns(connection, &wanted).await.map_err(failed)?;
        let catalogue = Self { tables };
        let missing = catalogue.missing(&wanted);
        if missing.is_empty() {
            Ok(catalogue)
        } else {
            Err(StoreError::Missing { database: server.database.clone(), missing })
        }
    }

    /// Tables without a column are not there, or this user has no right to them at all: the server tells them not apart.
    fn missing(&self, wanted: &[(&str, &[&str])]) -> Vec<String> {
        let mut missing = Vec::new();
        for (table, columns) in wanted {
            match self.tables.get(*table) {
                None => missing.push(format!("{table} (or every right to it)")),
                Some(there) => {
                    let absent = columns.iter().filter(|column| !there.contains_key(**column));
                    missing.extend(absent.map(|column| format!("{table}.{column} (or the right to read it)")));
                }
            }
        }
        missing
    }

    /// Whether the table has a column that not every schema has.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains_key(column))
    }

    /// How a column of text is kept; `None` when it is no text.
    pub(super) fn collation(&self, table: &str, column: &str) -> Option<&Collation> {
        self.tables.get(table)?.get(column)?.as_ref()
    }
}

type Columns = BTreeMap<String, BTreeMap<String, Option<Collation>>>;

async fn columns(connection: &mut MySqlConnection, wanted: &[(&str, &[&str])]) -> Result<Columns, sqlx::Error> {
    // The catalogue's own text is utf8mb3; MySQL 8 gives some of it as octets
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT CONVERT(table_name USING utf8mb4), CONVERT(LOWER(column_name) USING utf8mb4),
                CONVERT(character_set_name USING utf8mb4), CONVERT(collation_name USING utf8mb4)
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ({})",
        places(wanted.len())
    ));
    let query = wanted.iter().fold(sqlx::query_as(sql), |query, (table, _)| query.bind(*table));
    let rows: Vec<(String, String, Option<String>, Option<String>)> = query.fetch_all(connection).await?;
    let mut tables = Columns::new();
    for (table, column, charset, collation) in rows {
        let collation = charset.zip(collation).map(|(charset, collation)| Collation { charset, collation });
        tables.entry(table).or_default().insert(column, collation);
    }
    Ok(tables)
}

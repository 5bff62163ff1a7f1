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
    pub(super) name: String,
    /// Whether it takes `A` for `a`.
    pub(super) ignores_case: bool,
    /// Whether spaces at the end count for nothing.
    pub(super) pads: bool,
}

impl Collation {
    pub(super) fn new(charset: String, name: String) -> Self {
        // To all but the newer ones they do
        let keeps_spaces = ["nopad", "_0900_"].iter().any(|word| name.contains(word)) || name == "binary";
        Self { ignores_case: name.ends_with("_ci"), pads: !keeps_spaces, charset, name }
    }
}

/// A column that is there.
#[derive(Debug)]
struct Column {
    /// How its text is kept, if it is text.
    collation: Option<Collation>,
    /// Whether it holds whole numbers, spelled without zeros before them, or times in whole seconds.
    is_whole: bool,
}

/// The columns that are there, by table, in lower case.
#[derive(Debug)]
pub(super) struct Catalogue {
    tables: Columns,
    /// How radacct keeps the names of users; `None` where not as text.
    pub(super) names: Option<Collation>,
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
        let mut catalogue = Self { tables, names: None };
        catalogue.names = catalogue.collation(&names.acct, "username").cloned();
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
        self.tables.get(table)?.get(column)?.collation.as_ref()
    }

    /// Whether a column of numbers, or of times, has nothing behind the point.
    pub(super) fn is_whole(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).and_then(|columns| columns.get(column)).is_some_and(|column| column.is_whole)
    }
}

type Columns = BTreeMap<String, BTreeMap<String, Column>>;

/// A row of the catalogue: the table, the column, its character set and collation, whether it is whole.
type Described = (String, String, Option<String>, Option<String>, i64);

async fn columns(connection: &mut MySqlConnection, wanted: &[(&str, &[&str])]) -> Result<Columns, sqlx::Error> {
    // The catalogue's own text is utf8mb3; MySQL 8 gives some of it as octets
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT CONVERT(table_name USING utf8mb4), CONVERT(LOWER(column_name) USING utf8mb4),
                CONVERT(character_set_name USING utf8mb4), CONVERT(collation_name USING utf8mb4),
                CAST(data_type IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint') AND column_type NOT LIKE '%zerofill%'
                  OR data_type IN ('datetime', 'timestamp') AND coalesce(datetime_precision, 0) = 0 AS SIGNED)
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ({})",
        places(wanted.len())
    ));
    let query = wanted.iter().fold(sqlx::query_as(sql), |query, (table, _)| query.bind(*table));
    let rows: Vec<Described> = query.fetch_all(connection).await?;
    let mut tables = Columns::new();
    for (table, column, charset, collation, is_whole) in rows {
        let collation = charset.zip(collation).map(|(charset, collation)| Collation::new(charset, collation));
        tables.entry(table).or_default().insert(column, Column { collation, is_whole: is_whole != 0 });
    }
    Ok(tables)
}

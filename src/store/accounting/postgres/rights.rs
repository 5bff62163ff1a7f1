//! What must be there and allowed, asked of the catalogue: every missing table, column and right at once.

use crate::store::StoreError;
use crate::store::accounting::Table;

use super::Postgres;

/// The columns that we read, by table.
const ACCT: [&str; 17] = [
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

/// What [`Postgres::close_row`](super::Postgres::close_row) writes.
const CLOSING: [&str; 3] = ["acctstoptime", "acctsessiontime", "acctterminatecause"];

/// A column and a right on it: whether the table is there, the column, and the right.
type Found = (String, String, bool, bool, bool);

impl Postgres {
    pub(super) async fn check_schema(&self) -> Result<(), StoreError> {
        let tables = &self.tables;
        let wanted: [(&str, &[&str]); 7] = [
            (&tables.acct, &ACCT),
            (&tables.authcheck, &ITEM),
            (&tables.authreply, &ITEM),
            (&tables.groupcheck, &GROUP_ITEM),
            (&tables.groupreply, &GROUP_ITEM),
            (&tables.usergroup, &USERGROUP),
            (&tables.client, &NAS),
        ];
        self.check_columns("reading FreeRADIUS' tables", &wanted, "SELECT").await
    }

    pub(in super::super) async fn check_writable(&self) -> Result<(), StoreError> {
        const OPERATION: &str = "trying to write";
        let failed = |error| self.failed(OPERATION, error);
        let read_only: String =
            sqlx::query_scalar("SHOW transaction_read_only").fetch_one(&self.pool).await.map_err(failed)?;
        if read_only == "on" {
            return Err(StoreError::ReadOnly { database: self.database.clone(), operation: OPERATION });
        }
        let tables = &self.tables;
        let wanted: [(&str, &[&str]); 3] =
            [(&tables.authcheck, &ITEM), (&tables.authreply, &ITEM), (&tables.usergroup, &USERGROUP)];
        self.check_columns(OPERATION, &wanted, "INSERT").await?;
        let mut denied = Vec::new();
        for table in [Table::Check, Table::Reply, Table::UserGroup] {
            let name = self.table(table);
            let sequence = self.sequence(table).await?;
            let rights: (bool, bool) = sqlx::query_as(
                "SELECT has_table_privilege(to_regclass($1), 'DELETE'), has_sequence_privilege($2, 'USAGE')",
            )
            .bind(name)
            .bind(&sequence)
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
            denied.extend((!rights.0).then(|| format!("DELETE on {name}")));
            denied.extend((!rights.1).then(|| format!("USAGE on the sequence {sequence}")));
        }
        self.denied(OPERATION, &denied)
    }

    pub(in super::super) async fn check_closable(&self) -> Result<(), StoreError> {
        self.check_columns("closing rows", &[(&self.tables.acct, &CLOSING)], "UPDATE").await
    }

    /// Every column must be there, and the right to it; a right to a whole table counts for each column.
    async fn check_columns(
        &self,
        operation: &'static str,
        wanted: &[(&str, &[&str])],
        right: &str,
    ) -> Result<(), StoreError> {
        let pairs = wanted.iter().flat_map(|(table, columns)| columns.iter().map(|column| (*table, *column)));
        let (tables, columns): (Vec<&str>, Vec<&str>) = pairs.unzip();
        let found: Vec<Found> = sqlx::query_as(
            "SELECT wanted.tbl, wanted.col, class.oid IS NOT NULL, attnum IS NOT NULL,
                    coalesce(has_column_privilege(class.oid, attnum, $3), false)
             FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (tbl, col, place)
             CROSS JOIN LATERAL (SELECT to_regclass(wanted.tbl)::oid AS oid) AS class
             LEFT JOIN pg_attribute ON attrelid = class.oid AND attname = wanted.col AND attnum > 0
             ORDER BY wanted.place",
        )
        .bind(tables)
        .bind(columns)
        .bind(right)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed("looking for FreeRADIUS' tables", error))?;
        let missing = missing(&found);
        if !missing.is_empty() {
            return Err(StoreError::Missing { database: self.database.clone(), missing });
        }
        self.denied(operation, &denied(&found, right))
    }

    pub(super) async fn has_column(&self, table: &str, column: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2
                                  AND has_column_privilege(attrelid, attnum, 'SELECT'))";
        let found = sqlx::query_scalar(sql).bind(table).bind(column).fetch_one(&self.pool).await;
        found.map_err(|error| self.failed("looking for FreeRADIUS' tables", error))
    }

    /// Whether this is a table as PostgreSQL itself keeps it, and no view, foreign table or table of several.
    pub(super) async fn is_plain_table(&self, table: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_class LEFT JOIN pg_am ON pg_am.oid = relam
                                  WHERE pg_class.oid = to_regclass($1) AND relkind = 'r' AND NOT relhassubclass
                                    AND coalesce(amname, 'heap') = 'heap')";
        let found = sqlx::query_scalar(sql).bind(table).fetch_one(&self.pool).await;
        found.map_err(|error| self.failed("looking for FreeRADIUS' tables", error))
    }

    /// The sequence that gives a table its ids, so that what we insert never takes an id that another program draws.
    pub(super) async fn sequence(&self, table: Table) -> Result<String, StoreError> {
        let name = self.table(table);
        let sequence: Option<String> = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, 'id')")
            .bind(name)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed("looking for FreeRADIUS' tables", error))?;
        let missing = || vec![format!("the sequence of {name}.id")];
        sequence.ok_or_else(|| StoreError::Missing { database: self.database.clone(), missing: missing() })
    }

    fn denied(&self, operation: &'static str, rights: &[String]) -> Result<(), StoreError> {
        if rights.is_empty() {
            return Ok(());
        }
        let reason = format!("missing rights: {}", rights.join(", "));
        Err(StoreError::Denied { database: self.database.clone(), operation, reason })
    }
}

/// Missing tables, each once, and missing columns of those that are there.
fn missing(found: &[Found]) -> Vec<String> {
    let mut missing = Vec::new();
    for (table, column, has_table, has_column, _) in found {
        let what = if *has_table { format!("{table}.{column}") } else { table.clone() };
        if !has_column && !missing.contains(&what) {
            missing.push(what);
        }
    }
    missing
}

/// The tables on which a right is missing: on all columns, or on those named.
fn denied(found: &[Found], right: &str) -> Vec<String> {
    let mut denied = Vec::new();
    for columns in found.chunk_by(|(a, ..), (b, ..)| a == b) {
        let names: Vec<&str> = columns.iter().filter(|column| !column.4).map(|column| column.1.as_str()).collect();
        let Some((table, ..)) = columns.first().filter(|_| !names.is_empty()) else { continue };
        if names.len() == columns.len() {
            denied.push(format!("{right} on {table}"));
        } else {
            denied.push(format!("{right} on {table} ({})", names.join(", ")));
        }
    }
    denied
}

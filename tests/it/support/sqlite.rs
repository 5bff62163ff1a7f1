//! Any statement on an SQLite file, through the sqlite3 program: no test trusts our own store to judge itself.
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use super::process::{Running, program};
use super::wait::PATIENCE;

/// A row, by column name.
pub(crate) type Row = Map<String, Value>;

/// Runs `statements` and gives the rows of the last query among them.
///
/// # Panics
///
/// When a statement fails.
pub(crate) fn sqlite(database: &Path, statements: &str) -> Vec<Row> {
    let mut command = Command::new(program("sqlite3", "sqlite3"));
    command.args(["-batch", "-bail", "-json", "-cmd", ".timeout 10000"]).arg(database);
    let finished = Running::start(&mut command, statements).finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{statements}\n{finished:#?}");
    if finished.stdout.trim().is_empty() {
        return Vec::new();
    }
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}\n{statements}\n{finished:#?}"))
}

/// A value as SQL text: quoted, quotes doubled.
pub(crate) fn sql_text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

//! Jobs, their targets and blocks, as they stand in the rows of every dialect.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::de::DeserializeOwned;
use sqlx::FromRow;

use crate::quota::UserName;
use crate::store::accounting::{RowChange, Table};

use super::{BlockRecord, BlockState, JobRecord, JobSpec, JobState, TargetRecord, TargetStep};

/// A row of `radkick_job`.
#[derive(Debug, FromRow)]
pub(super) struct JobRow {
    id: i64,
    user_name: String,
    reason: String,
    actor: String,
    spec: String,
    state: String,
    attempts: i64,
    created_at: i64,
    retry_at: i64,
    lapses_at: i64,
    lease_holder: Option<String>,
    lease_token: i64,
}

/// A row of `radkick_target`.
#[derive(Debug, FromRow)]
pub(super) struct TargetRow {
    id: i64,
    job_id: i64,
    session: String,
    step: String,
    selected_at: i64,
    effect_at: Option<i64>,
    on_router: bool,
    nas: Option<String>,
    attempts: String,
    fate: Option<String>,
    path: Option<String>,
    evidence: Option<String>,
    problem: Option<String>,
    close_due_at: Option<i64>,
    detail: Option<String>,
}

/// A row of `radkick_block`, beside one of `radkick_block_row` if the block has any.
#[derive(Debug, FromRow)]
pub(super) struct BlockRow {
    id: i64,
    user_name: String,
    reason: String,
    actor: String,
    mode: String,
    state: String,
    remade: i64,
    table_word: Option<String>,
    present: Option<bool>,
    image: Option<String>,
    ours: Option<bool>,
}

impl JobRow {
    /// The job. `user` makes a name of how it stands in the table.
    pub(super) fn record(self, user: impl Fn(String) -> UserName) -> Result<JobRecord, sqlx::Error> {
        let spec: serde_json::Value = json("spec", &self.spec)?;
        Ok(JobRecord {
            id: self.id,
            spec: JobSpec {
                user: user(self.user_name),
                reason: self.reason,
                actor: self.actor,
                session: spec.get("session").and_then(|session| session.as_str()).map(str::to_owned),
                detail: spec.get("detail").cloned().unwrap_or_default(),
                lapses_at: self.lapses_at,
            },
            state: word("state", &self.state, JobState::from_word)?,
            attempts: self.attempts,
            created_at: self.created_at,
            retry_at: self.retry_at,
            lease_holder: self.lease_holder,
            lease_token: self.lease_token,
        })
    }
}

impl TargetRow {
    pub(super) fn record(self) -> Result<TargetRecord, sqlx::Error> {
        Ok(TargetRecord {
            id: self.id,
            job_id: self.job_id,
            session: json("session", &self.session)?,
            step: word("step", &self.step, TargetStep::from_word)?,
            selected_at: self.selected_at,
            effect_at: self.effect_at,
            on_router: self.on_router,
            nas: self.nas,
            attempts: json("attempts", &self.attempts)?,
            fate: self.fate,
            path: self.path,
            evidence: self.evidence,
            problem: self.problem,
            close_due_at: self.close_due_at,
            detail: self.detail.map_or(Ok(serde_json::Value::Null), |text| json("detail", &text))?,
        })
    }
}

/// The blocks of these rows, which come in order. `user` makes a name of how it stands in the table.
pub(super) fn blocks(rows: Vec<BlockRow>, user: impl Fn(String) -> UserName) -> Result<Vec<BlockRecord>, sqlx::Error> {
    let mut blocks = BTreeMap::<i64, BlockRecord>::new();
    for row in rows {
        let change = row.change()?;
        let block = match blocks.entry(row.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(row.record(&user)?),
        };
        block.rows.extend(change);
    }
    Ok(blocks.into_values().collect())
}

impl BlockRow {
    /// The block, its changes left out.
    fn record(self, user: impl Fn(String) -> UserName) -> Result<BlockRecord, sqlx::Error> {
        Ok(BlockRecord {
            id: self.id,
            user: user(self.user_name),
            reason: self.reason,
            actor: self.actor,
            mode: self.mode,
            state: word("state", &self.state, BlockState::from_word)?,
            remade: self.remade,
            rows: Vec::new(),
        })
    }

    /// The change in this row, and whether it is ours; `None` where the block has none.
    fn change(&self) -> Result<Option<(RowChange, bool)>, sqlx::Error> {
        let (Some(table), Some(image), Some(present), Some(ours)) =
            (&self.table_word, &self.image, self.present, self.ours)
        else {
            return Ok(None);
        };
        let table = word("table_word", table, Table::from_word)?;
        Ok(Some((RowChange { table, row: json("image", image)?, present, only_if_absent: false }, ours)))
    }
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|source| broken(column, source))
}

/// A column that holds one of a few words.
fn word<T>(column: &str, text: &str, parse: fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    parse(text).ok_or_else(|| broken(column, format!("{text:?} is not a word of this version")))
}

fn broken(column: &str, source: impl Into<sqlx::error::BoxDynError>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() }
}

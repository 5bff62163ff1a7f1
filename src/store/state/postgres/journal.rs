//! Reading the journal.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::JournalRecord;

use super::{Postgres, stored};

impl Postgres {
    pub(in super::super) async fn journal_of(
        &self,
        user: &UserName,
        limit: u32,
    ) -> Result<Vec<JournalRecord>, StoreError> {
        let sql = "SELECT at, actor, event, detail FROM radkick_journal WHERE user_name = $1
                   ORDER BY at DESC, id DESC LIMIT $2";
        let query = sqlx::query_as(sql).bind(stored(user.as_str())).bind(i64::from(limit));
        let rows: Vec<(i64, String, String, String)> =
            query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading the journal", error))?;
        Ok(rows.into_iter().map(JournalRecord::of).collect())
    }
}

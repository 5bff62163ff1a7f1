//! The names of those whom something limits.

use crate::quota::UserName;
use crate::store::StoreError;

use super::{Sqlite, name};

const OPERATION: &str = "reading who has a limit";

/// Names of a page: few enough for a read of some milliseconds.
const PAGE: i64 = 5_000;

impl Sqlite {
    pub(in super::super) async fn limited_names(&self, attributes: &[String]) -> Result<Vec<UserName>, StoreError> {
        let attributes: serde_json::Value = attributes.iter().map(|name| name.to_ascii_lowercase()).collect();
        let attributes = attributes.to_string();
        let tables = &self.tables;
        let limiting = "lower(attribute) IN (SELECT value FROM json_each(?1))";
        let mut names = self.names_in(&tables.authcheck, limiting, &attributes).await?;
        names.extend(self.names_in(&tables.authreply, limiting, &attributes).await?);
        let in_group = format!(
            "groupname IN (SELECT groupname FROM {} WHERE {limiting} UNION SELECT groupname FROM {} WHERE {limiting})",
            tables.groupcheck, tables.groupreply
        );
        names.extend(self.names_in(&tables.usergroup, &in_group, &attributes).await?);
        Ok(names)
    }

    async fn names_in(&self, table: &str, condition: &str, attributes: &str) -> Result<Vec<UserName>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let sql = format!("SELECT username, id FROM {table} WHERE {condition} AND id > ?2 ORDER BY id LIMIT ?3");
        let (mut names, mut after) = (Vec::new(), i64::MIN);
        loop {
            let page = sqlx::query(self.sql(&sql)).bind(attributes).bind(after).bind(PAGE).fetch_all(&self.pool).await;
            let page = page.map_err(failed)?;
            for row in &page {
                after = sqlx::Row::try_get(row, 1).map_err(failed)?;
                names.extend(name(row, 0, table).map_err(failed)?.map(|name| UserName::from_table(&name)));
            }
            if i64::try_from(page.len()).is_ok_and(|rows| rows < PAGE) {
                return Ok(names);
            }
        }
    }
}

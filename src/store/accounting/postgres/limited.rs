//! The names of those whom something limits.

use crate::quota::UserName;
use crate::store::StoreError;

use super::Postgres;

impl Postgres {
    pub(in super::super) async fn limited_names(&self, attributes: &[String]) -> Result<Vec<UserName>, StoreError> {
        let attributes: Vec<String> = attributes.iter().map(|name| name.to_ascii_lowercase()).collect();
        let sql = self.sql(
            "SELECT username FROM {authcheck} WHERE lower(attribute) = ANY($1)
             UNION SELECT username FROM {authreply} WHERE lower(attribute) = ANY($1)
             UNION SELECT username FROM {usergroup} WHERE groupname IN (
                 SELECT groupname FROM {groupcheck} WHERE lower(attribute) = ANY($1)
                 UNION SELECT groupname FROM {groupreply} WHERE lower(attribute) = ANY($1))",
        );
        let names: Vec<String> = sqlx::query_scalar(sql)
            .bind(attributes)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading who has a limit", error))?;
        Ok(names.iter().map(|name| UserName::from_table(name)).collect())
    }
}

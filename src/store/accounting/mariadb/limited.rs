//! The names of those whom something limits.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::mariadb::places;

use super::Mariadb;

impl Mariadb {
    /// Under the one name that the server takes all spellings for. Everybody in a group is among them as soon as any group
    /// has a limit.
    pub(in super::super) async fn limited_names(&self, attributes: &[String]) -> Result<Vec<UserName>, StoreError> {
        let limiting = format!("lower(t.attribute) IN ({})", places(attributes.len()));
        let any_group = format!(
            "EXISTS (SELECT 1 FROM {{groupcheck}} t WHERE {limiting}) OR EXISTS (SELECT 1 FROM {{groupreply}} t WHERE {limiting})"
        );
        let named = |table: &str, condition: &str| {
            let name = self.canonical("t");
            format!("SELECT {name} FROM (SELECT DISTINCT t.username FROM {table} t WHERE {condition}) AS t")
        };
        let sql = [named("{authcheck}", &limiting), named("{authreply}", &limiting), named("{usergroup}", &any_group)]
            .join(" UNION ");
        let times = sql.matches('?').count() / attributes.len().max(1);
        let arguments = std::iter::repeat_n(attributes, times).flatten().map(|name| name.to_lowercase());
        let query = arguments.fold(sqlx::query_scalar(self.sql(&sql)), sqlx::query::QueryScalar::bind);
        let names: Vec<String> =
            query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading who has a limit", error))?;
        let names: Vec<UserName> = names.iter().map(|name| UserName::from_table(name)).collect();
        self.learn(&names).await?;
        Ok(names)
    }
}

//! How the tables that limits come from stand, without reading them.
//!
//! The server counts the rows that are inserted, updated and deleted in each table. A transaction's rows are counted after it
//! has committed: at once where its connection ends or stays busy for a second, after 10 s where it stays idle
//! (`PGSTAT_IDLE_INTERVAL`), after a minute at the latest. Until PostgreSQL 14 such counts could get lost on their way.

use crate::store::StoreError;
use crate::store::accounting::LimitsMark;

use super::Postgres;

/// The oids, files (TRUNCATE gives a new one) and counts of these tables; NULL where one is no table of the server's own kind
/// or its rows stand elsewhere, where nothing is counted, or nothing has been: then nobody can tell whether it would be.
const MARK: &str = "WITH wanted AS (
        SELECT place, class.oid, relfilenode, pg_stat_get_tuples_inserted(class.oid) AS inserted,
            pg_stat_get_tuples_updated(class.oid) AS updated, pg_stat_get_tuples_deleted(class.oid) AS deleted,
            relkind = 'r' AND NOT relhassubclass AND NOT relrowsecurity AND coalesce(amname, 'heap') = 'heap' AS plain
        FROM unnest($1::text[]) WITH ORDINALITY AS names (name, place)
        LEFT JOIN pg_class AS class ON class.oid = to_regclass(name) LEFT JOIN pg_am ON pg_am.oid = relam)
    SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 AND current_setting('track_counts')::bool
        AND NOT pg_is_in_recovery() AND bool_and(coalesce(plain, false)) AND sum(inserted + updated + deleted) > 0
    THEN string_agg(concat_ws(' ', oid, relfilenode, inserted, updated, deleted), ', ' ORDER BY place) END FROM wanted";

impl Postgres {
    pub(in super::super) async fn limits_mark(&self) -> Result<Option<LimitsMark>, StoreError> {
        let tables = &self.tables;
        let limiting =
            [&tables.authcheck, &tables.authreply, &tables.usergroup, &tables.groupcheck, &tables.groupreply];
        let mark: Option<String> = sqlx::query_scalar(MARK)
            .bind(limiting.map(String::as_str).as_slice())
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed("asking what was written to the tables of limits", error))?;
        Ok(mark.map(LimitsMark))
    }
}

//! Changes of a population.

use super::super::session::{self, Session};
use super::super::{Changes, Population};
use super::{Cell, Database, Table};

/// Where updates stand before they are made: a temporary table with radacct's own types and collations.
const CHANGE: Table = Table {
    name: "population_change",
    columns: &[
        "acctuniqueid",
        "acctupdatetime",
        "acctstoptime",
        "acctsessiontime",
        "acctinputoctets",
        "acctoutputoctets",
        "acctterminatecause",
    ],
};

/// Written from the changes to radacct, never the other way round, which would read all of radacct.
const MARIADB: &str = "UPDATE population_change AS c STRAIGHT_JOIN radacct AS r ON r.acctuniqueid = c.acctuniqueid
    SET r.acctupdatetime = c.acctupdatetime, r.acctstoptime = c.acctstoptime, r.acctsessiontime = c.acctsessiontime,
        r.acctinputoctets = c.acctinputoctets, r.acctoutputoctets = c.acctoutputoctets,
        r.acctterminatecause = c.acctterminatecause
    WHERE r.acctstoptime IS NULL";

const SQLITE: &str = "UPDATE radacct
    SET acctupdatetime = c.acctupdatetime, acctstoptime = c.acctstoptime, acctsessiontime = c.acctsessiontime,
        acctinputoctets = c.acctinputoctets, acctoutputoctets = c.acctoutputoctets,
        acctterminatecause = c.acctterminatecause
    FROM population_change AS c WHERE radacct.acctuniqueid = c.acctuniqueid AND radacct.acctstoptime IS NULL";

/// A transaction each, as FreeRADIUS writes: the server then finds room for a new version beside the old one. Of thousands
/// of rows that one transaction writes, all old versions are kept to its end, and all indexes grow by all new ones.
const POSTGRES: &str = "DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT * FROM population_change LOOP
        UPDATE radacct
        SET acctupdatetime = c.acctupdatetime, acctstoptime = c.acctstoptime, acctsessiontime = c.acctsessiontime,
            acctinputoctets = c.acctinputoctets, acctoutputoctets = c.acctoutputoctets,
            acctterminatecause = c.acctterminatecause
        WHERE radacct.acctuniqueid = c.acctuniqueid AND radacct.acctstoptime IS NULL;
        COMMIT;
    END LOOP; END $$";

impl Population {
    /// Writes what happened in a step. Rows that somebody closed meanwhile stay as they are.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn apply(&self, changes: &Changes, database: &mut Database) -> anyhow::Result<()> {
        let is_postgres = matches!(database, Database::Postgres(_));
        let update = match database {
            Database::Mariadb(_) => MARIADB,
            Database::Sqlite(_) => SQLITE,
            Database::Postgres(_) => POSTGRES,
        };
        database.begin().await?;
        database.execute(&create()).await?;
        let rows = changes.updates.iter().map(|session| change(session, is_postgres));
        database.insert(&CHANGE, rows).await?;
        if is_postgres {
            database.commit().await?;
            database.execute(update).await?;
            database.begin().await?;
        } else {
            database.execute(update).await?;
        }
        database.insert(&session::TABLE, changes.starts.iter().map(|session| session.cells(&self.names))).await?;
        database.commit().await
    }
}

fn create() -> String {
    let columns = CHANGE.columns.join(", ");
    format!(
        "CREATE TEMPORARY TABLE IF NOT EXISTS population_change AS SELECT {columns} FROM radacct LIMIT 0;
         DELETE FROM population_change"
    )
}

/// A row of [`CHANGE`]. `stop_updates` says whether FreeRADIUS' Stop sets the time of the update too.
fn change(session: &Session, stop_updates: bool) -> Vec<Cell<'static>> {
    let update = session.stop.filter(|_| stop_updates).or(session.update);
    vec![
        session.unique.to_string().into(),
        update.map_or(Cell::Null, Cell::Time),
        session.stop.map_or(Cell::Null, Cell::Time),
        Cell::Count(session.seconds()),
        session.input.map_or(Cell::Null, Cell::Count),
        session.output.map_or(Cell::Null, Cell::Count),
        session.cause(),
    ]
}

//! A database of the contract.
use radkick::config::DatabaseUrl;
use sqlx::{Connection as _, PgConnection};

use super::url;
use crate::store::Bench;
use crate::store::upgrade::migrations;
use crate::support::postgres::Postgres;
use crate::support::sqlite::Row;

/// The contract's rows are written as SQLite takes them: what the stock schema of PostgreSQL would refuse is let in here,
/// for the test's own statements. radkick reads and writes the stock types.
const LENIENT: &str = "
    CREATE FUNCTION epoch(integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT to_timestamp($1)';
    CREATE CAST (integer AS timestamptz) WITH FUNCTION epoch(integer) AS ASSIGNMENT;
    ALTER TABLE radacct ALTER acctsessionid SET DEFAULT '', ALTER nasipaddress DROP NOT NULL;
    ALTER TABLE nas ALTER shortname DROP NOT NULL;
";

#[derive(Debug)]
pub(in crate::store) struct Database {
    postgres: Postgres,
}

impl Default for Database {
    fn default() -> Self {
        let postgres = Postgres::new();
        postgres.sql(LENIENT);
        Self { postgres }
    }
}

impl Bench for Database {
    fn accounting_url(&self) -> DatabaseUrl {
        url(&self.postgres)
    }

    fn state_url(&self) -> DatabaseUrl {
        url(&self.postgres)
    }

    fn sql(&self, statements: &str) -> Vec<Row> {
        self.postgres.sql(statements)
    }

    fn own_sql(&self, statements: &str) -> Vec<Row> {
        self.postgres.sql(&format!("SET search_path = radkick; {statements}"))
    }

    fn times(&self, seconds: i64) -> Vec<String> {
        vec![
            format!("to_timestamp({seconds})"),
            format!("to_timestamp({seconds}.9)"),
            format!("(to_timestamp({seconds}) AT TIME ZONE '+07:00')::text::timestamp AT TIME ZONE '+07:00'"),
        ]
    }

    fn refuse_replies(&self) {
        self.postgres.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
               $$BEGIN RAISE EXCEPTION 'the panel writes this table'; END$$;
             CREATE TRIGGER no_replies BEFORE INSERT ON radreply FOR EACH ROW EXECUTE FUNCTION refuse()",
        );
    }

    fn analyze(&self) {
        self.postgres.sql("ANALYZE radacct");
    }

    fn let_read(&self, table: &str) {
        self.postgres.sql(&format!("GRANT SELECT ON {table} TO radkick"));
    }

    fn endless(&self) -> &'static str {
        "SELECT 'a' AS username, 1 AS limit_bytes FROM pg_sleep(60)"
    }

    fn refuse_usage_of(&self, name: &str) {
        self.own_sql(&format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'refused'; END$$;
             CREATE TRIGGER no_usage BEFORE INSERT ON radkick_usage FOR EACH ROW WHEN (NEW.user_name = '{name}')
             EXECUTE FUNCTION refuse()"
        ));
    }

    async fn make_old_tables(&self) {
        let mut connection = PgConnection::connect(&self.postgres.url()).await.expect("a connection");
        migrations("postgres").await.run_to(2, &mut connection).await.expect("tables");
        connection.close().await.expect("closed");
    }
}

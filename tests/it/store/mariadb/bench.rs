//! A database of the contract.
use radkick::config::DatabaseUrl;
use sqlx::{Connection as _, MySqlConnection};

use super::url;
use crate::store::Bench;
use crate::store::upgrade::migrations;
use crate::support::mariadb::MariaDb;
use crate::support::sqlite::Row;

#[derive(Debug)]
pub(in crate::store) struct Database(pub(super) MariaDb);

impl Default for Database {
    fn default() -> Self {
        Self(MariaDb::new())
    }
}

impl Bench for Database {
    fn accounting_url(&self) -> DatabaseUrl {
        url(&self.0)
    }

    fn state_url(&self) -> DatabaseUrl {
        url(&self.0)
    }

    fn sql(&self, statements: &str) -> Vec<Row> {
        self.0.sql(statements)
    }

    fn own_sql(&self, statements: &str) -> Vec<Row> {
        self.0.sql(statements)
    }

    fn times(&self, seconds: i64) -> Vec<String> {
        // As FreeRADIUS writes them, and as text of the server's zone, which is not UTC
        vec![
            format!("FROM_UNIXTIME({seconds})"),
            format!("CONVERT_TZ(FROM_UNIXTIME({seconds}), @@session.time_zone, '+05:00')"),
        ]
    }

    fn refuse_replies(&self) {
        self.0.sql(
            "CREATE TRIGGER no_replies BEFORE INSERT ON radreply FOR EACH ROW
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the panel writes this table'",
        );
    }

    fn analyze(&self) {
        self.0.sql("ANALYZE TABLE radacct");
    }

    fn drop_index(&self, name: &str) {
        self.0.sql(&format!("DROP INDEX {name} ON radacct"));
    }

    fn let_read(&self, table: &str) {
        self.0.sql(&format!("GRANT SELECT ON {}.{table} TO {}", self.0.name(), self.0.account()));
    }

    fn endless(&self) -> &'static str {
        "SELECT 'a' AS username, SLEEP(60) AS limit_bytes"
    }

    fn refuse_usage_of(&self, name: &str) {
        self.0.sql(&format!(
            "DELIMITER //
             CREATE TRIGGER no_usage BEFORE INSERT ON radkick_usage FOR EACH ROW IF NEW.user_name = '{name}' THEN
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF//"
        ));
    }

    async fn make_old_tables(&self) {
        let mut connection = MySqlConnection::connect(&self.0.url()).await.expect("a connection");
        migrations("mariadb").await.run_to(6, &mut connection).await.expect("tables");
        connection.close().await.expect("closed");
    }
}

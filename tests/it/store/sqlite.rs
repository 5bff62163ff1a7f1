//! The contract on SQLite: FreeRADIUS' stock schema in one file, ours in another.
use std::path::PathBuf;

use radkick::config::{DatabaseUrl, TableNames};
use radkick::quota::Sighting;
use radkick::store::{Accounting, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::query::{AMPLE, row};
use super::upgrade::migrations;
use super::{Bench, contract};
use crate::bad_input::site::create_database;
use crate::support::sqlite::{Row, sqlite};

/// Two files of a folder that goes with it.
#[derive(Debug)]
pub(super) struct Files {
    folder: TempDir,
}

impl Default for Files {
    fn default() -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a folder") };
        create_database(&files.path("radius.db"));
        files
    }
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Bench for Files {
    fn accounting_url(&self) -> DatabaseUrl {
        DatabaseUrl::Sqlite(self.path("radius.db"))
    }

    fn state_url(&self) -> DatabaseUrl {
        DatabaseUrl::Sqlite(self.path("state.db"))
    }

    fn sql(&self, statements: &str) -> Vec<Row> {
        sqlite(&self.path("radius.db"), statements)
    }

    fn own_sql(&self, statements: &str) -> Vec<Row> {
        sqlite(&self.path("state.db"), statements)
    }

    fn times(&self, seconds: i64) -> Vec<String> {
        vec![seconds.to_string(), format!("datetime({seconds}, 'unixepoch')")]
    }

    fn refuse_replies(&self) {
        self.sql(
            "CREATE TRIGGER no_replies BEFORE INSERT ON radreply
             BEGIN SELECT RAISE(ABORT, 'the panel writes this table'); END",
        );
    }

    fn refuse_usage_of(&self, name: &str) {
        self.own_sql(&format!(
            "CREATE TRIGGER no_usage BEFORE INSERT ON radkick_usage WHEN NEW.user_name = '{name}'
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        ));
    }

    async fn make_old_tables(&self) {
        let options = SqliteConnectOptions::new().filename(self.path("state.db")).create_if_missing(true);
        let mut connection = options.connect().await.expect("a new file");
        migrations("sqlite").await.run_to(2, &mut connection).await.expect("tables");
        connection.close().await.expect("closed");
    }

    fn analyze(&self) {
        self.sql("ANALYZE");
    }

    fn let_read(&self, _table: &str) {}

    fn endless(&self) -> &'static str {
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
         SELECT 'a' AS username, max(x) AS limit_bytes FROM n"
    }
}

contract! { super::Files:
    accounting::{ open_sessions_by_every_spelling, columns_come_as_the_nas_sent_them, times_in_every_form,
        a_row_closes_once, nas_rows, the_users_online, who_is_known },
    sightings::{ what_a_look_sees, times_of_a_look_in_every_form, pages_lose_and_repeat_nothing,
        rows_that_change_between_pages, rows_above_come_in_order, rows_by_their_ids, all_rows_of_a_user,
        open_rows_of_some, a_stale_row_closes_unless_it_was_updated, closed_rows_cost_nothing },
    usage::{ closed_and_open, octets_beyond_32_bits, nothing_and_null_count_as_nothing,
        sums_beyond_64_bits_stay_at_the_end, octets_that_no_column_holds, a_name_that_is_anothers_spelling },
    limits::{ of_users_and_groups, groups_by_priority, attributes_without_case, of_one_user_alone, of_some_as_of_all,
        of_fifty_thousand },
    query::{ columns_by_name, of_some_users_and_families, ten_thousand_users, what_is_no_query,
        a_query_that_is_not_done_in_time, a_caller_who_gives_up },
    changes::{ inserts_and_deletes_once, leaves_what_somebody_else_wrote, all_or_nothing,
        reserved_ids_are_free, ids_are_not_given_again, rows_of_one_user_alone },
    jobs::{ one_live_job, the_lease_fences, a_lease_runs_out, an_ended_job_makes_room, targets_round_trip,
        a_target_is_added_once, rows_to_close,
        a_proven_absence_is_found_again },
    blocks::{ from_planned_to_released, one_goes_on, ours_stays_ours, one_block_a_user, a_dropped_block_never_was,
        brakes, journal },
    open::{ sixteen_at_once, existing_creates_nothing, what_was_written_is_there_after_opening_again },
    upgrade::{ everything_is_still_there, what_is_new_can_be_used, existing_leaves_older_tables_alone },
    feed::{ one_has_the_lease, a_lost_lease_writes_nothing, two_who_write_at_once, a_step_renews_the_lease,
        the_feed_comes_back, what_is_recorded_adds_up, sums_stay_at_the_end, all_of_a_step_or_nothing, a_large_step },
    ledger::{ the_last_account_of_a_session_stands, open_ones_page_by_page, closed_ones_in_order, accounts_of_users,
        odd_names, usage_is_put_in_place, users_with_many_old_slots },
    allowances::{ of_everybody_and_of_some, a_family_comes_whole, top_ups, top_ups_at_once, a_removed_allowance },
    prune::{ accounts_that_were_closed_long_ago, old_lines_of_the_journal, jobs_that_nothing_asks_for,
        blocks_that_were_released_long_ago },
}

/// PostgreSQL and MariaDB take no such text; SQLite takes whatever a panel writes.
#[tokio::test]
async fn a_name_that_is_not_utf8_is_left_alone_and_the_others_are_read() {
    let files = Files::default();
    files.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES
           (CAST(x'4ae972f46d65' AS TEXT), 'Max-Octets', ':=', '1'), ('alice', 'Max-Octets', ':=', '5');
         INSERT INTO radusergroup (username, groupname) VALUES (CAST(x'e9' AS TEXT), 'g');
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress) VALUES
           ('1', 'u1', CAST(x'e9' AS TEXT), '127.0.0.1'), ('2', 'u2', 'alice', '127.0.0.1')",
    );
    let store = files.accounting().await;
    let limited = store.limited_users(&["Max-Octets".to_owned()]).await.expect("limits");
    assert_eq!(limited.into_keys().collect::<Vec<_>>(), [super::user("alice")]);
    let open = store.all_open_sessions().await.expect("sessions");
    assert_eq!(open.into_iter().map(|session| session.acct_unique_id).collect::<Vec<_>>(), ["u2"]);
    assert_eq!(store.users_online().await.expect("users").len(), 1);
}

/// They fill no page: one that is not full is the last.
#[tokio::test]
async fn rows_of_nobody_fill_no_page() {
    let files = Files::default();
    files.sql(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40)
         INSERT INTO radacct (radacctid, acctuniqueid, username)
         SELECT x, x, CASE WHEN x BETWEEN 3 AND 30 THEN CAST(x'e9' AS TEXT) ELSE 'alice' END FROM n",
    );
    let store = files.accounting().await;
    let mut seen = Vec::new();
    loop {
        let page = store.open_rows(seen.last(), 5).await.expect("asked");
        let full = page.len() == 5;
        assert_eq!(page, store.rows_above(seen.last().map_or(0, |row: &Sighting| row.row_id), 5).await.expect("asked"));
        seen.extend(page);
        if !full {
            break;
        }
    }
    assert_eq!(
        seen.iter().map(|row| row.row_id).collect::<Vec<_>>(),
        [1, 2].into_iter().chain(31..41).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn everything_missing_is_named_at_once() {
    let files = Files::default();
    files.sql("DROP INDEX acctsessiontime; ALTER TABLE radacct DROP COLUMN acctsessiontime; DROP TABLE nas");
    let opened = Accounting::open(&files.accounting_url(), &TableNames::default()).await;
    let Err(StoreError::Missing { missing, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!(missing, ["radacct.acctsessiontime", "nas"]);
}

/// A value has a type of its own here, whatever its column's is.
#[tokio::test]
async fn values_of_every_type() {
    let files = Files::default();
    let store = files.accounting().await;
    for (value, text) in [
        ("5 * 1024 * 1024 * 1024", Some("5368709120")),
        ("5 * 1024.0 * 1024 * 1024", Some("5368709120")),
        ("1125899906842624.0", Some("1125899906842624")),
        ("0.5", Some("0.5")),
        ("-1", Some("-1")),
        ("'5 GB'", Some("5 GB")),
        ("CAST('5' AS BLOB)", Some("5")),
        ("datetime(1700000000, 'unixepoch')", Some("2023-11-14 22:13:20")),
        ("1700000000", Some("1700000000")),
        ("NULL", None),
    ] {
        files.sql(&format!(
            "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 'a' AS username, {value} AS limit_bytes"
        ));
        for query in [format!("SELECT 'a' AS username, {value} AS limit_bytes"), "SELECT * FROM kept".to_owned()] {
            let found = store.allowances(&query, None, None, AMPLE).await.expect(&query);
            assert_eq!(found, [row("a", text)], "{query} {value}");
        }
    }
}

#[tokio::test]
async fn names_of_every_type_and_columns_of_every_name() {
    let files = Files::default();
    files.sql(
        "CREATE TABLE panel (UserName TEXT COLLATE NOCASE, [limit \"x] INT, id INTEGER);
         INSERT INTO panel VALUES ('alice', 1, 7), ('ALICE', 2, 8), (CAST(x'e9' AS TEXT), 3, 9)",
    );
    let store = files.accounting().await;
    let all = "SELECT username, [limit \"x] AS limit_bytes FROM panel";
    let found = store.allowances(all, Some(&[super::user("alice")]), None, AMPLE).await.expect("asked");
    assert_eq!(found, [row("alice", Some("1"))]);
    assert_eq!(store.allowances(all, None, None, AMPLE).await.expect("asked").len(), 3);
    let numbers = "SELECT id AS username, 5 AS limit_bytes, id AS subject FROM panel";
    let found = store.allowances(numbers, Some(&[super::user("8")]), Some(&["9".to_owned()]), AMPLE).await;
    let names = found.expect("asked").into_iter().map(|row| row.username).collect::<Vec<_>>();
    assert_eq!(names, [super::user("8"), super::user("9")]);
    let error = store.check_query("SELECT ?1 AS username, 1 AS limit_bytes", AMPLE).await.expect_err("refused");
    assert!(error.to_string().contains("it has a parameter, for which there is no value"), "{error}");
}

/// FreeRADIUS may have switched its file to another journal; who only reads needs to know nothing of that.
#[tokio::test]
async fn a_query_on_a_file_with_a_write_ahead_log() {
    let files = Files::default();
    files.sql(
        "PRAGMA journal_mode = WAL; CREATE TABLE panel (username, limit_bytes); INSERT INTO panel VALUES ('a', 1)",
    );
    let store = files.accounting().await;
    let found = store.allowances("SELECT * FROM panel", None, None, AMPLE).await.expect("asked");
    assert_eq!(found, [row("a", Some("1"))]);
}

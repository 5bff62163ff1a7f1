//! The contract on SQLite: FreeRADIUS' stock schema in one file, ours in another.
use std::path::PathBuf;

use radkick::config::DatabaseUrl;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::paging::open_rows;
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

    fn analyze(&self) {
        self.sql("ANALYZE");
    }

    fn let_read(&self, _table: &str) {}

    fn endless(&self) -> &'static str {
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
         SELECT 'a' AS username, max(x) + count(radcheck.id) AS limit_bytes FROM n LEFT JOIN radcheck"
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
}

contract! { super::Files:
    accounting::{ open_sessions_by_every_spelling, columns_come_as_the_nas_sent_them, times_in_every_form,
        a_row_closes_once, nas_rows, who_is_known },
    paging::{ pages_lose_and_repeat_nothing, side_by_side_each_row_is_told_once, a_stretch_may_have_more_rows_than_was_thought,
        another_name_is_told, rows_that_change_between_pages, rows_above_come_in_order, rows_by_their_numbers, rows_by_their_ids,
        closed_rows_cost_nothing },
    sightings::{ what_a_look_sees, times_of_a_look_in_every_form, all_rows_of_a_user, open_rows_of_some,
        a_stale_row_closes_unless_it_was_updated },
    limits::{ of_users_and_groups, groups_by_priority, attributes_without_case, of_one_user_alone, of_some_as_of_all,
        of_fifty_thousand },
    query::{ columns_by_name, of_some_users_and_families, ten_thousand_users, what_is_no_query,
        a_query_that_is_not_done_in_time, a_caller_who_gives_up },
    changes::{ inserts_and_deletes_once, leaves_what_somebody_else_wrote, all_or_nothing,
        reserved_ids_are_free, ids_are_not_given_again, rows_of_one_user_alone },
    jobs::{ one_live_job, the_lease_fences, a_lease_runs_out, an_ended_job_makes_room, targets_round_trip,
        a_target_is_added_once, rows_to_close,
        a_proven_absence_is_found_again },
    blocks::{ from_planned_to_released, one_goes_on, ours_stays_ours, other_rows_in_their_place, one_block_a_user, a_dropped_block_never_was,
        brakes, journal },
    open::{ sixteen_at_once, existing_creates_nothing, what_was_written_is_there_after_opening_again },
    upgrade::{ everything_is_still_there, what_is_new_can_be_used, existing_leaves_older_tables_alone },
    feed::{ one_has_the_lease, a_lost_lease_writes_nothing, two_who_write_at_once, a_step_renews_the_lease,
        the_feed_comes_back, what_is_recorded_adds_up, sums_stay_at_the_end, all_of_a_step_or_nothing, a_large_step },
    ledger::{ the_last_account_of_a_session_stands, open_ones_page_by_page, closed_ones_in_order, accounts_of_users,
        odd_names, usage_is_put_in_place, users_with_many_old_slots },
    allowances::{ of_everybody_and_of_some, a_family_comes_whole, top_ups, top_ups_at_once, allowances_put_at_once, a_removed_allowance },
    queue::{ what_is_due_is_found, a_job_is_brought_forward, jobs_are_found_and_counted },
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
    assert_eq!(open_rows(&store, 9).await.len(), 1);
}

//! The contract on PostgreSQL: FreeRADIUS' stock schema on a real server, radkick with the shipped rights.
mod bench;
mod errors;
mod freeradius;
mod looks;
mod mark;
mod queries;
mod rows;
mod site;
mod steps;
mod touched;

use radkick::config::{Config, DatabaseUrl};

use crate::support::postgres::Postgres;

use super::contract;

/// The database behind a URL, as the configuration reads it.
fn database_url(url: &str) -> DatabaseUrl {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("radkick.toml");
    std::fs::write(&path, format!("[database]\nurl = \"{url}\"\n")).expect("a configuration");
    Config::load(Some(&path), &|_| None).expect("a configuration").database.url
}

fn url(database: &Postgres) -> DatabaseUrl {
    database_url(&database.url())
}

contract! { crate::store::postgres::bench::Database:
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

//! The truth against sums of the database.
use std::collections::{BTreeMap, BTreeSet};

use radkick::quota::UserName;

use super::server::Server;
use super::{Plan, Population, faulty, write};

/// Of one user: octets in all, of closed sessions, since the day, the week and the month began; open sessions.
type Sums = [u64; 6];

/// 2026-11-22, Sunday.
const DAY: i64 = 1_795_305_600;
/// 2026-11-16, Monday.
const WEEK: i64 = DAY - 6 * 86_400;
/// 2026-11-01.
const MONTH: i64 = DAY - 21 * 86_400;

/// By name as the tables spell it; users without sessions are absent.
pub(super) fn told(population: &Population) -> BTreeMap<String, Sums> {
    let sums = population.truth().map(|truth| {
        let name = UserName::new(truth.user.as_str()).to_table();
        let periods = [truth.used_day, truth.used_week, truth.used_month];
        let [day, week, month] = periods;
        (name, [truth.used_octets, truth.closed_octets, day, week, month, u64::from(truth.open_sessions)])
    });
    sums.filter(|(_, sums)| *sums != [0; 6]).collect()
}

pub(super) fn summed(server: &Server) -> BTreeMap<String, Sums> {
    let octets = "coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)";
    let start = server.epoch("acctstarttime");
    let since = |at: i64| format!("CAST(sum(CASE WHEN {start} >= {at} THEN {octets} ELSE 0 END) AS {{N}})");
    let query = format!(
        "SELECT username AS g, CAST(sum({octets}) AS {{N}}) AS a,
            CAST(sum(CASE WHEN acctstoptime IS NULL THEN 0 ELSE {octets} END) AS {{N}}) AS b,
            {} AS c, {} AS d, {} AS e, count(*) - count(acctstoptime) AS f FROM radacct GROUP BY username",
        since(DAY),
        since(WEEK),
        since(MONTH)
    );
    let integer = if let Server::Mariadb(_) = server { "UNSIGNED" } else { "bigint" };
    let rows = server.texts(&query.replace("{N}", integer)).into_iter();
    let read = |row: Vec<String>| {
        let [numbers @ .., name] = row.as_slice() else { panic!("a row without columns") };
        let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
        (name.clone(), numbers.try_into().expect("six numbers"))
    };
    rows.map(read).filter(|(_, sums)| *sums != [0; 6]).collect()
}

#[tokio::test]
async fn the_truth_is_what_the_database_sums_up() {
    for (plan, longest) in [(faulty(), 253), (Plan::default(), 64)] {
        for server in Server::all() {
            let (population, _) = write(&plan, &server).await;
            let (told, summed) = (told(&population), summed(&server));
            assert!(told.len() > 500 && told == summed, "{server:?}");
            let count = |period: usize| told.values().filter(|sums| sums[period] > 0).count();
            let [day, week, month] = [2, 3, 4].map(count);
            assert!(0 < day && day < week && week < month && month < told.len(), "{day}, {week}, {month}");
            let length = server.number("SELECT max(length(username)) FROM radcheck");
            assert!(matches!(server, Server::Mariadb(_)) || length == 253, "{longest}, {length}");
        }
    }
}

#[tokio::test]
async fn the_database_finds_the_same_users_over() {
    for over in [0, 3, 20] {
        let plan = Plan { over, ..faulty() };
        let servers = if over == 20 { Server::all().into() } else { vec![Server::sqlite()] };
        for server in servers {
            let (population, mut database) = write(&plan, &server).await;
            let told = population.truth().filter(|truth| truth.over);
            let told: BTreeSet<String> = told.map(|truth| UserName::new(truth.user).to_table()).collect();
            let found = database.users_over().await.expect("asked").into_iter().collect();
            assert_eq!((told.len(), &told), (over, &found), "{server:?}");
            let open = database.open_sessions().await.expect("asked").len();
            assert_eq!(open, plan.open_sessions, "{server:?}");
        }
    }
}

/// No two users are one to MariaDB, which knows neither case nor all accents.
#[tokio::test]
async fn everybody_has_a_name_of_their_own() {
    for server in Server::all() {
        write(&Plan::default(), &server).await;
        assert_eq!(server.number("SELECT count(DISTINCT username) FROM radcheck"), 1000, "{server:?}");
        let passwords = "SELECT count(*) FROM radcheck WHERE attribute = 'Cleartext-Password'";
        assert_eq!(server.number(passwords), 1000, "{server:?}");
    }
}

//! A population that goes on.
use std::collections::BTreeMap;

use radkick::quota::UserName;

use super::generator::{Pace, Population};
use super::server::Server;
use super::sums::told;
use super::{Plan, faulty, write};

/// Steps of an hour: the last midnight of a month that ends on a Monday, and some before and after it.
const STEPS: usize = 4;

/// 2026-11-29T22:30:00Z, a Sunday.
const SUNDAY: i64 = 1_795_991_400;

fn pace() -> Pace {
    Pace { seconds: 3600, interims: 60, stops: 5, starts: 5 }
}

/// What a session had used when it was last seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    octets: u64,
    update: i64,
}

/// Reads the rows after each step and counts what they grew by, by the rule of periods.
#[derive(Debug, Default)]
struct Watch {
    seen: BTreeMap<String, Seen>,
    /// Whose, since when, how much.
    grown: Vec<(String, i64, u64)>,
}

impl Watch {
    fn look(&mut self, server: &Server) {
        let (start, update) = (server.epoch("acctstarttime"), server.epoch("acctupdatetime"));
        let rows = server.texts(&format!(
            "SELECT acctuniqueid AS a, username AS b, {start} AS c, {update} AS d,
                coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0) AS e FROM radacct"
        ));
        for row in rows {
            let [unique, user, start, update, octets] = <[String; 5]>::try_from(row).expect("five columns");
            let number = |text: &str| text.parse::<i64>().ok();
            let octets: u64 = octets.parse().expect("octets");
            let before = self.seen.get(&unique).cloned();
            let since = before.as_ref().map_or(number(&start).expect("a start"), |seen| seen.update);
            let grown = octets - before.map_or(0, |seen| seen.octets);
            self.grown.push((user, since, grown));
            let update = number(&update).unwrap_or(since).max(since);
            self.seen.insert(unique, Seen { octets, update });
        }
    }

    /// By user, what counts since `at`.
    fn used_since(&self, at: i64) -> BTreeMap<String, u64> {
        let mut used = BTreeMap::new();
        for (user, _, octets) in self.grown.iter().filter(|(_, since, _)| *since >= at) {
            *used.entry(user.clone()).or_default() += octets;
        }
        used.retain(|_, octets| *octets > 0);
        used
    }
}

/// What the population says of each user, users with nothing left out.
fn periods(population: &Population) -> [BTreeMap<String, u64>; 3] {
    let told = told(population);
    [2, 3, 4].map(|at| {
        let of_users = told.iter().map(|(user, sums)| (user.clone(), sums[at]));
        of_users.filter(|(_, octets)| *octets > 0).collect()
    })
}

/// A week and a day begin in the middle of it; two days later a month.
#[tokio::test]
async fn growth_counts_to_the_period_of_the_update_before() {
    for (now, begins) in [(SUNDAY, [true, true, false]), (SUNDAY + 86_400, [true, false, true])] {
        let server = Server::sqlite();
        let plan = Plan { now, ..faulty() };
        let (mut population, mut database) = write(&plan, &server).await;
        let mut watch = Watch::default();
        watch.look(&server);
        let before = periods(&population);
        for _ in 0..STEPS {
            let changes = population.changes(&pace());
            population.apply(&changes, &mut database).await.expect("written");
            watch.look(&server);
        }
        let after = periods(&population);
        let midnight = now + 5400;
        assert_eq!(population.now(), now + 4 * 3600);
        for (at, begins) in begins.into_iter().enumerate() {
            let start = if begins { midnight } else { midnight - [0, 86_400, 29 * 86_400][at] };
            assert!(!after[at].is_empty());
            assert_eq!(after[at], watch.used_since(start), "period {at}, from {now}");
            assert_ne!(before[at], after[at], "period {at}, from {now}");
        }
    }
}

/// Sums of a whole population in every dialect, after some steps.
#[tokio::test]
async fn the_truth_goes_on_with_the_rows() {
    let mut ends = Vec::new();
    for server in Server::all() {
        let plan = Plan { longest_name: 64, ..faulty() };
        let (mut population, mut database) = write(&plan, &server).await;
        let over: Vec<String> = population.truth().filter(|truth| truth.over).map(|truth| truth.user).collect();
        let mut started = told(&population);
        for _ in 0..STEPS {
            let changes = population.changes(&pace());
            population.apply(&changes, &mut database).await.expect("written");
        }
        let still_over: Vec<String> = population.truth().filter(|truth| truth.over).map(|truth| truth.user).collect();
        assert_eq!(over, still_over);
        let told = told(&population);
        let query = "SELECT username AS b, sum(coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)) AS a
            FROM radacct GROUP BY username";
        let summed: BTreeMap<String, u64> = server
            .texts(query)
            .into_iter()
            .map(|row| (row[1].clone(), row[0].parse().expect("octets")))
            .filter(|(_, octets)| *octets > 0)
            .collect();
        let totals: BTreeMap<String, u64> =
            told.iter().map(|(user, sums)| (user.clone(), sums[0])).filter(|(_, octets)| *octets > 0).collect();
        assert_eq!(totals, summed, "{server:?}");
        let open: u64 = told.values().map(|sums| sums[5]).sum();
        assert_eq!(server.number("SELECT count(*) - count(acctstoptime) FROM radacct"), open, "{server:?}");
        started.retain(|user, sums| told.get(user) != Some(sums));
        assert!(started.len() > 50, "{} users used something", started.len());
        assert_eq!(server.number("SELECT count(*) FROM radacct"), 2100 + 4 * 5);
        ends.push(told);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "the same in every dialect");
}

/// Those at the limit and one octet before it stay there, whatever happens to others.
#[tokio::test]
async fn edges_stay() {
    let server = Server::sqlite();
    let (mut population, _) = write(&Plan::default(), &server).await;
    for _ in 0..200 {
        population.changes(&pace());
    }
    let truth: Vec<_> = population.truth().collect();
    let left = |edge| {
        let user = truth.iter().find(|user| user.edge == Some(edge)).expect("the edge");
        user.limit_octets.and_then(|limit| limit.checked_sub(user.used_octets))
    };
    assert_eq!((left("one_octet_left"), left("at_the_limit")), (Some(1), Some(0)));
    assert_eq!(truth.iter().filter(|user| user.over).count(), 20);
    let twice = truth.iter().find(|user| user.edge == Some("over_with_two_sessions")).expect("the edge");
    assert_eq!(twice.open_sessions, 2);
    assert!(truth.iter().all(|user| UserName::new(user.user.as_str()).as_str() == user.user));
}

//! The cases that a population is there for, and those in which there is next to nothing.
use std::collections::BTreeMap;

use super::generator::truth::UserTruth;
use super::server::Server;
use super::{Database, Plan, Population, faulty, truth, write};

/// The users of each edge case.
fn edges(truth: &[UserTruth]) -> BTreeMap<&'static str, Vec<&UserTruth>> {
    let mut edges = BTreeMap::<_, Vec<_>>::new();
    for user in truth {
        if let Some(edge) = user.edge {
            edges.entry(edge).or_default().push(user);
        }
    }
    edges
}

/// Whether a user is what the edge case promises.
fn keeps(edge: &str, truth: &UserTruth) -> bool {
    let UserTruth { used_octets: used, closed_octets: closed, open_sessions: open, over, .. } = *truth;
    let limit = truth.limit_octets.unwrap_or(u64::MAX);
    match edge {
        "one_octet_left" => used + 1 == limit && !over && open == 1,
        "at_the_limit" => used == limit && over && open == 1,
        "over_without_session" => used >= limit && over && open == 0,
        "over_with_two_sessions" => used >= limit && over && open == 2,
        "over_by_closed_sessions" => closed >= limit && over && open == 1,
        "beyond_32_bits" => used > 1 << 32 && !over,
        "beyond_40_bits" => used > 1 << 40 && !over,
        "family" => truth.limit_octets.is_none() && used > 0 && open > 0,
        other => panic!("{other} is no edge case"),
    }
}

#[tokio::test]
async fn every_edge_is_there() {
    for (users, over) in [(50, 4), (50, 30), (1000, 20)] {
        let truth = truth(&Plan { users, over, ..faulty() }).await;
        let edges = edges(&truth);
        assert_eq!(edges.len(), 8, "{users} users: {:?}", edges.keys());
        for (edge, found) in edges {
            assert_eq!(found.len(), if edge == "family" { 5 } else { 1 }, "{edge}");
            assert!(found.iter().all(|user| keeps(edge, user)), "{users} users: {edge}: {found:?}");
        }
        let count = |wanted: fn(&UserTruth) -> bool| truth.iter().filter(|user| wanted(user)).count();
        assert_eq!(count(|user| user.over), over);
        assert!(count(|user| user.over && user.open_sessions > 0) > over / 2);
        assert!(count(|user| user.limit_group.is_some()) > 0);
        assert!(count(|user| user.limit_octets.is_none()) > 5);
        assert!(count(|user| user.expired) > 0 && count(|user| user.expires_at.is_some() && !user.expired) > 0);
        assert_eq!(count(|user| user.expired && user.over), 0);
    }
}

#[tokio::test]
async fn the_family_shares() {
    let (population, _) = write(&faulty(), &Server::sqlite()).await;
    let family = population.family();
    assert_eq!(family.family.len(), 5);
    let members = population.truth().filter(|user| user.edge == Some("family"));
    assert_eq!(members.collect::<Vec<_>>(), family.family);
    assert_eq!(family.used_octets, family.family.iter().map(|member| member.used_octets).sum::<u64>());
    assert!(family.family.iter().any(|member| member.used_day > 0));
    assert_eq!(population.open_sessions(), 100);
    let (few, _) = write(&Plan { users: 49, ..faulty() }, &Server::sqlite()).await;
    assert_eq!((few.family().family.len(), few.family().used_octets), (0, 0));
}

#[tokio::test]
async fn nobody_else_is_near_the_limit() {
    let truth = truth(&faulty()).await;
    let left = |user: &UserTruth| user.limit_octets.and_then(|limit| limit.checked_sub(user.used_octets));
    let near = truth.iter().filter(|user| left(user).is_some_and(|left| left < 60 << 30));
    let near: Vec<_> = near.filter_map(|user| user.edge).collect();
    assert_eq!(near.len(), 2, "one octet left, and none: {near:?}");
}

#[tokio::test]
async fn names_are_odd() {
    let truth = truth(&Plan::default()).await;
    let odd = |name: &str| truth.iter().find(|user| user.user == name).unwrap_or_else(|| panic!("{name}"));
    let names = ["o'brien; DROP", r#"a"b\c"#, "x$(id)", "jürgen", "dot.", "UPPER-CASE"];
    let over = names.map(odd).into_iter().filter(|user| user.over).count();
    assert!(over > 0 && over < names.len(), "{over} of the odd names are over");
    assert!(names.map(odd).iter().all(|user| user.used_octets > 0 && user.open_sessions > 0));
    assert!(truth.iter().any(|user| user.user.len() == 253));
}

/// Each begins shortly before a period does, and goes on.
#[tokio::test]
async fn sessions_span_the_turn_of_periods() {
    let server = Server::sqlite();
    let plan = Plan::default();
    write(&plan, &server).await;
    for begin in [1_795_305_600_i64, 1_794_787_200, 1_793_491_200] {
        let open = format!(
            "SELECT count(*) FROM radacct WHERE acctstoptime IS NULL AND acctstarttime BETWEEN {begin} - 3600 AND {begin} - 1"
        );
        assert!(server.number(&open) >= 6, "{begin}");
    }
    let today = "SELECT count(*) FROM radacct WHERE acctstarttime >= 1795305600 AND acctstoptime IS";
    assert!(server.number(&format!("{today} NULL")) > 10 && server.number(&format!("{today} NOT NULL")) > 0);
}

#[tokio::test]
async fn there_may_be_nothing() {
    let nothing = Plan { users: 0, history_rows: 0, open_sessions: 0, over: 0, ..Plan::default() };
    let few = Plan { users: 3, over: 3, ..nothing.clone() };
    let plans = [
        nothing.clone(),
        Plan { users: 10, ..nothing.clone() },
        few.clone(),
        Plan { history_rows: 1, ..few.clone() },
        Plan { open_sessions: 7, ..few.clone() },
        Plan { users: 1000, over: 20, ..nothing.clone() },
    ];
    for (number, plan) in plans.into_iter().enumerate() {
        let servers = if number == 0 { Server::all().into() } else { vec![Server::sqlite()] };
        for server in servers {
            let (population, _) = write(&plan, &server).await;
            let rows = server.number("SELECT count(*) FROM radacct");
            assert_eq!(rows, plan.history_rows + plan.open_sessions as u64, "{plan:?}");
            let truth: Vec<_> = population.truth().collect();
            assert_eq!(truth.len(), plan.users, "{plan:?}");
            assert_eq!(truth.iter().filter(|user| user.over).count(), plan.over, "{plan:?}");
            let open: u32 = truth.iter().map(|user| user.open_sessions).sum();
            assert_eq!(open as usize, plan.open_sessions, "{plan:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let server = Server::sqlite();
    let refused = [
        Plan { users: 0, over: 0, open_sessions: 0, ..Plan::default() },
        Plan { users: 10, over: 11, ..Plan::default() },
        Plan { users: 50, over: 50, ..Plan::default() },
        Plan { longest_name: 7, ..Plan::default() },
        Plan { longest_name: 254, ..Plan::default() },
    ];
    for plan in refused {
        let mut database = Database::connect(&server.url()).await.expect("the file");
        assert!(Box::pin(Population::write(&plan, &mut database)).await.is_err(), "{plan:?}");
        assert_eq!(server.number("SELECT count(*) FROM radacct"), 0, "{plan:?}");
    }
    for table in ["radacct (acctuniqueid, username)", "radcheck (attribute, username)"] {
        let server = Server::sqlite();
        server.sql(&format!("INSERT INTO {table} VALUES ('x', 'alice')"));
        let mut database = Database::connect(&server.url()).await.expect("the file");
        let refused = Box::pin(Population::write(&Plan::default(), &mut database)).await.expect_err("rows");
        assert!(refused.to_string().contains("holds rows"), "{refused}");
    }
    assert!(Database::connect("oracle:radius").await.is_err());
}

//! Users who share one allowance.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;

fn name(name: &str) -> UserName {
    UserName::new(name)
}

fn allowance(user: &str, limit: Option<u64>) -> Allowance {
    Allowance {
        user: name(user),
        limit,
        used_offset: 0,
        since: None,
        expires_at: None,
        subject: Some("acme".into()),
        period: Period::Daily,
        direction: Direction::Both,
        source: format!("query {user}"),
    }
}

/// What each has used beside the allowance.
fn shared(members: impl IntoIterator<Item = (Allowance, u64)>) -> BTreeMap<UserName, (Arc<Limits>, Usage)> {
    let of_member = |(allowance, used_octets): (Allowance, u64)| Limited {
        user: allowance.user.clone(),
        limits: allowance.limits().into(),
        usage: used(used_octets, 1),
    };
    let mut limited: Vec<Limited> = members.into_iter().map(of_member).collect();
    share(&mut limited);
    limited.into_iter().map(|Limited { user, limits, usage }| (user, (limits, usage))).collect()
}

fn limit_of(limited: &BTreeMap<UserName, (Arc<Limits>, Usage)>, user: &str) -> Option<u64> {
    limited[&name(user)].0.amounts.first().map(|limit| limit.amount)
}

#[test]
fn an_allowance_is_a_limit_with_all_its_terms() {
    let terms = Allowance {
        used_offset: 7,
        since: Some(5),
        expires_at: Some(9),
        direction: Direction::Download,
        ..allowance("bob", Some(100))
    };
    let limits = terms.limits();
    assert_eq!(limits.expires_at, Some((9, "query bob".to_owned())));
    assert_eq!(limits.subject.as_deref(), Some("acme"));
    let limit = &limits.amounts[0];
    assert_eq!((limit.amount, limit.offset, limit.since, limit.period), (100, 7, Some(5), Period::Daily));
    assert_eq!((limit.unit, limit.direction, limit.meaning), (Unit::Octets, Direction::Download, Meaning::Total));
    assert_eq!(limit.source, "query bob");
    assert!(allowance("bob", None).limits().amounts.is_empty());
}

#[test]
fn the_allowance_of_the_head_is_that_of_all() {
    let head = Allowance { period: Period::Weekly, since: Some(3), ..allowance("acme", Some(10)) };
    let limited = shared([(head, 1), (allowance("bob", Some(99)), 2), (allowance("eve", None), 4)]);
    for user in ["acme", "bob", "eve"] {
        let (limits, usage) = &limited[&name(user)];
        assert_eq!(limits.amounts.len(), 1);
        let limit = &limits.amounts[0];
        assert_eq!((limit.amount, limit.period, limit.since), (10, Period::Weekly, Some(3)), "{user}");
        assert_eq!(limit.source, "query acme");
        assert_eq!(usage.total().octets(), 7 + 3, "{user}");
        assert_eq!(usage.open.octets(), 3, "{user}");
    }
}

#[test]
fn without_a_head_the_greatest_is_that_of_all() {
    let limited = shared([(allowance("bob", Some(5)), 0), (allowance("eve", Some(8)), 0), (allowance("ann", None), 0)]);
    for user in ["ann", "bob", "eve"] {
        assert_eq!(limit_of(&limited, user), Some(8), "{user}");
    }
    let limited = shared([(allowance("acme", None), 0), (allowance("eve", Some(8)), 0)]);
    assert_eq!(limit_of(&limited, "acme"), Some(8), "a head without a limit has none to give");
    let limited = shared([(allowance("ann", None), 0), (allowance("eve", None), 0)]);
    assert_eq!(limit_of(&limited, "ann"), None);
}

#[test]
fn what_counts_besides_the_ledger_is_summed() {
    let offset = |user, limit, used_offset| Allowance { used_offset, ..allowance(user, Some(limit)) };
    let limited = shared([(offset("acme", 10, 3), 0), (offset("bob", 99, 4), 0)]);
    assert!(limited.values().all(|(limits, _)| limits.amounts[0].offset == 7));
    let limited = shared([(offset("acme", 10, u64::MAX), 0), (offset("bob", 99, 4), 0)]);
    assert!(limited.values().all(|(limits, _)| limits.amounts[0].offset == u64::MAX));
}

#[test]
fn together_a_family_is_over_and_an_expiry_is_each_ones_own() {
    let expired = Allowance { expires_at: Some(1000), ..allowance("bob", Some(50)) };
    let limited = shared([(allowance("acme", Some(10)), 4), (expired, 4)]);
    let over = |user: &str, now| {
        let (limits, usage) = &limited[&name(user)];
        judge(limits, usage, now).map(|over| (over.reason, over.used, over.limit))
    };
    // Used in 1970, which was a day as well
    assert_eq!(over("acme", 999), Some((Reason::Quota, 10, Some(10))));
    assert_eq!(over("bob", 999), Some((Reason::Quota, 10, Some(10))));
    assert_eq!(over("acme", 1000), Some((Reason::Quota, 10, Some(10))));
    assert_eq!(over("bob", 1000), Some((Reason::Expiry, 10, None)));
}

#[test]
fn who_is_alone_or_of_another_family_shares_nothing() {
    let other = Allowance { subject: Some("other".into()), used_offset: 2, ..allowance("bob", Some(5)) };
    let alone = Allowance { subject: None, ..allowance("eve", Some(6)) };
    let limited = shared([(allowance("acme", Some(10)), 1), (other, 2), (alone, 4)]);
    let state = |user: &str| {
        let (limits, usage) = &limited[&name(user)];
        (limits.amounts[0].amount, limits.amounts[0].offset, usage.total().octets())
    };
    assert_eq!((state("acme"), state("bob"), state("eve")), ((10, 0, 2), (5, 2, 3), (6, 0, 5)));
}

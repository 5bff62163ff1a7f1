mod families;
mod used;

use jiff::tz::TimeZone;

use super::*;

fn user() -> UserName {
    UserName::new("alice")
}

fn item(id: i64, attribute: &str, value: &str) -> CheckItem {
    CheckItem { id, table: "radcheck".into(), place: Place::User, attribute: attribute.into(), value: value.into() }
}

fn group_item(id: i64, rank: usize, attribute: &str, value: &str) -> CheckItem {
    let place = Place::Group { name: format!("g{rank}"), rank };
    CheckItem { place, table: "radgroupcheck".into(), ..item(id, attribute, value) }
}

fn attribute(name: &str, meaning: Meaning) -> QuotaAttribute {
    QuotaAttribute { name: name.into(), meaning, unit: Unit::Octets, period: Period::Total }
}

fn rules() -> QuotaRules {
    let attributes =
        vec![attribute("Max-Octets", Meaning::Total), attribute("Mikrotik-Total-Limit", Meaning::Remaining)];
    QuotaRules { attributes, direction: Direction::Both, expiration: true, zone: TimeZone::UTC }
}

fn limits(items: &[CheckItem]) -> Limits {
    Limits::resolve(&user(), items, &rules())
}

fn over(items: &[CheckItem], closed: u64, open: u64) -> Option<Over> {
    judge(&limits(items), &used(closed, open), 1_000)
}

/// Octets of closed and of open sessions, in the slot of all time.
fn used(closed: u64, open: u64) -> Usage {
    let counters = |input| Counters { input, output: 0, seconds: 0 };
    let mut usage = Usage { zones: Vec::new(), open: counters(open) };
    usage.add(&TimeZone::UTC, SlotUse { start: 0, used: counters(closed).plus(counters(open)), estimated: 0 });
    usage
}

#[test]
fn exactly_at_the_limit_is_over_and_one_octet_less_is_not() {
    let items = [item(1, "Max-Octets", "5000")];
    assert!(over(&items, 4000, 999).is_none());
    let verdict = over(&items, 4000, 1000).unwrap();
    assert_eq!((verdict.used, verdict.limit, verdict.reason), (5000, Some(5000), Reason::Quota));
    assert_eq!(verdict.source, "radcheck Max-Octets");
}

#[test]
fn no_limit_is_unlimited() {
    assert!(over(&[item(1, "Cleartext-Password", "x")], u64::MAX, 1).is_none());
}

#[test]
fn the_user_beats_groups_and_the_last_row_beats_earlier_ones() {
    let items = [
        group_item(9, 1, "max-octets", "1"),
        group_item(8, 0, "Max-Octets", "2"),
        item(1, "Max-Octets", "3"),
        item(2, "Max-Octets", "4"),
    ];
    assert_eq!(limits(&items).amounts[0].amount, 4);
    assert_eq!(limits(&items[..2]).amounts[0].amount, 2);
    assert_eq!(limits(&items[..2]).amounts[0].source, "radgroupcheck g0 Max-Octets");
}

#[test]
fn nought_means_nothing_allowed_for_max_octets_and_unlimited_for_mikrotik() {
    assert_eq!(over(&[item(1, "Max-Octets", "0")], 0, 0).unwrap().limit, Some(0));
    assert!(limits(&[item(1, "Mikrotik-Total-Limit", "0")]).amounts.is_empty());
}

#[test]
fn gigawords_are_the_upper_half_and_remaining_counts_open_sessions_only() {
    let items = [item(1, "Mikrotik-Total-Limit", "5"), item(2, "Mikrotik-Total-Limit-Gigawords", "2")];
    let limit = 2 * (1 << 32) + 5;
    assert_eq!(limits(&items).amounts[0].amount, limit);
    assert!(over(&items, u64::MAX, limit - 1).is_none());
    assert!(over(&items, 0, limit).is_some());
    let only_high = [item(2, "Mikrotik-Total-Limit-Gigawords", "1")];
    assert_eq!(limits(&only_high).amounts[0].amount, 1 << 32);
    let mixed = [item(1, "Mikrotik-Total-Limit", "5"), group_item(2, 0, "Mikrotik-Total-Limit-Gigawords", "1")];
    assert_eq!(limits(&mixed).amounts[0].amount, 5);
}

#[test]
fn a_limit_that_cannot_be_read_is_reported_and_the_user_left_alone() {
    for value in ["-1", "5 GB", "", "1.5", "18446744073709551616", "0x10"] {
        let limits = limits(&[item(1, "Max-Octets", value)]);
        assert!(judge(&limits, &used(u64::MAX, 0), 1).is_none());
        let text = limits.problems[0].to_string();
        assert!(text.contains(&format!("{value:?}")) && text.contains("0 to 18446744073709551615"), "{text}");
    }
    let text = limits(&[item(1, "Expiration", "someday")]).problems[0].to_string();
    assert!(text.contains("radcheck Expiration") && text.contains("\"someday\""), "{text}");
    let split = [item(1, "Mikrotik-Total-Limit", "5000000000"), item(2, "Mikrotik-Total-Limit-Gigawords", "1")];
    assert_eq!(limits(&split).problems.len(), 1);
}

#[test]
fn expiry_is_over_from_that_second_on() {
    let items = [item(1, "Expiration", "1000")];
    assert_eq!(over(&items, 0, 0).unwrap().reason, Reason::Expiry);
    assert!(judge(&limits(&items), &Usage::default(), 999).is_none());
}

#[test]
fn dates_are_read_as_freeradius_users_write_them() {
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let at = |text: &str| parse_expiration(text, &zone).ok();
    let noon_utc = 1_795_348_800; // 2026-11-22T12:00:00Z
    assert_eq!(at("22 Nov 2026 13:00:00"), Some(noon_utc));
    assert_eq!(at("Nov 22 2026 13:00"), Some(noon_utc));
    assert_eq!(at("November 22, 2026 12:00:00 UTC"), Some(noon_utc));
    assert_eq!(at("22-Nov-2026 13:00:00"), Some(noon_utc));
    assert_eq!(at("2026-11-22T12:00:00Z"), Some(noon_utc));
    assert_eq!(at("2026-11-22 13:00:00"), Some(noon_utc));
    assert_eq!(at("1795348800"), Some(noon_utc));
    assert_eq!(at("22 Nov 2026"), Some(noon_utc - 13 * 3600));
    for wrong in ["", "Nov 2026", "31 Feb 2026", "22 Foo 2026", "22 Nov 2026 25:00", "-5", "22 Nov 2026 x"] {
        assert_eq!(at(wrong), None, "{wrong:?}");
    }
}

#[test]
fn names_are_escaped_as_freeradius_does() {
    let name = UserName::new("o'brien; DROP");
    assert_eq!(name.to_table(), "o=27brien=3B DROP");
    assert_eq!(UserName::from_table("o=27brien=3B DROP"), name);
    assert_eq!(UserName::new("a=27b").to_table(), "a=3D27b");
    assert_ne!(UserName::from_table("a=27b"), UserName::new("a=27b"));
    // Measured on FreeRADIUS 3.2.1
    assert_eq!(UserName::new("a\"b\\c\nd").to_table(), "a=5C=22b=5C=5Cc=5Cnd");
    assert_eq!(UserName::new("a\u{1}b").to_table(), "a=5C001b");
    assert_eq!(UserName::from_table("a=5C001b\\"), UserName::new("a\u{1}b\\"));
    assert_eq!(UserName::new("two\nlines").to_string(), "two\\nlines");
}

proptest::proptest! {
    #[test]
    fn every_name_comes_back_from_the_table(name in "\\PC{0,40}|[ -~\n\r\t\u{1}\u{7f}0-7]{0,40}") {
        let name = UserName::new(name);
        proptest::prop_assert_eq!(UserName::from_table(&name.to_table()), name);
    }
}

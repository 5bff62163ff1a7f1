use proptest::prelude::*;

use super::*;

fn rates(rx: u64, tx: u64) -> Rates {
    Rates { rx, tx }
}

fn why(text: &str) -> String {
    RateLimit::parse(text).unwrap_err().to_string()
}

#[test]
fn rate_limits_of_every_length() {
    let limit = RateLimit::parse("2M").unwrap();
    assert_eq!((limit.max, limit.burst, limit.priority), (rates(2_000_000, 2_000_000), None, None));
    assert_eq!(RateLimit::parse("512k/2M").unwrap().max, rates(512_000, 2_000_000));
    let whole = RateLimit::parse("2M/8M  4M/16M 1M/4M 10/20\t8 512k/2000").unwrap();
    assert_eq!((whole.burst, whole.threshold), (Some(rates(4_000_000, 16_000_000)), Some(rates(1_000_000, 4_000_000))));
    assert_eq!((whole.time, whole.priority, whole.min), (Some(rates(10, 20)), Some(8), Some(rates(512_000, 2_000))));
    assert_eq!(whole.to_string(), "2M/8M 4M/16M 1M/4M 10/20 8 512k/2000");
    // The priority may be left out before the least rate, and 0 is no limit
    let short = RateLimit::parse("0/0 1M 1M 10s 64000").unwrap();
    assert_eq!((short.priority, short.min), (None, Some(rates(64_000, 64_000))));
    assert_eq!(RateLimit::parse("1M 1M 1M 1 1").unwrap().priority, Some(1));
}

#[test]
fn what_is_wrong_is_named_by_its_word() {
    for (text, word, parts) in [
        ("", 1, ["is no rate limit", "right would be 2M/8M"]),
        ("fast", 1, ["\"fast\"", "no rate limit"]),
        ("2m/8m", 1, ["\"2m/8m\"", "as in 2M/8M"]),
        ("1.5M", 1, ["\"1.5M\"", "as in 1500k"]),
        ("1G/100Mbps", 1, ["\"1G/100Mbps\"", "as in 1000M/100M"]),
        ("2M/", 1, ["\"2M/\"", "no rate limit"]),
        ("2M/8M/1M", 1, ["\"2M/8M/1M\"", "no rate limit"]),
        ("+2M", 1, ["\"+2M\"", "no rate limit"]),
        ("99999999999999999999M", 1, ["no rate limit", "whole bits"]),
        ("2M 4x", 2, ["\"4x\"", "no burst rate"]),
        ("2M 4M -1", 3, ["\"-1\"", "no burst threshold"]),
        ("2M 4M 1M 1h", 4, ["\"1h\"", "no burst time"]),
        ("2M 4M 1M 10 0", 5, ["\"0\"", "1 (the best) to 8"]),
        ("2M 4M 1M 10 9", 5, ["\"9\"", "1 (the best) to 8"]),
        ("2M 4M 1M 10 2M 1M", 5, ["\"2M\"", "1 (the best) to 8"]),
        ("2M 4M 1M 10 8 3M", 6, ["\"3M\"", "at most 2M/2M"]),
        ("2M/8M 4M 1M 10 4M", 5, ["\"4M\"", "at most 2M/8M"]),
        ("2M 4M 1M 10 8 1M 7", 7, ["\"7\"", "one word too many"]),
        ("2M 4M 1M 10 1M 8", 5, ["\"1M\"", "no priority"]),
    ] {
        let told = why(text);
        assert!(told.starts_with(&format!("word {word} ")), "{text:?}: {told}");
        assert!(parts.iter().all(|part| told.contains(part)), "{text:?}: {told}");
    }
}

/// A rate as text, with what it means.
fn a_rate() -> impl Strategy<Value = (String, u64)> {
    (0..9999_u64, prop::sample::select(vec![("", 1), ("k", 1_000), ("M", 1_000_000)]))
        .prop_map(|(number, (unit, factor))| (format!("{number}{unit}"), number * factor))
}

fn two_rates() -> impl Strategy<Value = (String, Rates)> {
    (a_rate(), prop::option::of(a_rate())).prop_map(|((rx, rx_bits), tx)| match tx {
        Some((tx, tx_bits)) => (format!("{rx}/{tx}"), rates(rx_bits, tx_bits)),
        None => (rx, rates(rx_bits, rx_bits)),
    })
}

proptest! {
    #[test]
    fn whatever_is_well_formed_is_read_as_it_means(
        rates in prop::collection::vec(two_rates(), 3), words in 1..5_usize, seconds in 0..600_u64, priority in 1..9_u8,
    ) {
        let mut text: Vec<String> = rates.iter().map(|(text, _)| text.clone()).collect();
        text.extend([seconds.to_string(), priority.to_string()]);
        text.truncate(words);
        let limit = RateLimit::parse(&text.join(" ")).unwrap();
        prop_assert_eq!(limit.max, rates[0].1);
        prop_assert_eq!(limit.burst, (words > 1).then(|| rates[1].1));
        prop_assert_eq!(limit.threshold, (words > 2).then(|| rates[2].1));
        prop_assert_eq!(limit.time, (words > 3).then_some(Rates { rx: seconds, tx: seconds }));
        prop_assert_eq!(limit.priority, (words > 4).then_some(priority));
        prop_assert_eq!(RateLimit::parse(&limit.to_string()).unwrap(), limit);
    }

    #[test]
    fn nothing_makes_it_panic_and_what_is_sent_reads_the_same(text in "[0-9kKmMG/. s-]{0,40}|.{0,40}") {
        match RateLimit::parse(&text) {
            Ok(limit) => prop_assert_eq!(&RateLimit::parse(&limit.to_string()).unwrap(), &limit),
            Err(error) => prop_assert!((1..=7).contains(&error.word), "{}", error),
        }
    }

    #[test]
    fn a_limit_comes_back_whole(octets: u64) {
        let change = Change::parse(&limit_pairs("Mikrotik-Recv-Limit", octets)).unwrap();
        prop_assert_eq!(change.shown().recv_limit, Some(octets));
        prop_assert_eq!(change.attributes().len(), 2);
    }
}

fn problem(pairs: &[&str]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
    let problems = Change::parse(&pairs).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].1.to_string()
}

#[test]
fn what_routeros_never_changes_is_refused_by_name() {
    for (pair, name) in [
        ("Framed-IP-Address=10.0.0.1", "Framed-IP-Address"),
        ("framed-pool=pool2", "Framed-Pool"),
        ("Framed-Route=10.1.0.0/24 10.0.0.1 1", "Framed-Route"),
        ("Framed-IPv6-Prefix=2001:db8::/64", "Framed-IPv6-Prefix"),
        ("Framed-IPv6-Pool=six", "Framed-IPv6-Pool"),
        ("Delegated-IPv6-Prefix=2001:db8::/56", "Delegated-IPv6-Prefix"),
        ("Mikrotik-Delegated-IPv6-Pool=six", "Mikrotik-Delegated-IPv6-Pool"),
        ("Attr-88=0x706f6f6c32", "Framed-Pool"),
    ] {
        let told = problem(&[pair]);
        assert!(told.starts_with(&format!("{name}: RouterOS never changes")), "{pair}: {told}");
        assert!(told.contains("disconnect"), "{told}");
    }
}

#[test]
fn other_refusals() {
    for (pairs, told) in [
        (&[][..], "nothing to change"),
        (&["User-Name=bob"], "User-Name says which session is meant"),
        (&["Acct-Session-Id=80a00001"], "--session"),
        (&["Error-Cause=503"], "no property of a session"),
        (&["Message-Authenticator=0x00000000000000000000000000000000"], "no property of a session"),
        (&["Session-Timeout=60", "session-timeout=61"], "Session-Timeout is given twice"),
        (&["Mikrotik-Rate-Limit=2m"], "Mikrotik-Rate-Limit: word 1 \"2m\""),
        (&["Mikrotik-Rate-Limt=2M"], "the nearest is Mikrotik-Rate-Limit"),
        (&["Idle-Timeout=soon"], "Idle-Timeout"),
    ] {
        assert!(problem(pairs).contains(told), "{pairs:?}: {}", problem(pairs));
    }
    let two = Change::parse(&["Framed-Pool=p".to_owned(), "nonsense".to_owned()]).unwrap_err();
    assert_eq!(
        two.iter().map(|(pair, _)| pair.as_deref()).collect::<Vec<_>>(),
        [Some("Framed-Pool=p"), Some("nonsense")]
    );
}

#[test]
fn what_a_router_would_show() {
    let pairs =
        ["Mikrotik-Rate-Limit= 1M   2M ", "Session-Timeout=3600", "Mikrotik-Address-List=slow", "Reply-Message=a"];
    let change = Change::parse(&pairs.map(str::to_owned)).unwrap();
    let shown = change.shown();
    assert_eq!(shown.rate_limit.map(|limit| limit.max), Some(rates(1_000_000, 1_000_000)));
    assert_eq!((shown.session_timeout, shown.idle_timeout, shown.recv_limit), (Some(3600), None, None));
    let text = |(name, value): &(String, String)| format!("{name} = {value}");
    let texts: Vec<String> = change.texts().iter().map(text).collect();
    let expected =
        ["Mikrotik-Rate-Limit = 1M 2M", "Session-Timeout = 3600", "Mikrotik-Address-List = slow", "Reply-Message = a"];
    assert_eq!(texts, expected);
}

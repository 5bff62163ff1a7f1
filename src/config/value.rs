//! Values with units, as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// A duration as `"30s"`, `"5m"`, `"1h30m"` or `"1 hour 30 min"`; never negative. `None` for anything else, also for a
/// number without a unit.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(duration).ok()
}

/// Octets as `"10 GiB"` (2³⁰), `"10 GB"` or `"10 G"` (10⁹), or a plain number. `None` for anything else; for a lower-case
/// `b`, which elsewhere means bits; and above 2⁵³, beyond which units of this kind lose octets.
#[must_use]
pub fn parse_octets(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.ends_with('b') {
        return None;
    }
    if let Ok(octets) = text.parse() {
        return Some(octets);
    }
    text.parse::<bytesize::ByteSize>().ok().map(|size| size.as_u64()).filter(|octets| *octets <= 1 << 53)
}

/// A window of time as `"24h"` or `"30d"`, in seconds; 1 h to 400 days.
pub(super) fn parse_window(text: &str) -> Option<u32> {
    let text = text.trim();
    let seconds = match text.strip_suffix('d').or_else(|| text.strip_suffix(" days")) {
        Some(days) => days.trim().parse::<u64>().ok()?.checked_mul(86_400)?,
        None => parse_duration(text)?.as_secs(),
    };
    (3600..=400 * 86_400).contains(&seconds).then(|| u32::try_from(seconds).ok()).flatten()
}

/// A rate as `"10 Gbit/s"`, `"300Mbps"` or `"512 kbit/s"`, in octets a second; above 0.
pub(super) fn parse_rate(text: &str) -> Option<u64> {
    let text = text.trim();
    let bits = text.strip_suffix("bit/s").or_else(|| text.strip_suffix("bps"))?.trim();
    let factors = [('k', 1_000), ('M', 1_000_000), ('G', 1_000_000_000)];
    let (number, factor) = match factors.iter().find(|(letter, _)| bits.ends_with(*letter)) {
        Some((letter, factor)) => (bits.trim_end_matches(*letter), *factor),
        None => (bits, 1),
    };
    let bits = number.trim().parse::<u64>().ok()?.checked_mul(factor)?;
    Some(bits / 8).filter(|octets| *octets > 0)
}

/// A share of `"20 %"` as 0.2; above 0 and at most 100 %. `None` for anything else, also without the sign.
pub(super) fn parse_share(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    (number > 0.0 && number <= 100.0).then_some(number / 100.0)
}

/// A duration as a message shows it: `1h30m`.
pub(super) fn show_duration(duration: Duration) -> String {
    SignedDuration::try_from(duration)
        .map_or_else(|_| format!("{duration:?}"), |signed| format!("{signed:#}").replace(' ', ""))
}

/// SHA-256 as 64 hexadecimal digits, with or without colons.
pub(super) fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = match text.contains(':') {
        true if text.split(':').all(|octet| octet.len() == 2) => text.bytes().filter(|octet| *octet != b':').collect(),
        true => return None,
        false => text.bytes().collect(),
    };
    let mut octets = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *octet = match pair {
            [high, low] => nibble(*high)? << 4 | nibble(*low)?,
            _ => return None,
        };
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("5m"), Some(Duration::from_mins(5)));
        assert_eq!(parse_duration("1h30m"), Some(Duration::from_mins(90)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for bad in ["", "30", "5 parsecs", "-5m", "1mo", "5m5"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        assert_eq!(show_duration(Duration::from_mins(90)), "1h30m");
    }

    #[test]
    fn octets_have_units_and_never_a_small_b() {
        assert_eq!(parse_octets("10 GiB"), Some(10 << 30));
        assert_eq!(parse_octets("10 GB"), Some(10_000_000_000));
        assert_eq!(parse_octets("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "10 Gb", "10 gib", "1,5 GB", "-1 GB", "16 EiB", "lots"] {
            assert_eq!(parse_octets(bad), None, "{bad}");
        }
    }

    #[test]
    fn windows_and_rates_have_units() {
        assert_eq!(
            (parse_window("24h"), parse_window("30d"), parse_window("7 days")),
            (Some(86_400), Some(2_592_000), Some(604_800))
        );
        for bad in ["", "30", "59m", "401d", "-1d", "99999999999999999999d", "213503982334601d"] {
            assert_eq!(parse_window(bad), None, "{bad}");
        }
        assert_eq!(
            (parse_rate("10 Gbit/s"), parse_rate("300Mbps"), parse_rate("512 kbit/s")),
            (Some(1_250_000_000), Some(37_500_000), Some(64_000))
        );
        for bad in [
            "",
            "10",
            "10 GB/s",
            "0 Mbit/s",
            "-1 Mbit/s",
            "1.5 Gbit/s",
            "99999999999999999999 bps",
            "18446744073709551615 Gbps",
        ] {
            assert_eq!(parse_rate(bad), None, "{bad}");
        }
    }

    #[test]
    fn shares_and_fingerprints() {
        assert_eq!(parse_share("20 %"), Some(0.2));
        assert_eq!(parse_share("2.5%"), Some(0.025));
        for bad in ["20", "0 %", "101 %", "NaN %", "-1 %"] {
            assert_eq!(parse_share(bad), None, "{bad}");
        }
        let plain = "ab".repeat(32);
        assert_eq!(parse_fingerprint(&plain), Some([0xab; 32]));
        assert_eq!(parse_fingerprint(&["AB"; 32].join(":")), Some([0xab; 32]));
        for bad in [&plain[..62], "zz", &"é".repeat(32), &plain.replace('a', "g"), &"a:b".repeat(32)] {
            assert_eq!(parse_fingerprint(bad), None, "{bad}");
        }
    }
}

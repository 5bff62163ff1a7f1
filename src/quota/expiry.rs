//! FreeRADIUS' Expiration attribute: dates as its users write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A date that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a date such as \"22 Nov 2026 18:00:00\", \"Nov 22 2026\", \"2026-11-22T18:00:00\" or seconds since 1970"
)]
pub struct ExpiryError(String);

/// Seconds since 1970 from the text of an Expiration value, read in `zone` where the text names none.
///
/// Taken are what FreeRADIUS takes: month name, day and year in any order with an optional `HH:MM[:SS]` (midnight where
/// there is none) and an optional `UTC` or `GMT`; ISO 8601; and a bare number.
///
/// # Errors
/// [`ExpiryError`] for anything else.
pub fn parse_expiration(text: &str, zone: &TimeZone) -> Result<i64, ExpiryError> {
    let text = text.trim();
    text.parse::<u32>()
        .map(i64::from)
        .ok()
        .or_else(|| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second))
        .or_else(|| civil(&text.parse::<DateTime>().ok()?, zone))
        .or_else(|| in_words(text, zone))
        .ok_or_else(|| ExpiryError(text.to_owned()))
}

fn civil(at: &DateTime, zone: &TimeZone) -> Option<i64> {
    zone.to_timestamp(*at).ok().map(jiff::Timestamp::as_second)
}

/// Words in any order: a month's name, a year above 1900, a day, a time, a zone.
fn in_words(text: &str, zone: &TimeZone) -> Option<i64> {
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, Time::midnight(), zone.clone());
    for word in text.split([' ', ',', '\t', '-']).filter(|word| !word.is_empty()) {
        match (word.parse::<i16>(), word) {
            (Ok(number @ 1..=31), _) if day.is_none() => day = Some(number),
            (Ok(number @ 1900..), _) if year.is_none() => year = Some(number),
            (Err(_), "UTC" | "GMT") => zone = TimeZone::UTC,
            (Err(_), word) if word.contains(':') => time = word.parse().ok()?,
            (Err(_), word) if month.is_none() => month = Some(month_number(word)?),
            _ => return None,
        }
    }
    let date = Date::new(year?, month?, i8::try_from(day?).ok()?).ok()?;
    civil(&date.to_datetime(time), &zone)
}

fn month_number(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| word.starts_with(month))?;
    i8::try_from(at + 1).ok()
}

//! Dates as users of FreeRADIUS write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Seconds since 1970 from a date, read in `zone` where the text names none; `None` too if there is no such zone.
///
/// Taken are month name, day and year in any order with an optional `HH:MM[:SS]` (midnight where there is none) and an
/// optional `UTC` or `GMT`; ISO 8601; and a bare number. FreeRADIUS passes over the zone and reads its machine's time; we
/// do what is written.
#[must_use]
pub fn parse_date(text: &str, zone: Option<&TimeZone>) -> Option<i64> {
    let text = text.trim();
    let number = || text.parse::<u32>().ok().map(i64::from);
    let instant = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let civil = || seconds(text.parse().ok()?, zone?);
    number().or_else(instant).or_else(civil).or_else(|| in_words(text, zone))
}

fn seconds(at: DateTime, zone: &TimeZone) -> Option<i64> {
    zone.to_timestamp(at).ok().map(jiff::Timestamp::as_second)
}

/// Words in any order: a month's name, a year above 1900, a day, a time, a zone.
fn in_words(text: &str, zone: Option<&TimeZone>) -> Option<i64> {
    let utc = TimeZone::UTC;
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, Time::midnight(), zone);
    for word in text.split([' ', ',', '\t', '-']).filter(|word| !word.is_empty()) {
        match (word.parse::<i16>(), word) {
            (Ok(number @ 1..=31), _) if day.is_none() => day = Some(number),
            (Ok(number @ 1900..), _) if year.is_none() => year = Some(number),
            (Err(_), word) if ["UTC", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(word)) => zone = Some(&utc),
            (Err(_), word) if word.contains(':') => time = time_of_day(word)?,
            (Err(_), word) if month.is_none() => month = Some(month_number(word)?),
            _ => return None,
        }
    }
    let date = Date::new(year?, month?, i8::try_from(day?).ok()?).ok()?;
    seconds(date.to_datetime(time), zone?)
}

/// `HH:MM[:SS]`; the first digit of the hour may be missing.
fn time_of_day(word: &str) -> Option<Time> {
    if word.find(':') == Some(1) { format!("0{word}").parse().ok() } else { word.parse().ok() }
}

fn month_number(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| word.starts_with(month))?;
    i8::try_from(at + 1).ok()
}

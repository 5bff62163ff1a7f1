//! Reads `[quota]`.

use std::fs;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::quota::{Direction, LimitAttribute, LimitSource, Meaning, Mode, Period, Quota, Unit};
use super::report::{Report, Spot};
use super::secret::reason;
use super::section::Section;
use super::text::{chosen, found, one_of, text};
use super::value::{parse_duration, parse_rate, parse_window};

const MODES: [(&str, Mode); 2] = [("observe", Mode::Observe), ("enforce", Mode::Enforce)];
const SOURCES: [(&str, LimitSource); 3] =
    [("attributes", LimitSource::Attributes), ("query", LimitSource::Query), ("table", LimitSource::Table)];
const DIRECTIONS: [(&str, Direction); 3] =
    [("both", Direction::Both), ("download", Direction::Download), ("upload", Direction::Upload)];
const UNITS: [(&str, Unit); 2] = [("octets", Unit::Octets), ("seconds", Unit::Seconds)];
const PERIODS: [(&str, Period); 5] = [
    ("total", Period::Total),
    ("hourly", Period::Hourly),
    ("daily", Period::Daily),
    ("weekly", Period::Weekly),
    ("monthly", Period::Monthly),
];
const MEANINGS: [(&str, Option<Meaning>); 4] = [
    ("total", Some(Meaning::Total)),
    ("remaining", Some(Meaning::Remaining)),
    ("per_session", Some(Meaning::PerSession)),
    ("ignore", None),
];
const MAX_OCTETS: &str = "Max-Octets";
const RATE: &str = "write bits a second, as \"1 Gbit/s\" or \"300 Mbit/s\", or \"off\"";
const SWEEP: &str = "write a time from \"1s\" to \"24h\", or \"off\"";
const PERIOD: &str =
    "write \"total\", \"hourly\", \"daily\", \"weekly\", \"monthly\", or a window from \"1h\" to \"400d\"";

impl Quota {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let query = query(section);
        let seconds = Duration::from_secs;
        Self {
            mode: section.choice("mode", &MODES).unwrap_or(Mode::Observe),
            interval: section.duration("interval", seconds(1)..=seconds(3600)).unwrap_or(seconds(30)),
            sources: sources(section, query.is_some()),
            attributes: attributes(section),
            expiration: section.flag("expiration").unwrap_or(true),
            query,
            query_timeout: section.duration("query_timeout", seconds(1) / 10..=seconds(600)).unwrap_or(seconds(10)),
            period: section.parsed("period", PERIOD, parse_period).unwrap_or(Period::Total),
            month_day: section.number("month_day", 1..=31).unwrap_or(1),
            direction: section.choice("direction", &DIRECTIONS).unwrap_or(Direction::Both),
            limit_sweep: section.duration("limit_sweep", seconds(10)..=seconds(86_400)).unwrap_or(seconds(300)),
            ghost_sweep: section.parsed("ghost_sweep", SWEEP, sweep).unwrap_or(Some(seconds(600))),
            max_rate: section.parsed("max_rate", RATE, rate).unwrap_or(Some(10_000_000_000 / 8)),
        }
    }
}

/// A period by its word (`"daily"`), or as a window (`"30d"`).
#[must_use]
pub fn parse_period(text: &str) -> Option<Period> {
    chosen(text, &PERIODS).or_else(|| parse_window(text).map(Period::Rolling))
}

#[expect(clippy::option_option, reason = "the outer one is whether the text can be read")]
fn rate(text: &str) -> Option<Option<u64>> {
    if text == "off" { Some(None) } else { parse_rate(text).map(Some) }
}

#[expect(clippy::option_option, reason = "the outer one is whether the text can be read")]
fn sweep(text: &str) -> Option<Option<Duration>> {
    let range = Duration::from_secs(1)..=Duration::from_hours(24);
    match text.trim() {
        "off" | "0" | "0s" => Some(None),
        text => parse_duration(text).filter(|every| range.contains(every)).map(Some),
    }
}

fn query(section: &mut Section<'_, '_>) -> Option<String> {
    let spots = (section.spot_of("query"), section.spot_of("query_file"));
    let (spot, text) = match (section.text("query"), section.text("query_file")) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            section.report.problem(&spots.0, "both query and query_file", "write only one of them");
            return None;
        }
        // An SQL query may hold dollar signs of its own, but `${…}` is a variable here as everywhere.
        (Some(query), None) => (spots.0, query.value),
        (None, Some(file)) => {
            let path = section.report.path(&file.value);
            match fs::read_to_string(&path) {
                Ok(text) => (spots.1, text),
                Err(error) => {
                    let found = format!("cannot read {}: {}", path.display(), reason(&error));
                    section.report.problem(&spots.1, found, "name a file that holds one SQL query");
                    return None;
                }
            }
        }
    };
    if text.trim().is_empty() {
        section.report.problem(&spot, "an empty query", "write an SQL query, or leave it out");
        return None;
    }
    Some(text)
}

fn sources(section: &mut Section<'_, '_>, has_query: bool) -> Vec<LimitSource> {
    let spot = section.spot_of("sources");
    let Some(texts) = section.texts("sources") else {
        let query = has_query.then_some(LimitSource::Query);
        return [Some(LimitSource::Attributes), query, Some(LimitSource::Table)].into_iter().flatten().collect();
    };
    let mut sources = Vec::new();
    for text in texts {
        match chosen(&text.value, &SOURCES) {
            Some(source) if sources.contains(&source) => {
                section.report.problem(&text.spot, format!("{:?} twice", text.raw), "write each source once");
            }
            Some(source) => sources.push(source),
            None => section.report.problem(&text.spot, format!("found {:?}", text.raw), one_of(&SOURCES)),
        }
    }
    if sources.contains(&LimitSource::Query) && !has_query {
        section.report.problem(&spot, "the source \"query\" without a query", "write query or query_file as well");
    }
    if has_query && !sources.contains(&LimitSource::Query) {
        section.report.problem(&spot, "a query that is not used", "name \"query\" in sources, or leave the query out");
    }
    sources
}

fn attributes(section: &mut Section<'_, '_>) -> Vec<LimitAttribute> {
    let mut mapped = section.section("attributes");
    let (name, unit) = (MAX_OCTETS.to_owned(), Unit::Octets);
    let mut attributes = vec![LimitAttribute { name, meaning: Meaning::Total, unit, period: Period::Total }];
    for (name, spot, value) in mapped.drain() {
        if name == MAX_OCTETS {
            attributes.retain(|attribute| attribute.name != MAX_OCTETS);
        }
        if name.is_empty() || name.len() > 64 || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            mapped.report.problem(&spot, "no attribute's name", "write a name as it stands in radcheck");
        }
        attributes.extend(attribute(mapped.report, name, spot, value));
    }
    attributes
}

/// `"X" = "total"` or `"X" = { meaning = "total", period = "monthly" }`; `None` for one to ignore.
fn attribute(report: &Report<'_>, name: String, spot: Spot, value: DeValue<'_>) -> Option<LimitAttribute> {
    let written = match value {
        DeValue::String(_) => {
            let short = text(report, spot, value)?;
            let meaning = chosen(&short.value, &MEANINGS);
            if meaning.is_none() {
                report.problem(&short.spot, format!("found {:?}", short.raw), one_of(&MEANINGS));
            }
            Written { meaning: meaning?, unit: None, period: None }
        }
        DeValue::Table(entries) => long_form(report, &spot, entries)?,
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
            report.problem(&spot, found(&value), "write a meaning, as \"total\", or { meaning = …, period = … }");
            return None;
        }
    };
    let unit = written.unit.unwrap_or_else(|| unit_of(&name));
    let period = written.period.unwrap_or_else(|| period_of(&name));
    Some(LimitAttribute { name, meaning: written.meaning?, unit, period })
}

/// What stands behind the name of an attribute.
struct Written {
    meaning: Option<Meaning>,
    unit: Option<Unit>,
    period: Option<Period>,
}

/// FreeRADIUS' sqlcounter calls its limits of time online `Max-Daily-Session` and the like.
fn unit_of(name: &str) -> Unit {
    if name.to_ascii_lowercase().ends_with("-session") { Unit::Seconds } else { Unit::Octets }
}

/// What the name of an attribute says, as in `Max-Monthly-Octets`.
fn period_of(name: &str) -> Period {
    let name = name.to_ascii_lowercase();
    let said = PERIODS.iter().find(|(word, _)| name.contains(&format!("-{word}-")));
    said.map_or(Period::Total, |(_, period)| *period)
}

fn long_form(report: &Report<'_>, spot: &Spot, entries: DeTable<'_>) -> Option<Written> {
    let mut section = Section::new(report, &spot.key, Spanned::new(spot.offset..spot.offset, entries));
    let given = section.holds("meaning");
    let meaning = section.choice("meaning", &MEANINGS);
    if !given {
        section.missing("meaning", one_of(&MEANINGS));
    }
    let unit = section.choice("unit", &UNITS);
    let period_spot = section.spot_of("period");
    let period = section.parsed("period", PERIOD, parse_period);
    if let (Some(Some(Meaning::PerSession | Meaning::Remaining)), Some(_)) = (meaning, period) {
        report.problem(&period_spot, "a period for what counts sessions, not time", "leave the period out");
    }
    section.finish();
    Some(Written { meaning: meaning?, unit, period })
}

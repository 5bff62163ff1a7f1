//! Reads the keys of one section by type; what is left over is unknown.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Report, Spot};
use super::text::{Text, chosen, found, nearest, one_of, shown, text, texts};
use super::value::{parse_duration, show_duration};

/// A section of the file, or an empty one where the file has none.
pub(super) struct Section<'r, 'i> {
    pub(super) report: &'r Report<'r>,
    /// Where its header stands.
    pub(super) spot: Spot,
    entries: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'r, 'i> Section<'r, 'i> {
    pub(super) fn new(report: &'r Report<'r>, key: &str, table: Spanned<DeTable<'i>>) -> Self {
        let spot = Spot { key: key.to_owned(), offset: table.span().start };
        Self { report, spot, entries: table.into_inner(), known: Vec::new() }
    }

    /// Whether a key is there and not taken yet.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Keys that are known but not wanted now.
    pub(super) fn know(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// The place of a key's value; of the section, if it is not there or taken.
    pub(super) fn spot_of(&self, key: &str) -> Spot {
        let offset = self.entries.get(key).map_or(self.spot.offset, |value| value.span().start);
        Spot { key: self.key(key), offset }
    }

    fn key(&self, key: &str) -> String {
        if self.spot.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.spot.key) }
    }

    fn take(&mut self, key: &'static str) -> Option<(Spot, DeValue<'i>)> {
        self.known.push(key);
        let value = self.entries.remove(key)?;
        let spot = Spot { key: self.key(key), offset: value.span().start };
        Some((spot, value.into_inner()))
    }

    /// All entries, for a section whose keys are not ours to name.
    pub(super) fn drain(&mut self) -> Vec<(String, Spot, DeValue<'i>)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(name, value)| {
                let spot = Spot { key: self.key(name.get_ref()), offset: value.span().start };
                (name.into_inner().into_owned(), spot, value.into_inner())
            })
            .collect()
    }

    /// A missing key that must be there.
    pub(super) fn missing(&self, key: &str, right: impl Into<String>) {
        self.report.problem(&self.spot_of(key), "missing", right);
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Text> {
        let (spot, value) = self.take(key)?;
        text(self.report, spot, value)
    }

    /// A string that `parse` must understand; `right` says what would be.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        right: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key)?;
        let value = parse(&text.value);
        if value.is_none() {
            self.report.problem(&text.spot, format!("found {:?}", text.raw), right);
        }
        value
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.parsed(key, &one_of(choices), |text| chosen(text, choices))
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let (spot, value) = self.take(key)?;
        if let DeValue::Boolean(flag) = value {
            return Some(flag);
        }
        self.report.problem(&spot, found(&value), "write true or false, without quotes");
        None
    }

    pub(super) fn number<N: TryFrom<i64>>(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<N> {
        let (spot, value) = self.take(key)?;
        let number = if let DeValue::Integer(number) = &value {
            i64::from_str_radix(number.as_str(), number.radix()).ok()
        } else {
            None
        };
        let number = number.filter(|number| range.contains(number)).and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            let right = format!("write a whole number from {} to {}, without quotes", range.start(), range.end());
            self.report.problem(&spot, shown(&value), right);
        }
        number
    }

    pub(super) fn duration(&mut self, key: &'static str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let (spot, value) = self.take(key)?;
        let (from, to) = (show_duration(*range.start()), show_duration(*range.end()));
        let right = format!("write a duration with its unit, from {from} to {to}, as \"30s\", \"5m\" or \"1h30m\"");
        if !matches!(value, DeValue::String(_)) {
            self.report.problem(&spot, shown(&value), right);
            return None;
        }
        let text = text(self.report, spot, value)?;
        let duration = parse_duration(&text.value).filter(|duration| range.contains(duration));
        if duration.is_none() {
            self.report.problem(&text.spot, format!("found {:?}", text.raw), right);
        }
        duration
    }

    /// A list of strings, or one string.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<Text>> {
        let (spot, value) = self.take(key)?;
        Some(texts(self.report, spot, value))
    }

    /// A value as it stands.
    pub(super) fn value(&mut self, key: &'static str) -> Option<(Spot, DeValue<'i>)> {
        self.take(key)
    }

    /// The section `[key]` in this one; empty if the file has none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'r, 'i> {
        let empty = |spot| Section { report: self.report, spot, entries: DeTable::new(), known: Vec::new() };
        let Some((spot, value)) = self.take(key) else { return empty(self.spot_of(key)) };
        if let DeValue::Table(entries) = value {
            return Section { report: self.report, spot, entries, known: Vec::new() };
        }
        self.report.problem(&spot, found(&value), format!("write a section [{}]", spot.key));
        empty(spot)
    }

    /// The sections `[[key]]` in this one.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'r, 'i>> {
        let Some((spot, value)) = self.take(key) else { return Vec::new() };
        let right = format!("write [[{}]] for each", spot.key);
        let DeValue::Array(items) = value else {
            self.report.problem(&spot, found(&value), right);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            let spot = Spot { key: spot.key.clone(), offset: item.span().start };
            if let DeValue::Table(entries) = item.get_ref() {
                let entries = entries.clone();
                sections.push(Section { report: self.report, spot, entries, known: Vec::new() });
            } else {
                self.report.problem(&spot, found(item.get_ref()), right.as_str());
            }
        }
        sections
    }

    /// Reports every key that nobody took.
    pub(super) fn finish(self) {
        for (name, _) in &self.entries {
            let spot = Spot { key: self.key(name.get_ref()), offset: name.span().start };
            let right = match nearest(name.get_ref(), &self.known) {
                Some(known) => format!("the nearest known one is `{known}`"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            self.report.problem(&spot, "unknown key", right);
        }
    }
}

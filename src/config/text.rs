//! Strings of the file, and the words in which messages speak of values.

use toml::Spanned;
use toml::de::DeValue;

use super::expand::{ExpandError, expand};
use super::report::{Report, Spot};

/// A string of the file. Messages show `raw`, never the value: a variable may hold a secret.
pub(super) struct Text {
    pub(super) raw: String,
    pub(super) value: String,
    pub(super) spot: Spot,
}

/// A string with its variables put in.
pub(super) fn text(report: &Report<'_>, spot: Spot, value: DeValue<'_>) -> Option<Text> {
    let DeValue::String(raw) = value else {
        report.problem(&spot, found(&value), "write text in quotes");
        return None;
    };
    match expand(&raw, |name| report.variable(name)) {
        Ok(value) => Some(Text { raw: raw.into_owned(), value, spot }),
        Err(error) => {
            expand_problem(report, &spot, &error);
            None
        }
    }
}

pub(super) fn expand_problem(report: &Report<'_>, spot: &Spot, error: &ExpandError) {
    let right = "write ${NAME} for a variable of the environment, $$ for a dollar sign";
    match error {
        ExpandError::Unclosed => report.problem(spot, "`${` without `}`", right),
        ExpandError::BadName => report.problem(spot, "`${…}` does not hold the name of a variable", right),
        ExpandError::Undefined(name) => {
            let found = format!("the environment has no variable {name}");
            report.problem(spot, found, format!("set {name}, or write $$ for a dollar sign"));
        }
    }
}

/// A list of strings, or one string.
pub(super) fn texts(report: &Report<'_>, spot: Spot, value: DeValue<'_>) -> Vec<Text> {
    let DeValue::Array(items) = value else { return text(report, spot, value).into_iter().collect() };
    let item = |item: Spanned<DeValue<'_>>| {
        let spot = Spot { key: spot.key.clone(), offset: item.span().start };
        text(report, spot, item.into_inner())
    };
    items.into_iter().filter_map(item).collect()
}

pub(super) fn chosen<T: Copy>(text: &str, choices: &[(&str, T)]) -> Option<T> {
    choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

pub(super) fn one_of<T>(choices: &[(&str, T)]) -> String {
    let words: Vec<String> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
    format!("write {}", words.join(" or "))
}

/// What a value is. Never its text, which may be a secret.
pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "found text in quotes",
        DeValue::Integer(_) | DeValue::Float(_) => "found a number",
        DeValue::Boolean(_) => "found true or false",
        DeValue::Datetime(_) => "found a date",
        DeValue::Array(_) => "found a list",
        DeValue::Table(_) => "found a section",
    }
}

/// As [`found`], with a number shown: for keys that are no secret.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => format!("found the number {number}"),
        DeValue::Float(number) => format!("found the number {number}"),
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            found(value).to_owned()
        }
    }
}

/// The known word most like `word`, if it is like it at all.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |known: &&str| strsim::jaro_winkler(word, known);
    known.iter().copied().filter(|known| likeness(known) > 0.75).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

//! Attributes as people write them: `Name=value` on a command line, and radclient's packet files.

use super::quoting::{SPACES, Written};
use super::{AttributeType, Attributes, Dictionary, EncodeError, ValueError, ValueType};

/// Where text does not name an attribute and its value, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PairError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: PairProblem,
}

/// Why text does not name an attribute and its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairProblem {
    /// No `=` between name and value.
    #[error("{0:?} is not of the form Name=value")]
    NoEquals(String),
    /// No dictionary has the name.
    #[error("no attribute is called {name:?}{}", nearest.as_ref().map(|n| format!("; the nearest is {n}")).unwrap_or_default())]
    UnknownName {
        /// The name as given.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// The value would have to be encrypted, and would stand in clear.
    #[error("{name} travels encrypted and belongs into no Disconnect- or CoA-Request; leave it out")]
    Encrypted {
        /// The attribute.
        name: String,
    },
    /// The value does not fit the attribute.
    #[error("{name}: {source}")]
    Value {
        /// The attribute.
        name: String,
        /// What would be right.
        source: ValueError,
    },
    /// The value is empty or too long.
    #[error("{name}: {source}")]
    Length {
        /// The attribute.
        name: String,
        /// How long it may be.
        source: EncodeError,
    },
}

/// Reads one `Name=value`, as a command line has it, and appends it to `attributes`.
///
/// What delimits the pair has delimited the value: without quotes it is everything behind the first `=`, spaces, commas,
/// `#` and backslashes included; only spaces around it go. In `"…"` or `'…'` it is read as in a packet file
/// ([`parse_requests`]).
///
/// # Errors
/// [`PairProblem`] says what would be right.
pub fn parse_pair(dictionary: &Dictionary, pair: &str, attributes: &mut Attributes) -> Result<(), PairProblem> {
    let (name, text) = split(pair)?;
    let text = text.trim_matches(SPACES);
    let written = match Written::take(text) {
        _ if !text.starts_with(['"', '\'']) => Written::plain(text),
        Some((written, "")) => written,
        _ => return Err(value_problem(name, text, "closed by the quote that opens it")),
    };
    push(dictionary, name, &written, attributes)
}

/// The name before the first `=`, and what follows it.
fn split(pair: &str) -> Result<(&str, &str), PairProblem> {
    let (name, text) = pair.split_once('=').ok_or_else(|| PairProblem::NoEquals(pair.trim().to_owned()))?;
    Ok((name.trim_end_matches([':', '+', ' ', '\t']).trim_matches(SPACES), text))
}

fn value_problem(name: &str, text: &str, expected: &'static str) -> PairProblem {
    PairProblem::Value { name: name.to_owned(), source: ValueError { text: text.to_owned(), expected } }
}

fn push(dictionary: &Dictionary, name: &str, value: &Written, attributes: &mut Attributes) -> Result<(), PairProblem> {
    let (attribute_type, octets) = match (dictionary.attribute(name), AttributeType::from_numbers(name)) {
        (Some(definition), _) if definition.encrypted => {
            return Err(PairProblem::Encrypted { name: definition.name.clone() });
        }
        (Some(definition), _) => (definition.attribute_type, definition.encode(value)),
        (None, Some(attribute_type)) => (attribute_type, ValueType::Opaque.encode_written(value)),
        (None, None) => {
            let nearest = dictionary.nearest(name).map(str::to_owned);
            return Err(PairProblem::UnknownName { name: name.to_owned(), nearest });
        }
    };
    let octets = octets.map_err(|source| PairProblem::Value { name: name.to_owned(), source })?;
    attributes.push(attribute_type, octets).map_err(|source| PairProblem::Length { name: name.to_owned(), source })
}

/// Reads radclient's packet file: one `Name = value` a line (or several with commas between), a blank line between
/// requests, `#` before a comment.
///
/// A value without quotes is one word, which ends at a space, a comma or a comment. Quotes are `"`, `'` and `` ` ``; a
/// backslash before the quote that opened the value is for that quote. Text knows `\n`, `\r`, `\t`, `\\`, `\"` and three
/// octal digits, in quotes of any kind or none; a backslash before anything else is a backslash. Text in `"` that holds
/// `%{` keeps its escapes as they stand.
///
/// What radclient reads as something else than is written, or does not send at all, is an error here: numbers that do
/// not fit, values that are empty, dates without a zone, the operators `=~` and `=*`. Two things differ: a comment may be
/// indented (radclient passes over the rest of such a file), and a date's `UTC` means UTC.
///
/// # Errors
/// [`PairError`] for every line that is wrong; nothing of the file is to be used then.
pub fn parse_requests(dictionary: &Dictionary, text: &str) -> Result<Vec<Attributes>, Vec<PairError>> {
    let mut requests = Vec::new();
    let mut current = Attributes::new();
    let mut errors = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line.trim_matches(SPACES);
        if rest.is_empty() && !current.is_empty() {
            requests.push(std::mem::take(&mut current));
        }
        while !rest.is_empty() && !rest.starts_with('#') {
            let (pushed, behind) = match take_pair(rest) {
                Ok((name, value, behind)) => (push(dictionary, name, &value, &mut current), behind),
                Err(problem) => (Err(problem), ""),
            };
            errors.extend(pushed.err().map(|problem| PairError { line: index + 1, problem }));
            rest = behind;
        }
    }
    if !current.is_empty() {
        requests.push(current);
    }
    if errors.is_empty() { Ok(requests) } else { Err(errors) }
}

/// The first pair of a line that is not empty, and what follows the comma behind it.
fn take_pair(line: &str) -> Result<(&str, Written, &str), PairProblem> {
    const ONE_VALUE: &str = "one value: spaces and any of # , ; = ( ) { } < > stand in quotes, which are to be closed";
    let (name, text) = split(line)?;
    let text = text.strip_prefix('=').unwrap_or(text);
    if text.starts_with(['~', '*']) {
        return Err(PairProblem::NoEquals(line.to_owned()));
    }
    let text = text.trim_start_matches(SPACES);
    let (value, rest) = Written::take(text).ok_or_else(|| value_problem(name, text, ONE_VALUE))?;
    let rest = rest.trim_start_matches(SPACES);
    match rest.strip_prefix(',') {
        Some(behind) => Ok((name, value, behind.trim_start_matches(SPACES))),
        None if rest.is_empty() || rest.starts_with('#') => Ok((name, value, "")),
        None => Err(value_problem(name, text, ONE_VALUE)),
    }
}

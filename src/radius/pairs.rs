//! Attributes as people write them: `Name=value` on a command line, and radclient's packet files.

use super::{AttributeType, Attributes, Definition, Dictionary, EncodeError, ValueError, ValueType};

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

/// Reads one `Name=value` and appends it to `attributes`. `Attr-N=0x…` names an attribute that no dictionary has.
///
/// # Errors
/// [`PairProblem`] says what would be right.
pub fn parse_pair(dictionary: &Dictionary, pair: &str, attributes: &mut Attributes) -> Result<(), PairProblem> {
    let (name, value) = pair.split_once('=').ok_or_else(|| PairProblem::NoEquals(pair.to_owned()))?;
    let name = name.trim_end_matches([':', '+', ' ', '\t']).trim();
    let (attribute_type, octets) = match (dictionary.attribute(name), numbered(name)) {
        (Some(definition), _) => (definition.attribute_type, encode(definition, name, value.trim())?),
        (None, Some(octet)) => {
            let octets = ValueType::Octets.encode(value.trim());
            (
                AttributeType::Standard(octet),
                octets.map_err(|source| PairProblem::Value { name: name.to_owned(), source })?,
            )
        }
        (None, None) => {
            let nearest = dictionary.nearest(name).map(str::to_owned);
            return Err(PairProblem::UnknownName { name: name.to_owned(), nearest });
        }
    };
    attributes.push(attribute_type, octets).map_err(|source| PairProblem::Length { name: name.to_owned(), source })
}

fn encode(definition: &Definition, name: &str, value: &str) -> Result<Vec<u8>, PairProblem> {
    definition.encode(value).map_err(|source| PairProblem::Value { name: name.to_owned(), source })
}

fn numbered(name: &str) -> Option<u8> {
    name.strip_prefix("Attr-")?.parse().ok()
}

/// Reads radclient's packet file: one `Name = value` a line (or several with commas between), a blank line between
/// requests, `#` before a comment line.
///
/// # Errors
/// [`PairError`] for every line that is wrong; nothing of the file is to be used then.
pub fn parse_requests(dictionary: &Dictionary, text: &str) -> Result<Vec<Attributes>, Vec<PairError>> {
    let mut requests = Vec::new();
    let mut current = Attributes::new();
    let mut errors = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_text = line.trim();
        if line_text.is_empty() && !current.is_empty() {
            requests.push(std::mem::take(&mut current));
        }
        if line_text.is_empty() || line_text.starts_with('#') {
            continue;
        }
        for pair in split_pairs(line_text) {
            if let Err(problem) = parse_pair(dictionary, pair, &mut current) {
                errors.push(PairError { line: index + 1, problem });
            }
        }
    }
    if !current.is_empty() {
        requests.push(current);
    }
    if errors.is_empty() { Ok(requests) } else { Err(errors) }
}

/// The pairs of a line: split at commas that stand in no quotes.
fn split_pairs(line: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    let mut escaped = false;
    line.split(move |c: char| {
        let literal = std::mem::take(&mut escaped);
        match (quote, c) {
            _ if literal => {}
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        c == ',' && quote.is_none()
    })
    .map(str::trim)
    .filter(|pair| !pair.is_empty())
}

//! What is wrong with text that is to name an attribute and its value.

use super::super::dictionary::NotCarried;
use super::super::value::shown;
use super::super::{Dictionary, EncodeError, MAX_PACKET_OCTETS, ValueError};
use super::file::MAX_LINE_OCTETS;

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
    /// An operator that compares. radclient sends the value of most of them as if it were `=`.
    #[error("{name}: the operator {operator} compares, and here is nothing to compare with; write =")]
    Operator {
        /// The attribute.
        name: String,
        /// What stands behind it.
        operator: &'static str,
    },
    /// No dictionary has the name.
    #[error("no attribute is called {name:?}{}", nearest.as_ref().map(|n| format!("; the nearest is {n}")).unwrap_or_default())]
    UnknownName {
        /// The name as given.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// Numbers that no attribute has.
    #[error(
        "{0:?} is not one of Attr-1 to Attr-255, Attr-26.V.0 to Attr-26.V.255, nor Vendor-V-Attr-0 to Vendor-V-Attr-255"
    )]
    UnknownNumber(String),
    /// Not an attribute but an instruction of radclient's, or something that is not for this request.
    #[error("{name} goes into no Disconnect- or CoA-Request of ours: {instead}")]
    Control {
        /// The name.
        name: String,
        /// What does the same.
        instead: &'static str,
    },
    /// A dictionary defines it in a way that is not carried.
    #[error("{} cannot be sent: {} ({}:{})", .0.name, .0.feature, .0.file, .0.line)]
    NotCarried(Box<NotCarried>),
    /// A number of a vendor whose attributes are laid out otherwise.
    #[error("{name} cannot be sent: its vendor lays attributes out in another way (format={format})")]
    VendorFormat {
        /// The name as given.
        name: String,
        /// What the dictionary says.
        format: String,
    },
    /// The value would have to be encrypted, and would stand in clear.
    #[error("{name} travels encrypted and belongs into no Disconnect- or CoA-Request; leave it out")]
    Encrypted {
        /// The attribute.
        name: String,
    },
    /// A tag behind the name of an attribute that has none, or one out of range (RFC 2868 §3.1).
    #[error("{name}: {reason}")]
    Tag {
        /// The attribute.
        name: String,
        /// What would be right.
        reason: &'static str,
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
    #[error("{name}: {}", length(.source))]
    Length {
        /// The attribute.
        name: String,
        /// How long it may be.
        source: EncodeError,
    },
    /// A line without end.
    #[error("the line has more than {MAX_LINE_OCTETS} octets")]
    LineTooLong,
    /// An octet that no text has: of a binary file, or of one in UTF-16. Nothing is read behind it.
    #[error("a NUL octet: a packet file is text, in UTF-8 as a rule; write \\000 in quotes for a NUL")]
    Nul,
    /// More attributes than a packet takes (RFC 2865 §3).
    #[error(
        "this and what stands above it, from line {first_line} on, is more than the {MAX_PACKET_OCTETS} octets of a packet"
    )]
    RequestTooLong {
        /// Where the request begins.
        first_line: usize,
    },
}

fn length(error: &EncodeError) -> String {
    match error {
        EncodeError::ValueLength { octets, max, .. } => {
            format!("a value of {octets} octets does not fit: it has 1 to {max}")
        }
        EncodeError::PacketTooLong => error.to_string(),
    }
}

impl PairProblem {
    pub(super) fn value(name: &[u8], text: &[u8], expected: &'static str) -> Self {
        Self::Value { name: shown(name), source: ValueError::new(text, expected) }
    }

    /// Looks for the known name that is most like an unknown one.
    pub(super) fn with_nearest(self, dictionary: &Dictionary) -> Self {
        let Self::UnknownName { name, .. } = self else { return self };
        let nearest = dictionary.nearest(&name).map(str::to_owned);
        Self::UnknownName { name, nearest }
    }
}

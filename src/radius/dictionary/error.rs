//! What is wrong with a dictionary, and what of it does not go into a packet.

use std::path::{Path, PathBuf};

/// Where a dictionary file is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct DictionaryError {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong there.
    pub problem: DictionaryProblem,
}

/// What is wrong with a line of a dictionary file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryProblem {
    /// No statement of a dictionary with what belongs behind it.
    #[error(
        "expected ATTRIBUTE name number type [flags], VALUE attribute name number, VENDOR name number [format=t,l], \
         BEGIN-VENDOR name, END-VENDOR name, BEGIN-TLV name, END-TLV name or $INCLUDE file"
    )]
    Syntax,
    /// A number that does not fit.
    #[error("{0:?} is not a number that fits here")]
    Number(String),
    /// A vendor or an attribute that nothing defines: above the line, or for a VALUE anywhere.
    #[error("{0:?} is not defined")]
    Undefined(String),
    /// A name of more than 128 octets.
    #[error("{0:?} is longer than 128 octets")]
    Long(String),
    /// An end without its beginning, or a beginning without its end.
    #[error("{0:?} is not between its BEGIN and its END")]
    Block(String),
    /// A file that cannot be read.
    #[error("cannot read {path}: {reason}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file that includes itself, by others or not.
    #[error("{path} includes itself", path = .0.display())]
    Loop(PathBuf),
}

impl DictionaryError {
    pub(super) fn unreadable(path: &Path, reason: &std::io::Error) -> Self {
        let problem = DictionaryProblem::Unreadable { path: path.to_owned(), reason: reason.to_string() };
        Self { file: path.display().to_string(), line: 0, problem }
    }
}

/// Why an attribute that a dictionary defines does not go into a packet of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Feature {
    /// Its number is above 255: an item of the server's own, which FreeRADIUS sends nowhere either.
    #[error("it is an item of FreeRADIUS itself and goes into no packet")]
    Internal,
    /// Its vendor's numbers or lengths are not one octet wide (RFC 2865 §5.26 leaves that open).
    #[error("its vendor lays attributes out in another way (format={0})")]
    VendorFormat(String),
    /// It holds other attributes, or is inside one (`tlv`, `BEGIN-TLV`, dotted numbers).
    #[error("it is an attribute of attributes, or one inside (tlv)")]
    Tlv,
    /// The Vendor-Specific attribute itself (`vsa`).
    #[error("it holds vendors' attributes: name one of them, or write Attr-26 = 0x…")]
    VendorSpecific,
    /// The extended attribute space (RFC 6929: `extended`, `long-extended`, `evs`, numbers below 241 to 246).
    #[error("it is an extended attribute (RFC 6929)")]
    Extended,
    /// A type that FreeRADIUS 3 does not have either.
    #[error("nothing is known of its type {0:?}")]
    Type(String),
    /// A flag that FreeRADIUS 3 does not have either.
    #[error("nothing is known of its flag {0:?}")]
    Flag(String),
}

/// An attribute that can be named and does not go into a packet, and where it is defined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {name}: {feature}")]
pub struct NotCarried {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The attribute.
    pub name: String,
    /// What it would take.
    pub feature: Feature,
}

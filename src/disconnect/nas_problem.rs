//! Why a session's NAS cannot be told.

use std::collections::BTreeSet;

use super::entry::Mark;

/// Why a session's NAS cannot be told or reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NasProblem {
    /// Nothing matches.
    #[error(
        "no [[nas]] and no row of the nas table matches nasipaddress {address:?}, Called-Station-Id {called:?}{}{}",
        too(identifier),
        not_resolved(unresolved)
    )]
    Unknown {
        /// nasipaddress as stored.
        address: String,
        /// Called-Station-Id as stored.
        called: String,
        /// NAS-Identifier as stored; empty where radacct has none.
        identifier: String,
        /// Host names of the nas table that could not be resolved, so that one of them may be the one.
        unresolved: BTreeSet<String>,
    },
    /// More than one matches equally well, or address and name point to different ones.
    #[error(
        "nasipaddress {address:?} and Called-Station-Id {called:?}{} fit more than one NAS: {}",
        too(identifier),
        names.join(", ")
    )]
    Ambiguous {
        /// nasipaddress as stored.
        address: String,
        /// Called-Station-Id as stored.
        called: String,
        /// NAS-Identifier as stored; empty where radacct has none.
        identifier: String,
        /// The candidates.
        names: Vec<String>,
    },
    /// Its name is one NAS's, which has other addresses than its own.
    #[error(
        "nasipaddress {address:?} is none of NAS {name}'s, whose name it has: if it is that NAS, add it to its match"
    )]
    Elsewhere {
        /// The NAS by that name.
        name: String,
        /// nasipaddress as stored.
        address: String,
    },
    /// It is known by name, and nobody says where it is.
    #[error("NAS {name}: nasipaddress {address:?} is no address; give its [[nas]] an address")]
    NoAddress {
        /// The NAS.
        name: String,
        /// nasipaddress as stored.
        address: String,
    },
    /// Neither a secret nor REST.
    #[error("NAS {name}: no secret and no [nas.rest]: nothing to disconnect it by")]
    NoPath {
        /// The NAS.
        name: String,
    },
}

impl NasProblem {
    /// Nothing matches.
    pub(super) fn unknown(mark: &Mark<'_>, unresolved: &BTreeSet<String>) -> Self {
        Self::Unknown {
            address: mark.address.to_owned(),
            called: mark.called.to_owned(),
            identifier: mark.identifier.to_owned(),
            unresolved: unresolved.clone(),
        }
    }

    /// These match equally well.
    pub(super) fn ambiguous(mark: &Mark<'_>, names: Vec<String>) -> Self {
        Self::Ambiguous {
            address: mark.address.to_owned(),
            called: mark.called.to_owned(),
            identifier: mark.identifier.to_owned(),
            names,
        }
    }
}

fn too(identifier: &str) -> String {
    if identifier.is_empty() { String::new() } else { format!(", NAS-Identifier {identifier:?}") }
}

fn not_resolved(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("; of the nas table, no address is known for {}", names.join(", "))
}

//! Why a session's NAS cannot be told.

use crate::store::SessionRow;

/// Why a session's NAS cannot be told or reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NasProblem {
    /// Nothing matches.
    #[error("no [[nas]] and no row of the nas table matches nasipaddress {address:?}, Called-Station-Id {called:?}")]
    Unknown {
        /// nasipaddress as stored.
        address: String,
        /// Called-Station-Id as stored.
        called: String,
    },
    /// More than one matches equally well, or address and name point to different ones.
    #[error("nasipaddress {address:?} and Called-Station-Id {called:?} fit more than one NAS: {}", names.join(", "))]
    Ambiguous {
        /// nasipaddress as stored.
        address: String,
        /// Called-Station-Id as stored.
        called: String,
        /// The candidates.
        names: Vec<String>,
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
    /// Nothing matches this session.
    pub(super) fn unknown(session: &SessionRow) -> Self {
        Self::Unknown { address: session.nas_ip_address.clone(), called: session.called_station_id.clone() }
    }
}

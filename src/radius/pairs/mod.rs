//! Attributes as people write them: `Name=value` on a command line, and radclient's packet files.
//!
//! Text is octets here, as radclient has it: a name in Latin-1 goes out as it stands.

mod control;
mod file;
mod pair;
mod problem;

pub use file::{MAX_LINE_OCTETS, PacketFileError, RequestReader, parse_requests};
pub use problem::{PairError, PairProblem};

use super::quoting::{Written, trim};
use super::{Attributes, Dictionary};

const CLOSED: &str = "closed by the quote that opens it";

/// Reads one `Name=value`, as a command line has it, and appends it to `attributes`.
///
/// What delimits the pair has delimited the value: without quotes it is everything behind the first `=`, spaces, commas,
/// `#` and backslashes included; only spaces around it go. In `"…"` or `'…'` it is read as in a packet file
/// ([`RequestReader`]).
///
/// # Errors
/// [`PairProblem`] says what would be right; nothing is appended then.
pub fn parse_pair(dictionary: &Dictionary, pair: &str, attributes: &mut Attributes) -> Result<(), PairProblem> {
    let named = pair::Named::take(pair.as_bytes())?;
    let text = trim(named.behind);
    let written = match Written::take(text) {
        _ if !text.starts_with(b"\"") && !text.starts_with(b"'") => Written::plain(text),
        Some((written, b"")) => written,
        _ => return Err(PairProblem::value(named.name, text, CLOSED)),
    };
    pair::push(dictionary, &named, &written, &mut Vec::new(), attributes)
        .map(|_| ())
        .map_err(|problem| problem.with_nearest(dictionary))
}

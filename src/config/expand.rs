//! `${NAME}` and `$$` inside strings.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a string cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExpandError {
    /// `${` without `}`.
    Unclosed,
    /// Not the name of a variable.
    BadName,
    /// The variable is not set.
    Undefined(String),
}

/// A part of a string.
enum Piece<'a> {
    Literal(&'a str),
    Variable(String),
}

/// `text` with variables put in as they are.
pub(super) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    Ok(pieces(text, variable)?
        .into_iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.to_owned(),
            Piece::Variable(value) => value,
        })
        .collect())
}

/// `text` as a URL: a variable between `://` and `@` is percent-encoded, because a password may hold `/`, `#` or `@`.
pub(super) fn expand_url(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let pieces = pieces(text, variable)?;
    let last_at = pieces.iter().rposition(|piece| matches!(piece, Piece::Literal(text) if text.contains('@')));
    let mut url = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(text) => url.push_str(text),
            Piece::Variable(value) if url.contains("://") && last_at.is_some_and(|at| index < at) => {
                url.extend(utf8_percent_encode(value, RESERVED));
            }
            Piece::Variable(value) => url.push_str(value),
        }
    }
    Ok(url)
}

fn pieces(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Piece<'_>>, ExpandError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (literal, dollar) = rest.split_at(at);
        pieces.push(Piece::Literal(literal));
        if let Some(after) = dollar.strip_prefix("$$") {
            pieces.push(Piece::Literal("$"));
            rest = after;
        } else if let Some(after) = dollar.strip_prefix("${") {
            let (name, after) = after.split_once('}').ok_or(ExpandError::Unclosed)?;
            pieces.push(Piece::Variable(value(name, &variable)?));
            rest = after;
        } else {
            pieces.push(Piece::Literal("$"));
            rest = &dollar[1..];
        }
    }
    pieces.push(Piece::Literal(rest));
    Ok(pieces)
}

fn value(name: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(legal) {
        return Err(ExpandError::BadName);
    }
    variable(name).ok_or_else(|| ExpandError::Undefined(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        (name == "PASS").then(|| "p@s/s#$x".to_owned())
    }

    #[test]
    fn puts_variables_in_and_leaves_other_dollars() {
        assert_eq!(expand("a${PASS}b$$c$d$", variable), Ok("ap@s/s#$xb$c$d$".to_owned()));
        assert_eq!(expand("${NONE}", variable), Err(ExpandError::Undefined("NONE".to_owned())));
        assert_eq!(expand("${PASS", variable), Err(ExpandError::Unclosed));
        assert_eq!(expand("${A B}", variable), Err(ExpandError::BadName));
    }

    #[test]
    fn encodes_only_the_credentials_of_a_url() {
        let url = expand_url("mysql://radkick:${PASS}@db/radius", variable);
        assert_eq!(url, Ok("mysql://radkick:p%40s%2Fs%23%24x@db/radius".to_owned()));
        assert_eq!(expand_url("${PASS}", variable), Ok("p@s/s#$x".to_owned()));
        assert_eq!(expand_url("mysql://u:p@db/${PASS}", variable), Ok("mysql://u:p@db/p@s/s#$x".to_owned()));
    }
}

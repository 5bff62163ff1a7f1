//! Where the operator's statement ends. The database judges it; here is found only what may stand around it.

/// A dialect, as far as its quotes and comments go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    Mariadb,
    Postgres,
    Sqlite,
}

/// What stands at one place of the text, and how many octets it takes.
enum Token {
    Blank(usize),
    End(usize),
    Other(usize),
}

/// The one SELECT in this text, without the semicolon behind it; what is wrong, in an operator's words.
pub(in super::super) fn one_select(text: &str, dialect: Dialect) -> Result<&str, String> {
    let (mut at, mut begin, mut end) = (0, None, None);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let before = text.get(..at).unwrap_or_default();
        at += match token(before, rest, dialect)? {
            Token::Blank(octets) => octets,
            Token::End(octets) => {
                end.get_or_insert(at);
                octets
            }
            Token::Other(_) if end.is_some() => return Err("it is more than one statement".to_owned()),
            Token::Other(octets) => {
                begin = begin.or((!rest.starts_with('(')).then_some(at));
                octets
            }
        };
    }
    let word = text.get(begin.unwrap_or(at)..).unwrap_or_default();
    let word = word.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if ["select", "with"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return Ok(text.get(..end.unwrap_or(at)).unwrap_or_default());
    }
    Err(if begin.is_none() { "it is empty".to_owned() } else { "it is no SELECT".to_owned() })
}

fn token(before: &str, rest: &str, dialect: Dialect) -> Result<Token, String> {
    let first = rest.chars().next().unwrap_or_default();
    let quoted = |octets: Option<usize>| {
        octets.map(Token::Other).ok_or_else(|| format!("it has a quote {first} that does not end"))
    };
    match first {
        c if c.is_whitespace() => Ok(Token::Blank(c.len_utf8())),
        ';' => Ok(Token::End(1)),
        _ if line_comment(rest, dialect) => Ok(Token::Blank(rest.find('\n').unwrap_or(rest.len()))),
        '/' if rest.starts_with("/*") => {
            let octets = comment(rest, dialect).ok_or("it has a comment that does not end")?;
            Ok(Token::Blank(octets))
        }
        '\'' => quoted(quote(rest, '\'', dialect == Dialect::Mariadb || escapes(before, dialect))),
        '"' => quoted(quote(rest, '"', dialect == Dialect::Mariadb)),
        '`' if dialect != Dialect::Postgres => quoted(quote(rest, '`', false)),
        '[' if dialect == Dialect::Sqlite => quoted(rest.find(']').map(|at| at + 1)),
        '$' if dialect == Dialect::Postgres && !behind_a_word(before) => match dollars(rest) {
            Some(tag) => quoted(rest.get(tag.len()..).and_then(|text| text.find(tag)).map(|at| at + 2 * tag.len())),
            None => Ok(Token::Other(1)),
        },
        c => Ok(Token::Other(c.len_utf8())),
    }
}

/// Whether a comment begins here that lasts to the end of the line. To MariaDB `--1` is a number.
fn line_comment(rest: &str, dialect: Dialect) -> bool {
    let behind = rest.strip_prefix("--");
    match dialect {
        Dialect::Postgres | Dialect::Sqlite => behind.is_some(),
        Dialect::Mariadb => {
            let blank = |text: &str| text.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control());
            rest.starts_with('#') || behind.is_some_and(blank)
        }
    }
}

/// How long the comment is that begins here. PostgreSQL's may hold others.
fn comment(rest: &str, dialect: Dialect) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(text) = rest.get(at..).filter(|text| !text.is_empty()) {
        if text.starts_with("/*") && (depth == 0 || dialect == Dialect::Postgres) {
            (at, depth) = (at + 2, depth + 1);
        } else if text.starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += text.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// How long the quoted text is that begins here. A quote in it is doubled, or has a backslash before it.
fn quote(rest: &str, mark: char, backslashes: bool) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && backslashes {
            characters.next();
        } else if c == mark && characters.next_if(|(_, next)| *next == mark).is_none() {
            return Some(at + mark.len_utf8());
        }
    }
    None
}

/// Whether the quote behind this text is one of PostgreSQL's with backslashes: `E'...'`.
fn escapes(before: &str, dialect: Dialect) -> bool {
    let behind_e = before.strip_suffix(['e', 'E']);
    dialect == Dialect::Postgres && behind_e.is_some_and(|before| !behind_a_word(before))
}

fn behind_a_word(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

/// The mark that a text of PostgreSQL's begins and ends with: `$$` or `$word$`.
fn dollars(rest: &str) -> Option<&str> {
    let end = rest.get(1..)?.find('$')? + 1;
    let word = rest.get(1..end)?;
    let sound = word.chars().all(|c| c.is_alphanumeric() || c == '_') && !word.starts_with(|c: char| c.is_numeric());
    rest.get(..=end).filter(|_| sound)
}

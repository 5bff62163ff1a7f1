//! Rust source as tokens with their lines: enough to hold laws over it, no parser.
//!
//! Comments vanish; a literal is one token.

/// A word, a number, a literal, `::`, or one character of punctuation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// Where it ends: a literal may span lines.
    pub(crate) last_line: usize,
}

/// All tokens of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = measure(rest, first);
        let (text, after) = rest.split_at(length);
        let last_line = line + text.matches('\n').count();
        if is_token {
            found.push(Token { text, line, last_line });
        }
        (rest, line) = (after, last_line);
    }
    found
}

/// How many octets belong together at the start of `rest`, and whether they are a token.
fn measure(rest: &str, first: char) -> (usize, bool) {
    if first.is_whitespace() {
        (first.len_utf8(), false)
    } else if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), false)
    } else if rest.starts_with("/*") {
        (block_comment(rest), false)
    } else if let Some(length) = raw_string(rest) {
        (length, true)
    } else if let Some(length) = quoted(rest) {
        (length, true)
    } else if is_word(first) {
        (rest.find(|c| !is_word(c)).unwrap_or(rest.len()), true)
    } else if rest.starts_with("::") {
        (2, true)
    } else {
        (first.len_utf8(), true)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, if that is what begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let body = after.trim_start_matches('#');
    let hashes = &after[..after.len() - body.len()];
    let inner = body.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let length = inner.find(&end)? + end.len();
    Some(text.len() - inner.len() + length)
}

/// The length of a string, an octet string, a character or a lifetime, if that is what begins here.
fn quoted(text: &str) -> Option<usize> {
    let after =
        ["b\"", "c\"", "\"", "b'", "'"].iter().find_map(|open| text.strip_prefix(open).map(|rest| (open, rest)));
    let (open, body) = after?;
    if open.ends_with('\'') && is_lifetime(body) {
        return Some(1);
    }
    let close = if open.ends_with('"') { '"' } else { '\'' };
    let mut escaped = false;
    let end = body.find(|character| {
        let closes = character == close && !escaped;
        escaped = character == '\\' && !escaped;
        closes
    });
    Some(open.len() + end.map_or(body.len(), |end| end + 1))
}

/// Whether what follows an apostrophe is a lifetime, not a character.
fn is_lifetime(body: &str) -> bool {
    let mut characters = body.chars();
    characters.next().is_some_and(is_word) && characters.next() != Some('\'')
}

#[test]
fn literals_and_comments_hide_nothing_and_leak_nothing() {
    let source = "fn a<'x>() { '{'; b'\\''; \"a\\\"}\"; r#\"\"}\"#; /* { /* */ } */ } // }\n::é r b";
    let texts: Vec<&str> = tokens(source).iter().map(|token| token.text).collect();
    let expected = [
        "fn",
        "a",
        "<",
        "'",
        "x",
        ">",
        "(",
        ")",
        "{",
        "'{'",
        ";",
        "b'\\''",
        ";",
        "\"a\\\"}\"",
        ";",
        "r#\"\"}\"#",
        ";",
        "}",
        "::",
        "é",
        "r",
        "b",
    ];
    assert_eq!(texts, expected);
    assert_eq!(tokens(source).last().map(|token| token.line), Some(2));
}

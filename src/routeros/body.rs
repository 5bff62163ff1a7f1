//! From the octets of an answer to JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::RestFailure;
use super::rows::text;

/// What RouterOS says when something went wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// Whether it was RouterOS' form of an error at all, not a page of something in between.
    pub(super) genuine: bool,
    /// `detail`, else `message`; at most 200 characters, none of them a control.
    pub(super) detail: String,
}

/// The JSON of a successful answer.
pub(super) fn parse(octets: &[u8]) -> Result<Value, RestFailure> {
    let text = String::from_utf8_lossy(octets);
    serde_json::from_str(&json(&text)?).map_err(|error| not_json(&error))
}

/// The rows of a list, one after the other, so that a list of 50,000 is never held as JSON. Each must be of the right shape:
/// right after its start a router may answer anything.
pub(super) fn parse_rows<T>(
    octets: &[u8],
    read: impl Fn(&Map<String, Value>) -> Result<T, RestFailure>,
) -> Result<Vec<T>, RestFailure> {
    let text = String::from_utf8_lossy(octets);
    let text = json(&text)?;
    if !text.starts_with('[') {
        // Other JSON has another shape; what is no JSON at all is said to be none.
        let parsed = serde_json::from_str::<Value>(&text).map_err(|error| not_json(&error));
        return parsed.and(Err(RestFailure::Shape("no list of rows")));
    }
    let mut seen = Rows { read, good: Vec::new(), wrong: None };
    let mut json = serde_json::Deserializer::from_str(&text);
    json.deserialize_seq(&mut seen).and_then(|()| json.end()).map_err(|error| not_json(&error))?;
    seen.wrong.map_or(Ok(seen.good), Err)
}

struct Rows<T, F> {
    read: F,
    good: Vec<T>,
    /// What is wrong with the first row that is wrong.
    wrong: Option<RestFailure>,
}

impl<'de, T, F: Fn(&Map<String, Value>) -> Result<T, RestFailure>> Visitor<'de> for &mut Rows<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Value>()? {
            let row = row.as_object().ok_or(RestFailure::Shape("a row that is no object")).and_then(&self.read);
            match row {
                Ok(row) => self.good.push(row),
                Err(wrong) => self.wrong = self.wrong.take().or(Some(wrong)),
            }
        }
        Ok(())
    }
}

/// What may be JSON, with its control octets escaped.
fn json(text: &str) -> Result<Cow<'_, str>, RestFailure> {
    let start = text.trim_start();
    if start.is_empty() {
        return Err(RestFailure::Empty);
    }
    if start.starts_with('<') {
        return Err(RestFailure::NotJson { found: "HTML" });
    }
    Ok(escape_controls(start))
}

fn not_json(error: &serde_json::Error) -> RestFailure {
    if error.is_eof() { RestFailure::Truncated } else { RestFailure::NotJson { found: "something" } }
}

/// The form of an error, if it is one.
pub(super) fn parse_error(octets: &[u8]) -> ErrorBody {
    let Ok(Value::Object(body)) = parse(octets) else { return ErrorBody::default() };
    let detail = text(&body, "detail").or_else(|| text(&body, "message")).unwrap_or_default();
    ErrorBody {
        genuine: body.contains_key("error"),
        detail: detail.chars().filter(|c| !c.is_control()).take(200).collect(),
    }
}

/// RouterOS sends octets below 0x20 inside strings as they are, which is no JSON: they are escaped here.
fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|octet| octet < b' ') {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    let (mut in_string, mut after_backslash) = (false, false);
    for c in text.chars() {
        match c {
            '"' if !after_backslash => in_string = !in_string,
            '\0'..'\x20' if in_string => {
                // A backslash before it would escape our own.
                if after_backslash {
                    escaped.push('\\');
                }
                escaped.extend(format!("\\u{:04x}", u32::from(c)).chars());
                after_backslash = false;
                continue;
            }
            _ => {}
        }
        after_backslash = in_string && c == '\\' && !after_backslash;
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_octets_survive_in_strings() {
        let value = parse(b" [ {\n\t\"user\":\"a\x01\tb\\\"\x1f\\\\\", \"x\\\x02\":\"1\"} ]").expect("JSON");
        assert_eq!(value[0]["user"], "a\u{1}\tb\"\u{1f}\\");
        assert_eq!(value[0]["x\\\u{2}"], "1");
    }

    #[test]
    fn errors_of_routeros_are_told_from_pages_in_between() {
        let body = parse_error(br#"{"detail":"no such item","error":404,"message":"Not Found"}"#);
        assert_eq!(body, ErrorBody { genuine: true, detail: "no such item".to_owned() });
        assert_eq!(parse_error(b"<html>404</html>"), ErrorBody::default());
    }
}

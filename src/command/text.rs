//! What a text of a request may be: the same for an argument and for a line from the socket.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::coa::{Change, ChangeProblem};
use crate::quota::UserName;

/// Octets that an attribute's text may have (RFC 2865 §5).
const ATTRIBUTE_OCTETS: usize = 253;
/// Octets that a reason may have: it stands in the journal, for people.
const REASON_OCTETS: usize = 1000;

/// A user's name: 1 to 253 octets, as User-Name holds (RFC 2865 §5.1).
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn user_name(text: &str) -> Result<UserName, String> {
    match text.len() {
        0 => Err("a user name is empty; it has 1 to 253 octets".to_owned()),
        1..=ATTRIBUTE_OCTETS => Ok(UserName::new(text)),
        octets => Err(format!("this user name has {octets} octets; User-Name holds 1 to 253")),
    }
}

/// A filter. One that an unset variable of a script left empty would take every session that lacks the attribute.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn not_empty(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("it is empty; leave the option out, or name what is meant".to_owned()),
        1..=ATTRIBUTE_OCTETS => Ok(text.to_owned()),
        octets => Err(format!("it has {octets} octets; right would be 1 to 253")),
    }
}

/// A Calling-Station-Id, with any separators.
///
/// # Errors
/// When it says nothing, or too much.
pub fn mac(text: &str) -> Result<String, String> {
    if text.contains(|c: char| c.is_alphanumeric()) {
        not_empty(text)
    } else {
        Err("it names no MAC address; right would be 02:00:00:00:00:41".to_owned())
    }
}

/// Why, in a person's words: up to 1,000 octets.
///
/// # Errors
/// When it is longer.
pub fn reason(text: &str) -> Result<String, String> {
    match text.len() {
        0..=REASON_OCTETS => Ok(text.to_owned()),
        octets => Err(format!("it has {octets} octets; right would be up to {REASON_OCTETS}")),
    }
}

/// Everything that is wrong with changes, a line each.
#[must_use]
pub fn wrong_changes(problems: Vec<(Option<String>, ChangeProblem)>) -> Vec<String> {
    let line = |(pair, problem): (Option<String>, ChangeProblem)| match pair {
        Some(pair) => format!("'{}': {problem}", pair.escape_debug()),
        None => problem.to_string(),
    };
    problems.into_iter().map(line).collect()
}

pub(super) fn read_changes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let pairs = Vec::<String>::deserialize(from)?;
    let wrong = |problems| D::Error::custom(format!("attributes: {}", wrong_changes(problems).join("; ")));
    Change::parse(&pairs).map(|_| pairs).map_err(wrong)
}

pub(super) fn write_user<S: Serializer>(user: &UserName, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(user.as_str())
}

#[expect(clippy::ref_option, reason = "so serde calls it")]
pub(super) fn write_user_if<S: Serializer>(user: &Option<UserName>, to: S) -> Result<S::Ok, S::Error> {
    match user {
        Some(user) => to.serialize_some(user.as_str()),
        None => to.serialize_none(),
    }
}

pub(super) fn read_user<'de, D: Deserializer<'de>>(from: D) -> Result<UserName, D::Error> {
    user_name(&String::deserialize(from)?).map_err(|why| D::Error::custom(format!("user: {why}")))
}

pub(super) fn read_user_if<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UserName>, D::Error> {
    read_if(from, "user", user_name)
}

pub(super) fn read_session<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    read_if(from, "session", not_empty)
}

pub(super) fn read_nas<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    read_if(from, "nas", not_empty)
}

pub(super) fn read_mac<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    read_if(from, "mac", mac)
}

pub(super) fn read_reason<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    read_if(from, "reason", reason)
}

fn read_if<'de, D: Deserializer<'de>, T>(
    from: D,
    key: &str,
    rule: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| rule(&text)).transpose().map_err(|why| D::Error::custom(format!("{key}: {why}")))
}

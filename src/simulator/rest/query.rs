//! Which rows a request wants, and which of their columns.

use serde_json::Value;

use super::reply::Row;

/// What RouterOS shows only when it is true, so that its absence means `false`.
const FLAGS: [&str; 7] = ["radius", "blocked", "authorized", "bypassed", "dynamic", "mac-cookie", "disabled"];

/// The conditions of a request, and the columns it asks for.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Words of an API query (RouterOS manual, API): conditions, and operators on a stack.
    pub(super) words: Vec<String>,
    proplist: Option<Vec<String>>,
}

impl Filter {
    /// From a URL's query: exact values that must all hold, and `.proplist`.
    pub(super) fn of_pairs(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                ".proplist" => filter.proplist = Some(names(value)),
                "" => return Err("unknown parameter ".to_owned()),
                _ => filter.words.push(format!("{name}={value}")),
            }
        }
        Ok(filter)
    }

    /// From a POST's body: `.query`, an array of words, and `.proplist`, an array or a text with commas.
    pub(super) fn of_body(body: &Value) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in body.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                (".proplist", Value::String(text)) => filter.proplist = Some(names(text)),
                (".proplist", Value::Array(_)) => filter.proplist = Some(texts(value)?),
                (".query", Value::Array(_)) => filter.words = texts(value)?,
                _ => return Err(format!("unknown parameter {name}")),
            }
        }
        check(&filter.words).map(|()| filter)
    }

    /// The row with the columns that are asked for. `.id` comes along unless the router leaves it out.
    pub(super) fn columns(&self, mut row: Row, without_id: bool) -> Row {
        if let Some(proplist) = &self.proplist {
            row.retain(|name, _| proplist.iter().any(|wanted| wanted == name) || *name == ".id" && !without_id);
        }
        row
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

fn texts(array: &Value) -> Result<Vec<String>, String> {
    let items = array.as_array().into_iter().flatten();
    items.map(|item| item.as_str().map(str::to_owned).ok_or_else(|| format!("invalid value {item}"))).collect()
}

/// Whether every operator has what it works on.
fn check(words: &[String]) -> Result<(), String> {
    evaluate(words, |_| true).map(|_| ())
}

/// Whether a row meets the conditions. What stays on the stack must all hold.
pub(super) fn matches(row: &Row, words: &[String]) -> bool {
    evaluate(words, |word| condition(row, word)).is_ok_and(|stack| stack.into_iter().all(|holds| holds))
}

fn evaluate(words: &[String], condition: impl Fn(&str) -> bool) -> Result<Vec<bool>, String> {
    let mut stack = Vec::new();
    for word in words {
        let Some(operators) = word.strip_prefix('#') else {
            stack.push(condition(word));
            continue;
        };
        for operator in operators.chars() {
            operate(&mut stack, operator).ok_or_else(|| format!("bad query operator {word}"))?;
        }
    }
    Ok(stack)
}

fn operate(stack: &mut Vec<bool>, operator: char) -> Option<()> {
    let last = stack.pop()?;
    let result = match operator {
        '!' => !last,
        '|' => stack.pop()? | last,
        '&' => stack.pop()? & last,
        _ => return None,
    };
    stack.push(result);
    Some(())
}

/// `name=value` (also with the `=` or `?` that the API's form puts in front), `name` (is there) or `-name` (is not).
fn condition(row: &Row, word: &str) -> bool {
    let word = word.strip_prefix(['=', '?']).unwrap_or(word);
    match word.split_once('=') {
        Some((name, value)) => {
            let value = if FLAGS.contains(&name) { flag(value) } else { value };
            row.get(name).map_or(FLAGS.contains(&name) && value == "false", |own| own == value)
        }
        None => match word.strip_prefix('-') {
            Some(name) => !row.contains_key(name),
            None => row.contains_key(word),
        },
    }
}

/// A flag is also asked for as RouterOS' command line writes it, which its clients do.
fn flag(value: &str) -> &str {
    match value {
        "yes" => "true",
        "no" => "false",
        other => other,
    }
}

//! What the client of MariaDB prints.
use serde_json::Value;

use super::sqlite::Row;

/// The client's tab-separated lines: NULL and numbers as such, everything else as text. The client does not tell the type
/// of a column; `value` is text in every table of FreeRADIUS'.
pub(super) fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().map(|line| line.split('\t').collect()).unwrap_or_default();
    let cell = |(name, text): (&&str, &str)| {
        let value = if *name == "value" { Value::from(unescaped(text)) } else { value(text) };
        (name.to_string(), value)
    };
    lines.map(|line| names.iter().zip(line.split('\t')).map(cell).collect()).collect()
}

fn value(text: &str) -> Value {
    match text {
        "NULL" => Value::Null,
        text => match (text.parse::<i64>(), text.parse::<u64>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(unescaped(text)),
        },
    }
}

/// Text as it is; the client writes these characters with a backslash.
fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let plain = std::iter::from_fn(|| match characters.next()? {
        '\\' => characters.next().map(|letter| match letter {
            'n' => '\n',
            't' => '\t',
            '0' => '\0',
            other => other,
        }),
        other => Some(other),
    });
    plain.collect()
}

#[test]
fn lines_become_rows() {
    let found = rows("id\tvalue\tname\n-1\t5\tNULL\n18446744073709551615\tNULL\ta\\tb\\\\n\\n\n");
    let wanted = serde_json::json!([
        { "id": -1, "value": "5", "name": null },
        { "id": u64::MAX, "value": "NULL", "name": "a\tb\\n\n" },
    ]);
    assert_eq!(Value::from_iter(found), wanted);
}

//! FreeRADIUS' text form of attributes: `Name = value`, written for radclient and read from radclient and `detail`.
use std::collections::BTreeMap;

/// Attributes by name, each with its values in order; strings without their quotes and escapes.
pub(crate) type Attributes = BTreeMap<String, Vec<String>>;

/// A packet in radclient's form.
///
/// A value that begins with `0x` stays bare (octets); everything else is quoted, which radclient reads for every type.
/// `Attr-1` with octets writes any User-Name at all.
pub(crate) fn packet(pairs: &[(&str, &str)]) -> String {
    let lines: Vec<String> = pairs.iter().map(|(name, value)| format!("{name} = {}\n", quoted(value))).collect();
    lines.concat()
}

fn quoted(value: &str) -> String {
    if value.starts_with("0x") {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            // A literal "%{" would leave the whole value unescaped.
            '%' => text.push_str("\\045"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
    text + "\""
}

/// The attributes among `lines`: those indented by a tab.
pub(crate) fn attributes<'a>(lines: impl IntoIterator<Item = &'a str>) -> Attributes {
    let mut found = Attributes::new();
    for line in lines {
        if let Some((name, value)) = line.strip_prefix('\t').and_then(|pair| pair.split_once(" = ")) {
            found.entry(name.to_owned()).or_default().push(unquoted(value));
        }
    }
    found
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => unescaped(inner.as_bytes()),
        None => value.to_owned(),
    }
}

fn unescaped(mut text: &[u8]) -> String {
    let mut octets = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (octet, rest) = if *first == b'\\' { escape(rest) } else { (*first, rest) };
        octets.push(octet);
        text = rest;
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn escape(text: &[u8]) -> (u8, &[u8]) {
    match text {
        [b'n', rest @ ..] => (b'\n', rest),
        [b'r', rest @ ..] => (b'\r', rest),
        [b't', rest @ ..] => (b'\t', rest),
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
            ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), rest)
        }
        [other, rest @ ..] => (*other, rest),
        [] => (b'\\', text),
    }
}

#[test]
fn quoting_leaves_nothing_for_radclient_to_expand() {
    let text = packet(&[("User-Name", "a\"b\\c%{d}\ne'"), ("Class", "0x00ff")]);
    assert_eq!(text, "User-Name = \"a\\\"b\\\\c\\045{d}\\ne'\"\nClass = 0x00ff\n");
}

#[test]
fn attributes_come_back_as_they_went() {
    let lines = "Received\n\tUser-Name = \"o'b\\\"\\\\\\n\\303\\251\"\n\tClass = 0x00ff\n\tClass = 0x01\n";
    let found = attributes(lines.lines());
    assert_eq!(found["User-Name"], ["o'b\"\\\né"]);
    assert_eq!(found["Class"], ["0x00ff", "0x01"]);
}

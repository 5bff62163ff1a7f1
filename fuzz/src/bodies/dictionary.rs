//! A dictionary file, and one that includes others.
use std::io;
use std::path::{Path, PathBuf};

use radkick::radius::{Dictionary, DictionaryError, NotCarried};

pub(crate) fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let mut dictionary = Dictionary::default();
    let result = dictionary.parse("d", &text);
    check(&result, &text);
    sound(&dictionary, octets);
    // As one that was there before is taken over, or the same is said of it
    assert_eq!(dictionary.parse("d", &text).is_ok(), result.is_ok());
    included(&text);
}

/// Every complaint names a line that is there.
fn check(result: &Result<Vec<NotCarried>, DictionaryError>, text: &str) {
    let lines = 1..=text.lines().count();
    match result {
        Ok(all) => assert!(all.iter().all(|one| lines.contains(&one.line) && one.to_string().starts_with("d:"))),
        Err(error) => assert!(lines.contains(&error.line) && error.to_string().starts_with("d:"), "{error}"),
    }
}

/// What is defined is found by its name and by its number, and shows any octets.
fn sound(dictionary: &Dictionary, octets: &[u8]) {
    for definition in dictionary.iter() {
        let found = dictionary.attribute(&definition.name.to_ascii_uppercase()).expect("a name in any case");
        assert_eq!(found.name, definition.name);
        for length in [0, 1, 4, 6, 16, 253] {
            let value = &octets[..octets.len().min(length)];
            drop(definition.decode(value));
            if let Ok(attribute_type) = definition.place {
                drop(dictionary.value(attribute_type, value));
                let name = dictionary.name(attribute_type);
                assert!(dictionary.attribute(&name).is_some() || name.contains("Attr-"), "{name}");
            }
        }
    }
    let nearest = dictionary.nearest(&String::from_utf8_lossy(&octets[..octets.len().min(40)]));
    assert!(nearest.is_none_or(|name| dictionary.attribute(name).is_some()));
}

/// The parts between lines of `----`, each a file: `0`, `1` and so on, the first read first.
fn included(text: &str) {
    let files: Vec<&str> = text.split("----\n").collect();
    let read = |path: &Path| {
        let number = path.to_str().and_then(|path| path.parse::<usize>().ok());
        let file = number.and_then(|number| files.get(number)).ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        Ok(file.as_bytes().to_vec())
    };
    let first = [PathBuf::from("0")];
    if let Ok(all) = Dictionary::default().load(&first, read) {
        assert!(all.iter().all(|one| one.line > 0));
    }
}

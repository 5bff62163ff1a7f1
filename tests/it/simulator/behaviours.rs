//! Switches by name and from a file.
use std::collections::BTreeSet;

use radkick::simulator::{BEHAVIOUR_NAMES, Behaviours, NotFound, StopTiming};

#[test]
fn every_name_sets_something_and_no_two_the_same() {
    let none = [""; 0];
    let mut seen = vec![format!("{:?}", Behaviours::resolve("", &none).expect("the defaults"))];
    for known in BEHAVIOUR_NAMES {
        let behaviours = Behaviours::resolve("", &[known.name]).expect(known.name);
        let text = format!("{behaviours:?}");
        assert!(!seen.contains(&text), "{} sets nothing of its own", known.name);
        assert_eq!(text, format!("{:?}", Behaviours::from_toml(known.toml).expect("TOML")), "{}", known.name);
        seen.push(text);
    }
}

#[test]
fn names_go_over_the_file_key_by_key() {
    let file = "not-found = 'no-error-cause'\nstop = 'lost'\n[faults]\ndrop-requests = 3\n";
    let behaviours = Behaviours::resolve(file, &["stop-repeated", "duplicate-reply"]).expect("switches");
    assert_eq!((behaviours.not_found, behaviours.stop), (NotFound::NoErrorCause, StopTiming::Repeated));
    assert_eq!((behaviours.faults.drop_requests, behaviours.faults.duplicate_reply), (3, true));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, words) in [
        ("stop = 'lost'\ncolour = 'red'\n", vec!["line 2", "unknown field `colour`", "`not-found`"]),
        ("[faults]\nsilence = true\n", vec!["line 2", "unknown field `silence`", "`silent`"]),
        ("stop = 'never'\n", vec!["line 1", "unknown variant `never`", "`lost`"]),
        ("ack-does-nothing = 1\n", vec!["line 1", "invalid type"]),
        ("stop = \n", vec!["line 1"]),
    ] {
        let error = Behaviours::from_toml(text).expect_err(text).to_string();
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
    }
    let error = Behaviours::resolve("", &["kind"]).expect_err("no such name").to_string();
    assert_eq!(error, "no behaviour is called kind");
}

/// A row of a table of docs/simulator.md.
struct Row {
    key: String,
    /// What stands in backticks under the default and the other values.
    values: BTreeSet<String>,
    names: BTreeSet<String>,
}

fn in_backticks(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn documented() -> Vec<Row> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulator.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let tables = page.split_once("## Switches").expect("its part").1;
    let rows = tables.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| behaviour"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').collect();
        assert_eq!(cells.len(), 8, "{line}");
        let key = in_backticks(cells[4]).pop_first().expect("a key");
        let values = in_backticks(cells[2]).into_iter().chain(in_backticks(cells[3])).collect();
        Row { key, values, names: in_backticks(cells[5]) }
    })
    .collect()
}

/// What the program says that it expected instead of nonsense.
fn expected_instead(toml: &str) -> BTreeSet<String> {
    let error = Behaviours::from_toml(toml).expect_err(toml).to_string();
    in_backticks(error.split_once("expected").map_or("", |(_, expected)| expected))
}

#[test]
fn the_page_has_every_key_value_and_name() {
    let rows = documented();
    let keys: BTreeSet<String> = rows.iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys.len(), rows.len(), "a key stands there once");
    let tables = ["coa", "faults", "incoming", "reboot", "rest", "way-back"];
    let mut known: BTreeSet<String> = expected_instead("nonsense = 1");
    for table in tables {
        assert!(known.remove(table), "{table}");
        known.extend(expected_instead(&format!("{table}.nonsense = 1")).iter().map(|key| format!("{table}.{key}")));
    }
    assert_eq!(keys, known);

    for row in &rows {
        let error = Behaviours::from_toml(&format!("{} = 'nonsense'", row.key)).err().map(|error| error.to_string());
        if error.is_some_and(|error| error.contains("unknown variant")) {
            let variants = expected_instead(&format!("{} = 'nonsense'", row.key));
            // Tables of a fault are told with the kind of their value.
            let told = row.values.iter().map(|value| value.split(" = ").next().unwrap_or_default().to_owned());
            let told: BTreeSet<String> = told.collect();
            assert!(variants.is_subset(&told), "{}: {variants:?}, not {told:?}", row.key);
        }
    }

    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.names.clone()).collect();
    let known: BTreeSet<String> = BEHAVIOUR_NAMES.iter().map(|known| known.name.to_owned()).collect();
    assert_eq!(names, known);
    for known in BEHAVIOUR_NAMES {
        let row = rows.iter().find(|row| row.names.contains(known.name)).expect("a row");
        let table = row.key.split('.').next().expect("a word");
        assert!(known.toml.starts_with(table), "{} stands with {}", known.name, row.key);
    }
}

//! Switches by name and from a file.
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

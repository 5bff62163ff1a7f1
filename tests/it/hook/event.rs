//! Events as JSON: what goes out comes back, and nothing else is believed.
use proptest::prelude::*;
use radkick::hook::{Event, EventError, Kind, MAX_EVENT_OCTETS, Octets, Wish};

fn octets() -> impl Strategy<Value = Option<Octets>> {
    let any = proptest::collection::vec(any::<u8>(), 0..=Octets::MAX);
    let text = "[ -~é\n\"\\\\]{0,60}".prop_map(String::into_bytes);
    proptest::option::of(prop_oneof![any, text].prop_map(|octets| Octets::new(octets).expect("short enough")))
}

proptest! {
    #[test]
    fn what_goes_out_comes_back(user in octets(), id in octets(), station in octets(), up in any::<Option<u64>>()) {
        let mut event = Event::new(Kind::Interim, Wish::Check, 1_795_328_045);
        event.user_name = user;
        event.acct_session_id = id;
        event.calling_station_id = station;
        event.input_octets = up;
        event.unusable = vec!["Acct-Output-Octets".to_owned()];
        let json = event.encode().expect("an event");
        prop_assert!(!json.contains(&b'\n'));
        prop_assert_eq!(Event::decode(&json).expect("an event"), event);
    }

    #[test]
    fn whatever_comes_is_an_event_or_an_error(json in proptest::collection::vec(any::<u8>(), 0..300)) {
        Event::decode(&json).ok();
    }
}

#[test]
fn the_largest_event_fits() {
    let mut event = Event::new(Kind::Stop, Wish::Disconnect, i64::MIN);
    let worst = Octets::new([1; Octets::MAX]);
    event.user_name.clone_from(&worst);
    event.acct_session_id.clone_from(&worst);
    event.acct_unique_id.clone_from(&worst);
    event.nas_identifier.clone_from(&worst);
    event.calling_station_id.clone_from(&worst);
    event.called_station_id = worst;
    assert!(event.encode().expect("an event").len() < MAX_EVENT_OCTETS / 4);
}

#[test]
fn names_that_are_no_text_keep_their_octets() {
    let mut event = Event::new(Kind::Start, Wish::Check, 1);
    event.user_name = Octets::new(*b"al\xc3\"ice\\");
    let json = String::from_utf8(event.encode().expect("an event")).expect("JSON is UTF-8");
    assert!(json.contains(r#""user_name":{"hex":"616cc3226963655c"}"#), "{json}");
    let user = event.user().expect("a user");
    assert_eq!(user.as_str(), "al\\303\"ice\\");
    let in_tables = radkick::quota::UserName::from_table("al=5C303=5C=22ice=5C=5C");
    assert_eq!(user, in_tables, "as FreeRADIUS spells these octets in its tables");
}

/// What the JSON is refused for, or `ok`.
fn verdict(json: &str) -> &'static str {
    match Event::decode(json.as_bytes()) {
        Ok(_) => "ok",
        Err(EventError::TooLarge { .. }) => "too large",
        Err(EventError::Malformed(_)) => "malformed",
        Err(EventError::Version { .. }) => "version",
    }
}

#[test]
fn only_sound_events_are_read() {
    let with = |more: &str| format!(r#"{{"v":1,"kind":"stop","wish":"check","received_at":5{more}}}"#);
    let long = "x".repeat(254);
    let cases = [
        (with(""), "ok"),
        (with(r#","a_field_of_tomorrow":[1]"#), "ok"),
        (with(r#","user_name":{"hex":"00fF"}"#), "ok"),
        (with(r#","user_name":{"hex":"00f"}"#), "malformed"),
        (with(r#","user_name":{"hex":"zz"}"#), "malformed"),
        (with(r#","user_name":{"hex":"00","hox":"00"}"#), "malformed"),
        (with(r#","user_name":5"#), "malformed"),
        (with(&format!(r#","user_name":"{long}""#)), "malformed"),
        (with(r#","nas_ip_address":"1.2.3"#), "malformed"),
        (with(r#","input_octets":-1"#), "malformed"),
        (with(r#","input_octets":18446744073709551616"#), "malformed"),
        (with("").replace("stop", "pause"), "malformed"),
        (with("").replace("check", "explode"), "malformed"),
        (with("").replace("\"v\":1", "\"v\":2"), "version"),
        (with("").replace("\"v\":1", "\"w\":1"), "malformed"),
        (with("") + "{", "malformed"),
        (with("")[..30].to_owned(), "malformed"),
        (String::new(), "malformed"),
        ("\0".repeat(100), "malformed"),
        ("[".repeat(60_000), "malformed"),
        (" ".repeat(MAX_EVENT_OCTETS) + &with(""), "too large"),
    ];
    for (json, expected) in cases {
        assert_eq!(verdict(&json), expected, "{json:.90}");
    }
}

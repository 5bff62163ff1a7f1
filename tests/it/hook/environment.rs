//! Both styles in which FreeRADIUS' exec module writes a packet into the environment.
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use proptest::prelude::*;
use radkick::hook::{Event, Kind, NotAnEvent, Octets, Wish, read_environment};

fn read(variables: &[(&str, &[u8])]) -> Result<Event, NotAnEvent> {
    let owned = |(name, value): &(&str, &[u8])| (OsString::from(name), OsString::from_vec(value.to_vec()));
    read_environment(variables.iter().map(owned), None, Wish::Check, 77)
}

/// An Interim-Update of `alice`, with more variables.
fn interim(more: &[(&str, &[u8])]) -> Event {
    let mut variables: Vec<(&str, &[u8])> = vec![("ACCT_STATUS_TYPE", b"Interim-Update"), ("USER_NAME", b"\"alice\"")];
    variables.extend(more);
    read(&variables).expect("an event")
}

/// A Stop as FreeRADIUS writes it: the name in the dictionary, then the value with `shell_escape = yes` and `no`.
const STOP: [(&str, &[u8], &[u8]); 16] = [
    ("User-Name", b"\"bob \\\"q\\\" \\\\ \xc3\xa9$(x)\\n\\377\"", b"bob \"q\" \\ \xc3\xa9$(x)\n\xff"),
    ("Acct-Status-Type", b"Stop", b"Stop"),
    ("Acct-Session-Id", b"\"80a00f31\"", b"80a00f31"),
    ("Acct-Unique-Session-Id", b"\"0c2f\"", b"0c2f"),
    ("NAS-IP-Address", b"192.0.2.7", b"192.0.2.7"),
    ("NAS-IPv6-Address", b"2001:db8::7", b"2001:db8::7"),
    ("NAS-Identifier", b"\"R17-Uyo\"", b"R17-Uyo"),
    ("Framed-IP-Address", b"192.168.88.41", b"192.168.88.41"),
    ("Calling-Station-Id", b"\"AA:BB:CC:DD:EE:FF\"", b"AA:BB:CC:DD:EE:FF"),
    ("Called-Station-Id", b"\"hotspot1\"", b"hotspot1"),
    ("Acct-Input-Octets", b"100", b"100"),
    ("Acct-Input-Gigawords", b"1", b"1"),
    ("Acct-Output-Octets", b"4294967295", b"4294967295"),
    ("Acct-Session-Time", b"3600", b"3600"),
    ("Acct-Delay-Time", b"3", b"3"),
    ("Event-Timestamp", b"\"Nov 22 2026 06:14:05 UTC\"", b"Nov 22 2026 06:14:05 UTC"),
];

#[test]
fn both_styles_give_the_same_event() {
    let names = STOP.map(|(name, ..)| name.to_uppercase().replace('-', "_"));
    let escaped: Vec<(&str, &[u8])> =
        names.iter().zip(STOP).map(|(name, (_, value, _))| (name.as_str(), value)).collect();
    let octets = |octets: &[u8]| Octets::new(octets);
    let mut expected = Event::new(Kind::Stop, Wish::Check, 77);
    expected.user_name = octets(b"bob \"q\" \\ \xc3\xa9$(x)\n\xff");
    expected.acct_session_id = octets(b"80a00f31");
    expected.acct_unique_id = octets(b"0c2f");
    expected.nas_ip_address = "192.0.2.7".parse().ok();
    expected.nas_ipv6_address = "2001:db8::7".parse().ok();
    expected.nas_identifier = octets(b"R17-Uyo");
    expected.framed_ip_address = "192.168.88.41".parse().ok();
    expected.calling_station_id = octets(b"AA:BB:CC:DD:EE:FF");
    expected.called_station_id = octets(b"hotspot1");
    expected.input_octets = Some((1 << 32) + 100);
    expected.output_octets = Some(u64::from(u32::MAX));
    expected.session_time = Some(3600);
    expected.delay_time = Some(3);
    expected.event_timestamp = Some(1_795_328_045);
    assert_eq!(read(&escaped).as_ref(), Ok(&expected));
    assert_eq!(read(&STOP.map(|(name, _, raw)| (name, raw))).as_ref(), Ok(&expected));
}

#[test]
fn it_knows_what_it_was_called_for() {
    let cases: [(&[u8], Kind); 6] = [
        (b"Start", Kind::Start),
        (b"Interim-Update", Kind::Interim),
        (b"Alive", Kind::Interim),
        (b"3", Kind::Interim),
        (b"Stop", Kind::Stop),
        (b"2", Kind::Stop),
    ];
    for (status, kind) in cases {
        for (name, user) in [("ACCT_STATUS_TYPE", "USER_NAME"), ("Acct-Status-Type", "User-Name")] {
            assert_eq!(read(&[(name, status), (user, b"a")]).map(|event| event.kind), Ok(kind), "{status:?}");
        }
    }
    let login = read(&[("USER_NAME", b"\"a\""), ("USER_PASSWORD", b"\"secret\"")]).expect("an event");
    assert_eq!(login.kind, Kind::PostAuth);
}

#[test]
fn it_says_why_there_is_nothing_to_do() {
    let nobody = NotAnEvent::NobodysSession("Accounting-On".to_owned());
    assert_eq!(read(&[("ACCT_STATUS_TYPE", b"Accounting-On"), ("USER_NAME", b"\"a\"")]), Err(nobody));
    assert_eq!(read(&[]), Err(NotAnEvent::Unclear));
    assert_eq!(read(&[("PATH", b"/bin"), ("HOME", b"/"), ("USER_PASSWORD", b"\"x\"")]), Err(NotAnEvent::Unclear));
    assert_eq!(read(&[("ACCT_STATUS_TYPE", b"Stop"), ("NAS_IP_ADDRESS", b"1.2.3.4")]), Err(NotAnEvent::NoSubject));
    let told = read_environment([], Some(Kind::Stop), Wish::Disconnect, 0);
    assert_eq!(told, Err(NotAnEvent::NoSubject), "--event says what, not whom");
}

#[test]
fn the_caller_may_say_what_it_is() {
    let variables = || [("User-Name", "a"), ("Acct-Status-Type", "Accounting-On")].map(|(n, v)| (n.into(), v.into()));
    let event = read_environment(variables(), Some(Kind::Interim), Wish::Disconnect, 5).expect("an event");
    assert_eq!((event.kind, event.wish, event.received_at), (Kind::Interim, Wish::Disconnect, 5));
}

#[test]
fn of_a_repeated_variable_the_first_counts() {
    let event = interim(&[("USER_NAME", b"\"mallory\""), ("User-Name", b"mallory")]);
    assert_eq!(event.user_name, Octets::new(*b"alice"));
}

#[test]
fn a_password_goes_nowhere() {
    let event = read(&[("USER_NAME", b"\"a\""), ("USER_PASSWORD", b"\"hunter2\""), ("User-Password", b"hunter2")]);
    let json = event.expect("an event").encode().expect("an event");
    assert!(!String::from_utf8_lossy(&json).contains("hunter2"));
}

#[test]
fn what_was_cut_off_or_is_wrong_is_left_out_and_named() {
    let long = [b'x'; 254];
    let cases: [(&str, &[u8], &str); 12] = [
        ("ACCT_SESSION_ID", b"\"cut of", "Acct-Session-Id"),
        ("ACCT_SESSION_ID", b"\"cut of\\\"", "Acct-Session-Id"),
        ("ACCT_SESSION_ID", b"\"cut of\\37", "Acct-Session-Id"),
        ("ACCT_SESSION_ID", b"\"two\" strings\"", "Acct-Session-Id"),
        ("ACCT_SESSION_ID", b"\"", "Acct-Session-Id"),
        ("ACCT_SESSION_ID", b"\"\\q\"", "Acct-Session-Id"),
        ("Acct-Session-Id", &long, "Acct-Session-Id"),
        ("NAS_IP_ADDRESS", b"1.2.3.4.5", "NAS-IP-Address"),
        ("ACCT_INPUT_OCTETS", b"-1", "Acct-Input-Octets"),
        ("ACCT_OUTPUT_OCTETS", b"4294967296", "Acct-Output-Octets"),
        ("ACCT_SESSION_TIME", b"", "Acct-Session-Time"),
        ("FRAMED_IP_ADDRESS", b"\xff", "Framed-IP-Address"),
    ];
    let plain = interim(&[]);
    for (name, value, unusable) in cases {
        let mut event = interim(&[(name, value)]);
        assert_eq!(event.unusable, [unusable], "{name}={value:?}");
        event.unusable.clear();
        assert_eq!(event, plain, "{name}={value:?}");
    }
    let mut just_fits = b"\"".to_vec();
    just_fits.extend([b'x'; 253]);
    just_fits.push(b'"');
    assert_eq!(interim(&[("ACCT_SESSION_ID", &just_fits)]).acct_session_id, Octets::new([b'x'; 253]));
}

#[test]
fn half_a_counter_is_none() {
    assert_eq!(interim(&[("ACCT_INPUT_GIGAWORDS", b"1")]).input_octets, None);
    let broken = interim(&[("ACCT_INPUT_GIGAWORDS", b"?"), ("ACCT_INPUT_OCTETS", b"5")]);
    assert_eq!((broken.input_octets, broken.unusable), (None, vec!["Acct-Input-Gigawords".to_owned()]));
    let most = interim(&[("ACCT_INPUT_GIGAWORDS", b"4294967295"), ("ACCT_INPUT_OCTETS", b"4294967295")]);
    assert_eq!(most.input_octets, Some(u64::MAX));
}

#[test]
fn times_of_other_zones_are_not_guessed() {
    for text in ["Nov 22 2026 06:14:05 IST", "Nov 22 2026 06:14:05", "Nov 31 2026 06:14:05 UTC", "", "0"] {
        let event = interim(&[("Event-Timestamp", text.as_bytes())]);
        assert_eq!((event.event_timestamp, event.unusable.len()), (None, 0), "{text}");
    }
}

/// As FreeRADIUS writes a string with `shell_escape = yes`.
fn escaped(octets: &[u8]) -> Vec<u8> {
    let mut text = b"\"".to_vec();
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => text.extend(format!("\\{character}").bytes()),
                '\n' => text.extend(b"\\n"),
                '\r' => text.extend(b"\\r"),
                '\t' => text.extend(b"\\t"),
                control if control.is_ascii_control() => text.extend(format!("\\{:03o}", u32::from(control)).bytes()),
                other => text.extend(other.to_string().bytes()),
            }
        }
        chunk.invalid().iter().for_each(|octet| text.extend(format!("\\{octet:03o}").bytes()));
    }
    text.push(b'"');
    text
}

proptest! {
    #[test]
    fn any_name_is_read_as_it_was(octets in proptest::collection::vec(any::<u8>(), 1..=240)) {
        let event = interim(&[("NAS_IDENTIFIER", &escaped(&octets))]);
        prop_assert_eq!(event.nas_identifier, Octets::new(octets.clone()));
        let raw = interim(&[("NAS-Identifier", &octets)]);
        prop_assert_eq!(raw.nas_identifier, Octets::new(octets));
    }

    #[test]
    fn a_cut_value_is_never_taken_for_a_shorter_one(octets in proptest::collection::vec(any::<u8>(), 1..=240), cut in 1..200_usize) {
        let whole = escaped(&octets);
        let value = &whole[..whole.len().saturating_sub(cut).max(1)];
        prop_assert_eq!(interim(&[("NAS_IDENTIFIER", value)]).nas_identifier, None);
    }
}

//! Dictionary files: their statements, what they include, and what no packet of ours carries.
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::super::*;

/// Loads `files` out of `texts`.
fn load(files: &[&str], texts: &[(&str, &str)]) -> Result<(Dictionary, Vec<String>), String> {
    let texts: HashMap<&Path, &str> = texts.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let mut dictionary = Dictionary::default();
    let read = |path: &Path| {
        let text = texts.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(text.as_bytes().to_vec())
    };
    let not_carried = dictionary.load(&files, read).map_err(|error| error.to_string())?;
    Ok((dictionary, not_carried.iter().map(ToString::to_string).collect()))
}

/// Why an attribute of one file's text is not carried.
fn not_carried(text: &str) -> String {
    let (_, notes) = load(&["d"], &[("d", text)]).unwrap();
    notes.into_iter().last().expect("something that is not carried")
}

fn number(dictionary: &Dictionary, name: &str) -> AttributeType {
    *dictionary.attribute(name).expect(name).place.as_ref().expect(name)
}

#[test]
fn files_include_others_relative_to_themselves() {
    let texts = [
        ("a/dictionary", "VALUE One x 7\n$INCLUDE b/one # comment\n$INCLUDE- none\nATTRIBUTE Two 2 string\n"),
        ("a/b/one", "$INCLUDE three\nATTRIBUTE One 1 integer\n"),
        ("a/b/three", "VENDOR V 5\nBEGIN-VENDOR V\nATTRIBUTE V-Three 0x03 string\nEND-VENDOR V\n"),
    ];
    let (dictionary, notes) = load(&["a/dictionary"], &texts).unwrap();
    assert_eq!(notes, [""; 0]);
    assert_eq!(number(&dictionary, "v-tHREE"), AttributeType::Vendor { vendor_id: 5, vendor_type: 3 });
    assert_eq!(dictionary.value(AttributeType::Standard(1), &[0, 0, 0, 7]), "x");
    assert_eq!(dictionary.iter().count(), 3);
}

#[test]
fn includes_that_do_not_work_are_errors_at_their_line() {
    let error = load(&["d"], &[("d", "\n$INCLUDE e\n")]).unwrap_err();
    assert!(error.starts_with("d:2: cannot read e: "), "{error}");
    let error = load(&["d"], &[("d", "$INCLUDE e"), ("e", "\n\n$INCLUDE d")]).unwrap_err();
    assert_eq!(error, "e:3: d includes itself");
    let error = load(&["d"], &[("d", "$INCLUDE ./d"), ("./d", "$INCLUDE ./d")]).unwrap_err();
    assert!(error.ends_with("d includes itself"), "{error}");
    let error = load(&["d"], &[("d", "$INCLUDE e\nATTRIBUTE"), ("e", "ATTRIBUTE a 1 string")]).unwrap_err();
    assert!(error.starts_with("d:2: expected ATTRIBUTE"), "{error}");
    let error = load(&["d"], &[("d", "$INCLUDE e\n"), ("e", "VALUE a b 1")]).unwrap_err();
    assert!(error.starts_with("e:1: \"a\" is not defined"), "{error}");
    let error = load(&["nowhere"], &[]).unwrap_err();
    assert!(error.starts_with("nowhere:0: cannot read nowhere: "), "{error}");
}

#[test]
fn a_vendor_may_be_named_before_the_file_that_defines_it() {
    let texts = [("a", "BEGIN-VENDOR V\nATTRIBUTE V-One 1 string\nEND-VENDOR V\n"), ("b", "VENDOR V 5\n")];
    let (dictionary, _) = load(&["a", "b"], &texts).unwrap();
    assert_eq!(number(&dictionary, "V-One"), AttributeType::Vendor { vendor_id: 5, vendor_type: 1 });
    assert!(load(&["a"], &texts).unwrap_err().contains("\"V\" is not defined"));
}

#[test]
fn what_no_packet_carries_can_be_named_with_its_feature() {
    let vendor = |format: &str, line: &str| format!("VENDOR V 5 {format}\nBEGIN-VENDOR V\n{line}\nEND-VENDOR V\n");
    assert!(not_carried(&vendor("format=2,1", "ATTRIBUTE A 300 string")).contains("d:3: A: its vendor lays"));
    assert!(not_carried(&vendor("format=1,1,c", "ATTRIBUTE A 3 string")).contains("(format=1,1,c)"));
    assert!(not_carried(&vendor("", "ATTRIBUTE A 3.1 string")).contains("(tlv)"));
    assert!(not_carried(&vendor("", "ATTRIBUTE A 3 tlv")).contains("(tlv)"));
    let block = "ATTRIBUTE A 3 octets\nBEGIN-TLV A\nATTRIBUTE B 1 string\nEND-TLV A";
    assert!(not_carried(&vendor("", block)).starts_with("d:5: B: it is an attribute of attributes"));
    assert!(not_carried("ATTRIBUTE A 241.1 string").contains("RFC 6929"));
    assert!(not_carried("ATTRIBUTE A 245 long-extended").contains("RFC 6929"));
    let block = "VENDOR V 5\nBEGIN-VENDOR V format=Extended-Vendor-Specific-5\nATTRIBUTE A 3 string\nEND-VENDOR V";
    assert!(not_carried(block).contains("RFC 6929"));
    assert!(not_carried("ATTRIBUTE A 256 string").contains("FreeRADIUS itself"));
    assert!(not_carried("ATTRIBUTE A 25 string virtual").contains("FreeRADIUS itself"));
    assert!(not_carried("ATTRIBUTE A 26 vsa").contains("Attr-26 = 0x…"));
    assert!(not_carried("ATTRIBUTE A 25 blob").contains("its type \"blob\""));
    assert!(not_carried("ATTRIBUTE A 25 string length=uint16").contains("its flag \"length=uint16\""));
    let (dictionary, notes) = load(&["d"], &[("d", "ATTRIBUTE A 26.5.7 String[3] array,secret,has_tag")]).unwrap();
    assert_eq!((number(&dictionary, "a"), notes.len()), (AttributeType::Vendor { vendor_id: 5, vendor_type: 7 }, 0));
}

#[test]
fn naming_what_is_not_carried_says_what_and_where() {
    let texts = [(
        "d",
        "VENDOR V 5 format=2,2\nBEGIN-VENDOR V\nATTRIBUTE V-One 1 string\nEND-VENDOR V\nATTRIBUTE Packet-Type 1047 integer\n",
    )];
    let (dictionary, _) = load(&["d"], &texts).unwrap();
    let problem = |line: &str| parse_requests(&dictionary, line).unwrap_err()[0].to_string();
    assert_eq!(
        problem("V-One = x"),
        "line 1: V-One cannot be sent: its vendor lays attributes out in another way (format=2,2) (d:3)"
    );
    assert!(problem("Attr-26.5.1 = 0x00").contains("(format=2,2)"));
    assert!(problem("Packet-Type = 1").contains("disconnect or coa as the first argument"));
}

#[test]
fn a_later_definition_takes_the_place_of_an_earlier() {
    let text = "ATTRIBUTE A 1 integer\nVALUE A x 7\nATTRIBUTE B 2 string\nATTRIBUTE A 1 integer\nATTRIBUTE B 3 string\nATTRIBUTE C 1 integer\n";
    let (dictionary, _) = load(&["d"], &[("d", text)]).unwrap();
    assert_eq!(dictionary.attribute("A").unwrap().decode(&[0, 0, 0, 7]), "x");
    assert_eq!(number(&dictionary, "b"), AttributeType::Standard(3));
    assert_eq!(dictionary.name(AttributeType::Standard(2)), "Attr-2");
    assert_eq!(dictionary.name(AttributeType::Standard(1)), "C");
}

#[test]
fn values_of_every_type_come_back_from_their_octets() {
    let types = [
        "byte",
        "short",
        "integer",
        "integer64",
        "signed",
        "ipaddr",
        "ipv6addr",
        "combo-ip",
        "combo-ip",
        "ipv4prefix",
        "ipv6prefix",
        "ifid",
        "ether",
        "bool",
    ];
    let values = [
        "7",
        "700",
        "70000",
        "7000000000",
        "-7",
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.0/24",
        "2001:db8::/33",
        "1:2:3:d",
        "00:11:22:33:44:5f",
        "1",
    ];
    for (name, value) in types.iter().zip(values) {
        let value_type = ValueType::from_name(name).unwrap();
        assert_eq!(value_type.decode(&value_type.encode(value).unwrap()), value, "{name}");
        assert!(value_type.encode("nonsense").unwrap_err().to_string().contains(" is not a"), "{name}");
        assert_eq!(value_type.decode(&[9; 3]), "0x090909", "{name}");
    }
}

#[test]
fn a_tag_stands_before_a_decoded_value_and_can_be_read_again() {
    let dictionary = Dictionary::bundled().unwrap();
    let all = [
        ("Tunnel-Type", ":1:VLAN", &[1, 0, 0, 13][..]),
        ("Tunnel-Type", "VLAN", &[0, 0, 0, 13]),
        ("Tunnel-Private-Group-Id", ":31:10", b"\x1f10"),
        ("Tunnel-Private-Group-Id", "10", b"10"),
    ];
    for (name, text, octets) in all {
        let mut attributes = Attributes::new();
        parse_pair(&dictionary, &format!("{name}={text}"), &mut attributes).unwrap();
        let (attribute_type, encoded) = attributes.iter().next().unwrap();
        assert_eq!((encoded, dictionary.value(attribute_type, octets)), (octets, text.to_owned()), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn a_dictionary_never_panics(text in "((ATTRIBUTE|VALUE|VENDOR|BEGIN-VENDOR|END-VENDOR|BEGIN-TLV|END-TLV|\\$INCLUDE) ?[ab]? ?[0-9.x]{0,5} ?(string|integer|tlv|x)? ?[a-z_=,0-9]{0,9}\n){0,9}|\\PC{0,80}") {
        drop(Dictionary::default().parse("d", &text));
    }
}

//! Names, values, packet files and dictionaries: what people write.
use super::super::quoting::Written;
use super::super::*;

#[test]
fn the_shipped_dictionaries_name_all_mikrotik_attributes_and_values() {
    let dictionary = bundled();
    for vendor_type in 1..=30 {
        assert!(dictionary.name(AttributeType::mikrotik(vendor_type)).starts_with("Mikrotik-"), "{vendor_type}");
    }
    let named = dictionary.attribute("mikrotik-wireless-enc-algo").unwrap();
    let mut octets = Vec::new();
    named.encode(&Written::plain(b"AES-CCM"), None, &mut octets).unwrap();
    assert_eq!(octets, [0, 0, 0, 3]);
    assert_eq!(dictionary.value(AttributeType::ACCT_TERMINATE_CAUSE, &[0, 0, 0, 6]), "Admin-Reset");
    assert_eq!(dictionary.name(AttributeType::Standard(250)), "Attr-250");
}

fn bundled() -> Dictionary {
    Dictionary::bundled().unwrap()
}

/// The octets of the only attribute of a packet file's line.
fn in_file(line: &str) -> Result<Vec<u8>, String> {
    let requests = parse_requests(&bundled(), line).map_err(|errors| errors[0].to_string())?;
    let octets: Vec<&[u8]> = requests[0].iter().map(|(_, octets)| octets).collect();
    assert_eq!((requests.len(), octets.len()), (1, 1), "{line}");
    Ok(octets[0].to_vec())
}

/// The octets of a `Name=value` of a command line.
fn on_command_line(pair: &str) -> Result<Vec<u8>, PairProblem> {
    let mut attributes = Attributes::new();
    parse_pair(&bundled(), pair, &mut attributes)?;
    let (_, octets) = attributes.iter().next().expect("one attribute");
    Ok(octets.to_vec())
}

#[test]
fn text_becomes_the_octets_that_its_type_says() {
    let encode = on_command_line;
    assert_eq!(encode("Framed-IP-Address = 10.1.2.3").unwrap(), [10, 1, 2, 3]);
    assert_eq!(encode(r#"User-Name="o'brien \"q\" \303\251\n""#).unwrap(), "o'brien \"q\" é\n".as_bytes());
    assert_eq!(encode("User-Name='a\\nb'").unwrap(), b"a\nb");
    assert_eq!(encode("Framed-IPv6-Prefix=2001:db8:ff::/33").unwrap(), [0, 33, 0x20, 1, 0xd, 0xb8, 0]);
    assert_eq!(encode("Event-Timestamp=1970-01-01T00:01:00Z").unwrap(), [0, 0, 0, 60]);
    assert_eq!(encode("Class=0x00ff41").unwrap(), [0, 255, 65]);
    assert_eq!(encode("Attr-250=0x01").unwrap(), [1]);
    assert_eq!(encode("Acct-Terminate-Cause=Admin-Reset").unwrap(), [0, 0, 0, 6]);
    assert_eq!(
        encode("User-Nam=x").unwrap_err().to_string(),
        "no attribute is called \"User-Nam\"; the nearest is User-Name"
    );
    assert!(encode("Session-Timeout=4294967296").unwrap_err().to_string().contains("0 to 4294967295"));
    assert!(encode("User-Name=\"x").unwrap_err().to_string().contains("closed by the quote"));
    assert!(encode("Framed-IP-Address=10.1.2").unwrap_err().to_string().contains("192.0.2.1"));
    assert!(encode("User-Name").unwrap_err().to_string().contains("Name=value"));
    assert!(encode("User-Name=").unwrap_err().to_string().contains("1 to 253"));
}

#[test]
fn a_command_line_takes_a_value_without_quotes_whole() {
    let take = |pair: &str| String::from_utf8(on_command_line(pair).unwrap()).unwrap();
    assert_eq!(take("User-Name=John Smith"), "John Smith");
    assert_eq!(take("User-Name=a,b # c"), "a,b # c");
    assert_eq!(take(r"User-Name=DOMAIN\tom"), r"DOMAIN\tom");
    assert_eq!(take("User-Name=o'brien"), "o'brien");
    assert_eq!(take("User-Name==a;b=c"), "=a;b=c");
    assert_eq!(take("User-Name=*"), "*");
    assert_eq!(take("User-Name=~a"), "~a");
    assert_eq!(take("User-Name = \"a\\tb\" "), "a\tb");
    for wrong in ["User-Name='o'brien'", "User-Name=\"a\" b", "User-Name=\"a\" # c", "User-Name='"] {
        assert!(on_command_line(wrong).unwrap_err().to_string().contains("closed by the quote"), "{wrong}");
    }
}

/// Measured on radclient 3.2.1, each of them.
#[test]
fn a_packet_file_reads_text_as_radclient_does() {
    let all = [
        ("x # comment", "x"),
        ("x#comment", "x"),
        ("\"x\"# comment", "x"),
        ("'x' , # comment", "x"),
        (r"a\tb", "a\tb"),
        (r"a\qb\18\x41\'", r"a\qb\18\x41\'"),
        (r#"a\"b\303\251"#, "a\"bé"),
        (r"a\\b", r"a\b"),
        (r#"a"b'c`d"#, r#"a"b'c`d"#),
        ("a!b+c-d:e*f%g|h&i~j@k", "a!b+c-d:e*f%g|h&i~j@k"),
        ("0x4142", "0x4142"),
        (r#"'a"b\\'"#, r#"a"b\"#),
        (r"'a\'b'", "a'b"),
        (r#"'a\nb\"c\`'"#, "a\nb\"c\\`"),
        (r"'a\\nb'", r"a\nb"),
        (r#""\x41 a\xb \q \1 \'""#, r"\x41 a\xb \q \1 \'"),
        (r#""\477""#, "?"),
        (r"`a\`b\n'`", "a`b\n'"),
        (r#""a%{b}\n\"\\""#, r#"a%{b}\n"\\"#),
        (r#""a%%{b}\n""#, "a%%{b}\n"),
        (r"'a%{b}\n'", "a%{b}\n"),
    ];
    for (written, octets) in all {
        assert_eq!(in_file(&format!("User-Name = {written}")).unwrap(), octets.as_bytes(), "{written}");
    }
    assert_eq!(in_file("User-Name == a\r\n").unwrap(), b"a");
}

#[test]
fn a_packet_file_refuses_what_is_not_one_value() {
    let all = [
        "a b", "a\tb", "\"x\"y", "\"x\" y", "a=b", "=b", "a;b", "{b}", "a(b", "a>b", "a++b", "#x", "# x", ",", "",
        "a\\ b",
    ];
    for written in all {
        let error = in_file(&format!("User-Name = {written}")).unwrap_err();
        assert!(error.contains("stand in quotes"), "{written}: {error}");
    }
    for open in ["'x", "\"x\\\"", "'a\\'", "`", "'"] {
        assert!(in_file(&format!("User-Name = {open}")).unwrap_err().contains("closed by the quote"), "{open}");
    }
    assert!(in_file("User-Name = a\\").unwrap_err().contains("inside an escape"));
    assert!(in_file("User-Name = \"\"").unwrap_err().contains("1 to 253"));
    for operator in ["=~ a", "=*a", "!= a", "<a", ">= a", "!~ a", "!* ", "-= a"] {
        assert!(in_file(&format!("User-Name {operator}")).unwrap_err().contains(" compares"), "{operator}");
    }
    for no_operator in ["a", "", ":1", "+", ": = a"] {
        assert!(in_file(&format!("User-Name {no_operator}")).unwrap_err().contains("Name=value"), "{no_operator}");
    }
}

#[test]
fn a_packet_file_reads_other_values_as_radclient_does() {
    let octets = |line| in_file(line).unwrap();
    assert_eq!(octets("Acct-Terminate-Cause = \"admin-reset\""), [0, 0, 0, 6]);
    assert_eq!(octets("NAS-Port = '0x10'"), [0, 0, 0, 16]);
    assert_eq!(octets("NAS-Port = \" 1 \""), [0, 0, 0, 1]);
    assert_eq!(octets("Class = text"), b"text");
    assert_eq!(octets("Class = \"a\\n\\\\\\\"b\""), b"a\\n\\\\\"b");
    assert_eq!(octets("Class = \"0x00ff\""), [0, 255]);
    assert_eq!(octets("Chargeable-User-Identity = 'cui'"), b"cui");
    assert_eq!(octets("Event-Timestamp = \"Nov 22 2026 8:00:00 UTC\""), 1_795_334_400_u32.to_be_bytes());
    assert_eq!(octets("Framed-IPv6-Prefix = 2001:db8::")[..6], [0, 128, 0x20, 1, 0xd, 0xb8]);
    assert_eq!(octets("Framed-IP-Address = 10.1.2.3/32"), [10, 1, 2, 3]);
    assert_eq!(octets("Framed-Interface-Id = A:b:0:1"), [0, 10, 0, 11, 0, 0, 0, 1]);
    let wrong = [
        "NAS-Port = -1",
        "NAS-Port = 4294967296",
        "NAS-Port = 0x+1",
        "NAS-Port = \"1\\n\"",
        "NAS-Port = \"\\061\"",
        "Class = 0x0",
        "Class = 0x0g",
        "Attr-250 = text",
        "Event-Timestamp = \"Nov 22 2026 08:00:00\"",
        "Framed-IP-Address = 10.1.2",
        "Framed-Interface-Id = +1:2:3:4",
        "Framed-Interface-Id = 00001:2:3:4",
        "Framed-IPv6-Prefix = 2001:db8::/",
        "Framed-IPv6-Address = 2001:db8::1/64",
    ];
    for line in wrong {
        assert!(in_file(line).unwrap_err().contains(" is not "), "{line}");
    }
}

#[test]
fn attributes_without_a_name_have_numbers() {
    let dictionary = bundled();
    let unknown = AttributeType::mikrotik(77);
    let named = [
        ("Attr-250", AttributeType::Standard(250)),
        ("attr-26", AttributeType::VENDOR_SPECIFIC),
        ("Attr-26.14988.8", AttributeType::mikrotik(8)),
        ("ATTR-26.14988.77", unknown),
        ("Vendor-14988-Attr-77", unknown),
        ("Vendor-14988-Attr-0", AttributeType::mikrotik(0)),
    ];
    for (name, attribute_type) in named {
        assert_eq!(AttributeType::from_numbers(name), Some(attribute_type), "{name}");
    }
    for wrong in ["Attr-0", "Attr-256", "Attr-+7", "Attr-26.14988", "Attr-26.0.8", "Attr-25.1", "Vendor-1-Attr-256"] {
        assert_eq!(AttributeType::from_numbers(wrong), None, "{wrong}");
    }
    for attribute_type in [AttributeType::Standard(250), unknown] {
        assert_eq!(AttributeType::from_numbers(&dictionary.name(attribute_type)), Some(attribute_type));
    }
    assert_eq!(in_file("Attr-26.14988.8 = 0x3141").unwrap(), b"1A");
    for wrong in ["Attr-256", "attr-26.5535", "Vendor-1-Attr-256"] {
        assert!(in_file(&format!("{wrong} = 0x00")).unwrap_err().contains("is not one of Attr-1 to"), "{wrong}");
    }
    assert!(in_file("Vendor-Specifc = 0x00").unwrap_err().contains("the nearest is Vendor-Specific"));
    assert!(in_file("Attr-250:1 = 0x00").unwrap_err().contains("it has no tag"));
}

#[test]
fn a_packet_file_is_requests_with_blank_lines_between() {
    let dictionary = bundled();
    let text = "# two\nUser-Name = \"a,b\", Acct-Session-Id = \"1\"\n\n\nUser-Name := c\nNAS-Port += 7\n";
    let requests = parse_requests(&dictionary, text).unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].first_text(AttributeType::USER_NAME).as_deref(), Some("a,b"));
    assert_eq!(requests[1].first_u32(AttributeType::NAS_PORT), Some(7));
    let errors = parse_requests(&dictionary, "User-Name=x\n\nNonsense\nFoo-Bar=1\n").unwrap_err();
    assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn comments_and_commas_of_a_packet_file() {
    let text =
        "# a\nUser-Name = \"a#,\", # b\n  # c = d\nNAS-Port = 7 # e, f = g\nUser-Name=o'brien,NAS-Identifier='x',\n";
    let requests = parse_requests(&bundled(), text).unwrap();
    let values: Vec<&[u8]> = requests[0].iter().map(|(_, value)| value).collect();
    assert_eq!(requests.len(), 1);
    assert_eq!(values, [&b"a#,"[..], &[0, 0, 0, 7], b"o'brien", b"x"]);
}

#[test]
fn a_dictionary_line_that_is_wrong_is_named() {
    let wrong = |text: &str| Dictionary::default().parse("d", text).unwrap_err().to_string();
    assert!(wrong("VENDOR\tX 1\nATTRIBUTE a 1").starts_with("d:2: expected ATTRIBUTE"));
    assert!(
        wrong("VENDOR X 1\nBEGIN-VENDOR X\nATTRIBUTE a 256 string")
            .starts_with("d:3: \"256\" is not a number that fits")
    );
    assert!(wrong("ATTRIBUTE a 0 string").contains("\"0\" is not a number that fits"));
    assert!(wrong("\nVALUE b c 1").starts_with("d:2: \"b\" is not defined"));
    assert!(wrong("BEGIN-VENDOR y").contains("\"y\" is not defined"));
    assert!(wrong("VENDOR x 1\nBEGIN-VENDOR x\n\n").starts_with("d:2: \"x\" is not between"));
    assert!(wrong("END-VENDOR x").contains("\"x\" is not between its BEGIN and its END"));
    assert!(wrong("$INCLUDE other").contains("cannot read other: "));
    assert!(wrong(&format!("ATTRIBUTE {} 1 string", "a".repeat(129))).contains("longer than 128"));
}

proptest::proptest! {
    #[test]
    fn values_that_people_write_come_back(number in proptest::num::u32::ANY) {
        let dictionary = bundled();
        for name in ["NAS-Port", "Framed-IP-Address"] {
            let definition = dictionary.attribute(name).unwrap();
            let octets = number.to_be_bytes();
            let mut again = Vec::new();
            definition.encode(&Written::plain(definition.decode(&octets).as_bytes()), None, &mut again).unwrap();
            proptest::prop_assert_eq!(again, octets);
        }
    }
    #[test]
    fn a_packet_file_never_panics(text in "([A-Za-z0-9-]{0,9} ?[=~:]{0,2} ?[ -~\t\r]{0,12}\n){0,4}|User-Name = \\PC{0,40}") {
        let mut dictionary = Dictionary::default();
        dictionary.parse("d", "ATTRIBUTE User-Name 1 string").unwrap();
        drop(parse_requests(&dictionary, &text));
    }

    #[test]
    fn text_in_quotes_comes_back(name in "[ -~]{1,100}") {
        let quoted = name.replace('\\', "\\\\").replace('\'', "\\'");
        proptest::prop_assert_eq!(in_file(&format!("User-Name = '{quoted}' # c")).unwrap(), name.as_bytes());
    }
}

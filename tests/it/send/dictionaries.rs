//! `--dictionary`: all that Debian's freeradius-common ships, against an independent count and against radclient.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radkick::radius::{AttributeType, Attributes, Definition, Dictionary, NotCarried, ValueType, parse_pair};

use super::oracle::{DICTIONARIES, by_radclient, by_us};
use super::{file, send};
use crate::engine::das::SECRET;
use crate::engine::loopback::LoopbackDas;

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

fn freeradius() -> (Dictionary, Vec<NotCarried>) {
    let mut dictionary = Dictionary::default();
    let entry = Path::new(DICTIONARIES).join("dictionary");
    let not_carried = dictionary.load(&[entry], read).expect("the dictionary of FreeRADIUS");
    (dictionary, not_carried)
}

/// All dictionaries beside the entry that includes most of them.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(DICTIONARIES).read_dir().expect("freeradius-common is installed");
    let mut files: Vec<PathBuf> = folder.map(|file| file.expect("a readable folder").path()).collect();
    files.retain(|path| path.extension().is_some());
    files.sort();
    files
}

/// The first words of each line of a dictionary, comments left out.
fn lines(path: &Path) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(&std::fs::read(path).expect("a dictionary")).into_owned();
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default().to_owned());
    code.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Names of attributes by a reading of the files that knows nothing but ATTRIBUTE and $INCLUDE.
fn names(path: &Path, found: &mut BTreeSet<String>) {
    for words in lines(path) {
        match words.first().map(String::as_str) {
            Some("ATTRIBUTE") => drop(found.insert(words[1].to_lowercase())),
            Some("$INCLUDE") => names(&path.with_file_name(&words[1]), found),
            _ => {}
        }
    }
}

#[test]
fn every_attribute_of_freeradius_can_be_named() {
    let (dictionary, not_carried) = freeradius();
    let mut expected = BTreeSet::new();
    names(&Path::new(DICTIONARIES).join("dictionary"), &mut expected);
    let known: BTreeSet<String> = dictionary.iter().map(|definition| definition.name.to_lowercase()).collect();
    assert_eq!(known, expected);
    assert!(known.len() > 7000, "{}", known.len());
    let carried = dictionary.iter().filter(|definition| definition.place.is_ok()).count();
    let noted: BTreeSet<&str> = not_carried.iter().map(|note| note.name.as_str()).collect();
    assert!(carried > 5000 && carried + noted.len() >= known.len(), "{carried} {}", noted.len());
}

/// A file that FreeRADIUS refuses as well: its VALUEs are of an attribute that no file defines.
const WRONG: &str = "dictionary.freedhcp";

#[test]
fn each_file_of_freeradius_is_read_or_its_line_named() {
    let (wrong, right): (Vec<PathBuf>, Vec<PathBuf>) = files().into_iter().partition(|file| file.ends_with(WRONG));
    assert_eq!((wrong.len(), right.len() > 200), (1, true));
    let mut all = Dictionary::default();
    all.load(&right, read).expect("all but one");
    let mut expected = BTreeSet::new();
    for file in &right {
        names(file, &mut expected);
    }
    assert_eq!(all.iter().count(), expected.len());
    let error = all.load(&wrong, read).expect_err("a VALUE without its ATTRIBUTE").to_string();
    assert!(error.contains("dictionary.freedhcp:238: \"FreeDHCP-Opcode\" is not defined"), "{error}");
}

/// A value that radclient and we read as the same, by type.
fn value(definition: &Definition) -> &'static str {
    match definition.value_type {
        ValueType::Text => "\"some text\"",
        ValueType::Octets => "0x00ff41",
        // radclient fills Ascend's filters up to this length.
        ValueType::Opaque => "0x0101010000000000000000000000000000000000000000000000000000000000",
        ValueType::Unsigned(_) => "201",
        ValueType::Signed => "-7",
        ValueType::Date => "1795334400",
        ValueType::Ipv4 | ValueType::Address => "192.0.2.1",
        ValueType::Ipv6 => "2001:db8::1",
        ValueType::Ipv4Prefix => "192.0.2.0/24",
        // radclient sends all sixteen octets of any prefix, we those that count.
        ValueType::Ipv6Prefix => "2001:db8::1/128",
        ValueType::InterfaceId => "1:2:3:4",
        ValueType::Ethernet => "00:11:22:33:44:55",
    }
}

/// Attributes that radclient computes, or sends as something else than is written.
const COMPUTED: [&str; 5] = ["User-Name", "Message-Authenticator", "CHAP-Password", "Event-Timestamp", "EAP-Message"];

/// Defined as a number in dictionary.usr.illegal; radclient takes the text that another attribute of its number, 126, has.
const DIFFERENT: &str = "Multi-Link-Flag = 201\n";

#[test]
fn radclient_makes_the_same_octets_of_every_attribute() {
    let (dictionary, _) = freeradius();
    let mut lines = Vec::new();
    for definition in dictionary.iter() {
        let line = format!("{} = {}\n", definition.name, value(definition));
        // What is encrypted is refused, and tested elsewhere.
        let is_ours = parse_pair(&dictionary, line.trim_end(), &mut Attributes::new()).is_ok();
        if is_ours && !COMPUTED.contains(&definition.name.as_str()) {
            lines.push(line);
        }
    }
    assert!(lines.len() > 4500, "{}", lines.len());
    let requests: Vec<String> = lines.chunks(16).map(<[String]>::concat).collect();
    let (theirs, ours) = (by_radclient(&requests), by_us(&requests));
    let mut different = Vec::new();
    for ((lines, request), (theirs, ours)) in lines.chunks(16).zip(&requests).zip(theirs.iter().zip(&ours)) {
        assert_eq!((theirs.len(), ours.len()), (lines.len() + 1, lines.len() + 1), "{request}");
        let pairs = theirs.iter().zip(ours).skip(1);
        different.extend(lines.iter().zip(pairs).filter(|(_, (theirs, ours))| theirs != ours).map(|(line, _)| line));
    }
    assert_eq!(different, [DIFFERENT]);
}

/// A folder of these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    }
    folder
}

fn first_attribute(das: &LoopbackDas) -> (AttributeType, Vec<u8>) {
    let opened = crate::engine::das::open(&das.received()[0].1).expect("a right request");
    let (attribute_type, value) = opened.attributes.iter().next().expect("an attribute");
    (attribute_type, value.to_vec())
}

#[test]
fn a_folder_adds_to_our_names() {
    let vendor = "VENDOR Acme 64999\n";
    let own = "BEGIN-VENDOR Acme\nATTRIBUTE Acme-Speed 7 short\nVALUE Acme-Speed Slow 3\nEND-VENDOR Acme\n";
    let entry =
        folder(&[("dictionary", "$INCLUDE acme\n"), ("acme", &format!("{vendor}{own}")), ("dictionary.x", "?")]);
    let loose = folder(&[("dictionary.a", own), ("dictionary.b", vendor), ("dictionary.a~", "?"), ("notes", "?")]);
    let one = folder(&[("acme.txt", &format!("{vendor}{own}"))]);
    for path in [entry.path(), loose.path(), &one.path().join("acme.txt")] {
        let das = LoopbackDas::start();
        let path = path.to_str().expect("a path in UTF-8");
        let more = ["--dictionary", path, "--attr", "acme-speed=slow", "--attr", "Mikrotik-Group=full"];
        let finished = send("coa", das.addr, &file(SECRET), &more).run();
        assert_eq!(finished.code, Some(0), "{path}: {finished:#?}");
        let speed = AttributeType::Vendor { vendor_id: 64999, vendor_type: 7 };
        assert_eq!(first_attribute(&das), (speed, vec![0, 3]), "{path}");
    }
}

#[test]
fn a_folder_that_is_wrong_is_exit_2_with_its_place() {
    let empty = folder(&[]);
    let wrong = folder(&[("dictionary", "ATTRIBUTE A 1 string\n$INCLUDE other\n")]);
    let says = |path: &Path| {
        let path = path.to_str().expect("a path in UTF-8");
        let das = LoopbackDas::silent();
        let finished = send("coa", das.addr, &file(SECRET), &["--dictionary", path, "--attr", "User-Name=alice"]).run();
        assert_eq!((finished.code, das.received().len()), (Some(2), 0), "{finished:#?}");
        finished.stderr
    };
    assert!(says(empty.path()).contains("holds no file called dictionary"));
    assert!(says(wrong.path()).contains("/dictionary:2: cannot read "));
    assert!(says(Path::new("/nonexistent")).contains("cannot read the dictionary /nonexistent: No such file"));
}

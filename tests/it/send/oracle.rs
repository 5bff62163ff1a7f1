//! What radclient makes of packet files, octet by octet.
use std::collections::BTreeMap;
use std::process::Command;

use super::{file, send};
use crate::engine::das::{self, SECRET};
use crate::engine::loopback::LoopbackDas;
use crate::support::process::{Finished, Running, program};
use crate::support::wait::PATIENCE;

/// Where Debian's freeradius-common puts the dictionaries.
pub(super) const DICTIONARIES: &str = "/usr/share/freeradius";

/// A request's attributes, type and value.
pub(super) type Wire = Vec<(u8, Vec<u8>)>;

/// Event-Timestamp and Message-Authenticator, which we add.
const OURS: [u8; 2] = [55, 80];

/// Requests that have arrived, by what their User-Name says.
fn by_name(das: &LoopbackDas) -> BTreeMap<String, Wire> {
    let mut found = BTreeMap::new();
    for (_, octets) in das.received() {
        let name = das::open(&octets)
            .and_then(|request| request.attributes.first_text(radkick::radius::AttributeType::USER_NAME));
        found.insert(name.expect("a signed request with a User-Name"), wire(&octets[20..]));
    }
    found
}

fn wire(mut rest: &[u8]) -> Wire {
    let mut found = Vec::new();
    while let [octet, length, ..] = *rest {
        let (attribute, behind) = rest.split_at(usize::from(length));
        if !OURS.contains(&octet) {
            found.push((octet, attribute[2..].to_vec()));
        }
        rest = behind;
    }
    found
}

/// Each request as a file has it: a User-Name that numbers it, then its lines.
fn text(requests: &[String]) -> String {
    let requests = requests.iter().enumerate();
    let whole: Vec<String> = requests.map(|(index, lines)| format!("User-Name = \"r{index}\"\n{lines}\n\n")).collect();
    whole.concat()
}

fn radclient(das: &LoopbackDas, requests: &str) -> Finished {
    let (secret, raddb) = (file(SECRET), tempfile::tempdir().expect("a temporary folder"));
    std::fs::write(raddb.path().join("dictionary"), "").expect("a temporary file");
    let mut command = Command::new(program("radclient", "freeradius-utils"));
    command.env("TZ", "UTC").args(["-x", "-r", "3", "-t", "5", "-p", "32", "-D", DICTIONARIES, "-d"]);
    command.arg(raddb.path()).arg("-S").arg(secret.path()).args([&das.addr.to_string(), "coa"]);
    Running::start(&mut command, requests).finish(PATIENCE)
}

/// What radclient sends of these requests, by number.
pub(super) fn by_radclient(requests: &[String]) -> Vec<Wire> {
    let das = LoopbackDas::start();
    let finished = radclient(&das, &text(requests));
    let mut found = by_name(&das);
    let missing = |index: usize| panic!("radclient did not send #{index}: {}\n{finished:#?}", requests[index]);
    (0..requests.len()).map(|index| found.remove(&format!("r{index}")).unwrap_or_else(|| missing(index))).collect()
}

/// What we send of them, by number.
pub(super) fn by_us(requests: &[String]) -> Vec<Wire> {
    let das = LoopbackDas::start();
    let requests_file = file(&text(requests));
    let more = ["--dictionary", DICTIONARIES, "--file", requests_file.path().to_str().expect("a path in UTF-8")];
    let finished = send("coa", das.addr, &file(SECRET), &more).run();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let mut found = by_name(&das);
    (0..requests.len()).map(|index| found.remove(&format!("r{index}")).expect("each request")).collect()
}

/// Lines of which radclient and we make the same octets.
const SAME: &[&str] = &[
    "Tunnel-Type:1 = VLAN",
    "Tunnel-Type = VLAN",
    "Tunnel-Type:0 = VLAN",
    "Tunnel-Type:31 = 13",
    "Tunnel-Type:1:=VLAN",
    "Tunnel-Type:1+=vlan",
    "Tunnel-Type = :1:VLAN",
    "Tunnel-Type = \":31:0x0d\"",
    "Tunnel-Private-Group-Id:1 = \"10\"",
    "Tunnel-Private-Group-Id:01 = 10",
    "Tunnel-Private-Group-Id:0 = 10",
    "Tunnel-Private-Group-Id = \"10\"",
    "Tunnel-Private-Group-Id = ':1:1\\n0'",
    "Tunnel-Private-Group-Id = \":0:x\"",
    "Tunnel-Private-Group-Id = \":40:x\"",
    "Tunnel-Private-Group-Id = \":x\"",
    "Tunnel-Private-Group-Id = \"\\001x\"",
    "Tunnel-Medium-Type:2 = IEEE-802, Tunnel-Preference:2 = 0xffffff",
    "NAS-Port == 7",
    "NAS-Port = \"+1\"",
    "NAS-Port-Type = 0x5",
    "NAS-Port-Type = 5",
    "NAS-Port-Type = 'ethernet'",
    "Service-Type = 010",
    "User-Name = \"\\000x\"",
    "User-Name = é",
    "User-Name = \":1:x\"",
    "User-Name = %%",
    "user-NAME =X",
    " \tUser-Name = indented",
    "Attr-1 = 0x4142, Attr-26.9.1 = 0x414243, Vendor-9-Attr-1 = 0x4142",
    "PMIP6-Home-IPv4-HoA = 192.0.2.0/24",
    "PMIP6-Home-IPv4-HoA = 192.0.2.1/23",
    "PMIP6-Home-IPv4-HoA = 192.0.2.1",
    "PMIP6-Home-IPv4-HoA = 192.0.2.1/0",
    "Framed-IPv6-Prefix = 2001:db8::/128",
    "Fortinet-WirelessController-Device-MAC = aA:bB:cC:dD:eE:fF",
    "ALU-AAA-Address-0 = 192.0.2.1",
    "ALU-AAA-Address-0 = 2001:db8::1",
    "3GPP2-GMT-Time-Zone-Offset = -5",
    "3GPP-RAT-Type = 6",
    "3GPP-RAT-Type = EUTRAN",
    "3GPP-MS-Time-Zone = 0x0102",
    "3GPP-MS-Time-Zone = \"ab\"",
    "Acct-Input-Octets-64 = 18446744073709551615",
    "Acct-Input-Octets-64 = \" 5 \"",
    "Juniper-Junosspace-Profile = x",
    "Ascend-Data-Filter = 0x0100010000000000000000000000000000000000000000000000000000000000",
    "Digest-Response = \"abc\"",
    "Digest-Attributes = 0x0103ff",
];

/// Lines that radclient does not send, and what we say to them.
const REFUSED_BY_BOTH: &[(&str, &str)] = &[
    ("Tunnel-Type:32 = VLAN", "a tag is a number from 0 to 31"),
    ("Tunnel-Type:0x1f = VLAN", "a tag is a number from 0 to 31"),
    ("Tunnel-Type:* = VLAN", "a tag is a number from 0 to 31"),
    ("Tunnel-Type: 1 = VLAN", "is not of the form Name=value"),
    ("Tunnel-Type :1 = VLAN", "is not of the form Name=value"),
    ("Tunnel-Private-Group-Id:1 = \":2:10\"", "its attribute has a tag already"),
    ("&User-Name = x", "no attribute is called \"&User-Name\"; the nearest is User-Name"),
    ("User-Name = x NAS-Port = 5", "is not one value"),
    ("User-Name = x, , NAS-Port = 5", "is not of the form Name=value"),
    ("NAS-Port = 1abc", "is not a number"),
    ("NAS-Port-Type = \"Virtual \"", "is not a number"),
    ("3GPP-RAT-Type = 256", "a number from 0 to 255"),
    ("PMIP6-Home-IPv4-HoA = 192.0.2.1/33", "an IPv4 prefix such as 192.0.2.0/24"),
    ("Fortinet-WirelessController-Device-MAC = 0:1:2:3:4:5", "an Ethernet address such as"),
    ("Vendor-Specific = 0x000039880103ff", "Attr-26 = 0x…"),
    ("DHCP-Message-Type = 1", "no attribute is called \"DHCP-Message-Type\""),
    ("Extended-Attribute-1 = 0x01", "an extended attribute (RFC 6929)"),
];

/// Lines of which radclient sends something else than they say, or does something with them that we leave to arguments.
const REFUSED_BY_US: &[(&str, &str)] = &[
    ("Tunnel-Type = 0x01000003", "a number from 0 to 16777215"),
    ("Tunnel-Type:1 = 16777216", "a number from 0 to 16777215"),
    ("User-Name:1 = x", "User-Name: it has no tag"),
    ("User-Name != x", "the operator != compares"),
    ("User-Name =~ x", "the operator =~ compares"),
    ("NAS-Port -= 1", "the operator -= compares"),
    ("NAS-Port = 0xfffffffff", "a number from 0 to 4294967295"),
    ("NAS-Port = \"\"", "a number from 0 to 4294967295"),
    ("3GPP2-GMT-Time-Zone-Offset = -2147483649", "a number from -2147483648"),
    ("Framed-IP-Address = 192.0", "an IPv4 address such as"),
    ("Framed-IP-Address = *", "an IPv4 address such as"),
    ("Framed-IP-Address = localhost", "an IPv4 address such as"),
    ("Ascend-Data-Filter = \"ip in drop\"", "octets such as 0x00ff41"),
    ("User-Password = x", "travels encrypted"),
    ("CHAP-Password = x", "RFC 5176 has no password there"),
    ("Packet-Type = CoA-Request", "disconnect or coa as the first argument"),
    ("Packet-Src-IP-Address = 127.0.0.1", "with --source"),
    ("Response-Packet-Type = CoA-ACK", "--output json"),
    ("Packet-Authentication-Vector = 0x00", "it is computed from the packet"),
    ("Radclient-Test-Name = foo", "write it as a comment"),
    ("Digest-Realm = foo", "Attr-207 = 0x…"),
    ("Cleartext-Password = x", "RFC 5176 has no password there"),
    (
        "Tmp-String-0 = foo",
        "an item of FreeRADIUS itself and goes into no packet (/usr/share/freeradius/dictionary.freeradius.internal:",
    ),
    ("USR-Syslog-Tap = 5", "(format=4,0) (/usr/share/freeradius/dictionary.usr:"),
    ("WiMAX-Capability = 0x01", "(format=1,1,c)"),
    ("Frag-Status = 1", "an extended attribute (RFC 6929)"),
];

#[test]
fn radclient_makes_the_same_octets_of_each_line() {
    let requests: Vec<String> = SAME.iter().map(ToString::to_string).collect();
    let (theirs, ours) = (by_radclient(&requests), by_us(&requests));
    for (line, (theirs, ours)) in SAME.iter().zip(theirs.iter().zip(&ours)) {
        assert_eq!(ours, theirs, "{line}");
        assert!(ours.len() > 1, "{line}");
    }
}

#[test]
fn a_value_that_goes_on_in_the_next_attribute_is_cut_where_radclient_cuts_it() {
    let requests = [format!("EAP-Message = 0x{}", "ab".repeat(400))];
    let (theirs, ours) = (by_radclient(&requests), by_us(&requests));
    assert_eq!(ours, theirs);
    assert_eq!(ours[0].len(), 3);
}

/// What we say to each of these lines, in a file of their own.
fn refused(lines: &[(&str, &str)]) {
    let das = LoopbackDas::silent();
    let more = ["--dictionary", DICTIONARIES, "--file", "-"];
    for (line, says) in lines {
        let finished = send("coa", das.addr, &file(SECRET), &more).stdin(line).run();
        assert_eq!(finished.code, Some(2), "{line}: {finished:#?}");
        assert!(finished.stderr.starts_with("error: standard input:1: "), "{line}: {}", finished.stderr);
        assert!(finished.stderr.contains(says), "{line}: {}", finished.stderr);
    }
    assert_eq!(das.received(), []);
}

#[test]
fn what_radclient_refuses_is_refused_with_what_would_be_right() {
    refused(REFUSED_BY_BOTH);
    let das = LoopbackDas::start();
    for (line, _) in REFUSED_BY_BOTH {
        let finished = radclient(&das, &format!("{line}\n"));
        assert_ne!(finished.code, Some(0), "{line}: {finished:#?}");
    }
    assert_eq!(das.received(), []);
}

#[test]
fn what_radclient_takes_for_something_else_is_refused() {
    refused(REFUSED_BY_US);
    let lines: Vec<String> = REFUSED_BY_US.iter().map(|(line, _)| (*line).to_owned()).collect();
    let taken: Vec<String> = lines.into_iter().filter(|line| !line.starts_with("Packet-Src")).collect();
    assert_eq!(by_radclient(&taken).len(), REFUSED_BY_US.len() - 1);
}

//! Names in radclient's packet files that are instructions to radclient, and what does the same here.

pub(super) const NO_PASSWORD: &str = "RFC 5176 has no password there; leave it out";
const NO_DIGEST: &str = "radclient packs it into Digest-Attributes, which is Attr-207 = 0x…";

/// What to do instead of naming `name`, in any case.
pub(super) fn instead(name: &[u8]) -> Option<&'static str> {
    let found = CONTROL.iter().find(|(control, _)| name.eq_ignore_ascii_case(control.as_bytes()));
    let is_digest = || DIGEST.iter().any(|control| name.eq_ignore_ascii_case(control.as_bytes()));
    found.map(|(_, instead)| *instead).or_else(|| is_digest().then_some(NO_DIGEST))
}

const DIGEST: &[&str] = &[
    "Digest-Realm",
    "Digest-Nonce",
    "Digest-Method",
    "Digest-URI",
    "Digest-QOP",
    "Digest-Algorithm",
    "Digest-Body-Digest",
    "Digest-CNonce",
    "Digest-Nonce-Count",
    "Digest-User-Name",
];

const CONTROL: &[(&str, &str)] = &[
    ("Packet-Dst-IP-Address", "say where to send with --to, one NAS a call"),
    ("Packet-Dst-IPv6-Address", "say where to send with --to, one NAS a call"),
    ("Packet-Dst-Port", "say the port with --to HOST:PORT"),
    ("Packet-Src-IP-Address", "say the local address with --source"),
    ("Packet-Src-IPv6-Address", "say the local address with --source"),
    ("Packet-Src-Port", "the system gives a free port; leave it out"),
    ("Packet-Type", "say disconnect or coa as the first argument, one kind a call"),
    ("Response-Packet-Type", "every answer is printed; with --output json its code is in \"code\""),
    ("Packet-Authentication-Vector", "it is computed from the packet; leave it out"),
    ("Packet-Raw", "write its attributes"),
    ("Raw-Attribute", "write Attr-N = 0x…"),
    ("Radclient-Test-Name", "write it as a comment"),
    ("Radclient-CoA-Filename", "nothing is received here but answers; leave it out"),
    ("Radclient-CoA-Filter", "nothing is received here but answers; leave it out"),
    ("User-Password", NO_PASSWORD),
    ("CHAP-Password", NO_PASSWORD),
    ("Cleartext-Password", NO_PASSWORD),
    ("MS-CHAP-Password", NO_PASSWORD),
    ("EAP-Code", "radclient's own; leave it out"),
    ("EAP-Id", "radclient's own; leave it out"),
];

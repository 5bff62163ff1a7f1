//! What FreeRADIUS makes of an Accounting-Request before its queries see it.

use std::fmt::Write as _;
use std::net::IpAddr;

use md5::{Digest, Md5};

use crate::radius::{AttributeType, Attributes, Dictionary};

/// `safe_characters` of FreeRADIUS' SQL module; characters beyond ASCII pass as well.
const SAFE: &str = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /";

const NAS_IPV6_ADDRESS: AttributeType = AttributeType::Standard(95);
const FRAMED_INTERFACE_ID: AttributeType = AttributeType::Standard(96);
const CONNECT_INFO: AttributeType = AttributeType::Standard(77);
const ACCT_AUTHENTIC: AttributeType = AttributeType::Standard(45);
const DELEGATED_IPV6_PREFIX: AttributeType = AttributeType::Standard(123);
const FRAMED_IPV6_ADDRESS: AttributeType = AttributeType::Standard(168);

/// What is text, and may be octets that are not UTF-8.
const TEXTS: [AttributeType; 7] = [
    AttributeType::USER_NAME,
    AttributeType::ACCT_SESSION_ID,
    AttributeType::NAS_IDENTIFIER,
    AttributeType::NAS_PORT_ID,
    AttributeType::CALLED_STATION_ID,
    AttributeType::CALLING_STATION_ID,
    CONNECT_INFO,
];

/// Acct-Status-Type (RFC 2866 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Start,
    Stop,
    InterimUpdate,
    /// Accounting-On and -Off.
    Reload,
    Other,
}

/// The values of the queries: texts escaped, numbers folded.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: Status,
    pub(super) acct_session_id: String,
    pub(super) acct_unique_id: String,
    pub(super) user_name: String,
    pub(super) nas_ip_address: String,
    pub(super) nas_port_id: String,
    pub(super) nas_port_type: String,
    /// Event-Timestamp, or the time of arrival.
    pub(super) at: i64,
    pub(super) session_time: Option<i64>,
    pub(super) authentic: String,
    pub(super) connect_info: String,
    pub(super) input_octets: i64,
    pub(super) output_octets: i64,
    pub(super) called_station_id: String,
    pub(super) calling_station_id: String,
    pub(super) terminate_cause: String,
    pub(super) service_type: String,
    pub(super) framed_protocol: String,
    pub(super) framed_ip_address: String,
    pub(super) framed_ipv6_address: String,
    pub(super) framed_ipv6_prefix: String,
    pub(super) framed_interface_id: String,
    pub(super) delegated_ipv6_prefix: String,
}

impl Record {
    pub(super) fn of(attributes: &Attributes, dictionary: &Dictionary, source: IpAddr, now: i64) -> Self {
        let packet = Packet { attributes, dictionary, source };
        let text = |attribute_type| escape(&packet.value(attribute_type));
        // An expansion within an expansion: it is escaped twice.
        let port = escape(text(AttributeType::NAS_PORT_ID).as_bytes());
        Self {
            status: status(attributes),
            acct_session_id: text(AttributeType::ACCT_SESSION_ID),
            acct_unique_id: packet.unique_id(),
            user_name: escape(quote(&packet.value(AttributeType::USER_NAME)).as_bytes()),
            nas_ip_address: text(AttributeType::NAS_IP_ADDRESS),
            nas_port_id: if port.is_empty() { text(AttributeType::NAS_PORT) } else { port },
            nas_port_type: text(AttributeType::NAS_PORT_TYPE),
            at: attributes.first_u32(AttributeType::EVENT_TIMESTAMP).map_or(now, i64::from),
            session_time: attributes.first_u32(AttributeType::ACCT_SESSION_TIME).map(i64::from),
            authentic: text(ACCT_AUTHENTIC),
            connect_info: text(CONNECT_INFO),
            input_octets: packet.octets(AttributeType::ACCT_INPUT_GIGAWORDS, AttributeType::ACCT_INPUT_OCTETS),
            output_octets: packet.octets(AttributeType::ACCT_OUTPUT_GIGAWORDS, AttributeType::ACCT_OUTPUT_OCTETS),
            called_station_id: text(AttributeType::CALLED_STATION_ID),
            calling_station_id: text(AttributeType::CALLING_STATION_ID),
            terminate_cause: text(AttributeType::ACCT_TERMINATE_CAUSE),
            service_type: text(AttributeType::SERVICE_TYPE),
            framed_protocol: text(AttributeType::FRAMED_PROTOCOL),
            framed_ip_address: text(AttributeType::FRAMED_IP_ADDRESS),
            framed_ipv6_address: text(FRAMED_IPV6_ADDRESS),
            framed_ipv6_prefix: text(AttributeType::FRAMED_IPV6_PREFIX),
            framed_interface_id: text(FRAMED_INTERFACE_ID),
            delegated_ipv6_prefix: text(DELEGATED_IPV6_PREFIX),
        }
    }
}

fn status(attributes: &Attributes) -> Status {
    match attributes.first_u32(AttributeType::ACCT_STATUS_TYPE) {
        Some(1) => Status::Start,
        Some(2) => Status::Stop,
        Some(3) => Status::InterimUpdate,
        Some(7 | 8) => Status::Reload,
        _ => Status::Other,
    }
}

struct Packet<'a> {
    attributes: &'a Attributes,
    dictionary: &'a Dictionary,
    source: IpAddr,
}

impl Packet<'_> {
    /// A value as FreeRADIUS expands it: text as it came, everything else by dictionary; nothing when it is not there.
    /// The preprocess module fills in a missing NAS-IP-Address.
    fn value(&self, attribute_type: AttributeType) -> Vec<u8> {
        let Some(octets) = self.attributes.first(attribute_type) else {
            let filled_in = attribute_type == AttributeType::NAS_IP_ADDRESS;
            return if filled_in { self.source.to_string().into_bytes() } else { Vec::new() };
        };
        if TEXTS.contains(&attribute_type) {
            return octets.to_vec();
        }
        self.dictionary.value(attribute_type, octets).into_bytes()
    }

    /// Acct-Unique-Session-Id as the policy `acct_unique` computes it for a packet without a Class of its own.
    fn unique_id(&self) -> String {
        let nas = Some(self.value(NAS_IPV6_ADDRESS)).filter(|address| !address.is_empty());
        let parts = [
            self.value(AttributeType::USER_NAME),
            self.value(AttributeType::ACCT_SESSION_ID),
            nas.unwrap_or_else(|| self.value(AttributeType::NAS_IP_ADDRESS)),
            self.value(AttributeType::NAS_IDENTIFIER),
            self.value(AttributeType::NAS_PORT_ID),
            self.value(AttributeType::NAS_PORT),
        ];
        // It is C that hashes: a NUL is the end.
        let joined = parts.join(&b","[..]);
        let text = joined.split(|octet| *octet == 0).next().unwrap_or_default();
        Md5::digest(text).iter().fold(String::new(), |mut text, octet| {
            write!(text, "{octet:02x}").ok();
            text
        })
    }

    /// Gigawords and octets in one number (RFC 2869 §5.1), as SQLite computes it.
    fn octets(&self, gigawords: AttributeType, octets: AttributeType) -> i64 {
        let number = |attribute_type| self.attributes.first_u32(attribute_type).map_or(0, i64::from);
        number(gigawords) << 32 | number(octets)
    }
}

/// Text as FreeRADIUS' SQL module writes it into a query: `=XX` for what is not safe.
fn escape(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for_each(octets, |piece| match piece {
        Ok('\n') => text.push_str("\\n"),
        Ok('\r') => text.push_str("\\r"),
        Ok('\t') => text.push_str("\\t"),
        Ok(character) if !character.is_ascii() || SAFE.contains(character) => text.push(character),
        Ok(character) => push_hex(&mut text, u32::from(character)),
        Err(octet) => push_hex(&mut text, octet.into()),
    });
    text
}

/// A name as FreeRADIUS prints it between double quotes, which its SQL module does before it escapes a User-Name, and
/// only that: `\` before `"` and `\`, letters or octal digits for what cannot be printed.
fn quote(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for_each(octets, |piece| match piece {
        Ok('\n') => text.push_str("\\n"),
        Ok('\r') => text.push_str("\\r"),
        Ok('\t') => text.push_str("\\t"),
        Ok(character @ ('"' | '\\')) => text.extend(['\\', character]),
        Ok(character) if character.is_ascii_control() => push_octal(&mut text, u32::from(character)),
        Ok(character) => text.push(character),
        Err(octet) => push_octal(&mut text, octet.into()),
    });
    text
}

/// The characters, and the octets that are none.
fn for_each(octets: &[u8], mut take: impl FnMut(Result<char, u8>)) {
    for chunk in octets.utf8_chunks() {
        chunk.valid().chars().for_each(|character| take(Ok(character)));
        chunk.invalid().iter().for_each(|octet| take(Err(*octet)));
    }
}

fn push_hex(text: &mut String, octet: u32) {
    write!(text, "={octet:02X}").ok();
}

fn push_octal(text: &mut String, octet: u32) {
    write!(text, "\\{octet:03o}").ok();
}

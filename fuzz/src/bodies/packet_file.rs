//! A packet file in radclient's form.
use std::fmt::Write as _;
use std::io::BufReader;
use std::sync::OnceLock;

use radkick::radius::{AttributeType, Attributes, Dictionary, RequestReader, parse_pair, parse_requests};

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    DICTIONARY.get_or_init(|| Dictionary::bundled().expect("our own dictionaries"))
}

pub(crate) fn run(octets: &[u8]) {
    let whole = parse_requests(dictionary(), octets);
    match &whole {
        Ok(requests) => {
            assert!(requests.iter().all(|request| !request.is_empty()));
            let written: String = requests.iter().map(|request| by_numbers(request) + "\n").collect();
            assert_eq!(parse_requests(dictionary(), &written).as_ref(), Ok(requests), "{written}");
        }
        Err(errors) => {
            let lines = 1..=octets.split(|octet| *octet == b'\n').count();
            assert!(!errors.is_empty() && errors.is_sorted_by_key(|error| error.line));
            assert!(errors.iter().all(|error| lines.contains(&error.line)));
        }
    }
    // A file that comes in pieces is the same file
    let pieces = BufReader::with_capacity(1 + octets.len() % 7, octets);
    let (requests, errors): (Vec<_>, Vec<_>) = RequestReader::new(dictionary(), pieces).partition(Result::is_ok);
    match whole {
        Ok(whole) => assert!(requests.into_iter().map(|one| one.expect("a request").1).eq(whole)),
        Err(whole) => assert!(
            errors
                .into_iter()
                .map(|one| one.expect_err("an error").to_string())
                .eq(whole.iter().map(ToString::to_string),)
        ),
    }
    drop(parse_pair(dictionary(), &String::from_utf8_lossy(octets), &mut Attributes::new()));
}

/// The same request, in numbers alone.
fn by_numbers(request: &Attributes) -> String {
    let mut text = String::new();
    for (attribute_type, value) in request.iter() {
        let name = match attribute_type {
            AttributeType::Standard(octet) => format!("Attr-{octet}"),
            AttributeType::Vendor { vendor_id, vendor_type } => format!("Vendor-{vendor_id}-Attr-{vendor_type}"),
        };
        let digits: String = value.iter().fold(String::new(), |mut digits, octet| {
            write!(digits, "{octet:02x}").expect("text in memory");
            digits
        });
        writeln!(text, "{name} = 0x{digits}").expect("text in memory");
    }
    text
}

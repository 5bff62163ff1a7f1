//! Packet files, request by request.
use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::super::*;

fn dictionary() -> Dictionary {
    Dictionary::bundled().unwrap()
}

/// What comes of a text: the line and the number of attributes of each request, or what is wrong.
fn read(input: impl BufRead) -> Vec<Result<(usize, usize), String>> {
    let dictionary = dictionary();
    let read = RequestReader::new(&dictionary, input);
    read.map(|request| request.map(|(line, attributes)| (line, attributes.len())).map_err(|error| error.to_string()))
        .collect()
}

#[test]
fn each_request_has_the_line_on_which_it_begins() {
    let text = "# head\n\n\nUser-Name = a\n# c\nNAS-Port = 1, NAS-Port = 2\n \t\r\n\nUser-Name = b";
    assert_eq!(read(text.as_bytes()), [Ok((4, 3)), Ok((9, 1))]);
}

#[test]
fn a_wrong_request_is_left_out_and_those_behind_it_are_read() {
    let text = "User-Name = a\nFoo = 1\nBar = 2\nNAS-Port = 3\n\nUser-Name = b\n\nFoo = 1";
    let read = read(text.as_bytes());
    let says = |index: usize| read[index].clone().unwrap_err();
    assert_eq!(read.len(), 4);
    assert!(says(0).starts_with("line 2: ") && says(1).starts_with("line 3: ") && says(3).starts_with("line 8: "));
    assert_eq!(read[2], Ok((6, 1)));
}

#[test]
fn a_line_has_a_bound_and_what_follows_it_is_read() {
    let long = |octets: usize| format!("User-Name = a #{}", "x".repeat(octets - 15));
    assert_eq!(read(long(MAX_LINE_OCTETS).as_bytes()), [Ok((1, 1))]);
    assert_eq!(read(format!("{}\n", long(MAX_LINE_OCTETS)).as_bytes()), [Ok((1, 1))]);
    let text = format!("{}\nNAS-Port = 1\n\nNAS-Port = 2", long(MAX_LINE_OCTETS + 1));
    let read = read(text.as_bytes());
    assert_eq!(read.len(), 2);
    assert_eq!(read[0], Err("line 1: the line has more than 65536 octets".to_owned()));
    assert_eq!(read[1], Ok((4, 1)));
}

#[test]
fn a_line_without_end_is_an_error_before_it_ends() {
    let dictionary = dictionary();
    let mut reader = RequestReader::new(&dictionary, BufReader::new(io::repeat(b'a')));
    let error = reader.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("more than 65536 octets"), "{error}");
}

#[test]
fn a_request_has_a_bound_that_is_told_once() {
    let line = format!("Class = 0x{}\n", "00".repeat(253));
    assert_eq!(read(line.repeat(15).as_bytes()), [Ok((1, 15))]);
    let read = read(format!("{}\nNAS-Port = 1", line.repeat(100)).as_bytes());
    assert_eq!(read.len(), 2);
    let says = "line 16: this and what stands above it, from line 1 on, is more than the 4096 octets of a packet";
    assert_eq!(read[0], Err(says.to_owned()));
    assert_eq!(read[1], Ok((102, 1)));
}

/// Input that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("gone"))
    }
}

#[test]
fn nothing_is_read_behind_a_nul_or_an_error() {
    let read_all = read(&b"NAS-Port = 1\n\nUser-Name = \0\n\nNAS-Port = 2"[..]);
    assert_eq!(read_all.len(), 2);
    assert!(read_all[1].clone().unwrap_err().starts_with("line 3: a NUL octet"));
    let input = BufReader::new(Cursor::new("NAS-Port = 1\n\nNAS-Port = 2\n").chain(Broken));
    assert_eq!(read(input), [Ok((1, 1)), Err("gone".to_owned())]);
}

#[test]
fn a_mark_at_the_beginning_and_octets_that_are_not_utf_8_are_taken() {
    let dictionary = dictionary();
    let text = b"\xef\xbb\xbfUser-Name = Jos\xe9\r\n";
    let requests = parse_requests(&dictionary, text).unwrap();
    assert_eq!(requests[0].first(AttributeType::USER_NAME), Some(&b"Jos\xe9"[..]));
    assert!(parse_requests(&dictionary, b"NAS-Port = 1\n\xef\xbb\xbfNAS-Port = 1").is_err());
}

#[test]
fn only_the_first_unknown_names_are_compared_with_all() {
    let dictionary = dictionary();
    let errors = parse_requests(&dictionary, "User-Nam = 1\n".repeat(21)).unwrap_err();
    let nearest = errors.iter().filter(|error| error.to_string().contains("the nearest is User-Name")).count();
    assert_eq!((errors.len(), nearest), (21, 20));
}

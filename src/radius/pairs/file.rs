//! radclient's packet files, a request at a time.

use std::io::{self, BufRead, Read as _};

use super::super::quoting::{Written, is_space, trim, trim_start};
use super::super::{Attributes, Dictionary, MAX_PACKET_OCTETS};
use super::pair::{Named, push};
use super::{PairError, PairProblem};

/// How long a line of a packet file may be, in octets: enough for a full packet in octal.
pub const MAX_LINE_OCTETS: usize = 64 * 1024;

/// Code, Identifier, Length and Authenticator (RFC 2865 §3).
const HEADER_OCTETS: usize = 20;

const MAX_SUGGESTIONS: u32 = 20;

const ONE_VALUE: &str = "one value: spaces and any of # , ; = ( ) { } < > stand in quotes";

/// What comes of reading a packet file, beside requests.
#[derive(Debug, thiserror::Error)]
pub enum PacketFileError {
    /// A line is wrong; its request is left out, and those behind it can be read.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The file cannot be read any further.
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// Reads radclient's packet file: one `Name = value` a line (or several with commas between), a blank line between
/// requests, `#` before a comment. Gives each request with the line on which it begins, and holds one at a time, however
/// many there are.
///
/// `=`, `:=`, `+=` and `==` mean the same; what compares is refused. `Name:1 = value` gives a tag (0 to 31, RFC 2868
/// §3.1) to an attribute that may have one, as does `Name = ":1:value"`.
///
/// A value without quotes is one word, which ends at a space, a comma or a comment. Quotes are `"`, `'` and `` ` ``; a
/// backslash before the quote that opened the value is for that quote. Text knows `\n`, `\r`, `\t`, `\\`, `\"` and three
/// octal digits, in quotes of any kind or none; a backslash before anything else is a backslash. Text in `"` that holds
/// `%{` keeps its escapes as they stand.
///
/// What radclient reads as something else than is written, or does not send at all, is an error here: numbers that do
/// not fit, values that are empty or cut off, dates without a zone, host names, tags where none belong, operators that
/// compare, its own instructions (`Packet-Dst-Port`). Four things differ: a comment may be indented (radclient passes over
/// the rest of such a file), lines may end in CR LF, a UTF-8 byte order mark is passed over, a date's `UTC` means UTC.
///
/// Bounds: a line [`MAX_LINE_OCTETS`], a request [`MAX_PACKET_OCTETS`].
#[derive(Debug)]
pub struct RequestReader<'a, R> {
    dictionary: &'a Dictionary,
    input: R,
    line: Vec<u8>,
    line_number: usize,
    request: Request,
    /// Room for one value.
    octets: Vec<u8>,
    at_end: bool,
    /// Whether the rest of a line that is too long comes next.
    is_inside_line: bool,
    /// For how many unknown names more the nearest is looked for, which takes long.
    suggestions: u32,
}

/// The request that is being read.
#[derive(Debug, Default)]
struct Request {
    /// 0 before anything of it has come.
    first_line: usize,
    attributes: Attributes,
    /// What the attributes take in a packet.
    octets: usize,
    is_wrong: bool,
}

/// What stands between two line ends.
enum Line {
    Text,
    TooLong,
    /// Nothing: the input has ended.
    End,
}

impl<'a, R: BufRead> RequestReader<'a, R> {
    /// Reads from the beginning of `input`.
    pub fn new(dictionary: &'a Dictionary, input: R) -> Self {
        Self {
            dictionary,
            input,
            line: Vec::new(),
            line_number: 0,
            request: Request::default(),
            octets: Vec::new(),
            at_end: false,
            is_inside_line: false,
            suggestions: MAX_SUGGESTIONS,
        }
    }

    /// Reads on to the end of a request: `None` when the input is at its end.
    fn request(&mut self) -> Result<Option<(usize, Attributes)>, PacketFileError> {
        while !self.at_end {
            let is_done = match self.read_line().inspect_err(|_| self.at_end = true)? {
                Line::Text if self.line.iter().all(|octet| is_space(*octet)) => true,
                Line::Text => {
                    self.take_line().map_err(|problem| self.wrong(problem))?;
                    false
                }
                Line::TooLong => return Err(self.wrong(PairProblem::LineTooLong)),
                Line::End => {
                    self.at_end = true;
                    true
                }
            };
            if is_done && let Some(request) = std::mem::take(&mut self.request).whole() {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }

    /// Leaves the request out, and says why.
    fn wrong(&mut self, problem: PairProblem) -> PacketFileError {
        self.request.is_wrong = true;
        let suggests = self.suggestions > 0;
        self.suggestions = self.suggestions.saturating_sub(1);
        let problem = if suggests { problem.with_nearest(self.dictionary) } else { problem };
        PairError { line: self.line_number, problem }.into()
    }

    /// Reads a line up to and with its end, or the beginning of one that is too long.
    fn read_line(&mut self) -> io::Result<Line> {
        if std::mem::take(&mut self.is_inside_line) {
            self.input.skip_until(b'\n')?;
        }
        self.line.clear();
        self.line_number += 1;
        let limit = MAX_LINE_OCTETS as u64 + 1;
        let octets = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        if octets == 0 {
            return Ok(Line::End);
        }
        if octets > MAX_LINE_OCTETS && self.line.last() != Some(&b'\n') {
            self.is_inside_line = true;
            return Ok(Line::TooLong);
        }
        if self.line_number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3);
        }
        Ok(Line::Text)
    }

    fn take_line(&mut self) -> Result<(), PairProblem> {
        if self.line.contains(&0) {
            self.at_end = true;
            return Err(PairProblem::Nul);
        }
        let mut rest = trim(&self.line);
        if self.request.first_line == 0 && !rest.starts_with(b"#") {
            self.request.first_line = self.line_number;
        }
        while !rest.is_empty() && !rest.starts_with(b"#") {
            let (named, value, behind) = take_pair(rest)?;
            self.request.octets +=
                push(self.dictionary, &named, &value, &mut self.octets, &mut self.request.attributes)?;
            self.request.check_size()?;
            rest = behind;
        }
        Ok(())
    }
}

impl Request {
    /// Forgets what has come when it is too much; said once.
    fn check_size(&mut self) -> Result<(), PairProblem> {
        if self.octets <= MAX_PACKET_OCTETS - HEADER_OCTETS {
            return Ok(());
        }
        (self.attributes, self.octets) = (Attributes::new(), 0);
        if self.is_wrong { Ok(()) } else { Err(PairProblem::RequestTooLong { first_line: self.first_line }) }
    }

    /// The line on which it begins, and its attributes, if it has any and nothing was wrong.
    fn whole(self) -> Option<(usize, Attributes)> {
        (!self.is_wrong && !self.attributes.is_empty()).then_some((self.first_line, self.attributes))
    }
}

impl<R: BufRead> Iterator for RequestReader<'_, R> {
    type Item = Result<(usize, Attributes), PacketFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.request().transpose()
    }
}

/// Reads a packet file that is in memory, as [`RequestReader`] does.
///
/// # Errors
/// [`PairError`] for every line that is wrong; nothing of the file is to be used then.
pub fn parse_requests(dictionary: &Dictionary, text: impl AsRef<[u8]>) -> Result<Vec<Attributes>, Vec<PairError>> {
    let (mut requests, mut errors) = (Vec::new(), Vec::new());
    for request in RequestReader::new(dictionary, text.as_ref()) {
        match request {
            Ok((_, attributes)) => requests.push(attributes),
            Err(PacketFileError::Pair(error)) => errors.push(error),
            // Memory can always be read.
            Err(PacketFileError::Read(_)) => {}
        }
    }
    if errors.is_empty() { Ok(requests) } else { Err(errors) }
}

/// The first pair of a line that is not empty, and what follows the comma behind it.
fn take_pair(line: &[u8]) -> Result<(Named<'_>, Written<'_>, &[u8]), PairProblem> {
    let named = Named::take(line)?.in_file()?;
    let text = trim_start(named.behind);
    let wrong = |expected| PairProblem::value(named.name, text, expected);
    let is_open = matches!(text, [b'"' | b'\'' | b'`', ..]);
    let taken = Written::take(text).ok_or_else(|| wrong(if is_open { super::CLOSED } else { ONE_VALUE }));
    let (value, rest) = taken?;
    let rest = trim_start(rest);
    match rest.strip_prefix(b",") {
        Some(behind) => Ok((named, value, trim_start(behind))),
        None if rest.is_empty() || rest.starts_with(b"#") => Ok((named, value, b"")),
        None => Err(wrong(ONE_VALUE)),
    }
}

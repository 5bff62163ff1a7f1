//! The file of `--file`: read twice if it is one, once if it is a pipe.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::time::SystemTime;

use super::{Each, Problems, Requests, requests};
use crate::radius::{PacketFileError, RequestReader};

/// How many problems of a file are told.
const MAX_PROBLEMS: usize = 20;

const BUFFER_OCTETS: usize = 64 * 1024;

/// A packet file, open.
pub(super) struct PacketFile {
    /// What messages call it.
    name: String,
    source: Source,
}

enum Source {
    /// It can be read again, as long as nobody changes it.
    File(Unchanged),
    Pipe(Box<dyn Read + Send>),
}

impl PacketFile {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Problems> {
        let standard_input = || Self { name: "standard input".to_owned(), source: Source::Pipe(Box::new(io::stdin())) };
        if path == Path::new("-") {
            return Ok(standard_input());
        }
        let name = path.display().to_string();
        let source = source(path).map_err(|error| vec![format!("cannot read {name}: {error}")])?;
        Ok(Self { name, source })
    }

    /// Reads a file to its end and counts its requests; a pipe is left alone.
    pub(super) fn check(&mut self, each: &Each) -> Result<Option<u64>, Problems> {
        let Source::File(file) = &mut self.source else { return Ok(None) };
        let input = BufReader::with_capacity(BUFFER_OCTETS, &mut *file);
        let (mut requests, mut wrong, mut problems) = (0, 0, Vec::new());
        for read in RequestReader::new(&each.dictionary, input) {
            match checked(&self.name, each, read) {
                Ok(_) => requests += 1,
                Err(problem) if problems.len() < MAX_PROBLEMS => problems.push(problem),
                Err(_) => wrong += 1,
            }
        }
        if wrong > 0 {
            problems.push(format!("{}: and {wrong} lines more", self.name));
        }
        if problems.is_empty() && requests == 0 {
            problems.push(no_request(&self.name));
        }
        if let Err(error) = file.rewind() {
            problems.push(format!("cannot read {} again: {error}", self.name));
        }
        if problems.is_empty() { Ok(Some(requests)) } else { Err(problems) }
    }

    /// Begins to read. The first request of a pipe is waited for, so that one that is empty or wrong is told at once.
    pub(super) async fn requests(self, each: Each) -> Result<Requests, Problems> {
        let Self { name, source } = self;
        let (input, is_pipe): (Box<dyn Read + Send>, _) = match source {
            Source::File(file) => (Box::new(file), false),
            Source::Pipe(pipe) => (pipe, true),
        };
        let empty = no_request(&name);
        let mut requests = requests::read(input, name, each)
            .map_err(|error| vec![format!("cannot start a thread to read the file: {error}")])?;
        if is_pipe && !requests.begin().await.map_err(|problem| vec![problem])? {
            return Err(vec![empty]);
        }
        Ok(requests)
    }
}

fn source(path: &Path) -> io::Result<Source> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok(if metadata.is_file() {
        Source::File(Unchanged { as_opened: Stamp::of(&metadata), file })
    } else {
        Source::Pipe(Box::new(file))
    })
}

fn no_request(name: &str) -> String {
    format!("{name} holds no request")
}

/// A request as it goes out, or what is wrong with it and where.
pub(super) fn checked(
    name: &str,
    each: &Each,
    read: Result<(usize, crate::radius::Attributes), PacketFileError>,
) -> Result<crate::radius::Attributes, String> {
    match read {
        Ok((line, attributes)) => each.complete(attributes).map_err(|problem| format!("{name}:{line}: {problem}")),
        Err(PacketFileError::Pair(error)) => Err(format!("{name}:{}: {}", error.line, error.problem)),
        Err(PacketFileError::Read(error)) => Err(format!("cannot read {name}: {error}")),
    }
}

/// A file that nobody may change while it is read: each part is followed by a look at when it was changed last.
struct Unchanged {
    file: File,
    as_opened: Stamp,
}

#[derive(PartialEq, Eq)]
struct Stamp {
    octets: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { octets: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl Unchanged {
    fn rewind(&mut self) -> io::Result<()> {
        self.file.rewind()
    }
}

impl Read for Unchanged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.file.read(buffer)?;
        if Stamp::of(&self.file.metadata()?) != self.as_opened {
            return Err(io::Error::other("somebody changed it while it was read"));
        }
        Ok(octets)
    }
}

//! Requests on their way from a file to the wire, a few at a time.
//!
//! A thread of its own reads: what it waits for, a pipe above all, holds up no exchange.

use std::cell::RefCell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;
use std::vec;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Each;
use super::packet_file::checked;
use crate::radius::{Attributes, RequestReader};

/// How many requests go from the reader to the sender at once.
const BATCH: usize = 64;
/// How many batches wait for the sender.
const BATCHES: usize = 4;
const BUFFER_OCTETS: usize = 64 * 1024;

/// The attributes of each request, in the order of the file.
#[derive(Debug)]
pub(in super::super) struct Requests {
    batch: vec::IntoIter<Attributes>,
    more: Receiver<Result<Vec<Attributes>, String>>,
}

impl Requests {
    /// One request.
    pub(super) fn of(attributes: Attributes) -> Self {
        // The sender is gone, so that nothing follows.
        Self { batch: vec![attributes].into_iter(), more: channel(1).1 }
    }

    /// The next request; `None` behind the last. After an error, which says what is wrong with the next one and where,
    /// nothing follows.
    ///
    /// Cancel safe: a request that is not returned is returned by the next call.
    pub(in super::super) async fn next(&mut self) -> Option<Result<Attributes, String>> {
        loop {
            if let Some(attributes) = self.batch.next() {
                return Some(Ok(attributes));
            }
            match self.more.recv().await? {
                Ok(batch) => self.batch = batch.into_iter(),
                Err(problem) => return Some(Err(problem)),
            }
        }
    }

    /// The next request if it has been read already; nothing says that it is the last, or what is wrong with it, before
    /// [`Requests::next`] does.
    pub(in super::super) fn ready(&mut self) -> Option<Attributes> {
        self.batch.next()
    }

    /// Waits until there is a first request, and says whether there is.
    pub(super) async fn begin(&mut self) -> Result<bool, String> {
        match self.next().await {
            None => Ok(false),
            Some(Err(problem)) => Err(problem),
            Some(Ok(first)) => {
                let rest = std::mem::take(&mut self.batch);
                self.batch = std::iter::once(first).chain(rest).collect::<Vec<_>>().into_iter();
                Ok(true)
            }
        }
    }
}

/// Starts to read `input`, of which messages speak as `name`.
pub(super) fn read(input: Box<dyn Read + Send>, name: String, each: Each) -> io::Result<Requests> {
    let (sender, more) = channel(BATCHES);
    let reader = move || {
        let waiting = Rc::new(RefCell::new(Waiting { batch: Vec::with_capacity(BATCH), sender }));
        let input = Flushing { input, waiting: Rc::clone(&waiting) };
        let input = BufReader::with_capacity(BUFFER_OCTETS, input);
        for read in RequestReader::new(&each.dictionary, input) {
            let request = checked(&name, &each, read);
            if waiting.borrow_mut().push(request).is_err() {
                return;
            }
        }
        // Nobody may be left to take them, and then nobody misses them.
        waiting.borrow_mut().flush().ok();
    };
    std::thread::Builder::new().name("packet file".to_owned()).spawn(reader)?;
    Ok(Requests { batch: Vec::new().into_iter(), more })
}

/// Requests that have been read and not handed over.
struct Waiting {
    batch: Vec<Attributes>,
    sender: Sender<Result<Vec<Attributes>, String>>,
}

/// Nothing is to be read any more: the sender has ended, or a request was wrong.
struct Closed;

impl Waiting {
    fn push(&mut self, request: Result<Attributes, String>) -> Result<(), Closed> {
        match request {
            Ok(attributes) => {
                self.batch.push(attributes);
                if self.batch.len() < BATCH { Ok(()) } else { self.flush() }
            }
            Err(problem) => {
                self.flush()?;
                self.sender.blocking_send(Err(problem)).ok();
                Err(Closed)
            }
        }
    }

    fn flush(&mut self) -> Result<(), Closed> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.blocking_send(Ok(batch)).map_err(|_| Closed)
    }
}

/// Hands over what has been read before it reads on, for it may wait long.
struct Flushing {
    input: Box<dyn Read + Send>,
    waiting: Rc<RefCell<Waiting>>,
}

impl Read for Flushing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.waiting.borrow_mut().flush().map_err(|Closed| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.input.read(buffer)
    }
}

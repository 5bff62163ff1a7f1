//! Many results, gathered and written a few thousand at a time.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use anstyle::Style;
use serde::Serialize;

use super::Output;

/// When to write although nobody has asked to.
const FULL_OCTETS: usize = 64 * 1024;

/// Standard output for a command that prints a line for each of a million things.
#[derive(Debug)]
pub(super) struct Sheet {
    output: Output,
    painted: bool,
    gathered: Vec<u8>,
}

impl Sheet {
    /// Colour is left out where standard output is no terminal, or where the environment asks for none.
    pub(super) fn new(output: Output) -> Self {
        let choice = anstream::AutoStream::choice(&io::stdout());
        Self { output, painted: choice != anstream::ColorChoice::Never, gathered: Vec::new() }
    }

    /// Gathers one object as a line of JSON, when JSON was asked for.
    pub(super) fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        if self.output.is_json() {
            serde_json::to_writer(&mut self.gathered, object)?;
            self.gathered.push(b'\n');
        }
        self.write_when_full()
    }

    /// Gathers one line, when text was asked for.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        if !self.output.is_json() {
            writeln!(self.gathered, "{line}")?;
        }
        self.write_when_full()
    }

    /// The style where colour is shown, none where it is not.
    pub(super) const fn style(&self, style: Style) -> Style {
        if self.painted { style } else { Style::new() }
    }

    fn write_when_full(&mut self) -> io::Result<()> {
        if self.gathered.len() < FULL_OCTETS { Ok(()) } else { self.write() }
    }

    /// Whether something waits to be written.
    pub(super) const fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Whether a person watches the lines come.
    pub(super) fn is_watched() -> bool {
        io::stdout().is_terminal()
    }

    /// Writes what has been gathered.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&self.gathered).and_then(|()| stdout.flush());
        self.gathered.clear();
        written.map_err(|error| super::output::unwritable(&error))
    }
}

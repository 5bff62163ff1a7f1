//! Standard output: text for people, JSON Lines for programs.

use std::io::{self, Write};

use serde::Serialize;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Lines and tables, coloured on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where results go. Logs and errors go to standard error, never here.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Standard output in this format.
    #[must_use]
    pub const fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether programs read along.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints one object as a line of JSON, when JSON was asked for.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn object(self, object: &impl Serialize) -> io::Result<()> {
        if self.is_json() {
            let mut line = serde_json::to_vec(object)?;
            line.push(b'\n');
            io::stdout().lock().write_all(&line).map_err(|error| unwritable(&error))?;
        }
        Ok(())
    }

    /// Prints one line, when text was asked for. Colour is left out where standard output is no terminal.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn line(self, line: &str) -> io::Result<()> {
        if !self.is_json() {
            writeln!(anstream::stdout().lock(), "{line}").map_err(|error| unwritable(&error))?;
        }
        Ok(())
    }

    /// Prints one line on standard error, whatever the format: a warning, a hint, what is wrong with an argument.
    ///
    /// # Errors
    /// When standard error cannot be written.
    pub fn note(self, line: &str) -> io::Result<()> {
        writeln!(anstream::stderr().lock(), "{line}")
    }
}

/// A pipe that nobody reads, a full disk: whatever was done is done, and cannot be told.
pub(super) fn unwritable(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))
}

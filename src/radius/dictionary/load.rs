//! Dictionary files, and the files that they include.

use std::io;
use std::path::{Path, PathBuf};

use super::statement::Statements;
use super::{Dictionary, DictionaryError, DictionaryProblem, NotCarried};

/// How deep files may include one another.
const MAX_DEPTH: usize = 16;

/// Reads one file for [`Dictionary::load`].
type Read<'a> = &'a mut dyn FnMut(&Path) -> io::Result<Vec<u8>>;

impl Dictionary {
    /// Adds the definitions of one file's text, which includes no other. A later definition of a name replaces an
    /// earlier one.
    ///
    /// # Errors
    /// [`DictionaryError`] for the first line that is wrong.
    pub fn parse(&mut self, file: &str, text: &str) -> Result<Vec<NotCarried>, DictionaryError> {
        let absent = |_: &Path| Err(io::Error::other("a text of its own includes no file"));
        let mut tree = Tree { read: &mut { absent }, open: Vec::new(), statements: Statements::new(self) };
        tree.text(Path::new(file), text)?;
        tree.statements.finish()
    }

    /// Adds the definitions of `files` and of what they include (`$INCLUDE`, relative to the file that says so), each read
    /// by `read`. Vendors of any of `files` are known in all of them, so that their order does not matter.
    ///
    /// What is returned can be named and does not go into a packet.
    ///
    /// # Errors
    /// [`DictionaryError`] for the first line that is wrong, and for a file that cannot be read.
    pub fn load(
        &mut self,
        files: &[PathBuf],
        mut read: impl FnMut(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Vec<NotCarried>, DictionaryError> {
        let mut tree = Tree { read: &mut read, open: Vec::new(), statements: Statements::new(self) };
        if files.len() > 1 {
            for file in files {
                let text = tree.read(file).map_err(|error| DictionaryError::unreadable(file, &error))?;
                tree.statements.vendors(&text);
            }
        }
        for file in files {
            let text = tree.read(file).map_err(|error| DictionaryError::unreadable(file, &error))?;
            tree.text(file, &text)?;
        }
        tree.statements.finish()
    }
}

/// The files that are being read, the outermost first.
struct Tree<'a> {
    read: Read<'a>,
    open: Vec<PathBuf>,
    statements: Statements<'a>,
}

impl Tree<'_> {
    fn read(&mut self, path: &Path) -> io::Result<String> {
        (self.read)(path).map(|octets| String::from_utf8_lossy(&octets).into_owned())
    }

    fn text(&mut self, path: &Path, text: &str) -> Result<(), DictionaryError> {
        self.open.push(path.to_owned());
        self.statements.begin_file(path);
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let done = match words.as_slice() {
                [] => Ok(()),
                ["$INCLUDE", file, ..] => self.include(path, file, false)?,
                ["$INCLUDE-", file, ..] => self.include(path, file, true)?,
                words => self.statements.take(index + 1, words),
            };
            done.map_err(|problem| DictionaryError { file: path.display().to_string(), line: index + 1, problem })?;
        }
        self.open.pop();
        self.statements.end_file().map_err(|(line, problem)| DictionaryError {
            file: path.display().to_string(),
            line,
            problem,
        })
    }

    /// The inner error belongs to the line that includes, the outer one to the file included.
    fn include(
        &mut self,
        path: &Path,
        file: &str,
        optional: bool,
    ) -> Result<Result<(), DictionaryProblem>, DictionaryError> {
        let included = path.parent().unwrap_or(Path::new("")).join(file);
        if self.open.contains(&included) || self.open.len() >= MAX_DEPTH {
            return Ok(Err(DictionaryProblem::Loop(included)));
        }
        let text = match self.read(&included) {
            Ok(text) => text,
            Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
            Err(error) => {
                let reason = error.to_string();
                return Ok(Err(DictionaryProblem::Unreadable { path: included, reason }));
            }
        };
        self.text(&included, &text)?;
        self.statements.resume_file(path);
        Ok(Ok(()))
    }
}

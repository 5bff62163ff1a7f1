//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// A place in a file: line and column from 1, the column in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One thing that is wrong: where, which key, what was found, what would be right. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where, if it is in a file.
    pub place: Option<Place>,
    /// The key with its sections, as `quota.interval`; empty for the file as a whole.
    pub key: String,
    /// What was found.
    pub found: String,
    /// What would be right.
    pub right: String,
}

/// Everything that is wrong with a configuration, in the order of the file; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems {
    /// What keeps it from being used.
    pub problems: Vec<ConfigProblem>,
    /// What does not, but should be known.
    pub warnings: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, line, column }) = &self.place {
            write!(f, "{}:{line}:{column}: ", file.display())?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; {}", self.found, self.right)
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index + 1 == self.problems.len() { "" } else { "\n" };
            write!(f, "{problem}{end}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigProblems {}

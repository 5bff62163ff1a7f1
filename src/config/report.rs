//! Collects what is wrong while a file is read.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use super::{ConfigProblem, ConfigProblems, Place};

/// Where a value stands: its key with sections, and the offset in the file, in octets.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) key: String,
    pub(super) offset: usize,
}

/// The file that is read, the environment, and what was found wrong so far.
pub(super) struct Report<'a> {
    file: &'a Path,
    text: &'a str,
    environment: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<ConfigProblem>>,
    warnings: RefCell<Vec<ConfigProblem>>,
    plain_secret: Cell<bool>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str, environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let (problems, warnings) = (RefCell::default(), RefCell::default());
        Self { file, text, environment, problems, warnings, plain_secret: Cell::new(false) }
    }

    /// Something that keeps the configuration from being used.
    pub(super) fn problem(&self, spot: &Spot, found: impl Into<String>, right: impl Into<String>) {
        self.problems.borrow_mut().push(self.describe(spot, found.into(), right.into()));
    }

    /// Something that does not.
    pub(super) fn warning(&self, spot: &Spot, found: impl Into<String>, right: impl Into<String>) {
        self.warnings.borrow_mut().push(self.describe(spot, found.into(), right.into()));
    }

    /// A problem outside the file, in the environment.
    pub(super) fn outside(&self, key: &str, found: impl Into<String>, right: impl Into<String>) {
        let (found, right) = (found.into(), right.into());
        self.problems.borrow_mut().push(ConfigProblem { place: None, key: key.to_owned(), found, right });
    }

    /// A warning outside the file, in the environment.
    pub(super) fn outside_warning(&self, key: &str, found: impl Into<String>, right: impl Into<String>) {
        let (found, right) = (found.into(), right.into());
        self.warnings.borrow_mut().push(ConfigProblem { place: None, key: key.to_owned(), found, right });
    }

    fn describe(&self, spot: &Spot, found: String, right: String) -> ConfigProblem {
        let before = self.text.get(..spot.offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let place = Place {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        };
        ConfigProblem { place: Some(place), key: spot.key.clone(), found, right }
    }

    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    /// A path in the file: a relative one is taken from the folder that holds the file.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// Notes that a secret stands in the file itself.
    pub(super) fn note_plain_secret(&self) {
        self.plain_secret.set(true);
    }

    pub(super) fn has_plain_secret(&self) -> bool {
        self.plain_secret.get()
    }

    pub(super) fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// Everything that was found, in the order of the file; what is outside the file last.
    pub(super) fn finish(self) -> ConfigProblems {
        let (mut problems, mut warnings) = (self.problems.into_inner(), self.warnings.into_inner());
        for list in [&mut problems, &mut warnings] {
            list.sort_by(|a, b| (a.place.is_none(), &a.place).cmp(&(b.place.is_none(), &b.place)));
            list.dedup();
        }
        ConfigProblems { problems, warnings }
    }
}

//! Which file is read, and what may be wrong with it as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::secret::reason;
use super::{ConfigProblem, ConfigProblems};

/// Where a configuration is looked for when no `--config` names it.
pub(super) const SEARCHED: [&str; 2] = ["/etc/radkick/radkick.toml", "./radkick.toml"];

/// The smallest file that works, with secrets, addresses and ports from FreeRADIUS' `nas` table.
pub(super) const SMALLEST: &str = include_str!("../../config/smallest.toml");

/// The named file, or the first of `searched` that exists, and its text.
pub(super) fn read(named: Option<&Path>, searched: &[&str]) -> Result<(PathBuf, String), ConfigProblems> {
    if let Some(path) = named {
        return read_file(path).map(|text| (path.to_owned(), text)).map_err(|error| unreadable(path, &error));
    }
    for path in searched.iter().map(Path::new) {
        match read_file(path) {
            Ok(text) => return Ok((path.to_owned(), text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    let found = format!("no configuration file: neither {} exists", searched.join(" nor "));
    Err(one(found, format!("name one with --config, or write one; the smallest that works:\n\n{SMALLEST}")))
}

fn read_file(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigProblems {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has dozens more, all told in its own words")]
    let (what, right) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file".to_owned(), "write it, or name another with --config"),
        io::ErrorKind::IsADirectory => ("it is a folder".to_owned(), "name the file in it"),
        io::ErrorKind::PermissionDenied => {
            ("this user may not read it".to_owned(), "run radkick as its owner, or let its group read it")
        }
        io::ErrorKind::InvalidData => ("it is not UTF-8 text".to_owned(), "save it as UTF-8"),
        _ => (reason(error), "name a file that can be read"),
    };
    one(format!("configuration {}: {what}", path.display()), right.to_owned())
}

/// A problem with the file as a whole.
pub(super) fn one(found: String, right: String) -> ConfigProblems {
    let problem = ConfigProblem { place: None, key: String::new(), found, right };
    ConfigProblems { problems: vec![problem], warnings: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_that_exists_and_tells_which_were_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
        let searched = [first.to_str().expect("UTF-8"), second.to_str().expect("UTF-8")];

        let none = read(None, &searched).expect_err("none exists").to_string();
        for part in [searched[0], searched[1], "[database]", "--config"] {
            assert!(none.contains(part), "{none}");
        }
        fs::write(&second, "# second").expect("written");
        assert_eq!(read(None, &searched), Ok((second.clone(), "# second".to_owned())));
        fs::create_dir(&first).expect("made");
        let folder = read(None, &searched).expect_err("the first is a folder").to_string();
        assert!(folder.contains("it is a folder"), "{folder}");
    }
}

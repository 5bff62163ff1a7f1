//! The dictionaries that name attributes: ours, and those of `--dictionary`.

use std::io;
use std::path::{Path, PathBuf};

use super::Problems;
use crate::radius::Dictionary;

/// Ours, with the definitions of `paths` on top, one after the other.
pub(super) fn load(paths: &[PathBuf]) -> Result<Dictionary, Problems> {
    let mut dictionary = Dictionary::bundled().map_err(|error| vec![error.to_string()])?;
    for path in paths {
        let files =
            files(path).map_err(|error| vec![format!("cannot read the dictionary {}: {error}", path.display())])?;
        if files.is_empty() {
            return Err(vec![format!("{} holds no file called dictionary or dictionary.…", path.display())]);
        }
        // What is not carried is told when somebody names it.
        dictionary.load(&files, |file| std::fs::read(file)).map_err(|error| vec![error.to_string()])?;
    }
    Ok(dictionary)
}

/// The file itself; a folder's `dictionary`, which includes what belongs to it; or else all its dictionaries by name.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.metadata()?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entry = path.join("dictionary");
    if entry.is_file() {
        return Ok(vec![entry]);
    }
    let mut files = Vec::new();
    for found in path.read_dir()? {
        let file = found?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("dictionary") && !name.ends_with('~') && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

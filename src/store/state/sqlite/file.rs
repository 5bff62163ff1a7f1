//! The file of our tables: who may read it (it may hold passwords that a block took away), and who makes its tables.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Makes the file where there is none: for its owner alone, and for the group that may write `beside` (FreeRADIUS' own
/// file) too. SQLite makes the files that it puts next to it in the same way. What cannot be made SQLite tells.
pub(super) fn create(path: &Path, beside: Option<&Path>) {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let beside = beside.and_then(|file| std::fs::metadata(file).ok());
    if let (Ok(file), Some(beside)) = (made, beside.filter(|beside| beside.mode() & 0o020 != 0)) {
        share(&file, &beside, 0o660);
    }
}

/// Gives a new file the group and mode, if this user may; otherwise it stays its owner's.
fn share(file: &File, like: &Metadata, mode: u32) {
    if fchown(file, None, Some(like.gid())).is_ok() {
        file.set_permissions(Permissions::from_mode(mode)).ok();
    }
}

/// Waits for the lock under which tables are made, and holds it while the file lives: sqlx takes none on SQLite. Whoever
/// may open the database may open the lock.
pub(super) fn lock(path: &Path) -> Result<File, String> {
    let mut name = path.as_os_str().to_owned();
    name.push(".migrate");
    let name = PathBuf::from(name);
    let wrong = |error: std::io::Error| {
        format!(
            "its lock file {} cannot be used: {error}; run radkick as the user who made it, or let this user read it",
            name.display()
        )
    };
    let file = match File::open(&name) {
        Err(error) if error.kind() == ErrorKind::NotFound => create_lock(&name, path),
        opened => opened,
    };
    let file = file.map_err(wrong)?;
    file.lock().map_err(wrong)?;
    Ok(file)
}

fn create_lock(name: &Path, path: &Path) -> std::io::Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(name);
    match (made, std::fs::metadata(path)) {
        (Ok(file), Ok(database)) => {
            // As root, for a database that is somebody else's
            fchown(&file, Some(database.uid()), None).ok();
            share(&file, &database, database.mode() & 0o660);
            Ok(file)
        }
        (Err(error), _) if error.kind() == ErrorKind::AlreadyExists => File::open(name),
        (made, _) => made,
    }
}

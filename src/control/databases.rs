//! Whether two configurations mean the same databases.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::config::{Config, DatabaseUrl};

/// Names the two databases that a configuration means, without their secrets: 32 hexadecimal digits. Two files are the same
/// whatever way leads to them; two servers are when their URLs, passwords left out, are written alike.
#[must_use]
pub fn databases(config: &Config) -> String {
    let text = format!("{}\n{}", name(&config.database.url), name(&config.state.url));
    let short = Sha256::digest(text).first_chunk().copied().map_or(0, u128::from_be_bytes);
    format!("{short:032x}")
}

fn name(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", resolved(path).display()),
        DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_) => url.to_string(),
    }
}

/// The file itself, or where it will be.
fn resolved(path: &Path) -> std::path::PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = || Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?));
    std::fs::canonicalize(path).ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::databases;
    use crate::config::Config;

    fn of(url: &str, state: &str) -> String {
        let text = format!("[database]\nurl = \"{url}\"\n[state]\nurl = \"{state}\"\n");
        databases(&Config::parse("/nowhere/radkick.toml".as_ref(), &text, &|_| None).unwrap())
    }

    #[test]
    fn secrets_do_not_count_and_everything_else_does() {
        let (ours, theirs) = ("mysql://radkick:a@db/radkick", "mysql://radkick:a@db/radius");
        let one = of(theirs, ours);
        assert_eq!(one.len(), 32);
        assert_eq!(of("mysql://radkick:b@db/radius?ssl-mode=required", "mysql://radkick:c@db/radkick"), one);
        for (accounting, state) in [
            ("mysql://radkick:a@db2/radius", ours),
            ("mysql://radkick:a@db:3307/radius", ours),
            (theirs, "mysql://radkick:a@db/other"),
            (theirs, "sqlite:radkick"),
            (ours, theirs),
        ] {
            assert_ne!(of(accounting, state), one, "{accounting} {state}");
        }
    }
}

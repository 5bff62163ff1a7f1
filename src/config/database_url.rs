//! Reads `[database]` and `[state]`.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

use super::database::{Database, DatabaseUrl, ServerUrl, State, TableNames};
use super::expand::expand_url;
use super::report::{Report, Spot};
use super::section::Section;

const KINDS: &str = "write sqlite:FILE, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME";
const STATE_FILE: &str = "radkick-state.db";

impl Database {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let (url, tables) = (database_url(section), TableNames::read(section));
        if let Given::Absent = url {
            section.missing("url", KINDS);
        }
        Some(Self { url: url.right()?, tables })
    }
}

const KEEP: &str = "write a number of days from \"1d\" to \"3650d\"";

fn keep(text: &str) -> Option<Duration> {
    let days: u64 = text.trim().strip_suffix('d')?.trim().parse().ok()?;
    (1..=3650).contains(&days).then(|| Duration::from_hours(24 * days))
}

impl State {
    pub(super) fn read(section: &mut Section<'_, '_>, database: Option<&Database>) -> Option<Self> {
        let keep = section.parsed("keep", KEEP, keep).unwrap_or(Duration::from_hours(24 * 90));
        let url = match (database_url(section), database) {
            (Given::Right(url), _) => url,
            (Given::Absent, Some(database)) => beside(&database.url),
            (Given::Wrong, _) | (Given::Absent, None) => return None,
        };
        if let (DatabaseUrl::Sqlite(ours), Some(DatabaseUrl::Sqlite(theirs))) = (&url, database.map(|d| &d.url))
            && ours == theirs
        {
            section.report.problem(&section.spot_of("url"), "the accounting file itself", "name a file of its own");
        }
        Some(Self { url, keep })
    }
}

fn beside(accounting: &DatabaseUrl) -> DatabaseUrl {
    match accounting {
        DatabaseUrl::Sqlite(path) => DatabaseUrl::Sqlite(path.with_file_name(STATE_FILE)),
        DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_) => accounting.clone(),
    }
}

impl TableNames {
    fn read(section: &mut Section<'_, '_>) -> Self {
        let mut names = Self::default();
        for (key, name) in [
            ("acct_table", &mut names.acct),
            ("authcheck_table", &mut names.authcheck),
            ("authreply_table", &mut names.authreply),
            ("groupcheck_table", &mut names.groupcheck),
            ("groupreply_table", &mut names.groupreply),
            ("usergroup_table", &mut names.usergroup),
            ("client_table", &mut names.client),
        ] {
            let right = "write the name of a table: 1 to 64 letters, digits or _";
            if let Some(given) = section.parsed(key, right, table_name) {
                *name = given;
            }
        }
        names
    }
}

fn table_name(text: &str) -> Option<String> {
    let legal = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    (legal && (1..=64).contains(&text.len())).then(|| text.to_owned())
}

/// A URL that may not be there, or be wrong (which was reported).
enum Given {
    Absent,
    Wrong,
    Right(DatabaseUrl),
}

impl Given {
    fn right(self) -> Option<DatabaseUrl> {
        match self {
            Self::Right(url) => Some(url),
            Self::Absent | Self::Wrong => None,
        }
    }
}

/// `url`, with variables in its credentials percent-encoded, or the text of `url_file`.
fn database_url(section: &mut Section<'_, '_>) -> Given {
    let spot = section.spot_of("url");
    let text = match (section.holds("url"), section.holds("url_file")) {
        (false, false) => {
            section.know(&["url", "url_file"]);
            return Given::Absent;
        }
        (true, false) => {
            section.know(&["url_file"]);
            let url = section.text("url");
            url.and_then(|url| expand_url(&url.raw, |name| section.report.variable(name)).ok().map(|text| (url, text)))
                .map(|(url, text)| {
                    if !url.raw.contains("${") && url.raw.contains('@') {
                        section.report.note_plain_secret();
                    }
                    text
                })
        }
        (_, true) => section.secret_text("url", "url_file"),
    };
    text.and_then(|text| parse(section.report, &spot, &text)).map_or(Given::Wrong, Given::Right)
}

/// No message shows more of the URL than its scheme: the rest may hold a password.
fn parse(report: &Report<'_>, spot: &Spot, text: &str) -> Option<DatabaseUrl> {
    let (scheme, rest) = text.trim().split_once(':').unwrap_or_default();
    match scheme {
        "sqlite" => sqlite(report, spot, rest.strip_prefix("//").unwrap_or(rest)),
        "postgres" | "postgresql" => server(report, spot, "postgres", rest).map(DatabaseUrl::Postgres),
        "mysql" | "mariadb" => server(report, spot, "mysql", rest).map(DatabaseUrl::Mysql),
        _ => {
            let like_one =
                (1..=20).contains(&scheme.len()) && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric());
            let found =
                if like_one { format!("a URL of the kind {scheme:?}") } else { "no URL of a database".to_owned() };
            report.problem(spot, found, KINDS);
            None
        }
    }
}

fn sqlite(report: &Report<'_>, spot: &Spot, path: &str) -> Option<DatabaseUrl> {
    let wrong = if path.is_empty() {
        "an SQLite URL without a file"
    } else if path == ":memory:" {
        "a database in memory, which ends with the process"
    } else if path.contains('?') {
        "an SQLite URL with options"
    } else {
        let path = percent_decode_str(path).decode_utf8_lossy();
        return Some(DatabaseUrl::Sqlite(report.path(&path)));
    };
    report.problem(spot, wrong, "write sqlite:FILE, as sqlite:radius.db or sqlite:///var/lib/radius/radius.db");
    None
}

fn server(report: &Report<'_>, spot: &Spot, scheme: &str, rest: &str) -> Option<ServerUrl> {
    let full = format!("{scheme}:{rest}");
    let right =
        format!("write {scheme}://USER:PASSWORD@HOST/NAME, with ${{VARIABLE}} for a password of any characters");
    let Some(mut url) = Url::parse(&full).ok().filter(|_| rest.starts_with("//")) else {
        report.problem(spot, format!("no {scheme} URL that can be read"), right);
        return None;
    };
    if url.path().trim_matches('/').is_empty() {
        report.problem(spot, format!("a {scheme} URL that names no database"), right);
        return None;
    }
    // The options after `?` may hold a password too.
    url.set_query(None);
    url.set_fragment(None);
    if url.password().is_some() && url.set_password(None).is_err() {
        return None;
    }
    Some(ServerUrl::new(SecretString::from(full), url.to_string()))
}

//! A value, and how each dialect writes it.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;

/// One value of a row.
#[derive(Debug, Clone)]
pub(in super::super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Count(u64),
    /// Seconds since 1970.
    Time(i64),
    /// NULL in every dialect.
    Null,
    /// What FreeRADIUS has nothing for: NULL on PostgreSQL, empty elsewhere.
    Absent,
}

impl From<&'static str> for Cell<'_> {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl Cell<'_> {
    /// For COPY in its text form.
    pub(super) fn copied(&self, line: &mut String) {
        match self {
            Self::Text(text) => text.chars().for_each(|c| match c {
                '\\' => line.push_str("\\\\"),
                '\t' => line.push_str("\\t"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                c => line.push(c),
            }),
            Self::Count(count) => append(line, count),
            Self::Time(at) => append(line, Timestamp::from_second(*at).unwrap_or_default()),
            Self::Null | Self::Absent => line.push_str("\\N"),
        }
    }

    /// For an INSERT on MariaDB. FreeRADIUS writes times in the zone of its session, and so does `FROM_UNIXTIME`.
    pub(super) fn mariadb(&self, statement: &mut String) {
        match self {
            Self::Text(text) => quoted(&text.replace('\\', "\\\\"), statement),
            Self::Time(at) => append(statement, format_args!("FROM_UNIXTIME({at})")),
            Self::Count(_) | Self::Null | Self::Absent => self.sqlite(statement),
        }
    }

    /// For an INSERT on SQLite.
    pub(super) fn sqlite(&self, statement: &mut String) {
        match self {
            Self::Text(text) => quoted(text, statement),
            Self::Count(count) => append(statement, count),
            Self::Time(at) => append(statement, at),
            Self::Null => statement.push_str("NULL"),
            Self::Absent => statement.push_str("''"),
        }
    }
}

fn quoted(text: &str, statement: &mut String) {
    statement.push('\'');
    for c in text.chars() {
        statement.push(c);
        if c == '\'' {
            statement.push(c);
        }
    }
    statement.push('\'');
}

fn append(text: &mut String, value: impl std::fmt::Display) {
    // Into memory it cannot fail
    write!(text, "{value}").ok();
}

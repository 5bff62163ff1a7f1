//! Which columns of a query are which.

use crate::quota::UserName;

use super::AllowanceRow;

/// The columns that are looked for, those that must be there first.
const WANTED: [&str; 6] = ["username", "limit_bytes", "used_offset", "period_start", "expires_at", "subject"];
const REQUIRED: usize = 2;
const USERNAME: usize = 0;
const SUBJECT: usize = 5;

/// Where the wanted columns stand among a query's own.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Columns([Option<usize>; 6]);

impl Columns {
    /// Finds them by name, without case; what is wrong, in an operator's words.
    pub(in super::super) fn find(names: &[&str]) -> Result<Self, String> {
        let places = WANTED.map(|wanted| {
            let places = names.iter().enumerate().filter(|(_, name)| name.eq_ignore_ascii_case(wanted));
            places.map(|(place, _)| place).collect::<Vec<_>>()
        });
        let missing = || places.iter().zip(WANTED).take(REQUIRED).filter(|(places, _)| places.is_empty());
        if missing().next().is_some() {
            let missing: Vec<&str> = missing().map(|(_, name)| name).collect();
            return Err(format!("it has no column {}", missing.join(", ")));
        }
        if let Some((_, name)) = places.iter().zip(WANTED).find(|(places, _)| places.len() > 1) {
            return Err(format!("it has the column {name} twice"));
        }
        Ok(Self(places.map(|places| places.first().copied())))
    }

    /// Those that are there, in the order that [`row`] takes.
    pub(in super::super) fn in_order(self) -> [Option<usize>; 6] {
        self.0
    }

    /// Where `username` stands.
    pub(in super::super) fn username(self) -> usize {
        self.0[USERNAME].unwrap_or_default()
    }

    /// Where `subject` stands, if it is there.
    pub(in super::super) fn subject(self) -> Option<usize> {
        self.0[SUBJECT]
    }
}

/// A row from its texts; `None` when it is nobody's.
pub(in super::super) fn row(texts: [Option<String>; 6]) -> Option<AllowanceRow> {
    let [username, limit, used_offset, period_start, expires_at, subject] = texts;
    let username = UserName::from_table(&username?);
    Some(AllowanceRow { username, limit, used_offset, period_start, expires_at, subject })
}

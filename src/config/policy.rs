//! `[block]`, `[brakes]`, `[exempt]`: what is done to a user, and what holds it back.

use std::path::PathBuf;

use super::DatabaseUrl;
use super::section::Section;
use super::value::parse_share;

/// `[block]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// `mode`. Default reject.
    pub mode: BlockMode,
    /// `reply_message` that the user is refused with, with `mode = "reject"`: 1 to 253 octets. Default: none.
    pub reply_message: Option<String>,
}

/// How a login is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockMode {
    /// An `Auth-Type := Reject` row of ours.
    Reject,
    /// The rows that let the user in leave the tables.
    Remove,
    /// A group of the operator's at the best priority: `group`, 1 to 64 octets, required with this mode.
    Group(String),
    /// Not at all.
    None,
}

/// `[brakes]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Brakes {
    /// `per_cycle`, users cut a cycle at most, 1 to 100 000. Default 50.
    pub per_cycle: u32,
    /// `trip_users`: more than this many at once (and more than `trip_share`) trips, 1 to 1 000 000. Default 25.
    pub trip_users: u32,
    /// `trip_share` of the users online, written `"20 %"`; here from 0 to 1. Default 0.2.
    pub trip_share: f64,
    /// `pause_file`; while it exists nothing is cut. Default `radkick-pause` beside an SQLite state file, else
    /// `/var/lib/radkick/pause`, which outlives a reboot.
    pub pause_file: PathBuf,
}

/// `[exempt]`: never cut or blocked without `--force`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exempt {
    /// `users`. Default: none.
    pub users: Vec<String>,
    /// `groups`. Default: none.
    pub groups: Vec<String>,
}

impl Block {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let group_given = section.holds("group");
        let group_spot = section.spot_of("group");
        let message_spot = section.spot_of("reply_message");
        let reply_message =
            section.parsed("reply_message", "write a message of 1 to 253 octets", |text| short_text(text, 253));
        let group = section.parsed("group", "write the name of a group, 1 to 64 octets", |text| short_text(text, 64));
        let modes = [("reject", Word::Reject), ("remove", Word::Remove), ("group", Word::Group), ("none", Word::None)];
        let mode = match section.choice("mode", &modes).unwrap_or(Word::Reject) {
            Word::Reject => BlockMode::Reject,
            Word::Remove => BlockMode::Remove,
            Word::None => BlockMode::None,
            Word::Group => match group.clone() {
                Some(group) => BlockMode::Group(group),
                None if group_given => BlockMode::Reject,
                None => {
                    section.report.problem(&group_spot, "missing", "mode = \"group\" wants the name of the group");
                    BlockMode::Reject
                }
            },
        };
        if group.is_some() && !matches!(mode, BlockMode::Group(_)) {
            section.report.problem(&group_spot, "a group that is not used", "write mode = \"group\", or leave it out");
        }
        if reply_message.is_some() && mode != BlockMode::Reject {
            let right = "only mode = \"reject\" sends one; leave it out";
            section.report.problem(&message_spot, "a message that is not sent", right);
        }
        Self { mode, reply_message }
    }
}

/// `mode` before its group is known.
#[derive(Clone, Copy)]
enum Word {
    Reject,
    Remove,
    Group,
    None,
}

fn short_text(text: &str, octets: usize) -> Option<String> {
    ((1..=octets).contains(&text.len()) && !text.contains(char::is_control)).then(|| text.to_owned())
}

impl Brakes {
    pub(super) fn read(section: &mut Section<'_, '_>, state: Option<&DatabaseUrl>) -> Self {
        let pause_file = section.text("pause_file").map(|text| section.report.path(&text.value));
        let share = "write a share above 0 and up to 100 %, as \"20 %\"";
        Self {
            per_cycle: section.number("per_cycle", 1..=100_000).unwrap_or(50),
            trip_users: section.number("trip_users", 1..=1_000_000).unwrap_or(25),
            trip_share: section.parsed("trip_share", share, parse_share).unwrap_or(0.2),
            pause_file: pause_file.unwrap_or_else(|| default_pause_file(state)),
        }
    }
}

fn default_pause_file(state: Option<&DatabaseUrl>) -> PathBuf {
    match state {
        Some(DatabaseUrl::Sqlite(path)) => path.with_file_name("radkick-pause"),
        Some(DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_)) | None => PathBuf::from("/var/lib/radkick/pause"),
    }
}

impl Exempt {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self { users: names(section, "users"), groups: names(section, "groups") }
    }
}

fn names(section: &mut Section<'_, '_>, key: &'static str) -> Vec<String> {
    let mut names = Vec::new();
    for text in section.texts(key).unwrap_or_default() {
        if text.value.is_empty() {
            section.report.problem(&text.spot, "an empty name", "write a name, or leave it out");
        } else {
            names.push(text.value);
        }
    }
    names
}

//! `[block]`, `[brakes]`, `[exempt]`: what is done to a user, and what holds it back.

use std::path::PathBuf;

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

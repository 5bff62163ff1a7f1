//! Rows of our own tables, the same in every dialect.

use serde::{Deserialize, Serialize};

use crate::quota::UserName;
use crate::store::accounting::{RowChange, SessionRow};

/// What a job is to do. It says why, so that the guard can ask again before every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    /// Whose sessions.
    pub user: UserName,
    /// Why, in a word: `quota`, `expiry`, or `by_hand`.
    pub reason: String,
    /// Who asked: `worker`, `command`.
    pub actor: String,
    /// What it aims at, if not all sessions of the user: a key of its own.
    pub session: Option<String>,
    /// Everything else the runner needs, as JSON: it is not this layer's business.
    pub detail: serde_json::Value,
    /// When the reason lapses, in seconds since 1970.
    pub lapses_at: i64,
}

impl JobSpec {
    /// Under this key there is one live job.
    #[must_use]
    pub fn live_key(&self) -> String {
        match &self.session {
            Some(session) => format!("session {session}"),
            None => format!("{} {}", self.reason, self.user.as_str()),
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// On disk, nothing done yet.
    Planned,
    /// Its sessions are selected and being cut.
    Cutting,
    /// Not every session is proven off; tried again from `retry_at`.
    Waiting,
    /// Every session is proven off; until `retry_at` it is watched whether the user comes back.
    Watching,
    /// Over: every session has a final fate, or the one run that was asked for is done.
    Ended,
    /// Over: the reason no longer held.
    Lapsed,
}

/// A job as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: i64,
    /// What it is to do.
    pub spec: JobSpec,
    /// Where it stands.
    pub state: JobState,
    /// How often it was run.
    pub attempts: i64,
    /// When it was made.
    pub created_at: i64,
    /// Not run again before.
    pub retry_at: i64,
    /// Who has the lease.
    pub lease_holder: Option<String>,
    /// The fencing token of the lease, one higher for each new holder.
    pub lease_token: i64,
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetStep {
    /// Selected, nothing sent.
    Selected,
    /// A request may be on its way: on disk before the first octet leaves.
    Sending,
    /// An ACK or a removal is ours; proof is looked for.
    Effected,
    /// It has its fate.
    Done,
}

/// A session that a job aims at, as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRecord {
    /// Its id; 0 before it is on disk.
    pub id: i64,
    /// Its job.
    pub job_id: i64,
    /// The row of radacct as it was selected.
    pub session: SessionRow,
    /// Where it stands.
    pub step: TargetStep,
    /// When it was selected.
    pub selected_at: i64,
    /// When an ACK or a removal of ours took effect.
    pub effect_at: Option<i64>,
    /// Whether the session stood on the router's list at some time since.
    pub on_router: bool,
    /// What the NAS is called, once resolved.
    pub nas: Option<String>,
    /// What was tried, as JSON objects.
    pub attempts: Vec<serde_json::Value>,
    /// What became of it, in the contract's words.
    pub fate: Option<String>,
    /// Which path ended it.
    pub path: Option<String>,
    /// How that is known.
    pub evidence: Option<String>,
    /// Why nothing could be tried: no NAS, or more than one.
    pub problem: Option<String>,
    /// When its row in radacct may be closed, if a Stop has not come by then.
    pub close_due_at: Option<i64>,
    /// What else was done and seen, as JSON: it is not this layer's business. Null: nothing.
    pub detail: serde_json::Value,
}

impl TargetRecord {
    /// The detail as it stands in the table.
    pub(super) fn detail_text(&self) -> Option<String> {
        (!self.detail.is_null()).then(|| self.detail.to_string())
    }
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockState {
    /// On disk; FreeRADIUS' tables may or may not have been changed yet.
    Planned,
    /// FreeRADIUS' tables are changed.
    Held,
    /// Being undone; FreeRADIUS' tables may or may not have been changed back yet.
    Releasing,
    /// Undone.
    Released,
}

/// A closed login as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRecord {
    /// Its id; 0 before it is on disk.
    pub id: i64,
    /// Whose login.
    pub user: UserName,
    /// Why, in a word.
    pub reason: String,
    /// Who asked.
    pub actor: String,
    /// How: `reject`, `remove`, `group`.
    pub mode: String,
    /// Where it stands.
    pub state: BlockState,
    /// How often its rows were made again because somebody had taken them away.
    pub remade: i64,
    /// The rows it changes, and whether the change was ours (made by us, not found so).
    pub rows: Vec<(RowChange, bool)>,
}

impl BlockRecord {
    /// Whether it changes the same rows as the other.
    pub(super) fn changes_alike(&self, other: &Self) -> bool {
        self.rows.iter().map(|(change, _)| change).eq(other.rows.iter().map(|(change, _)| change))
    }
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// About whom.
    pub user: UserName,
    /// What, in a word.
    pub event: &'static str,
    /// The rest.
    pub detail: serde_json::Value,
}

/// A line of the journal as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRecord {
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, in a word.
    pub event: String,
    /// The rest.
    pub detail: serde_json::Value,
}

impl JournalRecord {
    /// From its columns; a detail that is no JSON stands as text.
    pub(super) fn of((at, actor, event, detail): (i64, String, String, String)) -> Self {
        let detail = serde_json::from_str(&detail).unwrap_or(serde_json::Value::String(detail));
        Self { at, actor, event, detail }
    }
}

/// A brake that has tripped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// When it tripped.
    pub tripped_at: i64,
    /// Why, for people.
    pub detail: String,
    /// When a person let it go on; `None` while nothing may be done.
    pub confirmed_at: Option<i64>,
}

/// The words of a state in our tables.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* }) => {
        impl $type {
            /// The word that stands in our tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What the word stands for.
            pub(super) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

pub(super) use words;

words!(JobState { Planned = "planned", Cutting = "cutting", Waiting = "waiting", Watching = "watching", Ended = "ended", Lapsed = "lapsed" });
words!(TargetStep { Selected = "selected", Sending = "sending", Effected = "effected", Done = "done" });
words!(BlockState { Planned = "planned", Held = "held", Releasing = "releasing", Released = "released" });

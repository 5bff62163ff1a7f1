//! What is told about a session that was to be changed: the JSON object of the contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::disconnect::{Attempt, AttemptOutcome, Confirmed, Directory, ResolvedNas, Seen, identity_names, service_of};
use crate::quota::UserName;
use crate::store::SessionRow;

use super::Changing;

/// One session that was to be changed; all session keys null for a user with none open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeReport {
    /// Whose session, not escaped.
    pub user: String,
    /// What the NAS is called; its address where that is not known.
    pub nas: Option<String>,
    /// Acct-Session-Id.
    pub acct_session_id: Option<String>,
    /// Acct-Unique-Id.
    pub acct_unique_id: Option<String>,
    /// Framed-IP-Address.
    pub framed_ip_address: Option<String>,
    /// Framed-IPv6-Prefix.
    pub framed_ipv6_prefix: Option<String>,
    /// Calling-Station-Id.
    pub calling_station_id: Option<String>,
    /// What is to be new, as `Name = value`.
    pub changes: Vec<String>,
    /// How the last attempt ended; `None` where nothing was sent.
    pub outcome: Option<AttemptOutcome>,
    /// The reply's Code.
    pub code: Option<u16>,
    /// The Error-Cause of a NAK.
    pub error_cause: Option<u32>,
    /// Whether the router's lists show all of it, after an ACK.
    pub confirmed: Confirmed,
    /// Whether they show it, attribute by attribute.
    pub seen: BTreeMap<String, Confirmed>,
    /// What a person should know of that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_detail: Option<String>,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// Why nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// Whether it was something of ours.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub failed: bool,
    /// Why, in a person's words.
    pub reason: String,
    /// Who asked.
    pub actor: String,
    /// In a dry run: what would be sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub would: Option<WouldChange>,
}

/// What would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WouldChange {
    /// The attributes that would name the session.
    pub identity: Vec<String>,
}

impl ChangeReport {
    /// About a user, with no session.
    #[must_use]
    pub fn of_user(asked: &Changing, user: &UserName) -> Self {
        let seen = Seen::nothing(&asked.change, None);
        Self {
            user: user.as_str().to_owned(),
            nas: None,
            acct_session_id: None,
            acct_unique_id: None,
            framed_ip_address: None,
            framed_ipv6_prefix: None,
            calling_station_id: None,
            changes: asked.change.texts().iter().map(|(name, value)| format!("{name} = {value}")).collect(),
            outcome: None,
            code: None,
            error_cause: None,
            confirmed: seen.all(),
            seen: seen.each,
            seen_detail: None,
            attempts: Vec::new(),
            problem: None,
            failed: false,
            reason: asked.text.clone().unwrap_or_else(|| "by_hand".to_owned()),
            actor: "command".to_owned(),
            would: None,
        }
    }

    /// About a session, nothing tried yet.
    #[must_use]
    pub fn of_session(asked: &Changing, session: &SessionRow) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            nas: text(&session.nas_ip_address),
            acct_session_id: text(&session.acct_session_id),
            acct_unique_id: text(&session.acct_unique_id),
            framed_ip_address: text(&session.framed_ip_address),
            framed_ipv6_prefix: text(&session.framed_ipv6_prefix),
            calling_station_id: text(&session.calling_station_id),
            ..Self::of_user(asked, &session.user)
        }
    }

    /// What would be done about a session.
    #[must_use]
    pub fn would(asked: &Changing, session: &SessionRow, directory: &Directory) -> Self {
        let report = Self::of_session(asked, session);
        match directory.resolve(session).map_err(|problem| problem.to_string()).and_then(reachable) {
            Ok(nas) => {
                let set = nas.profile.identity.first().map(Vec::as_slice);
                let identity = identity_names(session, service_of(session, nas.profile.service), set);
                Self { nas: Some(nas.name), would: Some(WouldChange { identity }), ..report }
            }
            Err(problem) => report.because(problem),
        }
    }

    /// Nothing was sent, and why.
    pub(super) fn because(self, problem: String) -> Self {
        Self { problem: Some(problem), ..self }
    }

    pub(super) fn tried(mut self, attempt: Attempt) -> Self {
        (self.outcome, self.code, self.error_cause) = (Some(attempt.outcome), attempt.code, attempt.error_cause);
        self.attempts.push(attempt);
        self
    }

    pub(super) fn shown(self, seen: Seen) -> Self {
        Self { confirmed: seen.all(), seen: seen.each, seen_detail: seen.detail, ..self }
    }
}

/// A NAS that a CoA-Request can go to: REST changes nothing of a session that RADIUS let in.
pub(super) fn reachable(nas: ResolvedNas) -> Result<ResolvedNas, String> {
    if nas.profile.secret.is_some() {
        return Ok(nas);
    }
    Err(format!("NAS {}: no secret: nothing to send a CoA-Request with", nas.name))
}

//! What is told about a session: the JSON object of the contract, and the line for people.

use serde::{Deserialize, Serialize};

use crate::quota::UserName;
use crate::store::{JobRecord, SessionRow, TargetRecord};

use super::{Bounce, JobDetail, Reconnected, TargetDetail};

/// One session that was aimed at; all session keys null for a user with none open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Whose session, not escaped.
    pub user: String,
    /// Whose quota; the user's own unless a family shares one.
    pub subject: String,
    /// What the NAS is called.
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
    /// `ended`, `already_gone`, `still_active`, `unknown`.
    pub fate: String,
    /// `radius`, `rest`, or null when neither ended it.
    pub path: Option<String>,
    /// How the fate is known.
    pub evidence: Option<String>,
    /// Whether the login is closed by a block of ours, as it is now.
    pub blocked: bool,
    /// Why nothing could be tried: no NAS matches, or more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Cookies of the hotspot that were taken away before the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookies_removed: Option<u32>,
    /// The user came back under this session although the login was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounce: Option<Bounce>,
    /// The user came back after this session, and was let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnected: Option<Reconnected>,
    /// What was tried.
    pub attempts: Vec<serde_json::Value>,
    /// Why: `quota`, `expiry`, or what the operator gave.
    pub reason: String,
    /// Octets used.
    pub used_octets: Option<u64>,
    /// The limit in octets.
    pub limit_octets: Option<u64>,
    /// Where the limit stands.
    pub limit_source: Option<String>,
    /// Who asked.
    pub actor: String,
    /// In a dry run and in observe mode: what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<Would>,
    /// The row as it was selected, for the line that people read.
    #[serde(skip)]
    pub session: Option<SessionRow>,
    /// Seconds since 1970 when it was selected.
    #[serde(skip)]
    pub selected_at: i64,
    /// Whether something of ours failed, as `problem` says.
    #[serde(skip)]
    pub failed: bool,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Would {
    /// Whether the login would be closed.
    pub block: bool,
    /// The paths that would be tried, in order.
    pub paths: Vec<String>,
    /// The attributes that would name the session.
    pub identity: Vec<String>,
}

impl SessionReport {
    /// About a user, with no session.
    #[must_use]
    pub fn of_user(user: &UserName, reason: &str, actor: &str, detail: &JobDetail) -> Self {
        Self {
            user: user.as_str().to_owned(),
            subject: detail.subject.clone().unwrap_or_else(|| user.as_str().to_owned()),
            nas: None,
            acct_session_id: None,
            acct_unique_id: None,
            framed_ip_address: None,
            framed_ipv6_prefix: None,
            calling_station_id: None,
            fate: "already_gone".to_owned(),
            path: None,
            evidence: Some("no_open_row".to_owned()),
            blocked: false,
            problem: None,
            cookies_removed: None,
            bounce: None,
            reconnected: None,
            attempts: Vec::new(),
            reason: detail.text.clone().unwrap_or_else(|| reason.to_owned()),
            used_octets: detail.used_octets,
            limit_octets: detail.limit_octets,
            limit_source: detail.limit_source.clone(),
            actor: actor.to_owned(),
            would: None,
            session: None,
            selected_at: 0,
            failed: false,
        }
    }

    /// About a session, nothing known yet.
    #[must_use]
    pub fn of_session(self, session: &SessionRow) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            nas: text(&session.nas_ip_address),
            acct_session_id: text(&session.acct_session_id),
            acct_unique_id: text(&session.acct_unique_id),
            framed_ip_address: text(&session.framed_ip_address),
            framed_ipv6_prefix: text(&session.framed_ipv6_prefix),
            calling_station_id: text(&session.calling_station_id),
            fate: "unknown".to_owned(),
            evidence: None,
            session: Some(session.clone()),
            ..self
        }
    }

    /// About a target as it stands on disk.
    #[must_use]
    pub fn of_target(job: &JobRecord, detail: &JobDetail, target: &TargetRecord) -> Self {
        let base = Self::of_user(&job.spec.user, &job.spec.reason, &job.spec.actor, detail);
        let (base, more) = (base.of_session(&target.session), TargetDetail::of(target));
        Self {
            nas: target.nas.clone().or_else(|| base.nas.clone()),
            fate: target.fate.clone().unwrap_or_else(|| "unknown".to_owned()),
            path: target.path.clone(),
            evidence: target.evidence.clone(),
            problem: target.problem.clone(),
            cookies_removed: Some(more.cookies_removed).filter(|removed| *removed > 0),
            bounce: more.bounce,
            attempts: target.attempts.clone(),
            selected_at: target.selected_at,
            ..base
        }
    }

    /// Of a job that another agent is still at: a user without a session may only not have been looked at yet.
    #[must_use]
    pub fn unsettled(self) -> Self {
        match self.session {
            Some(_) => self,
            None => Self { fate: "unknown".to_owned(), evidence: None, ..self },
        }
    }

    /// Something of ours failed: nothing more is known about it.
    #[must_use]
    pub fn failed(self, problem: String) -> Self {
        Self { fate: "unknown".to_owned(), evidence: None, problem: Some(problem), failed: true, ..self }
    }

    /// Whether the session is proven off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.fate.as_str(), "ended" | "already_gone")
    }
}

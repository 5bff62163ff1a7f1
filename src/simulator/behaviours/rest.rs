//! REST's switches.

use serde::Deserialize;

/// REST's switches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct RestBehaviours {
    /// Answers that are not RouterOS' own.
    pub fault: Option<RestFault>,
    /// The one HTTP method that `fault` strikes; `None`: all.
    pub fault_method: Option<String>,
    /// DELETE answers 200 instead of 204.
    #[serde(rename = "delete-says-200")]
    pub delete_says_200: bool,
    /// POST remove of a missing id answers 404 instead of 400 `no such item`.
    #[serde(rename = "remove-missing-says-404")]
    pub remove_missing_says_404: bool,
    /// A list that does not ask for `.id` does not get it.
    pub proplist_without_id: bool,
    /// `%2A` in a path is the `*` of an `.id`.
    pub encoded_ids: bool,
    /// What is told to someone whose group lacks a policy.
    pub no_permission: NoPermission,
    /// REST needs the policy `api` besides `rest-api`.
    pub needs_api_policy: bool,
    /// What meets a connection beyond `max-sessions`.
    pub beyond_max_sessions: BeyondMaxSessions,
    /// `fault` strikes so many requests, and then no more; counts down. `None`: all.
    pub fault_times: Option<u32>,
    /// The one beginning of paths that `fault` strikes, as `/rest/ppp`; `None`: all.
    pub fault_path: Option<String>,
    /// What happens just before the next removal is carried out; once.
    pub before_delete: Option<BeforeDelete>,
    /// So many answers after a reboot are of another menu.
    pub wrong_after_boot: u32,
    /// So many answers after a reboot are empty lists.
    pub empty_after_boot: u32,
    /// Octets below 0x20 stand raw in JSON strings.
    pub raw_control_octets: bool,
    /// A user without the right to read sees empty lists instead of a refusal.
    pub unreadable_is_empty: bool,
}

/// An answer that is not RouterOS' own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestFault {
    /// This status with RouterOS' error body.
    Status(u16),
    /// 200 with a page of HTML.
    Html,
    /// 200 with a Content-Length that the body does not reach, and the end of the connection.
    Truncated,
    /// 302 to this location.
    Redirect(String),
    /// Nothing, with the connection kept open.
    NoAnswer,
    /// 400 `Session closed`, as after 60 s of work, at once.
    SessionClosed,
    /// 200 with what another menu would answer.
    WrongBody,
    /// 200 with no rows.
    EmptyList,
    /// The true answer, an octet at a time with so many milliseconds between two.
    Slow(u64),
    /// The true answer's first half, and the end of the connection. The router has acted.
    CutBody,
}

/// The answer to someone whose group lacks a policy; its status is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoPermission {
    /// 403.
    #[default]
    Forbidden,
    /// 400.
    BadRequest,
    /// 500.
    InternalServerError,
}

/// What meets a connection beyond `max-sessions`; not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeyondMaxSessions {
    /// It is closed at once.
    #[default]
    Closed,
    /// It waits without a word until another ends.
    Waits,
}

/// What comes between a client's list and its removal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BeforeDelete {
    /// The power is cut, and the router is up again.
    Reboot,
    /// Another user logs in at the address of the row that is removed.
    OtherUser {
        /// Whose name this is.
        user: String,
        /// And this his MAC.
        mac: String,
    },
}

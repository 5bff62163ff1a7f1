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
}

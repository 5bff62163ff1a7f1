//! What happens after a cut, and after a reboot.

use serde::Deserialize;

/// How a session that was cut (not one whose user logged out) comes back: each way sends an Access-Request, and only an
/// Access-Accept, or a local user of the name, lets it in. Without an authentication server nobody but a local user
/// does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct WayBack {
    /// Through the MAC cookie, if it is still there.
    pub mac_cookie: bool,
    /// Through the HTTP cookie, if it is still there: the user opens the next page.
    pub http_cookie: bool,
    /// Through `login-by=mac`; off, as in RouterOS' default profile.
    pub login_by_mac: bool,
    /// A PPP client dials again.
    pub ppp_redial: bool,
    /// How long after the cut, and after an attempt that failed, in milliseconds.
    pub delay_ms: u64,
    /// How often all ways are tried.
    pub attempts: u32,
}

impl Default for WayBack {
    fn default() -> Self {
        Self { mac_cookie: true, http_cookie: true, login_by_mac: false, ppp_redial: true, delay_ms: 200, attempts: 1 }
    }
}

/// What the accounting server hears of a reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct RebootBehaviours {
    /// No Accounting-On when the router comes up.
    pub no_accounting_on: bool,
    /// A clean reboot sends Stops with NAS-Reboot (11) before it goes down.
    pub clean_stops: bool,
}

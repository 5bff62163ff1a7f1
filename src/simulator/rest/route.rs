//! Which menu a path means, and what of it.

/// A menu with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Menu {
    HotspotActive,
    PppActive,
    HotspotCookie,
    HotspotHost,
    HotspotUser,
    PppSecret,
    QueueSimple,
    AddressList,
}

impl Menu {
    /// Whether its rows are made by sessions and live as long as these.
    pub(super) const fn is_dynamic(self) -> bool {
        matches!(self, Self::QueueSimple | Self::AddressList)
    }
}

/// What a path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// All rows of a menu.
    List(Menu),
    /// One row, by `.id`.
    Item(Menu, &'a str),
    /// `print`.
    Print(Menu),
    /// `remove`.
    Remove(Menu),
    /// `/system/identity`.
    Identity,
    /// `/radius/incoming/monitor`, a command.
    IncomingMonitor,
    /// `/radius/incoming/reset-counters`, a command.
    ResetCounters,
    /// `/radius/incoming`.
    Incoming,
    /// `/radius`; its rows are only listed.
    Radius,
    /// A path that is not there; its last part.
    Unknown(&'a str),
    /// Not under `/rest`: the web pages.
    Web,
}

const MENUS: [(&str, Menu); 8] = [
    ("ip/hotspot/active", Menu::HotspotActive),
    ("ppp/active", Menu::PppActive),
    ("ip/hotspot/cookie", Menu::HotspotCookie),
    ("ip/hotspot/host", Menu::HotspotHost),
    ("ip/hotspot/user", Menu::HotspotUser),
    ("ppp/secret", Menu::PppSecret),
    ("queue/simple", Menu::QueueSimple),
    ("ip/firewall/address-list", Menu::AddressList),
];

/// Reads a path, without its query.
pub(super) fn route(path: &str) -> Route<'_> {
    let Some(path) = path.strip_prefix("/rest/") else { return Route::Web };
    let last = path.rsplit('/').next().unwrap_or_default();
    match path {
        "system/identity" => return Route::Identity,
        "radius" => return Route::Radius,
        "radius/incoming" => return Route::Incoming,
        "radius/incoming/reset-counters" => return Route::ResetCounters,
        "radius/incoming/monitor" => return Route::IncomingMonitor,
        _ => {}
    }
    for (name, menu) in MENUS {
        match path.strip_prefix(name) {
            Some("") => return Route::List(menu),
            Some("/print") => return Route::Print(menu),
            Some("/remove") => return Route::Remove(menu),
            Some(rest) if rest.strip_prefix('/').is_some_and(is_id) => return Route::Item(menu, last),
            _ => {}
        }
    }
    Route::Unknown(last)
}

/// `*` and upper-case hex. An encoded `*` is not taken for one: whether RouterOS does is not known.
fn is_id(text: &str) -> bool {
    let upper_hex = |digit: char| digit.is_ascii_hexdigit() && !digit.is_ascii_lowercase();
    text.strip_prefix('*').is_some_and(|digits| !digits.is_empty() && digits.chars().all(upper_hex))
}

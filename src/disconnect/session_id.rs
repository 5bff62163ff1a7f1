//! Acct-Session-Ids in the spellings that people, tables and lists have.
//!
//! RouterOS sends eight hexadecimal digits in lower case, shows the same number as `0x81E0000B` on its own lists, and finds
//! a session by the first form alone.

/// What the first two digits of a RouterOS session id stand for (RouterOS manual, RADIUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouterOsService {
    /// 80.
    Hotspot,
    /// 81.
    Ppp,
    /// 82 Wi-Fi, 83 DHCP, 86 802.1X.
    Other,
}

/// The service of an id as RouterOS makes them; `None` for any other.
pub(super) fn routeros_service(id: &str) -> Option<RouterOsService> {
    let digits = without_prefix(id);
    if digits.len() != 8 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.get(..2)? {
        "80" => Some(RouterOsService::Hotspot),
        "81" => Some(RouterOsService::Ppp),
        "82" | "83" | "86" => Some(RouterOsService::Other),
        _ => None,
    }
}

/// The id as the NAS knows it: RouterOS' own in lower case without `0x`, any other as it stands.
pub(super) fn as_sent(id: &str) -> String {
    if routeros_service(id).is_some() { without_prefix(id).to_ascii_lowercase() } else { id.to_owned() }
}

/// Whether both are the same session's id. Case and `0x` do not count for RouterOS' own.
#[must_use]
pub fn same_session_id(one: &str, other: &str) -> bool {
    as_sent(one) == as_sent(other)
}

fn without_prefix(id: &str) -> &str {
    id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_routeros_in_every_spelling() {
        for spelling in ["81e0000b", "81E0000B", "0x81E0000B", "0X81e0000b"] {
            assert_eq!(as_sent(spelling), "81e0000b", "{spelling}");
            assert!(same_session_id(spelling, "81e0000b"));
            assert_eq!(routeros_service(spelling), Some(RouterOsService::Ppp));
        }
        for (id, service) in [
            ("80100001", Some(RouterOsService::Hotspot)),
            ("82000001", Some(RouterOsService::Other)),
            ("83000001", Some(RouterOsService::Other)),
            ("84000001", None),
            ("8110000", None),
            ("81100001a", None),
            ("8110000g", None),
            ("0x", None),
            ("", None),
        ] {
            assert_eq!(routeros_service(id), service, "{id}");
        }
    }

    #[test]
    fn ids_of_others_are_as_they_are() {
        for id in ["0000000A", "0xAB", "erx ge-1/0/0:1", "é"] {
            assert_eq!(as_sent(id), id);
        }
        assert!(!same_session_id("0000000A", "0000000a"));
    }
}

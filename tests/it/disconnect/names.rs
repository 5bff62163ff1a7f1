//! User names that ask for trouble: what FreeRADIUS decodes is the name that the NAS knows.
use serde_json::json;

use super::site::{Session, Site, object};
use crate::support::pairs::Attributes;

/// The attributes by which a request names a session, without what every request carries.
fn identity(mut request: Attributes) -> Attributes {
    assert_eq!(request.remove("Packet-Type").expect("a type"), ["Disconnect-Request"]);
    for carried in ["Message-Authenticator", "Event-Timestamp"] {
        assert_eq!(request.remove(carried).map_or(0, |values| values.len()), 1, "{carried}: {request:?}");
    }
    // Of FreeRADIUS' own making
    for own in ["Tmp-Integer-0", "SQL-User-Name", "Client-IP-Address"] {
        request.remove(own);
    }
    request
}

#[test]
fn names_reach_the_nas_as_it_knows_them() {
    let site = Site::of_r1();
    let longest = "z".repeat(253);
    let quotes = "'".repeat(80) + &"\"".repeat(80) + &"é".repeat(40);
    for (index, name) in [
        "o'brien",
        "a\"b\\c",
        "two\nlines",
        "Ünïcødé 用户",
        "%{User-Name}",
        "50%&more",
        "../../etc/passwd",
        "$(reboot)",
        "=27",
        " spaced out ",
        &longest,
        &quotes,
    ]
    .into_iter()
    .enumerate()
    {
        let (id, address) = (format!("80b{index:05x}"), format!("10.0.0.{}", index + 1));
        site.open(name, &Session::new(&id).at(&address));
        let mut reports = site.reports(&["disconnect", "--user", name], 0);
        let requests = site.server.coa_requests();
        assert_eq!(requests.len(), index + 1, "{name:?}");
        let request = identity(requests.into_iter().next_back().expect("a request"));
        let expected = [("User-Name", name), ("Acct-Session-Id", &id), ("Framed-IP-Address", &address)];
        let expected = expected.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
        assert_eq!(request, Attributes::from(expected), "{name:?}");
        let mut told: Vec<String> =
            serde_json::from_value(reports[0]["attempts"][0]["identity"].clone()).expect("a list of names");
        told.sort();
        assert_eq!(told, request.into_keys().collect::<Vec<_>>(), "{name:?}");
        reports[0]["attempts"] = json!([]);
        let ended = json!({ "fate": "ended", "path": "radius", "evidence": "accounting_stop" });
        assert_eq!(reports, [object(&site, name, &id, &ended)], "{name:?}");
    }
}

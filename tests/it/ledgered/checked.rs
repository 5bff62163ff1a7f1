//! `radkick check` on the operator's query.
use super::enforcing;
use crate::disconnect::site::Site;

/// A site whose query for limits is this.
fn with_query(query: &str) -> Site {
    enforcing(&format!("sources = [\"query\"]\nquery = \"{query}\""))
}

#[test]
fn a_query_that_cannot_be_run_is_named() {
    for (query, why) in [
        ("SELECT username, limit_bytes FROM nowhere", "nowhere"),
        ("SELECT username FROM radcheck", "limit_bytes"),
        ("DELETE FROM radcheck", "SELECT"),
    ] {
        let finished = with_query(query).run(&["check"]);
        assert_eq!(finished.code, Some(5), "{query}: {finished:#?}");
        assert!(finished.stderr.contains(why), "{query}: {finished:#?}");
    }
}

#[test]
fn a_query_that_can_be_run_passes() {
    let site = with_query("SELECT username, 5 AS limit_bytes FROM radcheck");
    let finished = site.run(&["check"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(!site.state().exists(), "nothing is made");
}

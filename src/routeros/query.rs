//! Which rows of a list a question wants.

use std::collections::BTreeSet;

use super::rows::Menu;

/// More names than this, and the whole list costs the router less than a question.
const MOST_NAMES: usize = 16;

/// Names of users whose rows are wanted.
#[derive(Debug)]
pub(super) struct Names<'a> {
    names: Vec<&'a str>,
    lower: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(names: &[&'a str]) -> Self {
        let names: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
        let lower = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { names, lower }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a row's user, alone or with its domain, goes by one of the names; ASCII case does not count.
    pub(super) fn hold(&self, user: &str, domain: Option<&str>) -> bool {
        let held = |form: &str| self.lower.contains(&form.to_ascii_lowercase());
        held(user)
            || domain.is_some_and(|domain| held(&format!("{user}@{domain}")) || held(&format!("{domain}\\{user}")))
    }

    /// The words of a query for the names (RouterOS manual, API): conditions, and `#|` and `#&` on a stack. None where the
    /// whole list is to be asked for: too many names, or one that is not printable ASCII, which routers take in different
    /// ways.
    pub(super) fn words(&self, property: &str, with_domain: bool) -> Option<Vec<String>> {
        let plain = |name: &&str| name.bytes().all(|octet| (b' '..=b'~').contains(&octet));
        if self.names.len() > MOST_NAMES || !self.names.iter().all(plain) {
            return None;
        }
        let mut words = Words::default();
        for name in &self.names {
            words.or(&[format!("{property}={name}")]);
            if with_domain && let Some((user, domain)) = split(name) {
                words.or(&[format!("{property}={user}"), format!("domain={domain}")]);
            }
        }
        Some(words.0)
    }
}

/// `bob@isp` and `isp\bob`, of which a hotspot's list has user and domain apart.
fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('@').or_else(|| name.split_once('\\').map(|(domain, user)| (user, domain)))
}

/// Conditions of which one must hold.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) Vec<String>);

impl Words {
    /// Or one of these.
    pub(super) fn or_all(&mut self, conditions: impl IntoIterator<Item = String>) {
        for condition in conditions {
            self.or(&[condition]);
        }
    }

    /// Or all of these together.
    pub(super) fn or(&mut self, conditions: &[String]) {
        let first = self.0.is_empty();
        self.0.extend_from_slice(conditions);
        self.0.extend(conditions.iter().skip(1).map(|_| "#&".to_owned()));
        if !first {
            self.0.push("#|".to_owned());
        }
    }
}

impl Menu {
    /// The words for the rows of these users; `None` for the whole list.
    pub(super) fn words(self, names: &Names<'_>) -> Option<Vec<String>> {
        names.words(self.user_property(), self == Self::HotspotActive)
    }
}

//! What counts as a limit at a site.

use jiff::tz::TimeZone;

use super::Period;

/// FreeRADIUS' attribute for when a login expires.
pub(super) const EXPIRATION: &str = "Expiration";

/// What the number of a quota attribute means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// All octets the user ever used count against it.
    Total,
    /// What is left, which a panel lowers when a session ends: the octets of the open sessions count against it.
    Remaining,
    /// A limit per session, which the router itself holds (RouterOS does with Mikrotik-Total-Limit): not ours.
    PerSession,
}

/// A check attribute that counts as a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaAttribute {
    /// Its name, compared without case.
    pub name: String,
    /// What its number means.
    pub meaning: Meaning,
    /// What it counts.
    pub unit: Unit,
    /// When it starts again.
    pub period: Period,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Octets.
    Octets,
    /// Seconds online.
    Seconds,
}

/// Which octets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// To the user: acctoutputoctets.
    Download,
    /// From the user: acctinputoctets.
    Upload,
}

/// What counts as a limit at this site.
#[derive(Debug, Clone)]
pub struct QuotaRules {
    /// The attributes that limit use.
    pub attributes: Vec<QuotaAttribute>,
    /// Which octets count.
    pub direction: Direction,
    /// Whether the attribute Expiration ends a login.
    pub expiration: bool,
    /// The zone of dates that name none.
    pub zone: TimeZone,
}

impl QuotaRules {
    /// The names of all attributes that [`Limits::resolve`](super::Limits::resolve) looks at.
    #[must_use]
    pub fn attribute_names(&self) -> Vec<String> {
        let names = self.attributes.iter().flat_map(|attribute| [Some(attribute.name.clone()), attribute.gigawords()]);
        names.flatten().chain(self.expiration.then(|| EXPIRATION.to_owned())).collect()
    }
}

impl QuotaAttribute {
    /// The attribute that holds bits 32 to 63, for the attributes that MikroTik splits.
    #[must_use]
    pub fn gigawords(&self) -> Option<String> {
        self.is_mikrotik().then(|| format!("{}-Gigawords", self.name))
    }

    /// RouterOS reads a limit of 0 as no limit; Max-Octets of 0 is no allowance.
    pub(super) fn is_mikrotik(&self) -> bool {
        self.name.to_ascii_lowercase().starts_with("mikrotik-")
    }
}

//! What a user may use, from the check items of the user and the user's groups.

use jiff::tz::TimeZone;

use super::rules::EXPIRATION;
use super::{
    Counters, Direction, ExpiryError, Meaning, Period, QuotaAttribute, QuotaRules, Unit, UserName, parse_expiration,
};

/// One row of radcheck or radreply, or of their group tables. (A MikroTik limit stands among the reply items.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// The row's id; of duplicates the highest counts, as `:=` does.
    pub id: i64,
    /// Whose row it is.
    pub place: Place,
    /// The table it stands in, for people.
    pub table: String,
    /// The attribute's name.
    pub attribute: String,
    /// Its value, as stored.
    pub value: String,
}

/// Where a check item stands. A user's own beats a group's; of groups the first in priority wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The user's own.
    User,
    /// A group's.
    Group {
        /// The group.
        name: String,
        /// Its rank among the user's groups, best first, from 0.
        rank: usize,
    },
}

impl Place {
    /// Smaller is better.
    const fn rank(&self) -> (bool, usize) {
        match self {
            Self::User => (false, 0),
            Self::Group { rank, .. } => (true, *rank),
        }
    }
}

impl CheckItem {
    fn source(&self, attribute: &str) -> String {
        match &self.place {
            Place::User => format!("{} {attribute}", self.table),
            Place::Group { name, .. } => format!("{} {name} {attribute}", self.table),
        }
    }
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// How much; used at or above this is over.
    pub amount: u64,
    /// What it counts.
    pub unit: Unit,
    /// Which octets count, where it counts octets.
    pub direction: Direction,
    /// What counts against it.
    pub meaning: Meaning,
    /// When it starts again.
    pub period: Period,
    /// When it starts to count, instead of with a period: in seconds since 1970.
    pub since: Option<i64>,
    /// What counts against it besides the use that the ledger knows, in its unit.
    pub offset: u64,
    /// Where it stands: table, group, attribute.
    pub source: String,
}

impl Limit {
    /// Use from this time on counts at `now`, at a NAS in `zone`.
    #[must_use]
    pub fn start(&self, now: i64, zone: &TimeZone) -> i64 {
        self.since.unwrap_or_else(|| self.period.start(now, zone))
    }

    /// What it counts of `used`.
    #[must_use]
    pub const fn amount_of(&self, used: Counters) -> u64 {
        match (self.unit, self.direction) {
            (Unit::Seconds, _) => used.seconds,
            (Unit::Octets, Direction::Both) => used.octets(),
            (Unit::Octets, Direction::Download) => used.output,
            (Unit::Octets, Direction::Upload) => used.input,
        }
    }
}

/// Everything that limits a user. Nothing in it means unlimited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// What limits use; the user is over when any is reached.
    pub amounts: Vec<Limit>,
    /// When the login expires, in seconds since 1970, and where that stands.
    pub expires_at: Option<(i64, String)>,
    /// Whose allowance it is, where several users share one.
    pub subject: Option<String>,
    /// Limits that cannot be read; the user is left alone as far as they go.
    pub problems: Vec<LimitProblem>,
}

/// A limit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitProblem {
    /// Not a whole number from 0 to 2^64 - 1.
    #[error("user {user}: {source_text} is {value:?}, not a whole number from 0 to 18446744073709551615; left alone")]
    Octets {
        /// Whose limit.
        user: UserName,
        /// Where it stands.
        source_text: String,
        /// What stands there.
        value: String,
    },
    /// What a query gives cannot be read.
    #[error("user {user}: {source_text} is {value:?}, not {right}; left alone")]
    Allowance {
        /// Whose limit.
        user: UserName,
        /// The column.
        source_text: String,
        /// What stands there.
        value: String,
        /// What would be right.
        right: &'static str,
    },
    /// Not a date.
    #[error("user {user}: {source_text}: {problem}; left alone")]
    Expiration {
        /// Whose limit.
        user: UserName,
        /// Where it stands.
        source_text: String,
        /// What stands there.
        problem: ExpiryError,
    },
}

impl LimitProblem {
    /// Whose limit it is.
    #[must_use]
    pub const fn user(&self) -> &UserName {
        match self {
            Self::Octets { user, .. } | Self::Allowance { user, .. } | Self::Expiration { user, .. } => user,
        }
    }
}

impl Limits {
    /// Finds a user's limits among the check items of the user and the user's groups.
    #[must_use]
    pub fn resolve(user: &UserName, items: &[CheckItem], rules: &QuotaRules) -> Self {
        let mut limits = Self::default();
        for attribute in rules.attributes.iter().filter(|attribute| attribute.meaning != Meaning::PerSession) {
            match limit_of(user, items, (attribute, rules.direction)) {
                Ok(limit) => limits.amounts.extend(limit),
                Err(problem) => limits.problems.push(problem),
            }
        }
        if let Some(item) = best(items, EXPIRATION).filter(|_| rules.expiration) {
            let source = item.source(EXPIRATION);
            match parse_expiration(&item.value, &rules.zone) {
                Ok(at) => limits.expires_at = Some((at, source)),
                Err(problem) => {
                    limits.problems.push(LimitProblem::Expiration { user: user.clone(), source_text: source, problem });
                }
            }
        }
        limits
    }
}

/// The item that counts for an attribute: best place, then highest id.
fn best<'a>(items: &'a [CheckItem], attribute: &str) -> Option<&'a CheckItem> {
    let of_attribute = items.iter().filter(|item| item.attribute.eq_ignore_ascii_case(attribute));
    of_attribute.min_by_key(|item| (item.place.rank(), std::cmp::Reverse(item.id)))
}

fn limit_of(
    user: &UserName,
    items: &[CheckItem],
    (attribute, direction): (&QuotaAttribute, Direction),
) -> Result<Option<Limit>, LimitProblem> {
    let low = best(items, &attribute.name);
    // The two halves of a split limit stand in the same place: a user's low half never pairs with a group's high half.
    let high = attribute.gigawords().and_then(|name| best(items, &name));
    let high = high.filter(|high| low.is_none_or(|low| low.place == high.place));
    let Some(item) = low.or(high) else { return Ok(None) };
    let source = item.source(&attribute.name);
    let number = |item: Option<&CheckItem>| match item {
        None => Ok(0),
        Some(item) => item.value.trim().parse::<u64>().map_err(|_| LimitProblem::Octets {
            user: user.clone(),
            source_text: source.clone(),
            value: item.value.clone(),
        }),
    };
    let (low, high) = (number(low)?, number(high)?);
    let amount = match high {
        0 => low,
        1..=0xffff_ffff if low <= 0xffff_ffff => high << 32 | low,
        _ => {
            let value = format!("{high} gigawords and {low}");
            return Err(LimitProblem::Octets { user: user.clone(), source_text: source, value });
        }
    };
    let unlimited = amount == 0 && attribute.is_mikrotik();
    let QuotaAttribute { meaning, unit, period, .. } = *attribute;
    Ok((!unlimited).then_some(Limit { amount, unit, direction, meaning, period, since: None, offset: 0, source }))
}

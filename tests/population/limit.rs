//! What a user may use, chosen when it is known what the user has used.

use super::dice::{Dice, Purpose};
use super::seats::Role;
use super::tally::Tally;

const GIB: u64 = 1 << 30;
/// Who is not meant to be over has at least so much left: more than an hour at the line's full rate.
const MARGIN: u64 = 64 * GIB;

/// How many groups there are. Each allows twice what the one before does, the first 1 GiB.
pub(super) const GROUPS: u32 = 25;

/// What a user may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    /// By an attribute of the user's own.
    Own(u64),
    /// By the group of this number.
    Group(u32),
}

impl Limit {
    /// Octets.
    pub(super) const fn octets(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Own(octets) => Some(octets),
            Self::Group(number) => Some(group_octets(number)),
        }
    }
}

/// What the members of a group may use.
pub(super) const fn group_octets(number: u32) -> u64 {
    GIB << number
}

/// The group's name.
pub(super) fn group_name(number: u32) -> String {
    format!("plan-{}g", 1_u64 << number)
}

/// The limit that makes the user of this number what the role says.
pub(super) fn choose(seed: u64, number: usize, role: Role, tally: &Tally) -> Limit {
    let mut dice = Dice::new(seed, Purpose::Limit, number as u64);
    let used = tally.total();
    match role {
        Role::OneLeft => Limit::Own(used + 1),
        Role::Exact => Limit::Own(used),
        Role::OverByClosed => Limit::Own(below(&mut dice, tally.closed)),
        Role::OverOffline | Role::OverTwice => Limit::Own(below(&mut dice, used)),
        // Some by a group, if any group's limit is low enough
        Role::Over => match used.checked_div(GIB).and_then(u64::checked_ilog2) {
            Some(group) if dice.below(4) == 0 => Limit::Group(group),
            _ => Limit::Own(below(&mut dice, used)),
        },
        Role::Grouped => Limit::Group((used + MARGIN - 1).ilog2() + 1 - GIB.ilog2()),
        Role::Unlimited | Role::Family => Limit::None,
        Role::Beyond32 | Role::Beyond40 | Role::Expiring | Role::Expired | Role::Limited => {
            let left = MARGIN + dice.below(3 * MARGIN);
            Limit::Own((used + left).next_multiple_of(GIB))
        }
    }
}

/// At least half of it, and not more than it.
fn below(dice: &mut Dice, used: u64) -> u64 {
    used - dice.below(used / 2 + 1)
}

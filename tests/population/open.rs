//! Open sessions.

use super::Plan;
use super::calendar::{Calendar, DAY};
use super::dice::{Dice, Purpose};
use super::faults::{Fault, fault};
use super::seats::{Role, Seats};
use super::session::{INTERVAL, Session, UniqueId, octets};

/// The oldest one began so long ago, but for those that began before the month did.
const OLDEST: i64 = 20 * DAY;
/// With faults, some began so much earlier.
const VERY_LONG: i64 = 80 * DAY;

/// An open session.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) session: Session,
    /// Whether its user's part allows no more octets.
    pub(super) is_still: bool,
    /// Whether its user's part needs it to stay.
    pub(super) stays: bool,
}

impl Open {
    /// The session, now that its row has a number.
    pub(super) fn numbered(&mut self, row: u64) -> Session {
        self.session.row = row;
        self.session.clone()
    }
}

/// All open sessions, in the order in which they appeared.
pub(super) fn sessions(plan: &Plan, seats: &Seats) -> Vec<Open> {
    let calendar = Calendar::at(plan.now);
    let mut wanted = wanted(seats);
    let draw = |number: usize| {
        let mut dice = Dice::new(plan.seed, Purpose::Open, number as u64);
        let part = wanted.next();
        let user = part.unwrap_or_else(|| seats.at_ease(dice.index(plan.users)));
        let fault = fault(number as u64).filter(|_| plan.faults && part.is_none());
        let session = session(plan, number, user, (&mut dice, calendar, fault));
        let session = Session { odd_name: seats.odd_name(user), ..session };
        let is_still = matches!(seats.role(user), Role::OneLeft | Role::Exact);
        Open { session, is_still, stays: !seats.is_ordinary(user) }
    };
    let mut open: Vec<Open> = (0..plan.open_sessions).map(draw).collect();
    open.sort_by_key(|open| open.session.appears);
    open
}

/// The users who need an open session, one with two of them twice; the edge cases first.
fn wanted(seats: &Seats) -> impl Iterator<Item = usize> {
    let needs = |role| match role {
        Role::OverOffline => 0,
        Role::OverTwice => 2,
        Role::OneLeft
        | Role::Exact
        | Role::OverByClosed
        | Role::Beyond32
        | Role::Beyond40
        | Role::Family
        | Role::Over
        | Role::Grouped
        | Role::Unlimited
        | Role::Expiring
        | Role::Expired
        | Role::Limited => 1,
    };
    seats.taken().flat_map(move |(user, role)| std::iter::repeat_n(user, needs(role)))
}

fn session(
    plan: &Plan,
    number: usize,
    user: usize,
    (dice, calendar, fault): (&mut Dice, Calendar, Option<Fault>),
) -> Session {
    let start = match fault {
        Some(Fault::NoUpdate) => plan.now - dice.seconds(INTERVAL),
        Some(Fault::VeryLong) => plan.now - OLDEST - dice.seconds(VERY_LONG),
        _ => start(number, dice, calendar),
    };
    let back_dated = if fault == Some(Fault::BackDated) { dice.seconds(DAY / 2) } else { 0 };
    let update = (plan.now - dice.seconds(INTERVAL)).max(start);
    let (input, output) = octets(dice, update - start + back_dated);
    let session = Session {
        row: 0,
        unique: UniqueId::new(plan.seed, Purpose::Open, number as u64),
        user,
        odd_name: None,
        nas: dice.index(plan.nas()),
        appears: start,
        start: start - back_dated,
        update: Some(update),
        stop: None,
        input: Some(input),
        output: Some(output),
        id_of_before: 0,
    };
    match fault {
        // Octets that came at no time would be none that a line could have carried
        Some(Fault::NoUpdate) => session.with(Fault::NothingUsed).with(Fault::NoUpdate),
        Some(fault) => session.with(fault),
        None => session,
    }
}

/// Of sixteen, one each began within the hour before the day, the week and the month did; of the others half within some
/// hours, few many days ago.
fn start(number: usize, dice: &mut Dice, calendar: Calendar) -> i64 {
    let before = 1 + dice.seconds(3600);
    match number % 16 {
        0 => calendar.day - before,
        1 => calendar.week - before,
        2 => calendar.month - before,
        _ => {
            let oldest = OLDEST >> dice.below(12);
            calendar.now - oldest / 2 - dice.seconds(oldest / 2)
        }
    }
}

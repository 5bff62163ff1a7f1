//! Closed sessions, one after another.

use super::Plan;
use super::calendar::DAY;
use super::dice::{Dice, Purpose};
use super::faults::{Fault, fault};
use super::seats::{Role, Seats, number_at};
use super::session::{INTERVAL, Session, UniqueId, octets, split};

/// How far it reaches back.
const SPAN: i64 = 400 * DAY;
/// The last one appears so long ago: it has had time to end.
const LAST: i64 = 600;
/// No session ends later than so long ago.
const QUIET: i64 = 30;

/// All closed sessions, in the order in which they appeared.
pub(super) fn sessions(plan: &Plan, seats: &Seats) -> impl Iterator<Item = Session> {
    // Those with a seat come first: each has a session of its own, if there are so many
    let parts: Vec<(usize, Role)> = seats.taken().collect();
    (0..plan.history_rows).map(move |number| session(plan, seats, number, part(&parts, number, plan.history_rows)))
}

fn part(parts: &[(usize, Role)], number: u64, rows: u64) -> Option<(usize, Role)> {
    let (number, rows) = (usize::try_from(number).ok()?, usize::try_from(rows).ok()?);
    number_at(number, parts.len().min(rows), rows).map(|part| parts[part])
}

fn session(plan: &Plan, seats: &Seats, number: u64, part: Option<(usize, Role)>) -> Session {
    let mut dice = Dice::new(plan.seed, Purpose::Closed, number);
    let fault = fault(number).filter(|_| plan.faults && part.is_none());
    // The smaller of two: some use more than others
    let user = part.map_or_else(|| dice.index(plan.users).min(dice.index(plan.users)), |(user, _)| user);
    let appears = appears(plan, number, &mut dice);
    let back_dated = if fault == Some(Fault::BackDated) { INTERVAL + dice.seconds(DAY / 2) } else { 0 };
    let start = appears - back_dated;
    let (wanted, exactly) = extent(&mut dice, part.map(|(_, role)| role), fault);
    let seconds = (back_dated + wanted).min(plan.now - QUIET - start);
    let (input, output) = match exactly {
        Some(exactly) => split(&mut dice, exactly),
        None => octets(&mut dice, seconds),
    };
    let session = Session {
        row: 0,
        unique: UniqueId::new(plan.seed, Purpose::Closed, number),
        user,
        odd_name: seats.odd_name(user),
        nas: dice.index(plan.nas()),
        appears,
        start,
        update: Some(start + seconds - seconds % INTERVAL),
        stop: Some(start + seconds),
        input: Some(input),
        output: Some(output),
        id_of_before: 0,
    };
    fault.map_or(session.clone(), |fault| session.with(fault))
}

/// When the row of this number was made: evenly over the time, with a jitter that keeps the order.
fn appears(plan: &Plan, number: u64, dice: &mut Dice) -> i64 {
    let (rows, number) = (plan.history_rows.cast_signed(), number.cast_signed());
    let length = SPAN - LAST;
    plan.now - SPAN + number * (length / rows) + number * (length % rows) / rows + dice.seconds(length / rows)
}

/// For how many seconds it wants to last, and how many octets it must have, if that matters.
fn extent(dice: &mut Dice, role: Option<Role>, fault: Option<Fault>) -> (i64, Option<u64>) {
    match (role, fault) {
        (Some(Role::Beyond40), _) => (2 * DAY, Some((1 << 40) + dice.below(1 << 38))),
        (Some(Role::Beyond32), _) => (3600, Some((1 << 32) + dice.below(1 << 32))),
        (_, Some(Fault::VeryLong)) => (30 * DAY + dice.seconds(30 * DAY), None),
        _ => {
            let most = 60 << dice.below(10);
            (most / 2 + dice.seconds(most / 2) + 1, None)
        }
    }
}

impl Session {
    /// The same with what is wrong with it; a start or an end that is wrong it has already.
    pub(super) fn with(self, fault: Fault) -> Self {
        match fault {
            Fault::NoOctets => Self { input: None, output: None, ..self },
            Fault::NoInput => Self { input: None, ..self },
            Fault::NoUpdate => Self { update: None, ..self },
            Fault::IdAgain => Self { id_of_before: 3, ..self },
            Fault::NothingUsed => Self { input: Some(0), output: Some(0), ..self },
            Fault::BackDated | Fault::VeryLong => self,
        }
    }
}

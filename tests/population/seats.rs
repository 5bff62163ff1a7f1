//! Who plays which part.

use super::Plan;
use super::dice::{Dice, Purpose};
use super::names::ODD;

/// What a user is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One octet below the limit.
    OneLeft,
    /// At the limit, which is over.
    Exact,
    /// Over, without an open session.
    OverOffline,
    /// Over, with two open sessions.
    OverTwice,
    /// Over by closed sessions alone, with an open one.
    OverByClosed,
    /// With one session beyond 2^32 octets.
    Beyond32,
    /// With one session beyond 2^40 octets.
    Beyond40,
    /// One of five who share an allowance that no attribute tells of.
    Family,
    /// Over.
    Over,
    /// Limited by a group.
    Grouped,
    /// Not limited.
    Unlimited,
    /// Limited, with a login that ends in the future.
    Expiring,
    /// Limited, with a login that has ended.
    Expired,
    /// Limited by an attribute of its own.
    Limited,
}

/// A user who was not drawn.
#[derive(Debug, Clone, Copy)]
struct Seat {
    role: Role,
    /// Which odd name, if it has one.
    odd: Option<usize>,
}

/// All parts: seats spread evenly over the users, and what the others draw.
#[derive(Debug)]
pub(super) struct Seats {
    users: usize,
    seed: u64,
    taken: Vec<Seat>,
}

/// Over, in the order in which they are taken when few are to be.
const OVER: [Role; 4] = [Role::Exact, Role::OverOffline, Role::OverTwice, Role::OverByClosed];

const NOT_OVER: [Role; 12] = [
    Role::Beyond40,
    Role::Beyond32,
    Role::OneLeft,
    Role::Expired,
    Role::Family,
    Role::Family,
    Role::Family,
    Role::Family,
    Role::Family,
    Role::Grouped,
    Role::Unlimited,
    Role::Expiring,
];

impl Seats {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut taken = Vec::new();
        let mut over = plan.over;
        if plan.users >= Plan::EDGES_FROM {
            let edges = OVER.into_iter().take(over);
            taken.extend(NOT_OVER.into_iter().chain(edges).map(|role| Seat { role, odd: None }));
            over = over.saturating_sub(OVER.len());
            for odd in 0..ODD {
                let is_over = odd % 2 == 0 && over > 0;
                over -= usize::from(is_over);
                let role = if is_over { Role::Over } else { Role::Limited };
                taken.push(Seat { role, odd: Some(odd) });
            }
        }
        taken.extend(std::iter::repeat_n(Seat { role: Role::Over, odd: None }, over));
        Self { users: plan.users, seed: plan.seed, taken }
    }

    /// How many of so many users cannot be over, if all others are.
    pub(super) fn not_over(users: usize) -> usize {
        if users < Plan::EDGES_FROM { 0 } else { NOT_OVER.len() + ODD / 2 }
    }

    /// The users who have a seat, and what they play.
    pub(super) fn taken(&self) -> impl Iterator<Item = (usize, Role)> {
        self.taken.iter().enumerate().map(|(number, seat)| (place(number, self.taken.len(), self.users), seat.role))
    }

    /// What the user plays.
    pub(super) fn role(&self, user: usize) -> Role {
        self.seat(user).map_or_else(|| self.drawn(user), |seat| seat.role)
    }

    /// Which of the odd names the user has, if any.
    pub(super) fn odd_name(&self, user: usize) -> Option<usize> {
        self.seat(user)?.odd
    }

    /// Whether the user has no seat.
    pub(super) fn is_ordinary(&self, user: usize) -> bool {
        self.seat(user).is_none()
    }

    /// `user`, or the next one who may have any number of open sessions.
    pub(super) fn at_ease(&self, user: usize) -> usize {
        let next = (user..self.users).chain(0..user).find(|user| {
            let role = self.role(*user);
            role != Role::OneLeft && !OVER.contains(&role)
        });
        next.unwrap_or(user)
    }

    /// `user`, or the next one without a seat.
    pub(super) fn ordinary(&self, user: usize) -> Option<usize> {
        (user..self.users).chain(0..user).find(|user| self.is_ordinary(*user))
    }

    fn seat(&self, user: usize) -> Option<Seat> {
        number_at(user, self.taken.len(), self.users).map(|number| self.taken[number])
    }

    fn drawn(&self, user: usize) -> Role {
        match Dice::new(self.seed, Purpose::Kind, user as u64).below(1000) {
            0..80 => Role::Unlimited,
            80..280 => Role::Grouped,
            280..400 => Role::Expiring,
            400..404 => Role::Expired,
            _ => Role::Limited,
        }
    }
}

/// Where the one of this number sits when so many are spread evenly over so many places.
pub(super) fn place(number: usize, many: usize, places: usize) -> usize {
    number * places / many
}

/// The number of the one who sits there, if any does.
pub(super) fn number_at(place_asked: usize, many: usize, places: usize) -> Option<usize> {
    if many == 0 {
        return None;
    }
    let number = (place_asked * many).div_ceil(places);
    (number < many && place(number, many, places) == place_asked).then_some(number)
}

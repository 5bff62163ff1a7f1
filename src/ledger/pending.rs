//! What has been counted and is not written yet: of sessions that did nothing but go on.
//!
//! Such an account is written once in sixty looks, not at each. Until then our tables have it as it was, as they have it
//! of sessions that nobody has looked at for a while: whoever reads them counts what came since on top, and so does the next
//! process after a crash. It comes to the same, because what is held back is never held back over the start of a slot.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{Origin, UsageRow};

use super::at_hand::{AtHand, add, row};
use super::book::Entry;
use super::digest::phase;

/// After how many looks an account is written, at most. Each has its turn in a round of so many.
const LOOKS: u32 = 60;

/// What waits of one session. Its account is at hand.
#[derive(Debug)]
struct Waiting {
    /// The look before the one that it waits since was at this time: then the account was as our tables have it.
    before: i64,
    /// What was counted, all to one slot.
    increment: Option<Increment>,
}

/// What waits.
#[derive(Debug)]
pub(super) struct Pending {
    /// By Acct-Unique-Id.
    waiting: HashMap<Arc<str>, Waiting>,
    /// Whose turn each is, by its number; some are among them that wait no more.
    turns: Vec<Vec<Arc<str>>>,
    /// How many have each [`Waiting::before`].
    before: BTreeMap<i64, usize>,
    /// The sessions of users whose use is not at hand, among them some that wait no more.
    apart: HashMap<UserName, Vec<Arc<str>>>,
}

impl Default for Pending {
    fn default() -> Self {
        let turns = vec![Vec::new(); LOOKS as usize];
        Self { waiting: HashMap::default(), turns, before: BTreeMap::new(), apart: HashMap::default() }
    }
}

/// Remembers that what waits of a session is a user's whose use is not at hand.
fn set_apart(apart: &mut HashMap<UserName, Vec<Arc<str>>>, user: &UserName, id: &Arc<str>) {
    let ids = apart.entry(user.clone()).or_default();
    if !ids.contains(id) {
        ids.push(id.clone());
    }
}

impl Entry {
    /// Whether it is of one of these sessions.
    fn is_of(&self, ids: &HashSet<Arc<str>>) -> bool {
        self.account.as_ref().is_some_and(|account| !ids.is_empty() && ids.contains(&account.acct_unique_id))
    }
}

/// When in a round of looks an account is written. FreeRADIUS' ids are hexadecimal digests, by which our table is ordered:
/// those that are written together stand together.
fn turn(account: &SessionAccount) -> u32 {
    let digits = account.acct_unique_id.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    digits.map_or_else(|| phase(account.row_id, LOOKS), |digits| (digits * LOOKS) >> 16)
}

impl Pending {
    /// Since when our tables may be behind; `None` where nothing waits.
    pub(super) fn behind_since(&self) -> Option<i64> {
        self.before.keys().next().copied()
    }

    /// What waits of users whose use has just been read: as it would stand in our tables. Where it then `stays` at hand, what
    /// follows is added there.
    pub(super) fn usage(&mut self, users: &[UserName], stays: bool) -> Vec<UsageRow> {
        let mut rows = Vec::new();
        for user in users {
            let ids = self.apart.get(user).into_iter().flatten();
            let waiting = ids.filter_map(|id| self.waiting.get(id)?.increment.as_ref());
            rows.extend(waiting.filter(|increment| increment.user == *user).map(|one| row(one, Origin::Observed)));
            if stays {
                self.apart.remove(user);
            }
        }
        rows
    }

    /// No use is at hand any more.
    pub(super) fn part(&mut self) {
        self.apart.clear();
        #[expect(clippy::iter_over_hash_type, reason = "what waits of one user is added up, in whatever order")]
        for (id, waiting) in &self.waiting {
            if let Some(increment) = &waiting.increment {
                set_apart(&mut self.apart, &increment.user, id);
            }
        }
    }

    /// What has waited long enough when the look of this number begins.
    pub(super) fn turn(&mut self, look: u32, at_hand: &AtHand) -> Vec<Entry> {
        let turn = std::mem::take(&mut self.turns[(look % LOOKS) as usize]);
        self.take(at_hand, turn)
    }

    /// What of `entries` is to be written now, with all that waits of the same sessions. The rest waits, and stands at hand as
    /// counted. `before` is when the look was before the one that they are of, if that was of all open rows; without it none
    /// of `entries` waits.
    pub(super) fn sift(&mut self, entries: Vec<Entry>, at_hand: &mut AtHand, before: Option<i64>) -> Vec<Entry> {
        let mut now: Vec<Entry> = Vec::new();
        let mut ids = HashSet::default();
        for entry in entries {
            let entry = match before {
                Some(before) if !entry.is_of(&ids) => match self.hold_back(entry, at_hand, before) {
                    Some(entry) => entry,
                    None => continue,
                },
                Some(_) | None => entry,
            };
            let waited = entry.account.as_ref().and_then(|account| self.remove(&account.acct_unique_id));
            ids.extend(entry.account.as_ref().map(|account| account.acct_unique_id.clone()));
            now.push(Entry { waited: waited.and_then(|waited| waited.increment), ..entry });
        }
        now
    }

    /// Has an entry wait whose session did nothing but go on; else gives it back.
    fn hold_back(&mut self, entry: Entry, at_hand: &mut AtHand, before: i64) -> Option<Entry> {
        let Some(account) = &entry.account else { return Some(entry) };
        let Some((known, usage)) = at_hand.page(&account.acct_unique_id, &account.user) else { return Some(entry) };
        let went_on = account.closed_at.is_none()
            && account.seen.reaches(known.seen)
            && (account.suspect.is_none() && known.suspect.is_none())
            && (account.row_id, &account.user, account.start, account.held)
                == (known.row_id, &known.user, known.start, known.held);
        let place = self.waiting.entry(account.acct_unique_id.clone());
        let may_wait = match &entry.increment {
            // What comes next is counted to the slot in which this look stands: our tables must agree on it
            None => went_on && account.at == known.at,
            Some((increment, origin)) => {
                let last = match &place {
                    Occupied(waiting) => waiting.get().increment.as_ref(),
                    Vacant(_) => None,
                };
                let slot = last.map(|last| last.slot).or(known.shares.last().map(|share| share.slot));
                let same_slot = slot == Some(increment.slot) && !increment.estimated;
                went_on && same_slot && *origin == Origin::Observed
            }
        };
        if !may_wait {
            return Some(entry);
        }
        let Entry { account: Some(account), increment, waited: _ } = entry else { return None };
        let waiting = match place {
            Occupied(waiting) => waiting.into_mut(),
            Vacant(place) => {
                self.turns[turn(&account) as usize].push(account.acct_unique_id.clone());
                *self.before.entry(before).or_default() += 1;
                place.insert(Waiting { before, increment: None })
            }
        };
        if let Some((increment, origin)) = increment {
            match usage {
                Some(rows) => add(rows, &increment, origin),
                None => set_apart(&mut self.apart, &increment.user, &account.acct_unique_id),
            }
            match &mut waiting.increment {
                Some(last) => last.used = last.used.plus(increment.used),
                none => *none = Some(increment),
            }
        }
        *known = account;
        None
    }

    /// What waits: all of it, or that of these users.
    pub(super) fn of(&mut self, users: Option<&HashSet<&UserName>>, at_hand: &AtHand) -> Vec<Entry> {
        let is_theirs = |increment: &Increment| users.is_some_and(|users| users.contains(&increment.user));
        let is_due = |waiting: &Waiting| users.is_none() || waiting.increment.as_ref().is_some_and(is_theirs);
        let due = self.waiting.iter().filter(|(_, waiting)| is_due(waiting)).map(|(id, _)| id.clone()).collect();
        self.take(at_hand, due)
    }

    /// Lets a session wait no more; what waited.
    fn remove(&mut self, acct_unique_id: &str) -> Option<Waiting> {
        let waited = self.waiting.remove(acct_unique_id)?;
        if let Some(waiting) = self.before.get_mut(&waited.before) {
            *waiting -= 1;
            if *waiting == 0 {
                self.before.remove(&waited.before);
            }
        }
        self.settle(&waited);
        Some(waited)
    }

    /// Forgets the sessions of a user none of which waits any more.
    fn settle(&mut self, waited: &Waiting) {
        let Some(increment) = &waited.increment else { return };
        if let Some(ids) = self.apart.get_mut(&increment.user) {
            ids.retain(|id| self.waiting.contains_key(id));
            if ids.is_empty() {
                self.apart.remove(&increment.user);
            }
        }
    }

    /// What waits of these sessions, as far as it does.
    fn take(&mut self, at_hand: &AtHand, due: Vec<Arc<str>>) -> Vec<Entry> {
        let entry = |id: Arc<str>| {
            let waited = self.remove(&id)?;
            Some(Entry { account: at_hand.account(&id).cloned(), waited: waited.increment, ..Entry::default() })
        };
        due.into_iter().filter_map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{AtHand, Entry, HashSet, Increment, LOOKS, Origin, Pending, SessionAccount, UserName, turn};
    use crate::quota::{Counters, Share};

    fn used(input: u64) -> Counters {
        Counters { input, ..Counters::ZERO }
    }

    fn account(id: &str, input: u64) -> SessionAccount {
        SessionAccount {
            acct_unique_id: id.into(),
            row_id: 7,
            user: UserName::new("alice"),
            nas_ip_address: "".into(),
            zone: "".into(),
            start: Some(1),
            start_moved: false,
            update: None,
            stop: None,
            closed_at: None,
            seen: used(input),
            at: 1,
            counted: used(input),
            held: Counters::ZERO,
            suspect: None,
            shares: vec![Share { slot: 0, used: used(input) }],
        }
    }

    fn entry(id: &str, input: u64, more: u64) -> Entry {
        let user = UserName::new("alice");
        let increment = Increment { user, zone: "".into(), slot: 0, used: used(more), estimated: false };
        Entry { account: Some(account(id, input)), increment: Some((increment, Origin::Observed)), waited: None }
    }

    /// Of a user without a limit nobody asks. Once somebody does, what waits is not missing.
    #[test]
    fn what_waits_of_a_user_whose_use_is_not_at_hand_is_found() {
        let (mut pending, mut at_hand, alice) = (Pending::default(), AtHand::default(), [UserName::new("alice")]);
        for id in ["8000a", "8000b"] {
            at_hand.keep(&account(id, 1));
        }
        let entries = vec![entry("8000a", 3, 2), entry("8000b", 5, 4)];
        assert_eq!(pending.sift(entries, &mut at_hand, Some(0)).len(), 0);
        let octets =
            |pending: &mut Pending, stays| pending.usage(&alice, stays).iter().map(|row| row.used.input).sum::<u64>();
        assert_eq!(octets(&mut pending, false), 6);
        assert_eq!(pending.sift(vec![entry("8000a", 4, 1)], &mut at_hand, Some(0)).len(), 0);
        assert_eq!(octets(&mut pending, false), 7);
        let theirs: HashSet<&UserName> = alice.iter().collect();
        assert_eq!(pending.of(Some(&theirs), &at_hand).len(), 2);
        assert_eq!((octets(&mut pending, false), pending.apart.len()), (0, 0), "written: it stands in our tables");
    }

    #[test]
    fn what_stays_at_hand_is_told_once() {
        let (mut pending, mut at_hand, alice) = (Pending::default(), AtHand::default(), [UserName::new("alice")]);
        at_hand.keep(&account("8000a", 1));
        pending.sift(vec![entry("8000a", 3, 2)], &mut at_hand, Some(0));
        let rows = pending.usage(&alice, true);
        at_hand.keep_usage(alice.to_vec(), rows, true);
        pending.sift(vec![entry("8000a", 4, 1)], &mut at_hand, Some(0));
        let at =
            |at_hand: &AtHand| at_hand.usage(&alice[0]).map(|rows| rows.iter().map(|row| row.used.input).sum::<u64>());
        assert_eq!((at(&at_hand), pending.usage(&alice, true).len()), (Some(3), 0));
        // All that was at hand is forgotten, and asked for again
        pending.part();
        assert_eq!(pending.usage(&alice, true).iter().map(|row| row.used.input).sum::<u64>(), 3);
    }

    #[test]
    fn each_has_a_turn_in_a_round() {
        let turns: Vec<u32> = (0..=u16::MAX).map(|id| turn(&account(&format!("{id:04x}…"), 1))).collect();
        assert!(turns.is_sorted() && turns.first() == Some(&0) && turns.last() == Some(&(LOOKS - 1)));
        assert_eq!(turn(&account("no digest", 1)), 7, "by its row");
        let (mut pending, mut at_hand) = (Pending::default(), AtHand::default());
        at_hand.keep(&account("8000a", 1));
        let mut written = Vec::new();
        for look in 1..=2 * LOOKS {
            let entries = vec![entry("8000a", u64::from(look) + 1, 1)];
            let now = pending.turn(look, &at_hand);
            written.extend(now.iter().filter_map(|entry| Some((look, entry.waited.as_ref()?.used.input))));
            assert_eq!(pending.sift(entries, &mut at_hand, Some(0)).len(), 0);
        }
        assert_eq!(written, [(30, 29), (90, 60)]);
    }

    #[test]
    fn the_oldest_that_waits_tells_since_when() {
        let (mut pending, mut at_hand) = (Pending::default(), AtHand::default());
        for id in ["0000a", "8000a", "8000b"] {
            at_hand.keep(&account(id, 1));
        }
        assert_eq!(pending.behind_since(), None);
        pending.sift(vec![entry("8000a", 2, 1), entry("8000b", 2, 1)], &mut at_hand, Some(10));
        pending.sift(vec![entry("8000a", 3, 1), entry("0000a", 2, 1)], &mut at_hand, Some(20));
        assert_eq!(pending.behind_since(), Some(10));
        assert_eq!(pending.turn(30, &at_hand).len(), 2);
        assert_eq!(pending.behind_since(), Some(20));
        assert_eq!(pending.of(None, &at_hand).len(), 1);
        assert_eq!(pending.behind_since(), None);
    }
}

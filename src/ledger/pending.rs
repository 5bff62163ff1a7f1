//! What has been counted and is not written yet: of sessions that did nothing but go on.
//!
//! Such an account is written every thirtieth look, not at each. Until then our tables have it as it was, as they have it
//! of sessions that nobody has looked at for a while: whoever reads them counts what came since on top, and so does the next
//! process after a crash. It comes to the same, because what is held back is never held back over the start of a slot.

use foldhash::{HashMap, HashSet};

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::Origin;

use super::at_hand::AtHand;
use super::book::Entry;

/// After how many looks an account is written, at most.
const LOOKS: u32 = 30;

/// What waits of one session. Its account is at hand.
#[derive(Debug)]
struct Waiting {
    /// The look that it has waited since.
    look: u32,
    /// The look before that was at this time: then the account was as our tables have it.
    before: i64,
    /// What was counted, all to one slot.
    increment: Option<Increment>,
}

/// What waits, by Acct-Unique-Id.
#[derive(Debug, Default)]
pub(super) struct Pending(HashMap<String, Waiting>);

impl Pending {
    /// Since when our tables may be behind; `None` where nothing waits.
    pub(super) fn behind_since(&self) -> Option<i64> {
        self.0.values().map(|waiting| waiting.before).min()
    }

    /// Whose use stands at hand alone.
    pub(super) fn users(&self) -> HashSet<&UserName> {
        self.0.values().filter_map(|waiting| waiting.increment.as_ref()).map(|increment| &increment.user).collect()
    }

    /// What of `entries` is to be written now, with all that waits of the same sessions; after a look of all open rows also
    /// those that have waited long enough. The rest waits, and stands at hand as counted. `look` is the number of such a
    /// look and when the last one was; without it none of `entries` waits.
    pub(super) fn sift(&mut self, entries: Vec<Entry>, at_hand: &mut AtHand, look: Option<(u32, i64)>) -> Vec<Entry> {
        let mut now: Vec<Entry> = Vec::new();
        let mut ids = HashSet::default();
        for entry in entries {
            let id = entry.account.as_ref().map(|account| account.acct_unique_id.as_str());
            let may_wait = look.is_some() && id.is_some_and(|id| !ids.contains(id));
            match entry.account {
                Some(account) if may_wait && self.may_wait(&account, entry.increment.as_ref(), at_hand) => {
                    self.hold_back(account, entry.increment, at_hand, look.unwrap_or_default());
                }
                account => {
                    let waited = account.as_ref().and_then(|account| self.0.remove(&account.acct_unique_id));
                    ids.extend(account.as_ref().map(|account| account.acct_unique_id.clone()));
                    let waited = waited.and_then(|waited| waited.increment);
                    now.push(Entry { account, increment: entry.increment, waited });
                }
            }
        }
        if let Some((look, _)) = look {
            now.extend(self.take(at_hand, |waiting| look.wrapping_sub(waiting.look) >= LOOKS));
        }
        now
    }

    /// Whether a session did nothing but go on, and our reader of its use is not misled.
    fn may_wait(&self, account: &SessionAccount, increment: Option<&(Increment, Origin)>, at_hand: &AtHand) -> bool {
        let Some(before) = at_hand.account(&account.acct_unique_id) else { return false };
        let went_on = account.closed_at.is_none()
            && account.seen.reaches(before.seen)
            && (account.suspect.is_none() && before.suspect.is_none())
            && (account.row_id, &account.user, account.start, account.held)
                == (before.row_id, &before.user, before.start, before.held);
        // What comes next is counted to the slot in which this look stands: our tables must agree on it
        let Some((increment, origin)) = increment else { return went_on && account.at == before.at };
        let waiting = self.0.get(&account.acct_unique_id);
        let last = waiting.and_then(|waiting| waiting.increment.as_ref());
        let slot = last.map(|last| last.slot).or(before.shares.last().map(|share| share.slot));
        let same_slot = slot == Some(increment.slot) && !increment.estimated;
        went_on && same_slot && *origin == Origin::Observed && at_hand.knows(&increment.user)
    }

    fn hold_back(
        &mut self,
        account: SessionAccount,
        increment: Option<(Increment, Origin)>,
        at_hand: &mut AtHand,
        (look, before): (u32, i64),
    ) {
        let new = || Waiting { look, before, increment: None };
        let waiting = self.0.entry(account.acct_unique_id.clone()).or_insert_with(new);
        if let Some((increment, origin)) = increment {
            at_hand.add(&increment, origin);
            match &mut waiting.increment {
                Some(known) => known.used = known.used.plus(increment.used),
                none => *none = Some(increment),
            }
        }
        at_hand.keep(account);
    }

    /// What waits: all of it, or that of these users.
    pub(super) fn of(&mut self, users: Option<&HashSet<&UserName>>, at_hand: &AtHand) -> Vec<Entry> {
        let is_theirs = |increment: &Increment| users.is_some_and(|users| users.contains(&increment.user));
        self.take(at_hand, |waiting| users.is_none() || waiting.increment.as_ref().is_some_and(is_theirs))
    }

    fn take(&mut self, at_hand: &AtHand, is_due: impl Fn(&Waiting) -> bool) -> Vec<Entry> {
        let due = self.0.extract_if(|_, waiting| is_due(waiting));
        let entry = |(id, waited): (String, Waiting)| {
            let account = at_hand.account(&id).cloned();
            Entry { account, waited: waited.increment, ..Entry::default() }
        };
        due.map(entry).collect()
    }
}

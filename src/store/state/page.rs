//! What of a session's account stands as JSON: all but what the tables are searched by.
//!
//! The pure rooms know no serde, so this mirrors [`SessionAccount`]. What is missing is as in a new account, and what is
//! unknown is left alone: versions before and after this one may read it.

use serde::{Deserialize, Serialize};

use crate::quota::{Counters, SessionAccount, Share, Suspect, UserName};

/// An account without its id, user, row and the time at which it was closed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    #[serde(skip_serializing_if = "String::is_empty")]
    nas_ip_address: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    start_moved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    update: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<i64>,
    at: i64,
    #[serde(skip_serializing_if = "Octets::is_nothing")]
    seen: Octets,
    /// All that was seen is counted, and to this slot: then nothing stands in the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<i64>,
    #[serde(skip_serializing_if = "Octets::is_nothing")]
    counted: Octets,
    #[serde(skip_serializing_if = "Octets::is_nothing")]
    held: Octets,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspect: Option<SuspectPart>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shares: Vec<SharePart>,
}

/// [`Counters`].
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Octets {
    input: u64,
    output: u64,
    seconds: u64,
}

/// [`Suspect`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SuspectPart {
    seen: Octets,
    at: i64,
}

/// [`Share`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SharePart {
    slot: i64,
    used: Octets,
}

/// The rest of an account: what stands in columns of its own.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) acct_unique_id: String,
    pub(super) user: UserName,
    pub(super) row_id: i64,
    pub(super) closed_at: Option<i64>,
}

impl Page {
    /// The JSON of an account.
    ///
    /// # Errors
    /// None that a list of numbers and texts could give.
    pub(super) fn text_of(account: &SessionAccount) -> serde_json::Result<String> {
        serde_json::to_string(&Self::of(account))
    }

    /// The account that `text` holds the rest of.
    ///
    /// # Errors
    /// When the text is not what some version wrote.
    pub(super) fn read(head: Head, text: &str) -> serde_json::Result<SessionAccount> {
        Ok(serde_json::from_str::<Self>(text)?.account(head))
    }

    fn of(account: &SessionAccount) -> Self {
        let SessionAccount { acct_unique_id: _, row_id: _, user: _, closed_at: _, .. } = account;
        let share = |share: &Share| SharePart { slot: share.slot, used: share.used.into() };
        let slot = sole_slot(account);
        let shares = if slot.is_some() { &[] } else { account.shares.as_slice() };
        let counted = if slot.is_some() { Counters::ZERO } else { account.counted };
        Self {
            nas_ip_address: account.nas_ip_address.to_string(),
            zone: account.zone.to_string(),
            start: account.start,
            start_moved: account.start_moved,
            update: account.update,
            stop: account.stop,
            at: account.at,
            seen: account.seen.into(),
            slot,
            counted: counted.into(),
            held: account.held.into(),
            suspect: account.suspect.map(|suspect| SuspectPart { seen: suspect.seen.into(), at: suspect.at }),
            shares: shares.iter().map(share).collect(),
        }
    }

    fn account(self, head: Head) -> SessionAccount {
        let share = |share: SharePart| Share { slot: share.slot, used: share.used.into() };
        let sole = self.slot.map(|slot| Share { slot, used: self.seen.into() });
        let counted = sole.map_or(self.counted.into(), |share| share.used);
        SessionAccount {
            acct_unique_id: head.acct_unique_id.into(),
            row_id: head.row_id,
            user: head.user,
            nas_ip_address: self.nas_ip_address.into(),
            zone: self.zone.into(),
            start: self.start,
            start_moved: self.start_moved,
            update: self.update,
            stop: self.stop,
            closed_at: head.closed_at,
            seen: self.seen.into(),
            at: self.at,
            counted,
            held: self.held.into(),
            suspect: self.suspect.map(|suspect| Suspect { seen: suspect.seen.into(), at: suspect.at }),
            shares: sole.into_iter().chain(self.shares.into_iter().map(share)).collect(),
        }
    }
}

/// The slot that everything was counted to, if it is one, and all that was seen.
fn sole_slot(account: &SessionAccount) -> Option<i64> {
    let [share] = account.shares.as_slice() else { return None };
    (share.used == account.seen && account.counted == account.seen).then_some(share.slot)
}

impl Octets {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Counters> for Octets {
    fn from(counters: Counters) -> Self {
        Self { input: counters.input, output: counters.output, seconds: counters.seconds }
    }
}

impl From<Octets> for Counters {
    fn from(octets: Octets) -> Self {
        Self { input: octets.input, output: octets.output, seconds: octets.seconds }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::{Head, Page};
    use crate::quota::{Counters, SessionAccount, Share, Suspect, UserName};

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), Just(1 << 53), Just(u64::MAX), any::<u64>()]
    }

    fn counters() -> impl Strategy<Value = Counters> {
        (number(), number(), number()).prop_map(|(input, output, seconds)| Counters { input, output, seconds })
    }

    fn time() -> impl Strategy<Value = i64> {
        prop_oneof![Just(0), Just(i64::MIN), Just(i64::MAX), any::<i64>()]
    }

    fn account() -> impl Strategy<Value = SessionAccount> {
        let share = (time(), counters()).prop_map(|(slot, used)| Share { slot, used });
        let suspect = (counters(), time()).prop_map(|(seen, at)| Suspect { seen, at });
        let times = (option::of(time()), option::of(time()), option::of(time()), option::of(time()), time());
        let used = (counters(), counters(), counters(), option::of(suspect), vec(share, 0..4));
        let names = (any::<String>(), any::<String>(), any::<String>(), any::<String>());
        (names, times, used, any::<i64>(), any::<bool>()).prop_map(
            |((acct_unique_id, name, nas_ip_address, zone), times, used, row_id, start_moved)| {
                let (start, update, stop, closed_at, at) = times;
                let (seen, counted, held, suspect, shares) = used;
                SessionAccount {
                    acct_unique_id: acct_unique_id.into(),
                    row_id,
                    user: UserName::new(name),
                    nas_ip_address: nas_ip_address.into(),
                    zone: zone.into(),
                    start,
                    start_moved,
                    update,
                    stop,
                    closed_at,
                    seen,
                    at,
                    counted,
                    held,
                    suspect,
                    shares,
                }
            },
        )
    }

    fn head(account: &SessionAccount) -> Head {
        let (acct_unique_id, user) = (account.acct_unique_id.to_string(), account.user.clone());
        Head { acct_unique_id, user, row_id: account.row_id, closed_at: account.closed_at }
    }

    proptest! {
        #[test]
        fn every_field_comes_back(account in account()) {
            let text = Page::text_of(&account).expect("JSON");
            prop_assert_eq!(Page::read(head(&account), &text).expect("read"), account);
        }
    }

    /// The common case: all of it counted, to one slot.
    #[test]
    fn what_is_said_once_is_enough() {
        let used = Counters { input: 1, output: 2, seconds: 3 };
        let text = r#"{"at":0,"seen":{"input":1,"output":2,"seconds":3},"slot":5}"#;
        let (acct_unique_id, user) = ("u1".to_owned(), UserName::new("alice"));
        let read = Page::read(Head { acct_unique_id, user, row_id: 3, closed_at: None }, text).expect("read");
        assert_eq!((read.seen, read.counted, read.shares.as_slice()), (used, used, &[Share { slot: 5, used }][..]));
        assert_eq!(Page::text_of(&read).expect("JSON"), text);
        let (mut less, mut more) = (read.clone(), read);
        less.counted.input = 0;
        more.shares.push(Share { slot: 6, used });
        for account in [less, more] {
            let text = Page::text_of(&account).expect("JSON");
            assert!(text.contains("shares"), "{text}");
            assert_eq!(Page::read(head(&account), &text).expect("read"), account);
        }
    }

    /// Also octets that no JSON number of other programs holds exactly.
    #[test]
    fn other_versions_may_read_and_write_it() {
        let old =
            r#"{"at":7,"counted":{"input":18446744073709551615},"shares":[{"slot":5,"used":{"later":1}}],"new":[]}"#;
        let (acct_unique_id, user) = ("u1".to_owned(), UserName::new("alice"));
        let read = Page::read(Head { acct_unique_id, user, row_id: 3, closed_at: Some(9) }, old).expect("read");
        assert_eq!((read.row_id, read.closed_at, read.at, read.start), (3, Some(9), 7, None));
        assert_eq!(read.counted, Counters { input: u64::MAX, ..Counters::ZERO });
        assert_eq!(read.shares, [Share { slot: 5, used: Counters::ZERO }]);
        let again = Page::text_of(&read).expect("JSON");
        assert_eq!(
            again,
            r#"{"at":7,"counted":{"input":18446744073709551615,"output":0,"seconds":0},"shares":[{"slot":5,"used":{"input":0,"output":0,"seconds":0}}]}"#
        );
    }
}

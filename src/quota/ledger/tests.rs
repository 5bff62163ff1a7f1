//! Each fault of accounting by its name.

mod clocks;
mod faults;
mod hostile;
mod jumps;
mod slots;

use jiff::tz::TimeZone;

use super::*;
use crate::quota::{Period, UserName};

/// Sunday 2026-11-22, at midnight in UTC.
const SUNDAY: i64 = 1_795_305_600;
const MONDAY: i64 = SUNDAY + DAY;
const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 3600;
const MINUTE: i64 = 60;
/// A second on the line.
const RATE: u64 = 1000;

/// A session that is looked at.
struct Watched {
    slots: Slots,
    row: Sighting,
    account: Option<SessionAccount>,
    looked_at: Option<i64>,
    since: Option<i64>,
    counted_before: bool,
    oddity: Option<Oddity>,
    /// What each look counted: slot, input, and whether the slot is a rule.
    counted: Vec<(i64, u64, bool)>,
}

impl Watched {
    /// Days are told apart. It started at `start`, and nothing was used.
    fn from(start: i64) -> Self {
        let row = Sighting {
            row_id: 1,
            acct_unique_id: "a1".into(),
            user: UserName::new("alice"),
            nas_ip_address: "192.0.2.1".into(),
            called_station_id: "".into(),
            start: Some(start),
            update: Some(start),
            stop: None,
            input: Some(0),
            output: Some(0),
            seconds: Some(0),
        };
        let (account, looked_at, since, counted_before, oddity) = (None, None, None, false, None);
        let (slots, counted) = (Slots::new([Period::Daily]), Vec::new());
        Self { slots, row, account, looked_at, since, counted_before, oddity, counted }
    }

    /// Accounting says at `at` how much came in by then.
    fn update(&mut self, at: i64, input: u64) -> &mut Self {
        self.row.update = Some(at);
        self.row.input = Some(input);
        self.row.seconds = self.row.start.and_then(|start| u64::try_from(at.saturating_sub(start)).ok());
        self
    }

    /// Looks at the row; what it counted of what came in.
    fn look(&mut self, now: i64) -> u64 {
        let context = Context {
            now,
            looked_at: self.looked_at,
            max_rate: Some(RATE),
            zone: (&"UTC".into(), &TimeZone::UTC),
            slots: &self.slots,
            since: self.since,
            counted_before: self.counted_before,
        };
        let observed = SessionAccount::observe(self.account.as_ref(), &self.row, &context);
        self.oddity = observed.oddity;
        self.looked_at = Some(now);
        self.account = Some(observed.account);
        let Some(Increment { slot, used, estimated, .. }) = observed.increment else { return 0 };
        self.counted.push((slot, used.input, estimated));
        used.input
    }

    fn account(&self) -> &SessionAccount {
        self.account.as_ref().unwrap()
    }
}

//! Allowances from the operator's query and from our own table.

use jiff::tz::TimeZone;

use crate::quota::{Allowance, Direction, LimitProblem, Period};
use crate::radius::parse_date;
use crate::store::{AllowanceRow, QuotaRow};

/// How the numbers of the site's allowances are meant.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// When they start again.
    pub(super) period: Period,
    /// The day that months begin on.
    pub(super) month_day: u8,
    /// Which octets count.
    pub(super) direction: Direction,
    /// The zone of times without one.
    pub(super) zone: TimeZone,
}

const QUERY: &str = "query";
const TABLE: &str = "radkick_quota";

impl Terms {
    /// A row of the query, read.
    pub(super) fn of_query(&self, row: &AllowanceRow) -> Result<Allowance, LimitProblem> {
        let wrong = |column: &str, value: &str, right: &'static str| LimitProblem::Allowance {
            user: row.username.clone(),
            source_text: format!("{QUERY} {column}"),
            value: value.to_owned(),
            right,
        };
        let octets = |column: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => whole(text).map(Some).ok_or_else(|| wrong(column, text, OCTETS)),
        };
        let time = |column: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
            None | Some("" | "0000-00-00" | "0000-00-00 00:00:00") => Ok(None),
            Some(text) => parse_date(text, Some(&self.zone)).map(Some).ok_or_else(|| wrong(column, text, TIME)),
        };
        Ok(Allowance {
            user: row.username.clone(),
            limit: octets("limit_bytes", &row.limit)?,
            used_offset: octets("used_offset", &row.used_offset)?.unwrap_or(0),
            since: time("period_start", &row.period_start)?,
            expires_at: time("expires_at", &row.expires_at)?,
            subject: row.subject.clone().filter(|subject| !subject.is_empty()),
            period: self.period,
            direction: self.direction,
            source: QUERY.to_owned(),
        })
    }

    /// A row of our own table, with a top-up as far as it is for the period in force.
    pub(super) fn of_table(&self, row: &QuotaRow, now: i64) -> Allowance {
        let period = self.period_of(row);
        let on_top = if row.topup_start == self.top_up_start(row, now) { row.topup_octets } else { 0 };
        Allowance {
            user: row.user.clone(),
            limit: row.limit_octets.map(|limit| limit.saturating_add(on_top)),
            used_offset: 0,
            since: row.since,
            expires_at: row.expires_at,
            subject: row.subject.clone(),
            period,
            direction: self.direction,
            source: TABLE.to_owned(),
        }
    }

    /// When an allowance of our table starts again.
    pub(super) fn period_of(&self, row: &QuotaRow) -> Period {
        let configured = row.period.as_deref().and_then(crate::config::parse_period);
        configured.map_or(self.period, |period| super::rules::period(period, self.month_day))
    }

    /// What a top-up made at `now` is for: the period in force, by its start; 0 where there is none that ends.
    pub(super) fn top_up_start(&self, row: &QuotaRow, now: i64) -> i64 {
        match (row.since, self.period_of(row)) {
            (Some(since), _) => since,
            (None, Period::Total | Period::Rolling(_)) => 0,
            (None, period) => period.start(now, &self.zone),
        }
    }
}

const OCTETS: &str = "a whole number from 0 to 18446744073709551615, or NULL for no limit";
const TIME: &str = "a date, a date with a time, or seconds since 1970";

/// A whole number, also as DECIMAL and DOUBLE columns print it: `5368709120.0000`, `5.36870912e9`.
fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|digit| digit == b'0') && !text.contains(['e', 'E']) {
        return whole.parse().ok();
    }
    let number: f64 = text.parse().ok()?;
    let fits = (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 2^53")]
    fits.then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn numbers_are_read_as_databases_print_them() {
        assert_eq!(whole("5368709120"), Some(5_368_709_120));
        assert_eq!(whole("5368709120.0000"), Some(5_368_709_120));
        assert_eq!(whole("18446744073709551615.00"), Some(u64::MAX));
        assert_eq!(whole("5.36870912e9"), Some(5_368_709_120));
        for wrong in ["", "-1", "1.5", "5 GB", "NaN", "inf", "1e30", "18446744073709551616", "-0.5", "."] {
            assert_eq!(whole(wrong), None, "{wrong}");
        }
    }
}

//! Everybody whom something may limit: gone through from time to time.

use std::collections::BTreeSet;

use crate::config::LimitSource;
use crate::quota::{Period, UserName};
use crate::store::StoreError;

use super::LimitReader;

/// The share of rows that the query may lose from one time to the next, in per cent.
const MAY_LOSE: usize = 20;

/// Everybody whom something may limit.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Who.
    pub users: Vec<UserName>,
    /// Why the operator's query could not be taken; the last good result stands in, if there is one.
    pub query_problem: Option<StoreError>,
    /// Whether it gave far fewer rows than last time.
    pub lost: bool,
    /// How many rows the query gave, when it was taken.
    pub query_rows: Option<usize>,
    /// When allowances of our table start again, where they have a period of their own.
    pub periods: BTreeSet<Period>,
}

impl LimitReader {
    /// Everybody whom a source may limit; the operator's query is run as a whole, and its result taken unless it lost
    /// many of its rows. `rows_before` is how many it gave last time, `may_lose` whether a person has said that it may.
    ///
    /// # Errors
    /// When a database cannot be asked. A query of the operator's that fails is not one.
    pub async fn sweep(&mut self, rows_before: usize, may_lose: bool) -> Result<Sweep, StoreError> {
        let mut sweep = Sweep::default();
        for source in self.sources.clone() {
            match source {
                LimitSource::Attributes => {
                    sweep.users.extend(self.accounting.limited_names(&self.rules.attribute_names()).await?);
                }
                LimitSource::Query => {
                    self.take_query(&mut sweep, rows_before, may_lose).await;
                    sweep.users.extend(self.last_good.iter().flatten().map(|(_, row)| row.username.clone()));
                }
                LimitSource::Table => {
                    for row in self.table(None).await? {
                        sweep.periods.insert(self.terms.period_of(&row));
                        sweep.users.push(row.user);
                    }
                }
            }
        }
        sweep.users.sort_unstable();
        sweep.users.dedup();
        Ok(sweep)
    }

    async fn take_query(&mut self, sweep: &mut Sweep, rows_before: usize, may_lose: bool) {
        let Some(query) = &self.query else { return };
        let rows = match self.accounting.allowances(query, None, None, self.timeout).await {
            Ok(rows) => rows,
            Err(error) => {
                sweep.query_problem = Some(error);
                return;
            }
        };
        let count = rows.len();
        if !may_lose && count.saturating_mul(100) < rows_before.saturating_mul(100 - MAY_LOSE) {
            let reason = format!(
                "it gave {count} rows, last time {rows_before}: more than {MAY_LOSE} % are gone, as if limits had \
                 vanished; the last good ones stand until it gives them again or `radkick confirm`"
            );
            sweep.lost = true;
            sweep.query_problem = Some(StoreError::LimitQuery { database: "quota.query".to_owned(), reason });
            return;
        }
        sweep.query_rows = Some(count);
        // Of several rows of a user the first decides, as everywhere
        let by_name = rows.into_iter().rev().map(|row| (self.accounting.ledger_name(&row.username), row));
        self.last_good = Some(by_name.collect());
    }
}

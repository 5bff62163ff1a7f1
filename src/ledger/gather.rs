//! Who may use how much: from check and reply items, the operator's query, and our own table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use crate::config::{Config, LimitSource};
use crate::quota::{Limits, Meaning, QuotaRules, UserName};
use crate::store::{Accounting, AllowanceRow, QuotaRow, State, StoreError};

use super::gathering::{Gathered, Gathering};
use super::query::Terms;
use super::quota_rules;
use super::reading::joined;
use super::remembered::Remembered;

/// So many names are asked for at once without more ado.
const FEW: usize = 50;

/// Reads limits.
#[derive(Debug)]
pub struct LimitReader {
    pub(super) accounting: Accounting,
    state: Option<State>,
    /// What counts as a limit.
    pub rules: QuotaRules,
    pub(super) sources: Vec<LimitSource>,
    pub(super) query: Option<String>,
    pub(super) timeout: Duration,
    pub(super) terms: Terms,
    /// The last result of the query that could be taken, by the users' names in the ledger.
    pub(super) last_good: Option<BTreeMap<UserName, AllowanceRow>>,
    /// What check and reply items limited users to.
    remembered: Mutex<Remembered>,
}

impl LimitReader {
    /// A reader of the configuration's sources. Without `state` our own table is taken for empty.
    #[must_use]
    pub fn new(config: &Config, accounting: Accounting, state: Option<State>) -> Self {
        let rules = quota_rules(config);
        let terms = Terms {
            period: super::rules::period(config.quota.period, config.quota.month_day),
            month_day: config.quota.month_day,
            direction: rules.direction,
            zone: rules.zone.clone(),
        };
        let (sources, query) = (config.quota.sources.clone(), config.quota.query.clone());
        let (timeout, last_good, remembered) = (config.quota.query_timeout, None, Mutex::default());
        Self { accounting, state, rules, sources, query, timeout, terms, last_good, remembered }
    }

    /// Whether the open sessions alone count for some limit.
    #[must_use]
    pub fn counts_open(&self) -> bool {
        self.rules.attributes.iter().any(|attribute| attribute.meaning == Meaning::Remaining)
    }

    /// The limits of these users, and of everybody who shares an allowance with one of them. `swept` takes the query's
    /// part from its last good result instead of running it.
    ///
    /// # Errors
    /// As [`LimitReader::sweep`].
    pub async fn of(&self, users: &[UserName], swept: bool, now: i64) -> Result<Gathered, StoreError> {
        if users.is_empty() {
            return Ok(Gathered::default());
        }
        let mut gathering = Gathering::new(&self.accounting);
        let (mut limits, rows) = tokio::try_join!(self.of_items(users, swept), self.table(Some(users)))?;
        for source in &self.sources {
            match source {
                LimitSource::Attributes => {
                    for (user, limits) in std::mem::take(&mut limits) {
                        gathering.add(user, limits);
                    }
                }
                LimitSource::Query if self.query.is_none() => {}
                LimitSource::Query => {
                    let asked = if swept { Ok(None) } else { self.ask(users).await.map(Some) };
                    match asked {
                        Ok(Some(rows)) => {
                            gathering.query_rows(&self.terms, &rows);
                            self.stand_in(&mut gathering, &self.vanished(users, &rows), None);
                        }
                        Ok(None) => self.stand_in(&mut gathering, users, None),
                        Err(error) => self.stand_in(&mut gathering, users, Some(error)),
                    }
                }
                LimitSource::Table => gathering.allow_all(rows.iter().map(|row| self.terms.of_table(row, now))),
            }
        }
        Ok(gathering.gathered)
    }

    /// Has what limits these users be read, whether or not anybody wrote to the tables meanwhile. `false` where it would be
    /// anyhow: nothing is remembered.
    pub fn read_again<'a>(&self, users: impl IntoIterator<Item = &'a UserName>) -> bool {
        let mut remembered = self.remembered();
        let had_some = !remembered.is_empty();
        remembered.forget(users);
        had_some
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What check and reply items limit these users to, where they are a source.
    async fn of_items(&self, users: &[UserName], swept: bool) -> Result<Vec<(UserName, Arc<Limits>)>, StoreError> {
        if !self.sources.contains(&LimitSource::Attributes) {
            return Ok(Vec::new());
        }
        if users.len() <= FEW {
            // To read them costs no more than to ask whether they have to be
            self.remembered().forget(users);
            return self.read_items(users, swept).await;
        }
        let mark = self.accounting.limits_mark().await?;
        let (mut found, asked) = self.remembered().known(mark.as_ref(), users, swept);
        if !asked.is_empty() {
            let read = self.read_items(&asked, swept).await?;
            self.remembered().keep(mark.as_ref(), &asked, &read, swept);
            found.extend(read);
        }
        Ok(found)
    }

    async fn read_items(&self, users: &[UserName], swept: bool) -> Result<Vec<(UserName, Arc<Limits>)>, StoreError> {
        let (accounting, users, rules) = (self.accounting.clone(), users.to_vec(), self.rules.clone());
        let reading = async move {
            let items = accounting.limit_items_of(&users, &rules.attribute_names()).await?;
            let resolved = items.into_iter().map(|(user, items)| {
                let limits = Limits::resolve(&user, &items, &rules);
                (user, Arc::new(limits))
            });
            Ok(resolved.collect())
        };
        // A sweep is in no hurry; else the asker goes on with something else while many items are made sense of
        if swept {
            return reading.await;
        }
        joined(AbortOnDropHandle::new(tokio::spawn(reading))).await
    }

    /// The starts of allowances of their own, by the users' names in the ledger: of these users, or (of the last result
    /// of the query) all. `None` where the query fails and no result stands in: then nothing can be counted.
    ///
    /// # Errors
    /// As [`LimitReader::sweep`].
    pub async fn since(
        &self,
        users: Option<&[UserName]>,
        now: i64,
    ) -> Result<Option<BTreeMap<UserName, i64>>, StoreError> {
        let mut gathering = Gathering::new(&self.accounting);
        if self.query.is_some() && self.sources.contains(&LimitSource::Query) {
            let asked = match users {
                Some(users) => self.ask(users).await.ok(),
                None => None,
            };
            match (&asked, &self.last_good, users) {
                (Some(rows), _, _) => gathering.query_rows(&self.terms, rows),
                (None, Some(all), None) => gathering.query_rows(&self.terms, all.values()),
                (None, Some(_), Some(users)) => self.stand_in(&mut gathering, users, None),
                (None, None, _) => return Ok(None),
            }
        }
        let rows = self.table(users).await?;
        gathering.allow_all(rows.iter().map(|row| self.terms.of_table(row, now)));
        Ok(Some(gathering.gathered.since(&self.accounting)))
    }

    /// What a top-up of this allowance made at `now` is for: the period in force, by its start; 0 for good.
    #[must_use]
    pub fn top_up_start(&self, row: &QuotaRow, now: i64) -> i64 {
        self.terms.top_up_start(row, now)
    }

    /// Rows of our own table, where it is a source.
    pub(super) async fn table(&self, users: Option<&[UserName]>) -> Result<Vec<QuotaRow>, StoreError> {
        let Some(state) = self.state.as_ref().filter(|_| self.sources.contains(&LimitSource::Table)) else {
            return Ok(Vec::new());
        };
        // Most sites have none there, and to ask for many names takes a while
        if users.is_some_and(|users| users.len() > FEW) && !state.has_quota_rows().await? {
            return Ok(Vec::new());
        }
        state.quota_rows(users).await
    }

    /// What the operator's query says of these users, and of the families that they belong to.
    async fn ask(&self, users: &[UserName]) -> Result<Vec<AllowanceRow>, StoreError> {
        let Some(query) = &self.query else { return Ok(Vec::new()) };
        let mut rows = self.accounting.allowances(query, Some(users), None, self.timeout).await?;
        let subjects: BTreeSet<String> = rows.iter().filter_map(|row| row.subject.clone()).collect();
        let subjects: Vec<String> = subjects.into_iter().filter(|subject| !subject.is_empty()).collect();
        if !subjects.is_empty() {
            rows.extend(self.accounting.allowances(query, None, Some(&subjects), self.timeout).await?);
        }
        Ok(rows)
    }

    /// Those of these users whom the last good result has and this one has not: their limits stand until the query is run
    /// as a whole, which tells one user's end from the loss of many.
    fn vanished(&self, users: &[UserName], rows: &[AllowanceRow]) -> Vec<UserName> {
        let there: BTreeSet<UserName> = rows.iter().map(|row| self.accounting.ledger_name(&row.username)).collect();
        let had = |name: &UserName| self.last_good.as_ref().is_some_and(|all| all.contains_key(name));
        let named = users.iter().map(|user| (user, self.accounting.ledger_name(user)));
        named.filter(|(_, name)| had(name) && !there.contains(name)).map(|(user, _)| user.clone()).collect()
    }

    /// Takes the last good result of the query instead of a new one.
    fn stand_in(&self, gathering: &mut Gathering<'_>, users: &[UserName], problem: Option<StoreError>) {
        if users.is_empty() {
            return;
        }
        gathering.gathered.query_problem = problem;
        let Some(last_good) = &self.last_good else {
            gathering.gathered.blind = true;
            return;
        };
        let asked: Vec<&AllowanceRow> =
            users.iter().filter_map(|user| last_good.get(&self.accounting.ledger_name(user))).collect();
        let subjects: BTreeSet<&str> = asked.iter().filter_map(|row| row.subject.as_deref()).collect();
        gathering.query_rows(&self.terms, asked.iter().copied());
        if subjects.iter().any(|subject| !subject.is_empty()) {
            let shares = |row: &&AllowanceRow| row.subject.as_deref().is_some_and(|subject| subjects.contains(subject));
            gathering.query_rows(&self.terms, last_good.values().filter(shares));
        }
    }
}

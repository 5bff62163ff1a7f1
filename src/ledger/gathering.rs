//! Limits of several sources on their way together.

use std::sync::Arc;

use foldhash::HashMap;

use crate::quota::{Allowance, LimitProblem, Limits, UserName};
use crate::store::{Accounting, AllowanceRow, StoreError};

use super::query::Terms;

/// Limits, by the name under which FreeRADIUS' tables or else the other source knows the user.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The limits of those who have any, each once.
    pub limits: Vec<(UserName, Arc<Limits>)>,
    /// Why the operator's query could not be taken; the last good result stands in, if there is one.
    pub query_problem: Option<StoreError>,
    /// Whether there is none: then nobody can tell whom the query would limit.
    pub blind: bool,
}

/// Limits on their way together: of several sources the first that gives a user a limit decides.
pub(super) struct Gathering<'a> {
    accounting: &'a Accounting,
    pub(super) gathered: Gathered,
    /// Where a user's limits stand in `gathered`, by the one name that the ledger has.
    places: HashMap<UserName, usize>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(accounting: &'a Accounting) -> Self {
        Self { accounting, gathered: Gathered::default(), places: HashMap::default() }
    }

    pub(super) fn query_rows<'r>(&mut self, terms: &Terms, rows: impl IntoIterator<Item = &'r AllowanceRow>) {
        for row in rows {
            self.query_row(terms, row);
        }
    }

    pub(super) fn allow_all(&mut self, allowances: impl IntoIterator<Item = Allowance>) {
        for allowance in allowances {
            self.allow(allowance);
        }
    }

    fn query_row(&mut self, terms: &Terms, row: &AllowanceRow) {
        match terms.of_query(row) {
            Ok(allowance) => self.allow(allowance),
            Err(problem) => {
                let limits = Limits { problems: vec![problem], ..Limits::default() };
                self.add(row.username.clone(), limits.into());
            }
        }
    }

    fn allow(&mut self, allowance: Allowance) {
        let limits = allowance.limits();
        self.add(allowance.user, limits.into());
    }

    pub(super) fn add(&mut self, user: UserName, limits: Arc<Limits>) {
        let all = &mut self.gathered.limits;
        let place = *self.places.entry(self.accounting.ledger_name(&user)).or_insert(all.len());
        let Some((_, known)) = all.get_mut(place) else {
            all.push((user, limits));
            return;
        };
        let (known, Limits { amounts, expires_at, subject, problems }) =
            (Arc::make_mut(known), Arc::unwrap_or_clone(limits));
        let has_amount = |problem: &LimitProblem| !matches!(problem, LimitProblem::Expiration { .. });
        let undecided = known.amounts.is_empty() && known.subject.is_none();
        if undecided && !known.problems.iter().any(has_amount) {
            known.amounts = amounts;
            known.subject = subject;
            known.problems.extend(problems);
        }
        known.expires_at = known.expires_at.take().or(expires_at);
    }
}

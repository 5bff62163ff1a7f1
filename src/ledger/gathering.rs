//! Limits of several sources on their way together.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::quota::{Allowance, LimitProblem, Limits, UserName};
use crate::store::{Accounting, AllowanceRow, StoreError};

use super::query::Terms;

/// Limits, by the name under which FreeRADIUS' tables or else the other source knows the user.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The limits of those who have any.
    pub limits: BTreeMap<UserName, Limits>,
    /// Why the operator's query could not be taken; the last good result stands in, if there is one.
    pub query_problem: Option<StoreError>,
    /// Whether there is none: then nobody can tell whom the query would limit.
    pub blind: bool,
}

/// Limits on their way together: of several sources the first that gives a user a limit decides.
pub(super) struct Gathering<'a> {
    accounting: &'a Accounting,
    pub(super) gathered: Gathered,
    /// The name under which a user stands in `gathered`, by the one name that the ledger has.
    names: HashMap<UserName, UserName>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(accounting: &'a Accounting) -> Self {
        Self { accounting, gathered: Gathered::default(), names: HashMap::default() }
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
                self.add(row.username.clone(), limits);
            }
        }
    }

    fn allow(&mut self, allowance: Allowance) {
        let limits = allowance.limits();
        self.add(allowance.user, limits);
    }

    pub(super) fn add(&mut self, user: UserName, limits: Limits) {
        let name = self.names.entry(self.accounting.ledger_name(&user)).or_insert(user).clone();
        let Limits { amounts, expires_at, subject, problems } = limits;
        let known = self.gathered.limits.entry(name).or_default();
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

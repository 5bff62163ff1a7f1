//! A population: users, their history and their open sessions, written into FreeRADIUS' stock tables, with the truth about it.
//!
//! Everything follows from a [`Plan`]: the same one gives the same rows in every dialect. The truth is summed up here while the
//! rows are made, never asked of radkick or of the database. Limits are chosen last, when what each user has used is
//! known: a user is over because the generator wanted it so.
//!
//! Invariants: rows of radacct appear in the order of their times, are streamed and not kept; what is kept is one [`Tally`] a
//! user and one [`Open`] an open session. No session carries more than [`LINE`] octets a second.
//!
//! The rule of periods is the ledger's for what nobody watched: octets of a session count whole to the day, week and month
//! (UTC) in which it began; what it grows by in a [`Changes`] counts to those of its update before.
mod accounts;
mod calendar;
mod changes;
mod database;
mod dice;
mod faults;
mod history;
mod limit;
mod names;
mod open;
mod panel;
mod plan;
mod seats;
pub(crate) mod session;
mod tally;
pub(crate) mod truth;

use calendar::Calendar;
use limit::Limit;
use names::Names;
use open::Open;
use seats::Seats;
use tally::Tally;

pub(crate) use changes::{Changes, Pace};
pub(crate) use database::Database;
pub(crate) use plan::Plan;

/// What was written, and what is true of it.
#[derive(Debug)]
pub(crate) struct Population {
    plan: Plan,
    seats: Seats,
    names: Names,
    /// Where the present periods began; moves on with [`Population::changes`].
    calendar: Calendar,
    /// By user.
    tallies: Vec<Tally>,
    /// By user.
    limits: Vec<Limit>,
    open: Vec<Open>,
    /// How many rows of radacct there are.
    rows: u64,
    /// How many times it was changed.
    steps: u64,
    /// The next session to be updated.
    next_interim: usize,
}

impl Population {
    /// Fills a database whose radacct and radcheck are empty.
    ///
    /// # Errors
    /// When the plan cannot be met, the tables hold rows, or the database refuses.
    pub(crate) async fn write(plan: &Plan, database: &mut Database) -> anyhow::Result<Self> {
        plan.check()?;
        database.check_empty().await?;
        let mut population = Self::nobody(plan, database.longest_name());
        population.write_sessions(database).await?;
        population.choose_limits();
        database.begin().await?;
        population.write_accounts(database).await?;
        database.commit().await?;
        database.refresh_statistics().await?;
        Ok(population)
    }

    fn nobody(plan: &Plan, longest_name: usize) -> Self {
        Self {
            plan: plan.clone(),
            seats: Seats::new(plan),
            names: Names::new(plan.longest_name.min(longest_name)),
            calendar: Calendar::at(plan.now),
            tallies: vec![Tally::default(); plan.users],
            limits: Vec::new(),
            open: Vec::new(),
            rows: 0,
            steps: 0,
            next_interim: 0,
        }
    }

    /// Writes history and open sessions, merged by the time at which they appeared, and sums them up.
    async fn write_sessions(&mut self, database: &mut Database) -> anyhow::Result<()> {
        let mut open = open::sessions(&self.plan, &self.seats);
        let mut history = history::sessions(&self.plan, &self.seats).peekable();
        let mut waiting = open.iter_mut().peekable();
        let (tallies, calendar, names) = (&mut self.tallies, &self.calendar, &self.names);
        let mut row = 0;
        let rows = std::iter::from_fn(|| {
            let closed_first = match (history.peek(), waiting.peek()) {
                (Some(closed), Some(open)) => closed.appears <= open.session.appears,
                (closed, _) => closed.is_some(),
            };
            row += 1;
            let mut session = if closed_first { history.next()? } else { waiting.next()?.numbered(row) };
            session.row = row;
            tallies[session.user].add(&session, calendar);
            Some(session.cells(names))
        });
        self.rows = database.fill(&session::TABLE, self.plan.history_rows, rows).await?;
        self.open = open;
        Ok(())
    }

    fn choose_limits(&mut self) {
        let choose = |(user, tally)| limit::choose(self.plan.seed, user, self.seats.role(user), tally);
        self.limits = self.tallies.iter().enumerate().map(choose).collect();
    }

    async fn write_accounts(&self, database: &mut Database) -> anyhow::Result<()> {
        let users = accounts::Users { plan: &self.plan, seats: &self.seats, names: &self.names, limits: &self.limits };
        database.insert(&accounts::RADCHECK, users.checks()).await?;
        database.insert(&accounts::RADUSERGROUP, users.groups()).await?;
        database.insert(&accounts::RADGROUPCHECK, accounts::group_checks()).await?;
        database.insert(&accounts::NAS, accounts::nas(&self.plan)).await?;
        Ok(())
    }
}

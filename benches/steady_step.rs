//! What it costs to find the users who are over: by one statement that sums up all of radacct, as a panel would, beside what a
//! steady step reads and what FreeRADIUS writes meanwhile.
//!
//! `cargo bench --bench steady_step -- --users 10000 --history 1000000 --open 5000 --dialect postgres`. Private servers, the
//! stock schema, a population of tests/population. Times are medians and depend on the machine; ratios do less.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/population/mod.rs"]
#[expect(dead_code, reason = "the truth, which the tests need")]
mod population;
#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "what the tests need besides servers")]
mod support;

mod common;

use std::io::Write as _;
use std::time::Duration;

use clap::Parser;

use common::memory::{forget_peak, peak_kib};
use common::server::{Dialect, Server};
use common::times::{Times, timed};
use population::{Database, Pace, Plan, Population};

/// Measures on private databases.
#[derive(Debug, Parser)]
struct Options {
    /// The dialects, one after another [default: all]
    #[arg(long, value_enum)]
    dialect: Vec<Dialect>,
    /// Users
    #[arg(long, default_value_t = 10_000)]
    users: usize,
    /// Closed sessions, over the last 400 days
    #[arg(long, default_value_t = 200_000)]
    history: u64,
    /// Open sessions
    #[arg(long, default_value_t = 5000)]
    open: usize,
    /// Users over their limit
    #[arg(long, default_value_t = 20)]
    over: usize,
    /// What the population is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often each thing is measured
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// MiB that a server may keep pages in
    #[arg(long, default_value_t = 512)]
    server_memory: u64,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options = Options::parse();
    if options.dialect.is_empty() {
        options.dialect = vec![Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb];
    }
    for dialect in &options.dialect {
        let server = Server::start(*dialect, options.server_memory);
        Box::pin(measure(&options, &server)).await?;
    }
    Ok(())
}

async fn measure(options: &Options, server: &Server) -> anyhow::Result<()> {
    let Options { users, history, open, over, seed, runs, .. } = *options;
    let plan = Plan { users, history_rows: history, open_sessions: open, over, seed, ..Plan::default() };
    let mut out = std::io::stdout();
    writeln!(out, "{server}: {users} users, {history} closed and {open} open sessions, {over} users over")?;
    let mut database = Database::connect(&server.url()).await?;
    forget_peak()?;
    let (took, population) = timed(Population::write(&plan, &mut database)).await;
    let mut population = population?;
    let rows = history + open as u64;
    let rate = u128::from(rows) * 1000 / took.as_millis().max(1);
    writeln!(out, "  filled in {:.1} s: {rate} rows/s, {} KiB at most", took.as_secs_f64(), peak_kib()?)?;
    forget_peak()?;
    let mut sums = Times::default();
    let mut reads = Times::default();
    let mut writes = Times::default();
    for _ in 0..runs {
        let (took, found) = timed(database.users_over()).await;
        assert_eq!(found?.len(), over, "the users over");
        sums.add(took);
        let (took, found) = timed(database.open_sessions()).await;
        assert_eq!(found?.len(), population.open_sessions(), "the open sessions");
        reads.add(took);
        let changes = population.changes(&Pace::default());
        let (took, written) = timed(population.apply(&changes, &mut database)).await;
        written?;
        writes.add(took);
    }
    report(&mut out, &[("summing up radacct", &sums), ("reading open sessions", &reads), ("writing a step", &writes)])?;
    writeln!(out, "  {} KiB at most", peak_kib()?)?;
    Ok(())
}

/// Each as a share of the first one, and its median.
fn report(out: &mut impl std::io::Write, measured: &[(&str, &Times)]) -> anyhow::Result<()> {
    let first = measured.first().map_or(Duration::ZERO, |(_, times)| times.median());
    for (what, times) in measured {
        let share = times.median().as_secs_f64() / first.as_secs_f64();
        writeln!(out, "  {what:<22} {share:>8.4}  {times}")?;
    }
    Ok(())
}

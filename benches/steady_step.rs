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
use radkick::clock::Clock;

use common::server::{Dialect, Server};
use common::times::{Times, timed};
use common::worker::{self, Remote};
use population::{Database, Pace, Plan, Population};

/// As `radkick` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Steps before those that are measured: sessions report every ten steps or so
    #[arg(long, default_value_t = 10)]
    warm_up: usize,
    /// MiB that a server may keep pages in
    #[arg(long, default_value_t = 512)]
    server_memory: u64,
    /// Be the worker of a measurement, with this configuration
    #[arg(long, hide = true)]
    worker: Option<std::path::PathBuf>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options = Options::parse();
    if let Some(config) = &options.worker {
        return worker::serve(config).await;
    }
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
    let Options { users, history, open, over, seed, runs, warm_up, .. } = *options;
    let now = Clock.epoch() - 30 * i64::try_from(2 * runs + warm_up + 4)?;
    let plan = Plan { users, history_rows: history, open_sessions: open, over, seed, now, ..Plan::default() };
    let mut out = std::io::stdout();
    writeln!(out, "{server}: {users} users, {history} closed and {open} open sessions, {over} users over")?;
    let mut database = Database::connect(&server.url()).await?;
    let (took, population) = timed(Population::write(&plan, &mut database)).await;
    let mut population = population?;
    server.settle();
    writeln!(out, "  filled in {:.1} s", took.as_secs_f64())?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("radkick.toml");
    std::fs::write(&config, configuration(server, folder.path()))?;
    let mut worker = Remote::start(&config)?;
    let first = worker.step()?;
    check(&first, &population)?;
    writeln!(out, "  first step, which sums up all history: {:.1} s", first.took.as_secs_f64())?;
    server.settle();
    let (sums, steps) = beside(options, &mut worker, (&mut population, &mut database)).await?;
    let peak = worker.step()?.peak_kib;
    worker.stop()?;
    let mut again = Remote::start(&config)?;
    let sweep = again.step()?;
    check(&sweep, &population)?;
    again.stop()?;
    report(&mut out, &[("summing up radacct", &sums), ("a steady step", &steps)])?;
    let times = sums.median().as_secs_f64() / steps.median().as_secs_f64();
    writeln!(out, "  the sum takes {times:.1} times as long as the step")?;
    writeln!(out, "  a new process and a sweep of all limits: {:.2} s", sweep.took.as_secs_f64())?;
    writeln!(
        out,
        "  memory of the worker at most {} MiB, without the first step {} MiB",
        peak / 1024,
        sweep.peak_kib / 1024
    )?;
    Ok(())
}

/// The sum and the step, in turn; before that as many steps as let every session report.
async fn beside(
    options: &Options,
    worker: &mut Remote,
    (population, database): (&mut Population, &mut Database),
) -> anyhow::Result<(Times, Times)> {
    let pace = Pace::default();
    for _ in 0..options.warm_up {
        let changes = population.changes(&pace);
        population.apply(&changes, database).await?;
        check(&worker.step()?, population)?;
    }
    let (mut sums, mut steps) = (Times::default(), Times::default());
    for _ in 0..options.runs {
        let (took, found) = timed(database.users_over()).await;
        assert_eq!(found?.len(), options.over, "the users over");
        sums.add(took);
        let changes = population.changes(&pace);
        population.apply(&changes, database).await?;
        let step = worker.step()?;
        check(&step, population)?;
        steps.add(step.took);
    }
    Ok((sums, steps))
}

/// Everything but the cut: a brake that trips at once, so that a step does the same again and tells whom it would cut.
fn configuration(server: &Server, folder: &std::path::Path) -> String {
    format!(
        "[database]\nurl = \"{}\"\n[accounting]\ntime_zone = \"UTC\"\n[quota]\nmode = \"enforce\"\nlimit_sweep = \"24h\"\n\
         [brakes]\ntrip_users = 1\ntrip_share = \"0.0001 %\"\npause_file = \"{}\"\n",
        server.url(),
        folder.join("pause").display()
    )
}

/// The users found are those who are over, and no others.
fn check(step: &worker::Step, population: &Population) -> anyhow::Result<()> {
    let over = population.truth().filter(|truth| truth.over || truth.expired).map(|truth| truth.user);
    let over: std::collections::BTreeSet<String> = over.collect();
    let odd: Vec<_> = over.symmetric_difference(&step.over).collect();
    anyhow::ensure!(odd.is_empty(), "found {}, {} are over; they differ in {odd:?}", step.over.len(), over.len());
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

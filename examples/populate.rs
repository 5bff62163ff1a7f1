//! Fills FreeRADIUS' stock tables with a population, and says what is true of it.
#[path = "../tests/population/mod.rs"]
#[expect(dead_code, reason = "what tests and measurements need besides")]
mod population;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use radkick::clock::Clock;

use population::{Database, Pace, Plan, Population};

/// Fills a database that has FreeRADIUS' stock tables, all empty, with users, history and open sessions.
#[derive(Debug, Parser)]
struct Options {
    /// The database
    #[arg(long, help = "sqlite:FILE, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME")]
    url: String,
    /// Users; from 50 on the edge cases are among them
    #[arg(long, default_value_t = 1000)]
    users: usize,
    /// Closed sessions, over the last 400 days
    #[arg(long, default_value_t = 100_000)]
    history: u64,
    /// Open sessions
    #[arg(long, default_value_t = 500)]
    open: usize,
    /// Users over their limit
    #[arg(long, default_value_t = 20)]
    over: usize,
    /// The same seed, numbers and present time give the same rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The present time, in seconds since 1970 [default: the clock's]
    #[arg(long)]
    now: Option<i64>,
    /// With rows as faulty as those in the wild
    #[arg(long)]
    faults: bool,
    /// Then let it go on by so many steps of 30 seconds, at once
    #[arg(long, default_value_t = 0)]
    steps: u32,
    /// Where the truth goes, as JSON lines
    #[arg(long)]
    truth: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let plan = Plan {
        users: options.users,
        history_rows: options.history,
        open_sessions: options.open,
        over: options.over,
        seed: options.seed,
        now: options.now.unwrap_or_else(|| Clock.epoch()),
        faults: options.faults,
        ..Plan::default()
    };
    let begun = Clock.now();
    let mut database = Database::connect(&options.url).await?;
    let mut population = Box::pin(Population::write(&plan, &mut database)).await?;
    tell(&plan, begun)?;
    for _ in 0..options.steps {
        let changes = population.changes(&Pace::default());
        population.apply(&changes, &mut database).await?;
    }
    options.truth.map_or(Ok(()), |path| write_truth(&population, &path))
}

/// Says how long it took.
fn tell(plan: &Plan, begun: Instant) -> anyhow::Result<()> {
    let seconds = Clock.now().duration_since(begun).as_secs_f64();
    writeln!(
        std::io::stderr(),
        "{} users, {} closed and {} open sessions in {seconds:.1} s",
        plan.users,
        plan.history_rows,
        plan.open_sessions
    )?;
    Ok(())
}

/// One object a user, then one for the family.
fn write_truth(population: &Population, path: &Path) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut file = BufWriter::new(file);
    for user in population.truth() {
        writeln!(file, "{}", serde_json::to_string(&user)?)?;
    }
    writeln!(file, "{}", serde_json::to_string(&population.family())?)?;
    file.flush().context("writing the truth")
}

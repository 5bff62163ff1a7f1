//! Jobs a second, from their insert to the proven fate of their session: `radkick serve` and its job runner against simulated routers,
//! many in this one process.
//!
//! `cargo bench --bench jobs_rate -- --dialect sqlite --jobs 1000 --routers 20`. Each job is one session of one router, asked for by
//! a person; the router acknowledges, and the proof is its list (REST) without the session. Beside it, in the same run: bare commits a
//! second in the same database, one row each, one after another and many at a time. How many of those one job takes as long as is what
//! counts. PostgreSQL is the tests' own, without fsync; SQLite has the disk's, as in use.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "what the tests need besides servers")]
mod support;

#[path = "common/daemon.rs"]
mod daemon;
#[path = "common/memory.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod memory;
#[path = "common/online.rs"]
mod online;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod server;
#[path = "common/times.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod times;

use std::io::Write as _;
use std::time::Duration;

use clap::Parser;
use radkick::clock::Clock;
use radkick::config::Config;
use radkick::quota::UserName;
use radkick::store::{JournalEntry, State};
use tokio::task::JoinSet;

use daemon::Served;
use online::{all_ended, configuration, fill, routers, submit};
use server::{Dialect, Server};
use times::timed;

const SIDE_BY_SIDE: u32 = 64;

/// Measures on private servers.
#[derive(Debug, Parser)]
struct Options {
    /// The dialects, one after another [default: sqlite and postgres]
    #[arg(long, value_enum)]
    dialect: Vec<Dialect>,
    /// Jobs, one session each
    #[arg(long, default_value_t = 1000)]
    jobs: u32,
    /// Routers that they are spread over
    #[arg(long, default_value_t = 20)]
    routers: u32,
    /// Bare commits that are measured beside them
    #[arg(long, default_value_t = 2000)]
    commits: u32,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options = Options::parse();
    if options.dialect.is_empty() {
        options.dialect = vec![Dialect::Sqlite, Dialect::Postgres];
    }
    for dialect in &options.dialect {
        measure(*dialect, &options).await?;
    }
    Ok(())
}

async fn measure(dialect: Dialect, options: &Options) -> anyhow::Result<()> {
    let (server, folder) = (Server::start(dialect, 512), tempfile::tempdir()?);
    let routers = routers(options.routers, 0).await?;
    fill(&server, &routers, options.jobs);
    let path = folder.path().join("radkick.toml");
    let text = configuration(&server, folder.path(), &routers);
    std::fs::write(&path, &text)?;
    let config = Config::parse(&path, &text, &|_| None).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let state = State::open_beside(&config.state.url, Some(&config.database.url)).await?;
    let (alone, ()) = timed(commits(&state, options.commits, 1)).await;
    let (together, ()) = timed(commits(&state, options.commits, SIDE_BY_SIDE)).await;
    let served = Served::start(&path)?;
    let before = served.peak_kib()?;
    let (took, ended) = timed(async {
        submit(&state, 0..options.jobs).await?;
        all_ended(&served, options.jobs).await
    })
    .await;
    ended?;
    let requests: u64 = routers.iter().map(|router| router.counters().requests).sum();
    anyhow::ensure!(requests == u64::from(options.jobs), "{requests} requests");
    let mut out = std::io::stdout();
    let rate = |count: u32, took: Duration| f64::from(count) / took.as_secs_f64();
    let (jobs, alone, together) =
        (rate(options.jobs, took), rate(options.commits, alone), rate(options.commits, together));
    writeln!(out, "{server}: {} jobs on {} routers", options.jobs, options.routers)?;
    writeln!(out, "  bare commits a second: {alone:.0} one after another, {together:.0} with many at a time")?;
    writeln!(
        out,
        "  jobs a second: {jobs:.1}; each takes as long as {:.1} commits, or {:.1} of many",
        alone / jobs,
        together / jobs
    )?;
    writeln!(out, "  memory of the daemon at most {} KiB, {before} KiB before the first job", served.peak_kib()?)?;
    Ok(())
}

/// So many rows in our journal, a commit each.
async fn commits(state: &State, count: u32, side_by_side: u32) {
    let mut tasks = JoinSet::new();
    for _ in 0..side_by_side {
        let state = state.clone();
        tasks.spawn(async move {
            for _ in 0..count / side_by_side {
                let detail = serde_json::json!({ "reason": "quota" });
                let (user, actor) = (UserName::new("nobody"), "bench".to_owned());
                let entry = JournalEntry { at: Clock.epoch(), actor, user, event: "over", detail };
                state.journal(&entry).await.expect("written");
            }
        });
    }
    tasks.join_all().await;
}

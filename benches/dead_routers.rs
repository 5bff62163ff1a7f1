//! What dead routers cost the others: users are cut on many simulated routers, once all alive, once with some of which nothing ever comes
//! back, neither over RADIUS nor over REST.
//!
//! `cargo bench --bench dead_routers -- --users 1000 --routers 50 --dead 2`. Both ways the same users of the same healthy routers are cut
//! and their time is taken, from the jobs' insert to the last proven fate; the users of the dead ones come on top. In turns, on SQLite; medians.
//! Beside it how often a router's list was asked for, by the users that were looked for on it.
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
mod times;

use std::io::Write as _;
use std::time::Duration;

use clap::Parser;
use radkick::config::Config;
use radkick::simulator::Router;
use radkick::store::State;

use daemon::Served;
use online::{all_ended, configuration, fill, routers, submit};
use server::{Dialect, Server};
use times::{Times, timed};

/// Measures on private servers.
#[derive(Debug, Parser)]
struct Options {
    /// Users, one session each, at the routers in turn
    #[arg(long, default_value_t = 1000)]
    users: u32,
    /// Routers
    #[arg(long, default_value_t = 50)]
    routers: u32,
    /// How many of them are dead
    #[arg(long, default_value_t = 2)]
    dead: u32,
    /// How often each way is measured
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let (mut alive, mut beside, mut lists, mut memory) = (Times::default(), Times::default(), 0.0, 0);
    for _ in 0..options.runs {
        alive.add(measure(&options, 0).await?.0);
        let (took, asked, peak) = measure(&options, options.dead).await?;
        beside.add(took);
        (lists, memory) = (asked, peak);
    }
    let (alive, beside) = (alive.median(), beside.median());
    let mut out = std::io::stdout();
    let healthy = options.routers - options.dead;
    writeln!(out, "{} users on {} routers, cut on the {healthy} healthy ones", options.users, options.routers)?;
    writeln!(
        out,
        "  all proven off: {alive:.1?} without the {dead} dead ones, {beside:.1?} beside them: {:.2} times",
        beside.as_secs_f64() / alive.as_secs_f64(),
        dead = options.dead
    )?;
    let users = f64::from(options.users) / f64::from(options.routers);
    writeln!(out, "  lists asked for at a router: {lists:.1}, for {users:.0} users there")?;
    writeln!(out, "  memory of the daemon at most {memory} KiB")?;
    Ok(())
}

/// How long the cut of everybody at a healthy router took, and how often such a router's list was asked for; at the others only
/// where `dead` routers are dead.
async fn measure(options: &Options, dead: u32) -> anyhow::Result<(Duration, f64, u64)> {
    let (server, folder) = (Server::start(Dialect::Sqlite, 512), tempfile::tempdir()?);
    let routers = routers(options.routers, dead).await?;
    fill(&server, &routers, options.users);
    let path = folder.path().join("radkick.toml");
    let text = configuration(&server, folder.path(), &routers);
    std::fs::write(&path, &text)?;
    let config = Config::parse(&path, &text, &|_| None).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let state = State::open_beside(&config.state.url, Some(&config.database.url)).await?;
    let served = Served::start(&path)?;
    let is_healthy = |user: &u32| user % options.routers < options.routers - options.dead;
    let healthy = u32::try_from((0..options.users).filter(is_healthy).count())?;
    let (took, ended) = timed(async {
        submit(&state, (0..options.users).filter(|user| dead > 0 || is_healthy(user))).await?;
        all_ended(&served, healthy).await
    })
    .await;
    ended?;
    let alive = routers.iter().take(usize::try_from(options.routers - options.dead)?);
    let asked: usize = alive.map(lists).sum();
    let asked = f64::from(u32::try_from(asked)?) / f64::from(options.routers - options.dead);
    Ok((took, asked, served.peak_kib()?))
}

fn lists(router: &Router) -> usize {
    let log = router.rest_log();
    log.iter().filter(|request| request.path.contains("active") && request.method != "DELETE").count()
}

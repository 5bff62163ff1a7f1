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
#[path = "common/server.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod server;
#[path = "common/times.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod times;

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use radkick::clock::Clock;
use radkick::config::Config;
use radkick::jobs::{JobDetail, Selection};
use radkick::quota::UserName;
use radkick::radius::SharedSecret;
use radkick::simulator::{Incoming, RadiusEntry, RestOptions, Router, RouterOptions, SessionSpec};
use radkick::store::{JobSpec, JournalEntry, State};
use tokio::task::JoinSet;

use daemon::Served;
use server::{Dialect, Server};
use support::sqlite::sqlite;
use support::wait::PATIENCE;
use times::timed;

const SECRET: &str = "secret-of-the-measurement";
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
    let routers = routers(options.routers).await?;
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
        submit(&state, options.jobs).await?;
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

async fn submit(state: &State, jobs: u32) -> anyhow::Result<()> {
    let now = Clock.epoch();
    for n in 0..jobs {
        let selection = Selection { session: Some(unique_id(n)), ..Selection::default() };
        let spec = JobSpec {
            user: UserName::new(user(n)),
            reason: "by_hand".to_owned(),
            actor: "bench".to_owned(),
            session: Some(unique_id(n)),
            detail: serde_json::to_value(JobDetail { selection, ..JobDetail::default() })?,
            lapses_at: now + 3600,
        };
        state.submit(&spec, now).await?;
    }
    Ok(())
}

/// Waits until so many sessions are proven off, as long as it goes on.
async fn all_ended(served: &Served, jobs: u32) -> anyhow::Result<()> {
    let (mut last, mut at) = (-1.0, Clock.now());
    while last < f64::from(jobs) {
        let ended = served.metric("radkick_session_fates_total{fate=\"ended\"}");
        if ended > last {
            (last, at) = (ended, Clock.now());
        }
        anyhow::ensure!(Clock.now().duration_since(at) < PATIENCE, "{last} of {jobs} ended\n{}", served.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn routers(count: u32) -> anyhow::Result<Vec<Router>> {
    let mut routers = Vec::new();
    for n in 0..count {
        let mut options = RouterOptions::new(format!("R{n}"), address(n));
        options.coa = Incoming::Accept(0);
        let secret = SharedSecret::new(SECRET.into())?;
        options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret)];
        options.rest = Some(RestOptions::new("kick", "pass"));
        routers.push(Router::start(options).await?);
    }
    Ok(routers)
}

fn address(router: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x7f00_0101 + router)
}

fn user(n: u32) -> String {
    format!("user{n}")
}

fn unique_id(n: u32) -> String {
    format!("{n:032x}")
}

/// Everybody online, each at a router in turn, for an hour: also in radacct.
fn fill(server: &Server, routers: &[Router], jobs: u32) {
    let (begun, lately) = match server {
        Server::Sqlite(_) => ("unixepoch() - 3600", "unixepoch() - 60"),
        Server::Postgres(_) | Server::Mariadb(_) => ("now() - INTERVAL '1' HOUR", "now() - INTERVAL '1' MINUTE"),
    };
    let rows: Vec<String> = (0..jobs)
        .zip(routers.iter().enumerate().cycle())
        .map(|(n, (number, router))| {
            let (mac, client) = (
                format!("02:00:00:{:02X}:{:02X}:{:02X}", n >> 16, n >> 8 & 255, n & 255),
                Ipv4Addr::from_bits(0x0a00_0001 + n),
            );
            let session = router.login(SessionSpec::hotspot(user(n), mac.as_str(), client)).acct_session_id;
            let nas = address(u32::try_from(number).expect("few"));
            format!(
                "('{session}', '{}', '{}', '{nas}', {begun}, {lately}, 1, 1, '{client}', '{mac}', 'hotspot1')",
                unique_id(n),
                user(n)
            )
        })
        .collect();
    let sql = format!(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
             acctinputoctets, acctoutputoctets, framedipaddress, callingstationid, calledstationid) VALUES {};",
        rows.join(", ")
    );
    match server {
        Server::Sqlite(folder) => drop(sqlite(&folder.path().join("radius.db"), &sql)),
        Server::Postgres(server) => drop(server.sql(&sql)),
        Server::Mariadb(server) => drop(server.sql(&sql)),
    }
}

/// Next to no steps of the worker: the runner alone is measured.
fn configuration(server: &Server, folder: &Path, routers: &[Router]) -> String {
    let (url, pause) = (server.url(), folder.join("pause"));
    let mut text = format!(
        "[database]\nurl = \"{url}\"\n[quota]\nmode = \"enforce\"\ninterval = \"1h\"\n\
         [brakes]\npause_file = \"{}\"\n[serve]\nlisten = \"127.0.0.1:0\"\n",
        pause.display()
    );
    for (n, router) in routers.iter().enumerate() {
        let (to, rest) = (router.coa_addr(), router.rest_url());
        write!(
            text,
            "[[nas]]\nname = \"R{n}\"\nmatch = [\"{ip}\"]\naddress = \"{ip}\"\ncoa_port = {port}\nsource = \"127.0.0.1\"\n\
             secret = \"{SECRET}\"\n[nas.rest]\nurl = \"{rest}\"\ntls = \"off\"\nusername = \"kick\"\npassword = \"pass\"\n\
             identity = \"R{n}\"\n",
            ip = to.ip(),
            port = to.port()
        )
        .expect("into a String");
    }
    text
}

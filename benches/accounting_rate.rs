//! What FreeRADIUS loses while the worker steps all the time: accounting that a real FreeRADIUS accepts a second with it,
//! against without.
//!
//! `cargo bench --bench accounting_rate -- --dialect mariadb --packets 3000 --runs 5`. A private FreeRADIUS with the stock
//! schema, radclient with 32 requests in flight; with and without take turns, medians, the ratio is what counts.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "what the tests need besides servers")]
mod support;

#[path = "common/memory.rs"]
mod memory;
#[path = "common/radclient.rs"]
mod radclient;
#[path = "common/times.rs"]
mod times;
#[path = "common/worker.rs"]
mod worker;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;

use radclient::send;
use support::freeradius::{Dialect as SqlDialect, FreeRadius, FreeRadiusOptions, SqlServer};
use support::mariadb::{self, MariaDb};
use support::pairs::packet;
use times::{Times, timed};
use worker::Remote;

/// What FreeRADIUS keeps its accounting in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dialect {
    Sqlite,
    Mariadb,
}

/// Measures on private servers.
#[derive(Debug, Parser)]
struct Options {
    /// The dialects, one after another [default: sqlite and mariadb]
    #[arg(long, value_enum)]
    dialect: Vec<Dialect>,
    /// Accounting-Requests a run
    #[arg(long, default_value_t = 3000)]
    packets: usize,
    /// Sessions that they are about
    #[arg(long, default_value_t = 1000)]
    sessions: usize,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Be the worker of a measurement, with this configuration
    #[arg(long, hide = true)]
    worker: Option<PathBuf>,
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
        options.dialect = vec![Dialect::Sqlite, Dialect::Mariadb];
    }
    for dialect in &options.dialect {
        measure(*dialect, &options).await?;
    }
    Ok(())
}

/// A FreeRADIUS and the URL of its database.
fn start(dialect: Dialect) -> (FreeRadius, String, Option<MariaDb>) {
    if dialect == Dialect::Sqlite {
        let server = FreeRadius::start(&FreeRadiusOptions { busy_timeout_ms: 5000, ..FreeRadiusOptions::default() });
        let url = format!("sqlite:{}", server.database().display());
        return (server, url, None);
    }
    let database = MariaDb::new();
    let (login, password) = mariadb::RADIUS;
    let sql = SqlServer {
        dialect: SqlDialect::Mysql,
        port: database.port(),
        login,
        password,
        database: database.name().to_owned(),
    };
    let url = format!("mysql://{login}:{password}@127.0.0.1:{}/{}", database.port(), database.name());
    let server = FreeRadius::start(&FreeRadiusOptions { sql: Some(sql), ..FreeRadiusOptions::default() });
    (server, url, Some(database))
}

async fn measure(dialect: Dialect, options: &Options) -> anyhow::Result<()> {
    let (server, url, _database) = start(dialect);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("radkick.toml");
    let pause = folder.path().join("pause");
    std::fs::write(
        &config,
        format!(
            "[database]\nurl = \"{url}\"\n[state]\nurl = \"sqlite:{}\"\n[quota]\nmode = \"enforce\"\n\
             [brakes]\npause_file = \"{}\"\n",
            folder.path().join("state.db").display(),
            pause.display()
        ),
    )?;
    // Everybody has come by and is online before anything is measured
    let starts = folder.path().join("starts");
    std::fs::write(&starts, requests("Start", options.sessions, options.sessions, 0))?;
    anyhow::ensure!(send(&server, &starts)? == options.sessions, "not all sessions were accepted");
    let (mut without, mut with) = (Times::default(), Times::default());
    let mut steps = 0;
    for run in 0..options.runs {
        let file = folder.path().join("interims");
        std::fs::write(&file, requests("Interim-Update", options.packets, options.sessions, 2 * run + 1))?;
        without.add(one(&server, &file, options.packets).await?);
        let stepping = Stepping::start(&config)?;
        std::fs::write(&file, requests("Interim-Update", options.packets, options.sessions, 2 * run + 2))?;
        with.add(one(&server, &file, options.packets).await?);
        steps += stepping.stop()?;
    }
    let ratio = without.median().as_secs_f64() / with.median().as_secs_f64();
    let mut out = std::io::stdout();
    writeln!(out, "{dialect:?}: {} requests a run about {} sessions", options.packets, options.sessions)?;
    writeln!(out, "  without the worker  {without}")?;
    writeln!(out, "  with the worker     {with}, {steps} steps in all")?;
    writeln!(out, "  accounting accepted a second, with against without: {ratio:.3}")?;
    Ok(())
}

async fn one(server: &FreeRadius, file: &Path, packets: usize) -> anyhow::Result<Duration> {
    let (took, accepted) = timed(async { send(server, file) }).await;
    anyhow::ensure!(accepted? == packets, "not all requests were accepted");
    Ok(took)
}

/// Accounting-Requests, each session in its turn.
fn requests(status: &str, count: usize, sessions: usize, round: usize) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        let session = index % sessions;
        let octets = (round * count + index).to_string();
        let (user, id) = (format!("user{session}"), format!("8{session:07x}"));
        let seconds = (60 * (round + 1)).to_string();
        let pairs = [
            ("User-Name", user.as_str()),
            ("Acct-Session-Id", id.as_str()),
            ("Acct-Status-Type", status),
            ("NAS-IP-Address", "10.0.0.1"),
            ("Framed-IP-Address", "10.1.0.1"),
            ("Acct-Session-Time", seconds.as_str()),
            ("Acct-Input-Octets", octets.as_str()),
            ("Acct-Output-Octets", octets.as_str()),
        ];
        writeln!(text, "{}\n", packet(&pairs)).expect("into a String");
        text
    })
}

/// A worker that makes one step after another.
struct Stepping {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<anyhow::Result<usize>>,
}

impl Stepping {
    fn start(config: &Path) -> anyhow::Result<Self> {
        let mut remote = Remote::start(config)?;
        remote.step()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut steps = 0;
            while !stopped.load(Ordering::Relaxed) {
                remote.step()?;
                steps += 1;
            }
            remote.stop().map(|()| steps)
        });
        Ok(Self { stop, thread })
    }

    fn stop(self) -> anyhow::Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the worker panicked"))?
    }
}

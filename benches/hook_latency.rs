//! From an Interim-Update that puts a user over the limit to the Disconnect-Request on the wire: FreeRADIUS, its exec module, the
//! hook, the daemon.
//!
//! `cargo bench --bench hook_latency -- --sessions 400 --rate 20 --dialect sqlite`. Both begin when the Interim-Update is sent. The bare
//! time is that to the Accounting-Response of a FreeRADIUS that starts `/bin/true` behind `sql` as it would the hook, and one `/bin/true`
//! from start to end. (To have FreeRADIUS wait for it, `wait = yes`, tells nothing: 3.2 looks for its end every 100 ms.) The other ends when the
//! Disconnect-Request has come to the router's socket, with the hook as shipped (`wait = no`) and `radkick serve` beside it. The router
//! here acknowledges each and sends its Stop; Stops count among the accountings of `--rate`.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "what the tests need besides servers")]
mod support;

#[path = "common/daemon.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod daemon;
#[path = "common/memory.rs"]
#[expect(dead_code, reason = "what other measurements need")]
mod memory;
#[path = "common/nas.rs"]
mod nas;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use radkick::clock::Clock;

use daemon::Served;
use nas::{Nas, Router, Sample, id};
use support::freeradius::{Dialect as SqlDialect, FreeRadius, FreeRadiusOptions, More, SqlServer};
use support::mariadb::{self, MariaDb};

const MODULES: &str = include_str!("../config/freeradius/mods-available/radkick");

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
    /// Users, each cut once
    #[arg(long, default_value_t = 400)]
    sessions: u32,
    /// Accounting-Requests a second
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options = Options::parse();
    if options.dialect.is_empty() {
        options.dialect = vec![Dialect::Sqlite, Dialect::Mariadb];
    }
    for dialect in &options.dialect {
        measure(*dialect, &options).await?;
    }
    Ok(())
}

async fn measure(dialect: Dialect, options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (socket, spool) = (folder.path().join("run/hook.sock"), folder.path().join("spool"));
    std::fs::create_dir(&spool)?;
    let program = env!("CARGO_BIN_EXE_radkick");
    let hook = format!("{program} hook --socket {} --spool {}", socket.display(), spool.display());
    let bare = bare(dialect, options).await?;
    let (server, url, database) = start(dialect, MODULES.replace("/usr/bin/radkick hook", &hook), "radkick");
    let router = Router::start(&server).await?;
    let config = folder.path().join("radkick.toml");
    std::fs::write(&config, configuration(&url, &server, &router, folder.path()))?;
    let mut nas = Nas::of(&server).await?;
    nas.log_in(options.sessions, &server, database.as_ref()).await?;
    let served = Served::start(&config)?;
    let (mut accepted, mut on_the_wire, mut begun) = (Sample::default(), Sample::default(), BTreeMap::new());
    let mut turns = options.turns();
    for user in 0..options.sessions {
        turns.tick().await;
        let (at, took) = nas.send(3, user, 2000).await?;
        begun.insert(id(user), at);
        accepted.add(took);
    }
    let seen = router
        .all(begun.len())
        .await
        .map_err(|seen| anyhow::anyhow!("{seen} of {} were cut\n{}", begun.len(), served.log()))?;
    for (session, at) in &begun {
        on_the_wire.add(seen[session].duration_since(*at));
    }
    // All but `aside`
    let spooled = spool.read_dir()?.count() - 1;
    tell(dialect, options, (&bare, &accepted, &on_the_wire), spooled)
}

fn tell(
    dialect: Dialect,
    options: &Options,
    (bare, accepted, wire): (&Sample, &Sample, &Sample),
    spooled: usize,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{dialect:?}: {} users, {} accountings a second; {spooled} events were left in the spool",
        options.sessions, options.rate
    )?;
    for (what, times) in [
        ("answered, and one /bin/true", bare),
        ("answered, the hook not waited for", accepted),
        ("Disconnect-Request on the wire", wire),
    ] {
        writeln!(out, "  {what:<34} p50 {:.2} ms, p99 {:.2} ms", times.millis(50), times.millis(99))?;
    }
    let above = |percent| wire.millis(percent) - bare.millis(percent);
    writeln!(out, "  on the wire above /bin/true: p50 {:.2} ms, p99 {:.2} ms", above(50), above(99))?;
    Ok(())
}

/// The same packets, and `/bin/true` behind them.
async fn bare(dialect: Dialect, options: &Options) -> anyhow::Result<Sample> {
    let modules = MODULES.replace("/usr/bin/radkick hook", "/bin/true");
    let (server, _, database) = start(dialect, modules, "radkick");
    let mut nas = Nas::of(&server).await?;
    nas.log_in(options.sessions, &server, database.as_ref()).await?;
    let (mut times, mut turns) = (Sample::default(), options.turns());
    for user in 0..options.sessions {
        turns.tick().await;
        let (_, answered) = nas.send(3, user, 2000).await?;
        let begun = Clock.now();
        std::process::Command::new("/bin/true").status()?;
        times.add(answered + Clock.now().duration_since(begun));
        nas.send(2, user, 2000).await?;
    }
    Ok(times)
}

impl Options {
    /// One for each Interim-Update, which a Stop follows.
    fn turns(&self) -> tokio::time::Interval {
        tokio::time::interval(Duration::from_secs(2) / self.rate)
    }
}

/// A FreeRADIUS with these modules, of which this one stands behind `sql`.
fn start(dialect: Dialect, modules: String, module: &str) -> (FreeRadius, String, Option<MariaDb>) {
    let more = More { modules, accounting: format!("{module}\n"), ..More::default() };
    let options = FreeRadiusOptions { more, busy_timeout_ms: 5000, ..FreeRadiusOptions::default() };
    if dialect == Dialect::Sqlite {
        let server = FreeRadius::start(&options);
        let url = format!("sqlite:{}", server.database().display());
        return (server, url, None);
    }
    let database = MariaDb::new();
    let (login, password) = mariadb::RADIUS;
    let (port, name) = (database.port(), database.name().to_owned());
    let url = format!("mysql://{login}:{password}@127.0.0.1:{port}/{name}");
    let sql = SqlServer { dialect: SqlDialect::Mysql, port, login, password, database: name };
    (FreeRadius::start(&FreeRadiusOptions { sql: Some(sql), ..options }), url, Some(database))
}

/// As an operator has it, without brakes: everybody is to be cut.
fn configuration(url: &str, server: &FreeRadius, router: &Router, folder: &Path) -> String {
    let state = if url.starts_with("sqlite") {
        format!("[state]\nurl = \"sqlite:{}/state.db\"\n", folder.display())
    } else {
        String::new()
    };
    let (folder, port, secret) = (folder.display(), router.address.port(), server.secret());
    format!(
        "[database]\nurl = \"{url}\"\n{state}[quota]\nmode = \"enforce\"\n\
         [brakes]\ntrip_users = 1000000\nper_cycle = 100000\npause_file = \"{folder}/pause\"\n\
         [serve]\nlisten = \"127.0.0.1:0\"\nhook_socket = \"{folder}/run/hook.sock\"\nspool = \"{folder}/spool\"\n\
         [[nas]]\nname = \"R1\"\nmatch = [\"127.0.0.1\"]\naddress = \"127.0.0.1\"\ncoa_port = {port}\nsecret = \"{secret}\"\n"
    )
}

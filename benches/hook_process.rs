//! What one `radkick hook` costs as a process, beside `/bin/true` started the same way: with the daemon up, and down (spool).
//!
//! `cargo bench --bench hook_process -- --runs 500`. All take turns, medians; the ratios are what counts. The spool is in the
//! temporary directory (TMPDIR): fsync costs what it costs there.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "common/times.rs"]
#[expect(dead_code, reason = "what asynchronous measurements need")]
mod times;

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Parser;
use radkick::clock::Clock;
use radkick::hook::{Listener, Spool, Trusted};

use times::Times;

/// Measures processes.
#[derive(Debug, Parser)]
struct Options {
    /// How often each is started
    #[arg(long, default_value_t = 500)]
    runs: usize,
    /// The radkick that is measured
    #[arg(long, default_value = env!("CARGO_BIN_EXE_radkick"))]
    radkick: std::path::PathBuf,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What FreeRADIUS has in the environment for a hotspot's Interim-Update.
const PACKET: [(&str, &str); 18] = [
    ("USER_NAME", "\"alice\""),
    ("NAS_IP_ADDRESS", "192.0.2.7"),
    ("NAS_IDENTIFIER", "\"R17-Uyo\""),
    ("NAS_PORT", "2155872261"),
    ("NAS_PORT_TYPE", "Wireless-802.11"),
    ("NAS_PORT_ID", "\"bridge1\""),
    ("ACCT_STATUS_TYPE", "Interim-Update"),
    ("ACCT_SESSION_ID", "\"80a00f31\""),
    ("ACCT_UNIQUE_SESSION_ID", "\"0c2fcc6c8a4c3b1f0e8d7a6b5c4d3e2f\""),
    ("CALLING_STATION_ID", "\"AA:BB:CC:DD:EE:FF\""),
    ("CALLED_STATION_ID", "\"hotspot1\""),
    ("FRAMED_IP_ADDRESS", "192.168.88.41"),
    ("ACCT_INPUT_OCTETS", "123456789"),
    ("ACCT_INPUT_GIGAWORDS", "1"),
    ("ACCT_OUTPUT_OCTETS", "987654321"),
    ("ACCT_OUTPUT_GIGAWORDS", "3"),
    ("ACCT_SESSION_TIME", "3600"),
    ("EVENT_TIMESTAMP", "\"Nov 22 2026 06:14:05 UTC\""),
];

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (up, held, nobody, spool) = (at("up/hook.sock"), at("held/hook.sock"), at("nobody.sock"), at("spool"));
    std::fs::create_dir(&spool)?;
    std::fs::set_permissions(&spool, std::fs::Permissions::from_mode(0o2730))?;
    listen(&up, true);
    listen(&held, false);
    let (mut bare, mut stored, mut spooled) = (Times::default(), Times::default(), Times::default());
    for _ in 0..options.runs {
        bare.add(once(Command::new("/bin/true").env_clear().envs(PACKET), 0)?);
        stored.add(once(&mut options.hook(&up, &spool), 0)?);
        spooled.add(once(&mut options.hook(&nobody, &spool), 3)?);
        // As the daemon would: a directory that only ever grew would be measured otherwise
        drain(&spool)?;
    }
    let peak = peak_kib(options.hook(&held, &spool).stdout(Stdio::null()).spawn()?)?;
    let ratio = |times: &Times| times.median().as_secs_f64() / bare.median().as_secs_f64();
    let mut out = std::io::stdout();
    writeln!(out, "/bin/true                {bare}")?;
    writeln!(out, "hook, the daemon up      {stored}: {:.2} times /bin/true", ratio(&stored))?;
    writeln!(out, "hook, the daemon down    {spooled}: {:.2} times /bin/true", ratio(&spooled))?;
    writeln!(out, "memory of a hook        {peak} KiB at most")?;
    Ok(())
}

impl Options {
    fn hook(&self, socket: &Path, spool: &Path) -> Command {
        let mut command = Command::new(&self.radkick);
        let names = ["hook", "--socket"].map(OsStr::new).into_iter().chain([socket.as_os_str(), OsStr::new("--spool")]);
        command.args(names).arg(spool).env_clear().envs(PACKET);
        command
    }
}

/// How long one process takes from its start to its end, which must be as expected.
fn once(command: &mut Command, code: i32) -> anyhow::Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Clock.now();
    let status = command.status()?;
    let took = Clock.now().duration_since(begun);
    anyhow::ensure!(status.code() == Some(code), "{command:?}: {status}");
    Ok(took)
}

/// A daemon that stores at once, or never.
fn listen(socket: &Path, stores: bool) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let socket = socket.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut listener = Listener::bind(&socket, None, Trusted::own()).expect("it listens");
            ready.send(()).expect("somebody waits");
            let mut held = Vec::new();
            while let Some((_, ticket)) = listener.next().await {
                if stores {
                    ticket.stored();
                } else {
                    held.push(ticket);
                }
            }
        });
    });
    is_ready.recv().expect("it listens");
}

fn drain(spool: &Path) -> anyhow::Result<()> {
    let mut spool = Spool::open(spool, Trusted::own(), Clock)?;
    for spooled in &spool.batch(10)?.events {
        spool.done(spooled)?;
    }
    Ok(())
}

/// The most that the process had resident, as the kernel told last before its end.
fn peak_kib(mut process: Child) -> anyhow::Result<u64> {
    let path = format!("/proc/{}/status", process.id());
    let mut most = 0;
    while process.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        most = line.trim().trim_end_matches(" kB").parse().unwrap_or(most).max(most);
    }
    Ok(most)
}

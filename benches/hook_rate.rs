//! What the hook costs a real FreeRADIUS: accounting that it accepts a second without any exec, with an exec that does nothing
//! (`/bin/true`), with the hook, with a shell script that calls radclient, as people write, and with a copy of each packet to a local
//! port; and how many processes are there at the worst moment.
//!
//! `cargo bench --bench hook_rate -- --packets 1000 --runs 3`. A private FreeRADIUS on SQLite for each, `wait = no` as shipped, radclient
//! with 32 requests in flight, so as fast as it goes; all take turns, medians, the ratios are what counts.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "what the tests need besides servers")]
mod support;

#[path = "common/radclient.rs"]
mod radclient;
#[path = "common/times.rs"]
#[expect(dead_code, reason = "what asynchronous measurements need")]
mod times;

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use anyhow::Context as _;
use clap::Parser;
use radkick::clock::Clock;
use radkick::hook::{AccountingDoor, Listener, Trusted};
use radkick::radius::SharedSecret;

use radclient::send;
use support::freeradius::{FreeRadius, FreeRadiusOptions, More};
use support::pairs::packet;
use support::wait::wait_until;
use times::Times;

const SITE: &str = include_str!("../config/freeradius/sites-available/radkick");
const COPY: &str = include_str!("../config/freeradius/accounting-copy.conf");
const MODULES: &str = include_str!("../config/freeradius/mods-available/radkick");

/// Measures on private servers.
#[derive(Debug, Parser)]
struct Options {
    /// Accounting-Requests a run
    #[arg(long, default_value_t = 1000)]
    packets: u32,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// The radkick that is measured
    #[arg(long, default_value = env!("CARGO_BIN_EXE_radkick"))]
    radkick: std::path::PathBuf,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// One way to set FreeRADIUS up, and what was measured of it.
struct Way {
    name: &'static str,
    server: FreeRadius,
    times: Times,
    /// The most processes that it had at a time.
    processes: usize,
}

impl Way {
    fn new(name: &'static str, modules: String) -> Self {
        let accounting = if modules.is_empty() { "" } else { "radkick\n" };
        Self::with(name, More { modules, accounting: accounting.to_owned(), ..More::default() })
    }

    fn copied(port: u16) -> Self {
        let sites = SITE.replace("18139", &port.to_string());
        Self::with("a copy", More { sites, accounting: COPY.to_owned(), ..More::default() })
    }

    fn with(name: &'static str, more: More) -> Self {
        let options = FreeRadiusOptions { more, busy_timeout_ms: 5000, ..FreeRadiusOptions::default() };
        Self { name, server: FreeRadius::start(&options), times: Times::default(), processes: 0 }
    }

    fn run(&mut self, packets: u32, round: u32) -> anyhow::Result<()> {
        let file = self.server.raddb().join("requests");
        std::fs::write(&file, requests(packets, round))?;
        let pid = pid(&self.server)?;
        let watch = Watch::start(pid);
        let begun = Clock.now();
        let accepted = send(&self.server, &file)?;
        self.times.add(Clock.now().duration_since(begun));
        // What it leaves running would be measured with the next
        wait_until("its processes have ended", || children(pid).0 == 0);
        self.processes = self.processes.max(watch.stop());
        anyhow::ensure!(u32::try_from(accepted)? == packets, "{}: {accepted} of {packets} were accepted", self.name);
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let (socket, spool, script) =
        (folder.path().join("run/hook.sock"), folder.path().join("spool"), folder.path().join("script"));
    std::fs::create_dir(&spool)?;
    let stored = listen(&socket);
    let hook = format!("{} hook --socket {} --spool {}", options.radkick.display(), socket.display(), spool.display());
    let mut bare = Way::new("no exec", String::new());
    let mut nothing = Way::new("/bin/true", MODULES.replace("/usr/bin/radkick hook", "/bin/true"));
    let mut hooked = Way::new("radkick hook", MODULES.replace("/usr/bin/radkick hook", &hook));
    std::fs::write(&script, radclient_script(&bare.server))?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    let mut scripted =
        Way::new("shell, radclient", MODULES.replace("/usr/bin/radkick hook", &script.display().to_string()));
    let (copies, port) = receive();
    let mut copied = Way::copied(port);
    for round in 0..options.runs {
        for way in [&mut bare, &mut nothing, &mut hooked, &mut scripted, &mut copied] {
            way.run(options.packets, round)?;
        }
    }
    let (expected, kept) = (usize::try_from(options.runs * options.packets)?, spool.read_dir()?.count());
    anyhow::ensure!(stored.load(Ordering::Relaxed) + kept >= expected, "events were lost");
    let mut out = std::io::stdout();
    let came = copies.load(Ordering::Relaxed);
    writeln!(
        out,
        "{} requests a run; {kept} of {expected} events went to the spool; {came} of {expected} copies came",
        options.packets
    )?;
    for way in [&bare, &nothing, &hooked, &scripted, &copied] {
        let ratio = bare.times.median().as_secs_f64() / way.times.median().as_secs_f64();
        let rate = f64::from(options.packets) / way.times.median().as_secs_f64();
        writeln!(
            out,
            "  {:16} {}, {rate:.0} a second, {ratio:.3} of without; at most {} processes at a time",
            way.name, way.times, way.processes
        )?;
    }
    Ok(())
}

/// A daemon that stores at once; how many.
fn listen(socket: &Path) -> Arc<AtomicUsize> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (socket, stored) = (socket.to_owned(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&stored);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut listener = Listener::bind(&socket, None, Trusted::own()).expect("it listens");
            ready.send(()).expect("somebody waits");
            while let Some((_, ticket)) = listener.next().await {
                count.fetch_add(usize::from(ticket.stored()), Ordering::Relaxed);
            }
        });
    });
    is_ready.recv().expect("it listens");
    stored
}

/// A daemon that takes copies; how many, and its port.
fn receive() -> (Arc<AtomicUsize>, u16) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let secret = SharedSecret::new("change-me".into()).expect("a secret");
            let address = ([127, 0, 0, 1], 0).into();
            let mut door = AccountingDoor::bind(address, secret, Clock).await.expect("it listens");
            ready.send(door.address().port()).expect("somebody waits");
            while let Some((_, receipt)) = door.next().await {
                count.fetch_add(1, Ordering::Relaxed);
                receipt.stored();
            }
        });
    });
    (taken, is_ready.recv().expect("it listens"))
}

/// What stands in many a FreeRADIUS: a Disconnect-Request for everybody who comes by. It goes to a server without that session.
fn radclient_script(das: &FreeRadius) -> String {
    format!(
        "#!/bin/sh\nPATH=/usr/bin:/bin\nprintf 'User-Name=%s\\nAcct-Session-Id=%s\\n' \"$USER_NAME\" \"$ACCT_SESSION_ID\" |\n\
         radclient -d {} -S {} -r 1 -t 1 {} disconnect >/dev/null 2>&1\n",
        das.raddb().display(),
        das.secret_file().display(),
        das.coa_addr()
    )
}

fn requests(count: u32, round: u32) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        let (user, id) = (format!("user{index}"), format!("8{index:07x}"));
        let octets = (round * 1000 + index).to_string();
        let pairs = [
            ("User-Name", user.as_str()),
            ("Acct-Session-Id", id.as_str()),
            ("Acct-Status-Type", "Interim-Update"),
            ("NAS-IP-Address", "10.0.0.1"),
            ("Framed-IP-Address", "10.1.0.1"),
            ("Acct-Session-Time", "60"),
            ("Acct-Input-Octets", octets.as_str()),
            ("Acct-Output-Octets", octets.as_str()),
        ];
        writeln!(text, "{}", packet(&pairs)).expect("into a String");
        text
    })
}

/// Counts a process's descendants, again and again.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Watch {
    fn start(pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            while !stopped.load(Ordering::Relaxed) {
                most = most.max(children(pid).1);
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
            most
        });
        Self { stop, thread }
    }

    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it counts")
    }
}

/// The process of a server, which has its directory among its arguments.
fn pid(server: &FreeRadius) -> anyhow::Result<u32> {
    let directory = server.raddb().to_str().context("a path in UTF-8")?;
    let names = std::fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut pids = names.filter_map(|name| name.parse::<u32>().ok());
    let is_it = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|octet| *octet == 0);
        words.next().is_some_and(|first| first.ends_with(b"freeradius"))
            && words.any(|word| word == directory.as_bytes())
    };
    pids.find(is_it).context("a server that runs")
}

/// The descendants of a process: those that run, and with those that have ended and wait to be looked after.
fn children(pid: u32) -> (usize, usize) {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("Linux").filter_map(Result::ok) {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((id, rest)) = stat.split_once(' ') else { continue };
        let mut fields = rest.rsplit_once(") ").unwrap_or_default().1.split(' ');
        if let (Ok(id), Some(state), Some(Ok(parent))) =
            (id.parse::<u32>(), fields.next(), fields.next().map(str::parse::<u32>))
        {
            all.push((id, state == "Z", parent));
        }
    }
    let (mut family, mut running, mut any) = (vec![pid], 0, 0);
    while let Some(parent) = family.pop() {
        for (id, is_zombie, _) in all.iter().filter(|(.., of)| *of == parent) {
            any += 1;
            running += usize::from(!is_zombie);
            family.push(*id);
        }
    }
    (running, any)
}

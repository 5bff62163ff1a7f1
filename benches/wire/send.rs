//! `radkick send`, radclient and the raw loops, all asking one responder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::Options;
use crate::packets::{SECRET, sealed, secret, write_file};
use crate::process::{Took, run, write_secret};
use crate::raw;
use crate::responder::Responder;
use crate::verdict::{Bar, Figures, judge, say};

/// The memory of a send, in MiB.
const MEMORY: Bar = Bar::Below(64.0);

struct Bench<'a> {
    options: &'a Options,
    folder: TempDir,
    responder: Responder,
}

/// What was measured in all rounds.
#[derive(Default)]
struct Rounds {
    radkick: Figures,
    radkick_micros: Figures,
    radkick_mib: Figures,
    radclient: Figures,
    radclient_micros: Figures,
    plain: Figures,
    batched: Figures,
}

pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    let bench = Bench { options, folder: tempfile::tempdir()?, responder: Responder::start(SECRET)? };
    write_secret(&bench.path("secret"), SECRET)?;
    let all = bench.requests(options.requests)?;
    let some = bench.requests(options.radclient)?;
    let rounds = bench.rounds(&all, &some)?;
    bench.print(&rounds)?;
    if options.radclient_once > 0 {
        bench.radclient_once(rounds.radkick.median())?;
    }
    if options.streamed > 0 {
        bench.streamed()?;
    }
    Ok(())
}

impl Bench<'_> {
    fn rounds(&self, all: &Path, some: &Path) -> anyhow::Result<Rounds> {
        let Options { requests, radclient, in_flight, .. } = *self.options;
        let (mut rounds, secret) = (Rounds::default(), secret());
        let packets: Vec<_> = (0..requests).map(|n| sealed(n, &secret)).collect();
        let (to, in_flight) = (self.responder.addr(), usize::from(in_flight));
        for _ in 0..self.options.rounds {
            let took = self.radkick(all, requests)?;
            rounds.radkick.add(f64::from(requests) / took.seconds);
            rounds.radkick_micros.add(took.cpu_seconds * 1e6 / f64::from(requests));
            rounds.radkick_mib.add(took.peak_mib);
            let took = self.radclient(some, radclient)?;
            rounds.radclient.add(f64::from(radclient) / took.seconds);
            rounds.radclient_micros.add(took.cpu_seconds * 1e6 / f64::from(radclient));
            rounds.plain.add(raw::plain(to, &packets, in_flight)?);
            rounds.batched.add(raw::batched(to, &packets, in_flight)?);
        }
        Ok(rounds)
    }

    /// As an operator would run it; it ends with 0 when every reply is an ACK that passed its checks.
    fn radkick(&self, file: &Path, requests: u32) -> anyhow::Result<Took> {
        let (to, in_flight) = (self.responder.addr().to_string(), self.options.in_flight.to_string());
        let secret = self.path("secret");
        let mut arguments = ["send", "disconnect", "--to", &to, "--in-flight", &in_flight].map(OsStr::new).to_vec();
        arguments.extend([OsStr::new("--secret-file"), secret.as_os_str(), OsStr::new("--file"), file.as_os_str()]);
        self.counted(requests, || run(&self.options.radkick, &arguments, &self.path("radkick.out")))
    }

    /// With as many in flight, and nothing to print but its summary.
    fn radclient(&self, file: &Path, requests: u32) -> anyhow::Result<Took> {
        let (to, in_flight) = (self.responder.addr().to_string(), self.options.in_flight.to_string());
        let (secret, output) = (self.path("secret"), self.path("radclient.out"));
        let mut arguments = ["-q", "-s", "-p", &in_flight, "-r", "5", "-t", "2", "-f"].map(OsStr::new).to_vec();
        arguments.extend([file.as_os_str(), OsStr::new("-S"), secret.as_os_str(), OsStr::new(&to)]);
        arguments.push(OsStr::new("disconnect"));
        let took = self.counted(requests, || run(Path::new("radclient"), &arguments, &output))?;
        let summary = std::fs::read_to_string(&output)?;
        let accepted = summary.lines().find_map(|line| line.trim().strip_prefix("Accepted")?.split(": ").nth(1));
        let accepted: u32 = accepted.with_context(|| format!("no summary: {summary}"))?.trim().parse()?;
        anyhow::ensure!(accepted == requests, "radclient: {accepted} of {requests} accepted");
        Ok(took)
    }

    /// Sees to it that the responder was asked for so many.
    fn counted(&self, requests: u32, what: impl FnOnce() -> anyhow::Result<Took>) -> anyhow::Result<Took> {
        let before = self.responder.answered()?;
        let took = what()?;
        let answered = self.responder.answered()? - before;
        anyhow::ensure!(answered >= u64::from(requests), "{answered} requests came, of {requests}");
        if answered > u64::from(requests) {
            say(format_args!("  (one run retransmitted {} of {requests})", answered - u64::from(requests)))?;
        }
        Ok(took)
    }

    fn print(&self, rounds: &Rounds) -> anyhow::Result<()> {
        let Options { requests, rounds: number, in_flight, radclient, .. } = self.options;
        say(format_args!(
            "{requests} Disconnect-Requests with Message-Authenticator and Event-Timestamp, {in_flight} in flight, \
             all replies verified; {number} rounds in turns"
        ))?;
        let [radkick, other, plain, batched] =
            [&rounds.radkick, &rounds.radclient, &rounds.plain, &rounds.batched].map(Figures::median);
        judge("rate of radkick, by radclient's", radkick / other, "", Bar::AtLeast(10.0))?;
        judge("rate of radkick, by the raw loop's", radkick / plain, "", Bar::AtLeast(0.6))?;
        judge("memory of radkick at most", rounds.radkick_mib.highest(), " MiB", MEMORY)?;
        let line = |name: &str, rate: &Figures, rest: &str| {
            let (lowest, highest) = (rate.lowest(), rate.highest());
            say(format_args!("  {name:<28} {:>8.0}/s ({lowest:.0} to {highest:.0}){rest}", rate.median()))
        };
        let micros = |each: &Figures| format!(", {:.1} µs of processor time each", each.median());
        line("radkick send", &rounds.radkick, &micros(&rounds.radkick_micros))?;
        let rest = format!("{}, {radclient} a round", micros(&rounds.radclient_micros));
        line("radclient", &rounds.radclient, &rest)?;
        line("raw loop", &rounds.plain, "")?;
        let rest = format!("; radkick: {:.2} of it", radkick / batched);
        line("raw loop in batches", &rounds.batched, &rest)?;
        let each = self.responder.micros_each()?;
        say(format_args!("  the responder: {each:.1} µs of its core each, so at most {:.0}/s", 1e6 / each))?;
        Ok(())
    }

    fn radclient_once(&self, radkick: f64) -> anyhow::Result<()> {
        let requests = self.options.radclient_once;
        let took = self.radclient(&self.requests(requests)?, requests)?;
        let rate = f64::from(requests) / took.seconds;
        let what = format!("rate of radkick, by radclient's of {requests} at once");
        judge(&what, radkick / rate, "", Bar::AtLeast(10.0))?;
        say(format_args!("  {:<28} {rate:>8.0}/s, in {:.0} s", "radclient", took.seconds))?;
        Ok(())
    }

    fn streamed(&self) -> anyhow::Result<()> {
        let requests = self.options.streamed;
        let file = self.requests(requests)?;
        let took = self.radkick(&file, requests)?;
        let mib = f64::from(u32::try_from(file.metadata()?.len() >> 20)?);
        let what = format!("memory of radkick for {requests} from a file of {mib} MiB");
        judge(&what, took.peak_mib, " MiB", MEMORY)?;
        say(format_args!("  {:<28} {:>8.0}/s", "radkick send", f64::from(requests) / took.seconds))?;
        Ok(())
    }

    /// The file with so many requests.
    fn requests(&self, count: u32) -> anyhow::Result<PathBuf> {
        let path = self.path(&format!("{count}.requests"));
        if !path.exists() {
            write_file(&path, count)?;
        }
        Ok(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

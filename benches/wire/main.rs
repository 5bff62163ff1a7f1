//! How fast `radkick send` is on the wire and what it needs, beside radclient and a loop that only sends and receives.
//!
//! `cargo bench --bench wire` measures all of it and prints each ratio with its bar; for a quick look
//! `cargo bench --bench wire -- --requests 20000 --rounds 3 --streamed 0 --radclient-once 0`, for a part `-- --only codec`.
//! It wants radclient and valgrind. All take turns; medians. The ratios are what counts, and they want a machine that has
//! two cores to spare: the responder that all of them ask takes one.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod callgrind;
mod codec;
mod dead_nas;
mod fleet;
mod packets;
mod process;
mod raw;
mod responder;
mod send;
mod verdict;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use codec::Operation;
use verdict::say;

/// Measures on loopback.
#[derive(Debug, Parser)]
struct Options {
    /// Only these parts
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Disconnect-Requests that radkick and the loops send in each round
    #[arg(long, default_value_t = 200_000)]
    requests: u32,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How many may wait for their reply
    #[arg(long, default_value_t = 200)]
    in_flight: u16,
    /// Requests that radclient sends in each round: fewer, for the more it has the slower it gets
    #[arg(long, default_value_t = 20_000)]
    radclient: u32,
    /// Requests that radclient sends once beside, which takes it minutes; 0 for none
    #[arg(long, default_value_t = 200_000)]
    radclient_once: u32,
    /// Requests that radkick sends once, for its memory; 0 for none
    #[arg(long, default_value_t = 1_000_000)]
    streamed: u32,
    /// Exchanges with all NAS together, where some are dead
    #[arg(long, default_value_t = 10_000)]
    exchanges: u32,
    /// The radkick that is measured
    #[arg(long, default_value = env!("CARGO_BIN_EXE_radkick"))]
    radkick: PathBuf,
    /// Has one program run and tells what it took, instead
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true)]
    watch: Vec<OsString>,
    /// Does one thing so often, instead; for callgrind
    #[arg(long, hide = true, num_args = 2)]
    repeat: Vec<String>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// `radkick send`, radclient and the loops
    Send,
    /// Healthy NAS beside dead ones
    DeadNas,
    /// Time and allocations of one packet
    Codec,
    /// Instructions of one packet
    Callgrind,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if !options.watch.is_empty() {
        return process::watch(&options.watch);
    }
    if let [operation, times] = options.repeat.as_slice() {
        return Operation::named(operation)?.repeat(times.parse()?);
    }
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    say(format_args!("{cores} cores, load {}", load.split(' ').next().unwrap_or_default()))?;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    if wanted(Part::Send) {
        send::measure(&options)?;
    }
    if wanted(Part::DeadNas) {
        dead_nas::measure(&options)?;
    }
    if wanted(Part::Codec) {
        codec::measure(options.rounds)?;
    }
    if wanted(Part::Callgrind) {
        callgrind::measure()?;
    }
    Ok(())
}

//! Arguments in, exit code out; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use radkick::cli::Cli;
use radkick::hook;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // FreeRADIUS starts it for every packet: before clap, tokio and rustls
    if arguments.next().is_some_and(|first| first == "hook") { hook::run(arguments).into() } else { front_door() }
}

/// A step of the worker makes and drops some hundred thousand small texts: two thirds of the processor time that the system's
/// allocator takes for it, and less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn front_door() -> ExitCode {
    let cli = Cli::parse();
    match cli.hook() {
        Some(arguments) => hook::run(arguments).into(),
        None => cli.run().into(),
    }
}

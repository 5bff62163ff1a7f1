//! Arguments in, exit code out; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use radkick::cli::Cli;

/// A step of the worker makes and drops some hundred thousand small texts: two thirds of the processor time that the system's
/// allocator takes for it, and less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await.into()
}

//! Arguments in, exit code out; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use radkick::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await.into()
}

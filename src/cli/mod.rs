//! The front door: one file a command.

pub mod demo;
mod exit;
mod output;
mod send;
mod send_input;
mod send_report;
mod simulate;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use exit::Exit;
pub use output::{Format, Output};

/// Cuts a RADIUS session on MikroTik RouterOS (RFC 5176) and proves it.
#[derive(Debug, Parser)]
#[command(name = "radkick", version, about)]
pub struct Cli {
    /// The configuration file [default: /etc/radkick/radkick.toml, then ./radkick.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print: text for people, json for programs (one object a line)
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Say more on standard error (-v info, -vv debug)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Send(send::SendArgs),
    Simulate(Box<simulate::SimulateArgs>),
}

impl Cli {
    /// Runs the command that the arguments name.
    pub async fn run(self) -> Exit {
        let output = Output::new(self.output);
        let done = match self.command {
            Some(Command::Send(args)) => send::run(args, output).await,
            Some(Command::Simulate(args)) => simulate::run(*args, output).await,
            None => Ok(Exit::Done),
        };
        done.unwrap_or_else(|error| {
            output.note(&format!("error: {error:#}")).ok();
            Exit::Failed
        })
    }
}

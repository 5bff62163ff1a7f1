//! The front door: one file a command.

mod answers;
mod block;
mod brakes;
mod check;
mod coa;
mod coa_text;
mod context;
pub mod demo;
mod disconnect;
mod doctor;
mod enforce;
mod explain;
mod explain_text;
mod hook;
mod jobs;
mod jobs_text;
mod output;
mod person;
mod progress;
mod quota;
mod send;
mod send_input;
mod send_report;
mod sending;
mod serve;
mod sessions;
mod sessions_text;
mod sheet;
mod simulate;
mod usage;
mod usage_text;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::quota::UserName;

pub use crate::command::Exit;
use crate::command::user_name;
use context::Context;
pub use output::{Format, Output};

/// Cuts a RADIUS session on MikroTik RouterOS (RFC 5176) and proves it.
///
/// Exit codes: 0 proven off or gone already, 1 still on, 3 unproven, 4 unknown user, session or NAS, 2 command line or
/// configuration wrong, 5 something of ours failed.
#[derive(Debug, Parser)]
#[command(name = "radkick", version, about, max_term_width = 100)]
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
    /// Short for: disconnect --user NAME
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    disconnect: Option<UserName>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Disconnect(disconnect::DisconnectArgs),
    Coa(Box<coa::CoaArgs>),
    Send(send::SendArgs),
    Enforce(enforce::EnforceArgs),
    /// The daemon: enforces quotas, takes what FreeRADIUS' hooks bring, runs jobs as they fall due, answers on HTTP
    ///
    /// Worker, job runner, and /healthz, /readyz and /metrics on [serve] listen. SIGTERM finishes what is under way and ends
    /// with 0, a second one ends at once; SIGHUP reads the configuration again.
    Serve,
    Sessions(sessions::SessionsArgs),
    Usage(usage::UsageArgs),
    Explain(explain::ExplainArgs),
    /// Allowances in radkick's own table: set, top up, list, remove
    #[command(subcommand)]
    Quota(quota::QuotaCommand),
    Jobs(jobs::JobsArgs),
    Block(block::BlockArgs),
    Restore(block::RestoreArgs),
    Pause(brakes::PauseArgs),
    /// End a pause
    Resume,
    /// Let go a brake that has tripped
    Confirm,
    /// Check the configuration and the databases: every problem at once
    Check,
    Doctor(doctor::DoctorArgs),
    /// See the whole story on SQLite and simulated routers, with no set-up: every line told is checked
    ///
    /// Exits with 0 when every line was true, 1 when one was not, 5 when the demo could not be set up.
    Demo,
    Simulate(Box<simulate::SimulateArgs>),
    Hook(hook::HookArgs),
}

impl Cli {
    /// The arguments of `radkick hook` where something stands before it; main knows it otherwise.
    #[must_use]
    pub fn hook(&self) -> Option<Vec<std::ffi::OsString>> {
        match &self.command {
            Some(Command::Hook(args)) => Some(args.arguments.clone()),
            _ => None,
        }
    }

    /// Runs the command that the arguments name, to its end.
    #[must_use]
    pub fn run(self) -> Exit {
        let runtime = match &self.command {
            // All in one loop: a second thread would only be woken for nothing, with every datagram
            Some(Command::Send(_)) => tokio::runtime::Builder::new_current_thread().enable_all().build(),
            _ => tokio::runtime::Runtime::new(),
        };
        match runtime {
            Ok(runtime) => runtime.block_on(self.run_command()),
            Err(error) => {
                Output::new(self.output).note(&format!("error: no thread to run in: {error}")).ok();
                Exit::Failed
            }
        }
    }

    async fn run_command(self) -> Exit {
        let output = Output::new(self.output);
        self.log();
        let (config, disconnect) = (self.config, self.disconnect);
        if self.command.is_some() && disconnect.is_some() {
            output
                .note("error: --disconnect NAME is a command of its own; a second one beside it is one too many")
                .ok();
            return Exit::Usage;
        }
        let command = self
            .command
            .or_else(|| disconnect.map(|user| Command::Disconnect(disconnect::DisconnectArgs::of_user(user))));
        let Some(command) = command else {
            output.note(&Self::command().render_help().ansi().to_string()).ok();
            return Exit::Usage;
        };
        Box::pin(command.run(config, output)).await.unwrap_or_else(|error| {
            output.note(&format!("error: {error:#}")).ok();
            Exit::Failed
        })
    }

    /// Logs go to standard error: what needs attention; the loop also tells what it does.
    fn log(&self) {
        let endless = match &self.command {
            Some(Command::Enforce(args)) => args.is_endless(),
            command => matches!(command, Some(Command::Serve)),
        };
        let level = match (self.verbose, endless) {
            (0, false) => "radkick=warn",
            (0, true) | (1, _) => "radkick=info",
            _ => "radkick=debug",
        };
        let filter =
            EnvFilter::builder().parse_lossy(std::env::var("RADKICK_LOG").unwrap_or_else(|_| level.to_owned()));
        let to = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
        // Where standard error cannot be written nobody is told of it, and nothing else stops
        let to = to.log_internal_errors(false);
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
        to.with_ansi(ansi).try_init().ok();
    }
}

impl Command {
    async fn run(self, config: Option<PathBuf>, output: Output) -> anyhow::Result<Exit> {
        let context = || Context::load(config.as_deref(), output);
        macro_rules! configured {
            ($run:expr) => {
                match context() {
                    Ok(context) => $run(context).await,
                    Err(refused) => Ok(refused),
                }
            };
        }
        match self {
            Self::Send(args) => send::run(args, output).await,
            Self::Demo => demo::run(output).await,
            Self::Simulate(args) => simulate::run(*args, output).await,
            Self::Disconnect(args) => configured!(|context| disconnect::run(args, context)),
            Self::Coa(args) => configured!(|context| coa::run(*args, context)),
            Self::Enforce(args) => configured!(|context| enforce::run(args, context)),
            Self::Serve => configured!(|context| serve::run(config.clone(), context)),
            Self::Sessions(args) => configured!(|context| sessions::run(args, context)),
            Self::Usage(args) => configured!(|context| usage::run(args, context)),
            Self::Explain(args) => configured!(|context| explain::run(args, context)),
            Self::Quota(command) => configured!(|context| quota::run(command, context)),
            Self::Jobs(args) => configured!(|context| jobs::run(args, context)),
            Self::Block(args) => configured!(|context| block::block(args, context)),
            Self::Restore(args) => configured!(|context| block::restore(args, context)),
            Self::Pause(args) => configured!(async |context: Context| brakes::pause(&args, &context)),
            Self::Resume => configured!(async |context: Context| brakes::resume(&context)),
            Self::Confirm => configured!(brakes::confirm),
            Self::Check => configured!(check::run),
            Self::Doctor(args) => configured!(|context| doctor::run(args, context)),
            Self::Hook(_) => anyhow::bail!("the hook ends with exit codes of its own: main runs it"),
        }
    }
}

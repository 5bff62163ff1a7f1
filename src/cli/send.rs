//! `radkick send`: one packet a request, no database; what radclient does, in its file format.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::send_input::{self, Destination};
use super::send_report::Tally;
use super::{Exit, Output};
use crate::clock::Clock;
use crate::dynauth::{Ended, Request, RequestError};
use crate::udp::UdpHandle;

/// Send Disconnect- or CoA-Requests as they are given, without a database.
///
/// Exits with 0 when every answer is an ACK, 1 after any NAK, 3 after any silence, 2 when an argument or a file is wrong,
/// 5 when the socket fails.
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// What to ask for
    pub(super) kind: Kind,
    /// The NAS; port 3799 unless it says another; an IPv6 address stands in brackets
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(super) to: Destination,
    /// The file that holds the shared secret; a newline at its end does not belong to it
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: PathBuf,
    /// The local address to send from
    #[arg(long, value_name = "ADDR")]
    pub(super) source: Option<IpAddr>,
    /// An attribute, as in 'User-Name=John Smith', taken as it stands; added to every request of --file
    #[arg(long = "attr", value_name = "Name=value")]
    pub(super) attributes: Vec<String>,
    /// Requests in radclient's format, a blank line between them; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// How many requests may wait for their answer at the same time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) in_flight: u16,
    /// Initial retransmission time [default: 2s]
    #[arg(long, value_name = "D", value_parser = send_input::duration)]
    pub(super) irt: Option<Duration>,
    /// Maximum retransmission time, 0s for none [default: 16s]
    #[arg(long, value_name = "D", value_parser = send_input::duration)]
    pub(super) mrt: Option<Duration>,
    /// Maximum number of transmissions, 0 for any [default: 5]
    #[arg(long, value_name = "N")]
    pub(super) mrc: Option<u32>,
    /// Maximum duration of all transmissions, 0s for any [default: 30s]
    #[arg(long, value_name = "D", value_parser = send_input::duration)]
    pub(super) mrd: Option<Duration>,
}

/// The two requests of RFC 5176.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Disconnect-Request: end a session
    Disconnect,
    /// CoA-Request: change a session
    Coa,
}

/// Sends every request and prints how each ended.
///
/// # Errors
/// When the socket or standard output fails.
pub(crate) async fn run(args: SendArgs, output: Output) -> anyhow::Result<Exit> {
    let in_flight = usize::from(args.in_flight);
    let plan = match send_input::resolve(args).await {
        Ok(plan) => plan,
        Err(problems) => {
            problems.iter().try_for_each(|problem| output.note(&format!("error: {problem}")))?;
            return Ok(Exit::Usage);
        }
    };
    plan.warnings.iter().try_for_each(|warning| output.note(&format!("warning: {warning}")))?;
    let socket = UdpHandle::bind(Some(plan.source), Clock)
        .with_context(|| format!("cannot open a socket at {}", plan.source))?;
    let started = Clock.now();
    let mut tally = send_all(plan.requests, in_flight, &socket, output).await?;
    tally.discarded = socket.discarded();
    tally.print_summary(Clock.now() - started, output)?;
    Ok(tally.exit())
}

/// Keeps at most `in_flight` exchanges going until all have ended, or until Ctrl-C.
async fn send_all(
    requests: Vec<Request>,
    in_flight: usize,
    socket: &UdpHandle,
    output: Output,
) -> anyhow::Result<Tally> {
    let mut waiting = requests.into_iter().enumerate();
    let mut running: JoinSet<(usize, Result<Ended, RequestError>)> = JoinSet::new();
    let mut tally = Tally::default();
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    loop {
        while running.len() < in_flight && !tally.interrupted {
            let Some((index, request)) = waiting.next() else { break };
            let socket = socket.clone();
            running.spawn(async move { (index, socket.exchange(request).await) });
        }
        tokio::select! {
            joined = running.join_next() => {
                let Some(joined) = joined else { return Ok(tally) };
                let (index, ended) = joined?;
                tally.print(index, &ended?, output)?;
            }
            _ = interrupt.recv(), if !tally.interrupted => {
                tally.interrupted = true;
                socket.close();
            }
        }
    }
}

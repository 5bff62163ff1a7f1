//! `radkick send`: one packet a request, no database; what radclient does, in its file format.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::send_input::{self, Destination};
use super::sending::{Limits, Sending};
use super::{Exit, Output};
use crate::clock::Clock;
use crate::udp::UdpClient;

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
    /// Requests in radclient's format, a blank line between them; - is standard input. All of a file is checked before
    /// anything is sent; a pipe is sent as it comes, up to a request that is wrong
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// More names for attributes and values: a folder of FreeRADIUS' dictionaries, such as /usr/share/freeradius, or one such
    /// file; may be given more than once
    #[arg(long = "dictionary", value_name = "DIR")]
    pub(super) dictionaries: Vec<PathBuf>,
    /// How many requests may wait for their answer at the same time; over 256 take more than one port
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=16_384))]
    pub(super) in_flight: u16,
    /// How many requests may begin in a second [default: any]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) rate: Option<u32>,
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
    let limits = Limits { in_flight: usize::from(args.in_flight), rate: args.rate };
    let plan = match send_input::resolve(args).await {
        Ok(plan) => plan,
        Err(problems) => {
            problems.iter().try_for_each(|problem| output.note(&format!("error: {problem}")))?;
            return Ok(Exit::Usage);
        }
    };
    plan.warnings.iter().try_for_each(|warning| output.note(&format!("warning: {warning}")))?;
    let client = UdpClient::bind(plan.source, Clock, Arc::default())
        .with_context(|| format!("cannot open a socket at {}", plan.source))?;
    let (tally, problem) = Sending::new(client, plan, limits, output).run().await?;
    let Some(problem) = problem else { return Ok(tally.exit()) };
    output.note(&format!("error: {problem}; what stands before it has been sent"))?;
    Ok(Exit::Usage)
}

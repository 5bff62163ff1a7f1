//! `radkick simulate`: one simulated router in the foreground, until Ctrl-C.

mod plan;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

use super::{Exit, Output, send_input};
use crate::simulator::{BEHAVIOUR_NAMES, Router};
use plan::{Login, Plan};

/// Run one simulated RouterOS router on loopback until Ctrl-C: RADIUS incoming, accounting, REST.
///
/// Exits with 0 on Ctrl-C or SIGTERM, 2 when an argument or a file is wrong, 5 when an address cannot be bound.
#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// The router's name: /system identity and NAS-Identifier
    #[arg(long, value_name = "NAME", default_value = "R1")]
    name: String,
    /// The router's address: of RADIUS incoming, of REST, and the source of accounting
    #[arg(long, value_name = "IP", default_value = "127.0.1.1")]
    bind: Ipv4Addr,
    /// The UDP port of RADIUS incoming, 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 3799)]
    coa_port: u16,
    /// Do not listen for Disconnect-Requests at all, as with /radius incoming accept=no
    #[arg(long)]
    coa_closed: bool,
    /// The file that holds the shared secret; a newline at its end does not belong to it
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Who may send Disconnect-Requests; may be given again
    #[arg(long = "sender", value_name = "IP", default_value = "127.0.0.1")]
    senders: Vec<IpAddr>,
    /// Where accounting is sent [default: nowhere]
    #[arg(long, value_name = "ADDR:PORT")]
    accounting: Option<SocketAddr>,
    /// How often a session reports its octets [default: never]
    #[arg(long, value_name = "D", value_parser = send_input::duration, requires = "accounting")]
    interim: Option<Duration>,
    /// Where those who were cut ask to be let in again [default: nowhere, so nobody is]
    #[arg(long, value_name = "ADDR:PORT")]
    authentication: Option<SocketAddr>,
    /// A local user, on the hotspot and in /ppp secret, who needs no RADIUS; may be given again
    #[arg(long = "local-user", value_name = "NAME")]
    local_users: Vec<String>,
    /// A hotspot user who is logged in from the start; may be given again
    #[arg(long = "user", value_name = "NAME@IP")]
    users: Vec<Login>,
    /// A PPP user who is logged in from the start; may be given again
    #[arg(long = "ppp", value_name = "NAME@IP")]
    ppp: Vec<Login>,
    /// Octets that each session downloads a second
    #[arg(long, value_name = "OCTETS", default_value_t = 0)]
    rate: u64,
    /// Serve REST to this user
    #[arg(long, value_name = "NAME", requires = "rest_password_file")]
    rest_user: Option<String>,
    /// The file that holds the REST user's password
    #[arg(long, value_name = "FILE", requires = "rest_user")]
    rest_password_file: Option<PathBuf>,
    /// The TCP port of REST, 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    rest_port: u16,
    /// How REST is protected
    #[arg(long, value_name = "HOW", default_value = "off", requires = "rest_user")]
    tls: TlsChoice,
    /// Write the certificate that clients have to trust to this file
    #[arg(long, value_name = "FILE", requires = "tls")]
    certificate_file: Option<PathBuf>,
    /// Where this router differs from RouterOS' known defaults, over what the file says; may be given again
    #[arg(long = "behaviour", value_name = "NAME", value_parser = behaviour_names())]
    behaviours: Vec<String>,
    /// A TOML file of the same, with every switch and its values (docs/simulator.md)
    #[arg(long, value_name = "FILE")]
    behaviour_file: Option<PathBuf>,
}

fn behaviour_names() -> PossibleValuesParser {
    BEHAVIOUR_NAMES.iter().map(|known| PossibleValue::new(known.name).help(known.help)).collect::<Vec<_>>().into()
}

/// What REST's certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TlsChoice {
    /// Plain HTTP
    Off,
    /// A certificate that signed itself
    SelfSigned,
    /// A certificate signed by an authority
    CaSigned,
    /// The same, over since 2021
    Expired,
    /// The same, for a router of another name
    OtherName,
    /// A certificate signed by another authority than the one in --certificate-file
    OtherAuthority,
}

/// Where the router is to be found.
#[derive(Debug, Serialize)]
struct Listening<'a> {
    event: &'static str,
    simulated: bool,
    name: &'a str,
    coa: SocketAddr,
    rest: Option<&'a str>,
    fingerprint: Option<&'a str>,
}

/// Runs the router and prints what happens there, a line an event.
///
/// # Errors
/// When an address cannot be bound, or standard output fails.
pub(crate) async fn run(args: SimulateArgs, output: Output) -> anyhow::Result<Exit> {
    let certificate_file = args.certificate_file.clone();
    let plan = match Plan::resolve(args) {
        Ok(plan) => plan,
        Err(problems) => {
            problems.iter().try_for_each(|problem| output.note(&format!("error: {problem}")))?;
            return Ok(Exit::Usage);
        }
    };
    let (name, bind) = (plan.options.name.clone(), plan.options.bind);
    let router = Router::start(plan.options).await.with_context(|| format!("cannot start the router on {bind}"))?;
    if let Some(path) = certificate_file {
        std::fs::write(&path, router.rest_certificate_pem())
            .with_context(|| format!("cannot write the certificate to {}", path.display()))?;
    }
    introduce(&router, &name, output)?;
    follow(&router, plan.sessions, output).await
}

fn introduce(router: &Router, name: &str, output: Output) -> std::io::Result<()> {
    let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let listening = Listening {
        event: "listening",
        simulated: true,
        name,
        coa: router.coa_addr(),
        rest: some(router.rest_url()),
        fingerprint: some(router.rest_fingerprint()),
    };
    output.object(&listening)?;
    output.line(&format!("simulated router {name}: no real one is touched"))?;
    output.line(&format!("radius   incoming on {}", listening.coa))?;
    if let Some(url) = listening.rest {
        output.line(&format!("rest     {url}"))?;
    }
    if let Some(fingerprint) = listening.fingerprint {
        output.line(&format!("rest     certificate SHA-256 {fingerprint}"))?;
    }
    Ok(())
}

/// Logs everyone in and prints events, until a signal.
async fn follow(router: &Router, sessions: Vec<crate::simulator::SessionSpec>, output: Output) -> anyhow::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut events = router.events();
    for session in sessions {
        router.login(session);
    }
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(Exit::Done),
            _ = terminate.recv() => return Ok(Exit::Done),
            event = events.recv() => match event {
                Ok(event) => {
                    output.object(&event)?;
                    output.line(&event.to_string())?;
                }
                Err(RecvError::Lagged(missed)) => output.note(&format!("warning: {missed} events not shown"))?,
                Err(RecvError::Closed) => return Ok(Exit::Done),
            },
        }
    }
}

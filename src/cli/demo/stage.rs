//! Where it plays: the tables, the sink that stands in for FreeRADIUS, the routers, and the real agent and worker, set up
//! by a configuration file like any other.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::Agent;
use crate::radius::SharedSecret;
use crate::simulator::{AccountingOptions, Octets, RadiusEntry, RestOptions, Router, RouterOptions, SessionView, Tls};
use crate::worker::{StepOutcome, Worker};

use super::cast::{LIMIT, Part, ROUTERS, USERS, User};
use super::sink::Sink;
use super::tables::Tables;

const REST_USER: &str = "radkick";

/// Everything that plays. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) tables: Tables,
    pub(super) agent: Arc<Agent>,
    worker: Worker,
    routers: Vec<(&'static str, Router)>,
    _sink: Sink,
}

impl Stage {
    /// Sets the stage in an empty folder; every user logs in.
    pub(super) async fn set(folder: &Path) -> anyhow::Result<Self> {
        let database = folder.join("radius.db");
        let (secret, password) = (random(), random());
        let tables = Tables::create(&database).await.context("cannot make the demo's database")?;
        let shared = SharedSecret::new(secret.clone().into_bytes())?;
        let sink = Sink::start(&database, shared.clone(), (Ipv4Addr::LOCALHOST, 0).into()).await?;
        let mut routers = Vec::new();
        for part in ROUTERS {
            routers.push((part.name, start_router(part, &shared, &password, sink.addr()).await?));
            tables.add_nas(&part.address.to_string(), part.name, &secret).await?;
        }
        for user in USERS {
            tables.add_user(user.name, &random(), LIMIT).await?;
        }
        let config = configuration(folder, &routers, &password)?;
        let agent = Arc::new(Agent::open(config, Clock).await?);
        let worker = Worker::new(Arc::clone(&agent), None, false);
        let stage = Self { tables, agent, worker, routers, _sink: sink };
        for user in USERS {
            stage.router(user).login(user.session());
        }
        stage.settle().await;
        Ok(stage)
    }

    /// The router that a user is on.
    ///
    /// # Panics
    /// Never: the cast knows its routers.
    pub(super) fn router(&self, user: User) -> &Router {
        let found = self.routers.iter().find(|(name, _)| *name == user.router);
        #[expect(clippy::expect_used, reason = "the cast is constant")]
        found.map(|(_, router)| router).expect("a router of the cast")
    }

    /// A user's session on the router's own table.
    pub(super) fn listed(&self, user: User) -> Option<SessionView> {
        self.router(user).sessions().into_iter().find(|session| session.user == user.name)
    }

    /// A user downloads; with `reported`, the router tells the accounting server.
    pub(super) fn download(&self, user: User, output: u64, reported: bool) -> anyhow::Result<()> {
        let session = self.listed(user).with_context(|| format!("{} is not online", user.name))?;
        let router = self.router(user);
        router.use_data(&session.acct_session_id, Octets { input: 0, output })?;
        if reported {
            router.interim(&session.acct_session_id)?;
        }
        Ok(())
    }

    /// Waits until every accounting record is written down.
    pub(super) async fn settle(&self) {
        for (_, router) in &self.routers {
            router.accounting_settled().await;
        }
    }

    /// One cycle of `radkick enforce`.
    pub(super) async fn cycle(&self) -> anyhow::Result<StepOutcome> {
        let outcome = self.worker.step().await.context("the worker's cycle")?;
        self.settle().await;
        Ok(outcome)
    }

    /// How many Disconnect-Requests and REST requests all routers have had.
    pub(super) fn asked(&self) -> (usize, usize) {
        let sum = |count: &dyn Fn(&Router) -> usize| self.routers.iter().map(|(_, router)| count(router)).sum();
        (sum(&|router| router.requests().len()), sum(&|router| router.rest_log().len()))
    }
}

/// A secret that nobody else has.
fn random() -> String {
    format!("{:016x}{:016x}", Clock.random(), Clock.random())
}

async fn start_router(
    part: Part,
    secret: &SharedSecret,
    password: &str,
    accounting: SocketAddr,
) -> anyhow::Result<Router> {
    let options = RouterOptions {
        coa: part.coa,
        radius_servers: vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret.clone())],
        accounting: Some(AccountingOptions::new(accounting, secret.clone())),
        rest: Some(RestOptions { tls: Tls::SelfSigned, ..RestOptions::new(REST_USER, password) }),
        behaviours: part.behaviours(),
        ..RouterOptions::new(part.name, part.address)
    };
    let started = Router::start(options).await;
    started.map_err(|error| not_started(part, &error))
}

fn not_started(part: Part, error: &io::Error) -> anyhow::Error {
    let Part { name, address, .. } = part;
    if error.kind() == io::ErrorKind::AddrNotAvailable {
        let mend = format!("on macOS: sudo ifconfig lo0 alias {address}");
        return anyhow!(
            "this machine lacks the loopback address {address}, which simulated router {name} needs ({mend})"
        );
    }
    anyhow!("cannot start simulated router {name} on {address}: {error}")
}

/// Reads the demo's radkick.toml as any other; the environment has no say in it.
fn configuration(folder: &Path, routers: &[(&str, Router)], password: &str) -> anyhow::Result<Config> {
    let file = folder.join("radkick.toml");
    match Config::parse(&file, &toml(routers, password), &|_| None) {
        Ok(config) => Ok(config),
        Err(problems) => {
            let lines: Vec<String> = problems.problems.iter().map(ToString::to_string).collect();
            bail!("the demo's own configuration: {}", lines.join("; "))
        }
    }
}

/// radkick.toml. Shared secrets are not in it: they come from FreeRADIUS' `nas` table.
fn toml(routers: &[(&str, Router)], password: &str) -> String {
    let mut text = format!(
        r#"[database]
url = "sqlite:radius.db"
[accounting]
stop_grace = "0s"
[quota]
mode = "enforce"
[block]
reply_message = "Your data is used up."
[nas_defaults]
source = "127.0.0.1"
verify_within = "5s"
[nas_defaults.rest]
username = "{REST_USER}"
password = "{password}"
"#
    );
    for (part, (_, router)) in ROUTERS.iter().zip(routers) {
        let Part { name, address, settings, .. } = part;
        let (port, url, fingerprint) = (router.coa_addr().port(), router.rest_url(), router.rest_fingerprint());
        write!(
            text,
            r#"[[nas]]
name = "{name}"
match = ["{address}"]
coa_port = {port}
{settings}[nas.rest]
url = "{url}"
fingerprint = "{fingerprint}"
identity = "{name}"
"#
        )
        .ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::cast::EKET;

    #[test]
    fn a_missing_loopback_address_is_named_with_what_mends_it() {
        let told = not_started(EKET, &io::ErrorKind::AddrNotAvailable.into()).to_string();
        assert!(told.contains("lacks the loopback address 127.0.1.2"), "{told}");
        assert!(told.contains("sudo ifconfig lo0 alias 127.0.1.2"), "{told}");
        let told = not_started(EKET, &io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(told.starts_with("cannot start simulated router R2-Eket on 127.0.1.2: "), "{told}");
    }
}

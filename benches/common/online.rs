//! Users online at many simulated routers, and jobs that cut them.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use radkick::clock::Clock;
use radkick::jobs::{JobDetail, Selection};
use radkick::quota::UserName;
use radkick::radius::SharedSecret;
use radkick::simulator::{Incoming, RadiusEntry, RestFault, RestOptions, Router, RouterOptions, SessionSpec};
use radkick::store::{JobSpec, State};

use crate::daemon::Served;
use crate::server::Server;
use crate::support::sqlite::sqlite;
use crate::support::wait::PATIENCE;

pub(crate) const SECRET: &str = "secret-of-the-measurement";

/// A job for each of these users.
pub(crate) async fn submit(state: &State, jobs: impl Iterator<Item = u32>) -> anyhow::Result<()> {
    let now = Clock.epoch();
    for n in jobs {
        let selection = Selection { session: Some(unique_id(n)), ..Selection::default() };
        let spec = JobSpec {
            user: UserName::new(user(n)),
            reason: "by_hand".to_owned(),
            actor: "bench".to_owned(),
            session: Some(unique_id(n)),
            detail: serde_json::to_value(JobDetail { selection, ..JobDetail::default() })?,
            lapses_at: now + 3600,
        };
        state.submit(&spec, now).await?;
    }
    Ok(())
}

/// Waits until so many sessions are proven off, as long as it goes on.
pub(crate) async fn all_ended(served: &Served, jobs: u32) -> anyhow::Result<()> {
    let (mut last, mut at) = (-1.0, Clock.now());
    while last < f64::from(jobs) {
        let ended = served.metric("radkick_session_fates_total{fate=\"ended\"}");
        if ended > last {
            (last, at) = (ended, Clock.now());
        }
        anyhow::ensure!(Clock.now().duration_since(at) < PATIENCE, "{last} of {jobs} ended\n{}", served.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Routers that take requests and have REST. Of the last `dead` nothing ever comes back.
pub(crate) async fn routers(count: u32, dead: u32) -> anyhow::Result<Vec<Router>> {
    let mut routers = Vec::new();
    for n in 0..count {
        let mut options = RouterOptions::new(format!("R{n}"), address(n));
        options.coa = Incoming::Accept(0);
        let secret = SharedSecret::new(SECRET.into())?;
        options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret)];
        options.rest = Some(RestOptions::new("kick", "pass"));
        if n + dead >= count {
            options.behaviours.faults.silent = true;
            options.behaviours.rest.fault = Some(RestFault::NoAnswer);
        }
        routers.push(Router::start(options).await?);
    }
    Ok(routers)
}

pub(crate) fn address(router: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x7f00_0101 + router)
}

pub(crate) fn user(n: u32) -> String {
    format!("user{n}")
}

pub(crate) fn unique_id(n: u32) -> String {
    format!("{n:032x}")
}

/// Everybody online, each at a router in turn, for an hour: also in radacct.
pub(crate) fn fill(server: &Server, routers: &[Router], jobs: u32) {
    let (begun, lately) = match server {
        Server::Sqlite(_) => ("unixepoch() - 3600", "unixepoch() - 60"),
        Server::Postgres(_) | Server::Mariadb(_) => ("now() - INTERVAL '1' HOUR", "now() - INTERVAL '1' MINUTE"),
    };
    let rows: Vec<String> = (0..jobs)
        .zip(routers.iter().enumerate().cycle())
        .map(|(n, (number, router))| {
            let (mac, client) = (
                format!("02:00:00:{:02X}:{:02X}:{:02X}", n >> 16, n >> 8 & 255, n & 255),
                Ipv4Addr::from_bits(0x0a00_0001 + n),
            );
            let session = router.login(SessionSpec::hotspot(user(n), mac.as_str(), client)).acct_session_id;
            let nas = address(u32::try_from(number).expect("few"));
            format!(
                "('{session}', '{}', '{}', '{nas}', {begun}, {lately}, 1, 1, '{client}', '{mac}', 'hotspot1')",
                unique_id(n),
                user(n)
            )
        })
        .collect();
    let sql = format!(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
             acctinputoctets, acctoutputoctets, framedipaddress, callingstationid, calledstationid) VALUES {};",
        rows.join(", ")
    );
    match server {
        Server::Sqlite(folder) => drop(sqlite(&folder.path().join("radius.db"), &sql)),
        Server::Postgres(server) => drop(server.sql(&sql)),
        Server::Mariadb(server) => drop(server.sql(&sql)),
    }
}

/// Next to no steps of the worker: the runner alone is measured.
pub(crate) fn configuration(server: &Server, folder: &Path, routers: &[Router]) -> String {
    let (url, pause) = (server.url(), folder.join("pause"));
    let mut text = format!(
        "[database]\nurl = \"{url}\"\n[quota]\nmode = \"enforce\"\ninterval = \"1h\"\n\
         [brakes]\npause_file = \"{}\"\n[serve]\nlisten = \"127.0.0.1:0\"\n",
        pause.display()
    );
    for (n, router) in routers.iter().enumerate() {
        let (to, rest) = (router.coa_addr(), router.rest_url());
        write!(
            text,
            "[[nas]]\nname = \"R{n}\"\nmatch = [\"{ip}\"]\naddress = \"{ip}\"\ncoa_port = {port}\nsource = \"127.0.0.1\"\n\
             secret = \"{SECRET}\"\n[nas.rest]\nurl = \"{rest}\"\ntls = \"off\"\nusername = \"kick\"\npassword = \"pass\"\n\
             identity = \"R{n}\"\n",
            ip = to.ip(),
            port = to.port()
        )
        .expect("into a String");
    }
    text
}

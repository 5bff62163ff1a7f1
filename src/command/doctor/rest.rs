//! Whether a router's REST service can be asked, is the right router's, and what it says of its settings.

use crate::clock::Clock;
use crate::disconnect::ResolvedNas;
use crate::routeros::{IncomingCounters, LoginRisk, Menu, RestClient, RestError, RestFailure};

use super::{Finding, NasHealth, advice};

/// So many seconds apart, two clocks count as different.
const CLOCKS_DIFFER_SECS: u64 = 60;

/// A router that answers over REST.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    nas: &'a ResolvedNas,
    clock: Clock,
    rest: RestClient,
    name: String,
}

impl<'a> Desk<'a> {
    /// `None` where no REST is set up, or it cannot be used, which is a finding.
    pub(super) async fn of(nas: &'a ResolvedNas, clock: Clock, health: &mut NasHealth) -> Option<Self> {
        let settings = nas.profile.rest.as_ref()?;
        let asked = match RestClient::new(settings) {
            Ok(rest) => rest.identity().await.map(|name| (rest, name)),
            Err(error) => Err(error),
        };
        match asked {
            Ok((rest, name)) => Some(Self { nas, clock, rest, name }),
            Err(error) => {
                health.findings.push(unusable(nas, &error));
                None
            }
        }
    }

    /// The counters of `/radius incoming`, where they can be read.
    pub(super) async fn counters(&self) -> Option<IncomingCounters> {
        self.rest.incoming_counters().await.ok()
    }

    /// Identity, lists, settings and clock.
    pub(super) async fn look(&mut self, health: &mut NasHealth) {
        self.identity(health);
        self.lists(health).await;
        self.incoming(health).await;
        self.risks(health).await;
        self.time(health).await;
    }

    fn identity(&self, health: &mut NasHealth) {
        let Some(settings) = &self.nas.profile.rest else { return };
        let line = advice::rest_line(self.nas, &format!("identity = {:?}", self.name));
        match &settings.identity {
            Some(expected) if *expected == self.name => {}
            Some(expected) => {
                let what = format!(
                    "{} is {:?} by its /system identity, not {expected:?}: nothing it says counts",
                    settings.url, self.name
                );
                let url = advice::rest_line(self.nas, "url = the right router's");
                health.findings.push(Finding::wrong("rest_wrong_router", what, [url, line]));
            }
            None => {
                let what = "no identity is configured: that a session is not on its list proves nothing by itself";
                health.findings.push(Finding::risk("rest_no_identity", what, [line]));
            }
        }
    }

    async fn lists(&self, health: &mut NasHealth) {
        let mut listed = 0;
        for menu in [Menu::HotspotActive, Menu::PppActive] {
            match self.rest.active(menu).await {
                Ok(rows) => listed += rows.len(),
                // A router without the package has no such list
                Err(RestError { failure: RestFailure::NoRest { .. }, .. }) => {}
                Err(error) => {
                    health.findings.push(unusable(self.nas, &error));
                    return;
                }
            }
        }
        health.works.push(format!("REST: answers as {:?}, {listed} sessions on its lists", self.name));
        if listed == 0 && health.open_sessions > 0 {
            let what = format!(
                "its lists are empty while radacct has {} open sessions there: its user may not read, it is another router, or \
                 the rows are stale",
                health.open_sessions
            );
            health.findings.push(Finding::wrong(
                "rest_empty_list",
                what,
                [policy(self.nas), "/ip hotspot active print; /ppp active print".to_owned()],
            ));
        }
    }

    async fn incoming(&self, health: &mut NasHealth) {
        if self.nas.profile.secret.is_none() {
            return;
        }
        let Ok(incoming) = self.rest.incoming_settings().await else { return };
        let port = self.nas.profile.coa_port;
        if !incoming.accept {
            let what = "/radius incoming has accept=no: the router hears no Disconnect-Request";
            health.findings.push(Finding::wrong("incoming_off", what, [advice::accept(port)]));
        } else if incoming.port != port {
            let what = format!("/radius incoming listens on port {}, requests go to {port}", incoming.port);
            let line = advice::nas_line(self.nas, &format!("coa_port = {}", incoming.port));
            health.findings.push(Finding::wrong("incoming_port", what, [line, advice::accept(port)]));
        }
    }

    async fn risks(&self, health: &mut NasHealth) {
        // What this user may not read is no finding
        for risk in self.rest.login_risks().await.unwrap_or_default() {
            health.findings.push(match risk {
                LoginRisk::LoginBy { profile, way } => Finding::risk(
                    "login_without_password",
                    format!("hotspot profile {profile:?} has login-by {way}: who is cut comes back by it unless the login is closed"),
                    [format!("/ip hotspot profile set [find name={profile:?}] login-by=http-chap")],
                ),
                LoginRisk::AddMacCookie { profile } => Finding::risk(
                    "adds_mac_cookie",
                    format!("user profile {profile:?} has add-mac-cookie=yes: a device logs in again by itself"),
                    [format!("/ip hotspot user profile set [find name={profile:?}] add-mac-cookie=no")],
                ),
            });
        }
    }

    async fn time(&self, health: &mut NasHealth) {
        let Ok(Some(theirs)) = self.rest.time().await else { return };
        let apart = theirs.abs_diff(self.clock.epoch());
        if apart > CLOCKS_DIFFER_SECS {
            let what = format!("its clock is {apart} s away from this machine's: times in radacct are the router's");
            let line = "/system ntp client set enabled=yes servers=pool.ntp.org".to_owned();
            health.findings.push(Finding::risk("clock", what, [line]));
        }
    }
}

fn policy(nas: &ResolvedNas) -> String {
    let user = nas.profile.rest.as_ref().map(|rest| rest.username.clone()).unwrap_or_default();
    format!("/user group add name=radkick policy=read,write,rest-api; /user set [find name={user:?}] group=radkick")
}

/// A REST service that cannot be used; its message says most.
#[expect(clippy::wildcard_enum_match_arm, reason = "of the others the router's log says more than we can")]
fn unusable(nas: &ResolvedNas, error: &RestError) -> Finding {
    let settings = nas.profile.rest.as_ref();
    let port = settings.and_then(|rest| rest.url.port_or_known_default()).unwrap_or(443);
    let service = if settings.is_some_and(|rest| rest.url.scheme() == "http") { "www" } else { "www-ssl" };
    let listen = format!("/ip service set {service} disabled=no port={port}");
    let (finding, mend) = match &error.failure {
        RestFailure::Refused => ("rest_refused", vec![listen]),
        RestFailure::Unreachable(_) | RestFailure::TimedOut(_) | RestFailure::NoAnswer(_) => {
            ("rest_silent", vec![advice::firewall("tcp", port, nas.our_address()), listen])
        }
        RestFailure::Untrusted { .. } | RestFailure::WrongPin { .. } => {
            let line =
                format!("fingerprint = {:?}, if this is the router", error.failure.fingerprint().unwrap_or_default());
            ("rest_certificate", vec![advice::rest_line(nas, &line)])
        }
        RestFailure::Tls(_) => ("rest_tls", vec![format!("/ip service set {service} certificate=...")]),
        RestFailure::Unauthorized => {
            let user = settings.map(|rest| rest.username.clone()).unwrap_or_default();
            ("rest_unauthorized", vec![format!("/user set [find name={user:?}] password=\"...\" group=radkick")])
        }
        RestFailure::Forbidden { .. } => ("rest_forbidden", vec![policy(nas)]),
        RestFailure::NoRest { .. } | RestFailure::Redirect { .. } | RestFailure::NotJson { .. } => {
            ("rest_not_routeros", vec![advice::rest_line(nas, "url = the router's www-ssl service (RouterOS v7)")])
        }
        RestFailure::CaFile { .. } => {
            ("rest_ca_file", vec![advice::rest_line(nas, "ca_file = a file with the authority's certificate, PEM")])
        }
        _ => ("rest_failed", vec!["/log print where topics~\"error\"".to_owned()]),
    };
    Finding::wrong(finding, error.to_string(), mend)
}

//! How a session that was cut comes back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::access::{self, Access};
use super::behaviours::{UnlistedLimits, WayBack};
use super::settings::Settings;
use super::shared::Shared;
use super::state::Login;
use super::{LoginBy, Service, SessionSpec};
use crate::radius::{AttributeType, Attributes};

/// Tries the ways of each session that was cut, until the router is dropped.
pub(super) async fn run(shared: Arc<Shared>, mut cut: UnboundedReceiver<SessionSpec>) {
    let mut coming = JoinSet::new();
    while let Some(spec) = cut.recv().await {
        while coming.try_join_next().is_some() {}
        coming.spawn(come_back(Arc::clone(&shared), spec));
    }
}

async fn come_back(shared: Arc<Shared>, spec: SessionSpec) {
    let way_back = shared.state().behaviours.way_back;
    for _ in 0..way_back.attempts {
        sleep(Duration::from_millis(way_back.delay_ms)).await;
        // Read anew: a cookie may have been removed meanwhile.
        for login in ways(&shared, way_back, &spec) {
            if shared.state().is_taken(&login) {
                return;
            }
            if try_one(&shared, login).await {
                return;
            }
        }
    }
}

/// The logins that the client, or the router for it, would try now, in this order.
fn ways(shared: &Shared, way_back: WayBack, spec: &SessionSpec) -> Vec<SessionSpec> {
    let state = shared.state();
    let by = |login_by| SessionSpec { login_by, already_on: Duration::ZERO, ..spec.clone() };
    match spec.service {
        Service::Ppp if way_back.ppp_redial => vec![by(LoginBy::default())],
        Service::Ppp | Service::Wifi | Service::Dhcp => Vec::new(),
        Service::Hotspot => {
            let mac_cookie = way_back.mac_cookie && state.has_cookie(&spec.mac, true);
            let http_cookie = way_back.http_cookie && state.has_cookie(&spec.mac, false);
            let by_mac = SessionSpec { user: spec.mac.clone(), cookies: false, ..by(LoginBy::Mac) };
            let ways = [
                mac_cookie.then(|| by(LoginBy::MacCookie)),
                way_back.login_by_mac.then_some(by_mac),
                http_cookie.then(|| by(LoginBy::Cookie)),
            ];
            ways.into_iter().flatten().collect()
        }
    }
}

/// A local user of the name is asked before RADIUS (RouterOS manual, RADIUS).
async fn try_one(shared: &Shared, spec: SessionSpec) -> bool {
    let (number, local) = {
        let mut state = shared.state();
        (state.next_number(spec.service), state.has_local(spec.service, &spec.user))
    };
    if local {
        shared.log_in(number, SessionSpec { radius: false, ..spec }.into());
        return true;
    }
    match access::ask(shared, &spec, number).await {
        Access::Accept(attributes) => {
            shared.log_in(number, accepted(spec, &attributes));
            true
        }
        // A time-out keeps the MAC cookie (RouterOS changelog 6.34).
        Access::TimeOut => false,
        Access::Reject => {
            if spec.login_by == LoginBy::MacCookie {
                shared.state().cookies.retain(|cookie| !(cookie.mac_cookie && cookie.mac == spec.mac));
            }
            false
        }
    }
}

/// What an Access-Accept sets; what cannot be read is left out.
fn accepted(mut spec: SessionSpec, attributes: &Attributes) -> Login {
    spec.radius = true;
    if spec.service == Service::Ppp
        && let Some(address) = attributes.first_ipv4(AttributeType::FRAMED_IP_ADDRESS)
    {
        spec.address = address;
    }
    let settings = Settings::default().changed(attributes, UnlistedLimits::Apply).unwrap_or_default();
    Login { spec, settings }
}

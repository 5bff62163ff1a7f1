//! Who plays: four routers that differ in one thing each, and five users.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::simulator::{Behaviours, Faults, Incoming, Placement, Service, SessionSpec, StopTiming, WithoutIp};

/// Everybody's limit, in octets: more than 32 bits hold.
pub(super) const LIMIT: u64 = 5_000_000_000;

/// A router.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) address: Ipv4Addr,
    pub(super) coa: Incoming,
    /// Further keys of its `[[nas]]`.
    pub(super) settings: &'static str,
}

/// Behaves as RouterOS does.
pub(super) const UYO: Part = Part { name: "R1-Uyo", address: loopback(1), coa: Incoming::Accept(0), settings: "" };
/// Takes no Disconnect-Request, and loses the Stop of what it ends.
pub(super) const EKET: Part = Part {
    name: "R2-Eket",
    address: loopback(2),
    coa: Incoming::Closed,
    settings: "irt = \"200ms\"\nmrt = \"400ms\"\nmrc = 3\nmrd = \"2s\"\n",
};
/// Refuses a request without Framed-IP-Address, which its settings leave out; somebody forges an ACK before it answers.
pub(super) const IKOT: Part = Part {
    name: "R3-Ikot",
    address: loopback(3),
    coa: Incoming::Accept(0),
    settings: "identity = [\"User-Name\", \"Acct-Session-Id\"]\n",
};
/// Says ACK and does nothing.
pub(super) const ORON: Part =
    Part { name: "R4-Oron", address: loopback(4), coa: Incoming::Accept(0), settings: "verify_within = \"2s\"\n" };

pub(super) const ROUTERS: [Part; 4] = [UYO, EKET, IKOT, ORON];

const fn loopback(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, last)
}

impl Part {
    pub(super) fn behaviours(&self) -> Behaviours {
        let usual = Behaviours::default();
        match self.name {
            name if name == EKET.name => Behaviours { stop: StopTiming::Lost, ..usual },
            name if name == IKOT.name => {
                let faults = Faults { forged_ack: Some(Placement::Before), ..Faults::default() };
                Behaviours { hotspot_without_ip: WithoutIp::Nak406, faults, ..usual }
            }
            name if name == ORON.name => Behaviours { ack_does_nothing: true, ..usual },
            _ => usual,
        }
    }
}

/// A user.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    pub(super) name: &'static str,
    pub(super) router: &'static str,
    service: Service,
    address: Ipv4Addr,
    already_on: Duration,
}

/// Crosses the limit on a hotspot. Like all who have just logged in: only a Stop proves that they are off.
pub(super) const ADA_OBI: User = hotspot("ada_obi", UYO.name, 41);
/// Is not `ada_obi`, though SQL's LIKE would say so.
pub(super) const ADA_DOT_OBI: User = hotspot("ada.obi", UYO.name, 42);
/// Dials in, where RADIUS incoming is closed.
pub(super) const BAYO: User = User {
    name: "bayo",
    router: EKET.name,
    service: Service::Ppp,
    address: Ipv4Addr::new(10, 20, 4, 7),
    already_on: Duration::from_hours(2),
};
/// Is on the router whose answers are forged.
pub(super) const CHIDI: User = hotspot("chidi", IKOT.name, 43);
/// Is on the router that does nothing.
pub(super) const DAYO: User = hotspot("dayo", ORON.name, 44);

pub(super) const USERS: [User; 5] = [ADA_OBI, ADA_DOT_OBI, BAYO, CHIDI, DAYO];
/// Those who go over the limit.
pub(super) const OVER: [User; 4] = [ADA_OBI, BAYO, CHIDI, DAYO];

const fn hotspot(name: &'static str, router: &'static str, host: u8) -> User {
    let address = Ipv4Addr::new(192, 168, 88, host);
    User { name, router, service: Service::Hotspot, address, already_on: Duration::ZERO }
}

impl User {
    /// The login to simulate.
    pub(super) fn session(&self) -> SessionSpec {
        let [_, _, third, last] = self.address.octets();
        let mac = format!("02:00:00:00:{third:02X}:{last:02X}");
        let spec = match self.service {
            Service::Hotspot => SessionSpec::hotspot(self.name, mac, self.address),
            Service::Ppp => SessionSpec::ppp(self.name, mac, self.address),
            Service::Wifi => SessionSpec::wifi(mac),
            Service::Dhcp => SessionSpec::dhcp(mac, self.address),
        };
        SessionSpec { already_on: self.already_on, ..spec }
    }
}

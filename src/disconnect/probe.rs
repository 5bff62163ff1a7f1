//! A request that changes nothing, to see whether a NAS answers.

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use crate::config::{IdentityAttribute, Timers};
use crate::dynauth::Ended;
use crate::radius::{AttributeType, Attributes, Code};

use super::{CutError, Disconnector, ResolvedNas};

/// Soon over: whoever waits is a person.
const TIMERS: Timers =
    Timers { irt: Duration::from_secs(1), mrt: Duration::from_secs(2), mrc: 3, mrd: Duration::from_secs(5) };

/// An address that no client has (RFC 5737 §3).
const NOBODYS: [u8; 4] = [192, 0, 2, 1];

impl Disconnector {
    /// Sends a Disconnect-Request for a session that cannot exist; `None` for a NAS without a secret. A NAK says that address,
    /// port, secret and our own address are right. It waits for no more than 5 s, or as long as the operator's own timers say where
    /// those are shorter.
    ///
    /// # Errors
    /// [`CutError`] when nothing could be sent. A NAK and silence are outcomes.
    pub async fn probe(&self, nas: &ResolvedNas) -> Result<Option<Ended>, CutError> {
        let mut attributes = Attributes::new();
        let nobody = format!("radkick-doctor-{:016x}", self.clock().random());
        attributes.push(AttributeType::USER_NAME, nobody)?;
        attributes.push(AttributeType::FRAMED_IP_ADDRESS, NOBODYS)?;
        let mut hasty = nas.clone();
        if hasty.profile.timers.mrd > TIMERS.mrd || hasty.profile.timers.mrd.is_zero() {
            hasty.profile.timers = TIMERS;
        }
        let identity = [IdentityAttribute::UserName, IdentityAttribute::FramedIpAddress];
        let Ok(turn) = self.turn(nas, &identity, true).await else { return Ok(None) };
        self.exchange(&hasty, (Code::DisconnectRequest, attributes), turn).await
    }
}

impl ResolvedNas {
    /// Our own address as this NAS sees it, if nothing in between translates it: it must stand in the router's `/radius`.
    #[must_use]
    pub fn our_address(&self) -> Option<IpAddr> {
        let das = self.das_addr();
        let source = self.profile.source.unwrap_or_else(|| crate::udp::any_source(das));
        // Connecting sends nothing; it only chooses the way
        let socket = UdpSocket::bind((source, 0)).ok()?;
        socket.connect(das).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    }
}

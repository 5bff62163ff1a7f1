//! What a router does about a CoA-Request: a pure decision over its sessions.

use super::behaviours::{ExtraAttribute, HotspotCoa};
use super::dm::{ALLOWED, Decision, Scene, find, is_extra};
use super::session::Session;
use super::settings::{Settings, is_setting};
use super::{LoginBy, Service};
use crate::radius::{AttributeType, Attributes, ErrorCause};

/// Framed-Route (RFC 2865 §5.22) and Framed-Pool (RFC 2869 §5.18): what the manual calls impossible to change.
const IMPOSSIBLE: [AttributeType; 2] = [AttributeType::Standard(22), AttributeType::Standard(88)];

/// No other Error-Cause was ever measured.
const REFUSED: CoaDecision = CoaDecision::Nak(Some(ErrorCause::UNSUPPORTED_EXTENSION));

/// What is answered, and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CoaDecision {
    /// ACK; the session has these settings from now on.
    Change(u32, Box<Settings>),
    /// ACK, and nothing changes; the log may say why.
    Ack(Option<&'static str>),
    /// NAK.
    Nak(Option<ErrorCause>),
}

/// Decides about a CoA-Request. One with identifiers alone is a probe: ACK where the session exists.
pub(super) fn decide(request: &Attributes, scene: Scene<'_>) -> CoaDecision {
    let types = || request.iter().map(|(attribute_type, _)| attribute_type);
    if types().any(|attribute_type| IMPOSSIBLE.contains(&attribute_type)) {
        return REFUSED;
    }
    let number = match find(request, scene) {
        Decision::Sessions(numbers) => numbers.first().copied(),
        Decision::AckNoop(text) => return CoaDecision::Ack(Some(text)),
        Decision::Nak(cause) => return CoaDecision::Nak(cause),
    };
    let found = scene.sessions.iter().find(|session| Some(session.number) == number);
    let Some(session) = found else { return CoaDecision::Nak(scene.behaviours.not_found.error_cause()) };
    let unlisted = scene.behaviours.coa.unlisted_limits;
    let changes = |attribute_type| is_setting(attribute_type, session.spec.service, unlisted);
    if types().any(|attribute_type| is_refused(attribute_type, changes(attribute_type), scene)) {
        return REFUSED;
    }
    // Only switched so that the first identifier wins does it get this far: an address to change to.
    if request.first_ipv4(AttributeType::FRAMED_IP_ADDRESS).is_some_and(|address| address != session.spec.address) {
        return REFUSED;
    }
    if types().any(changes) { change(request, session, scene) } else { CoaDecision::Ack(None) }
}

fn is_refused(attribute_type: AttributeType, is_setting: bool, scene: Scene<'_>) -> bool {
    if ALLOWED.contains(&attribute_type) {
        return is_extra(attribute_type, scene.behaviours);
    }
    !is_setting && scene.behaviours.extra_attribute == ExtraAttribute::Refuse
}

fn change(request: &Attributes, session: &Session, scene: Scene<'_>) -> CoaDecision {
    let by_mac = session.spec.login_by == LoginBy::Mac;
    match (session.spec.service, scene.behaviours.coa.hotspot) {
        (Service::Hotspot, HotspotCoa::AppliesButMacNak406) if by_mac => return REFUSED,
        (Service::Hotspot, HotspotCoa::AckNoop) => return CoaDecision::Ack(None),
        // Wireless and DHCP have nothing that a CoA-Request could change.
        (Service::Wifi | Service::Dhcp, _) | (Service::Hotspot, HotspotCoa::Nak406) => return REFUSED,
        (Service::Hotspot | Service::Ppp, _) => {}
    }
    match session.settings.changed(request, scene.behaviours.coa.unlisted_limits) {
        Ok(settings) => CoaDecision::Change(session.number, Box::new(settings)),
        // Inferred: no source tells what a router makes of a rate limit that it cannot read.
        Err(_) => REFUSED,
    }
}

//! What a seed makes: a router's switches, who is on it, who is cut, and what goes wrong.
use std::time::Duration;

use fastrand::Rng;
use radkick::simulator::{
    BeforeDelete, Behaviours, CookieRemoval, ExtraAttribute, HotspotIds, MessageAuthenticators, Mismatch,
    NakEverything, NotFound, Placement, RepeatedRequest, RestFault, Rights, Service, StopTiming, WithoutIp,
};

use super::lane::Kind;

/// Why somebody is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A person asked, all sessions of the user.
    ByHand,
    /// A person asked, one session of the user's.
    OneSession,
    /// The user is over the limit.
    Over,
    /// The user was over, and has paid before anything is sent.
    PaidUp,
}

/// What happens meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meanwhile {
    Nothing,
    /// The session vanishes without a Stop before anything is sent.
    Vanished,
    /// The router reboots after so many milliseconds.
    Reboot(u64),
    /// The user logs in again, without RADIUS, once the session has ended.
    LocalLogin,
    /// The user logs in again from the same device once the session has ended.
    NextLogin,
}

/// One scenario.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) seed: u64,
    pub(super) service: Service,
    /// How long the session has been on.
    pub(super) age: Duration,
    /// Whether the user is on with a second device too.
    pub(super) second_device: bool,
    pub(super) aim: Aim,
    pub(super) meanwhile: Meanwhile,
    pub(super) behaviours: Behaviours,
    pub(super) rights: Rights,
    /// Whether the router and radkick have another secret each.
    pub(super) other_secret: bool,
    /// Who is cut, if not somebody of a name that the seed makes.
    pub(super) user: Option<String>,
    /// Whether nothing is out of the ordinary: then the session must be proven off.
    pub(super) plain: bool,
}

fn one_of<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())]
}

impl Scenario {
    /// An ordinary one: on the hotspot for an hour, cut by hand.
    pub(super) fn plain(seed: u64) -> Self {
        Self {
            seed,
            service: Service::Hotspot,
            age: Duration::from_hours(1),
            second_device: false,
            aim: Aim::ByHand,
            meanwhile: Meanwhile::Nothing,
            behaviours: Behaviours::default(),
            rights: Rights::default(),
            other_secret: false,
            user: None,
            plain: true,
        }
    }

    /// Whose session is cut.
    pub(super) fn user(&self) -> String {
        self.user.clone().unwrap_or_else(|| format!("s{}", self.seed))
    }

    pub(super) fn of(seed: u64, kind: Kind) -> Self {
        let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rng = &mut rng;
        let service = one_of(rng, &[Service::Hotspot, Service::Hotspot, Service::Ppp]);
        let mut scenario = Self {
            service,
            age: one_of(rng, &[Duration::from_hours(1), Duration::from_hours(3), Duration::from_secs(20)]),
            second_device: rng.u8(..4) == 0,
            aim: one_of(rng, &[Aim::ByHand, Aim::ByHand, Aim::OneSession, Aim::Over, Aim::PaidUp]),
            plain: rng.u8(..8) == 0,
            ..Self::plain(seed)
        };
        scenario.behaviours.faults.seed = seed;
        if scenario.plain {
            scenario.age = Duration::from_hours(1);
            return scenario;
        }
        scenario.switches(rng);
        if rng.bool() {
            scenario.trouble_of_radius(rng);
        }
        if kind.has_rest() && rng.bool() {
            scenario.trouble_of_rest(rng);
        }
        scenario.meanwhile = match rng.u8(..10) {
            0 => Meanwhile::Vanished,
            1 => Meanwhile::Reboot(rng.u64(..1_500)),
            2 => Meanwhile::LocalLogin,
            3 | 4 => Meanwhile::NextLogin,
            _ => Meanwhile::Nothing,
        };
        scenario
    }

    fn switches(&mut self, rng: &mut Rng) {
        let behaviours = &mut self.behaviours;
        behaviours.hotspot_without_ip = one_of(rng, &[WithoutIp::AckNoop, WithoutIp::Nak406, WithoutIp::NakNone]);
        let not_found = [NotFound::UnsupportedExtension, NotFound::SessionContextNotFound, NotFound::NoErrorCause];
        behaviours.not_found = one_of(rng, &not_found);
        behaviours.mismatch = one_of(rng, &[Mismatch::NotFound, Mismatch::FirstWins]);
        behaviours.extra_attribute = one_of(rng, &[ExtraAttribute::Refuse, ExtraAttribute::Ignore]);
        let authenticators =
            [MessageAuthenticators::Absent, MessageAuthenticators::InReplies, MessageAuthenticators::Required];
        behaviours.message_authenticator = one_of(rng, &authenticators);
        behaviours.repeated_request = one_of(rng, &[RepeatedRequest::EvaluatedAgain, RepeatedRequest::CachedReply]);
        let stops = [StopTiming::AfterAck, StopTiming::BeforeAck, StopTiming::Lost, StopTiming::Repeated];
        behaviours.stop = one_of(rng, &stops);
        behaviours.cookies = one_of(rng, &[CookieRemoval::MacOnly, CookieRemoval::Both, CookieRemoval::Neither]);
        behaviours.hotspot_ids = one_of(rng, &[HotspotIds::Address, HotspotIds::Counter]);
        behaviours.ppp_nas_request = rng.bool();
        behaviours.rest.delete_says_200 = rng.bool();
        behaviours.rest.raw_control_octets = rng.bool();
    }

    fn trouble_of_radius(&mut self, rng: &mut Rng) {
        let behaviours = &mut self.behaviours;
        let faults = &mut behaviours.faults;
        match rng.u8(..9) {
            0 => faults.silent = true,
            1 => faults.drop_replies = rng.u32(1..4),
            2 => (faults.request_loss, faults.reply_loss) = (0.5, 0.5),
            3 => faults.forged_ack = Some(one_of(rng, &[Placement::Before, Placement::Instead])),
            4 => faults.wrong_identifier = Some(one_of(rng, &[Placement::Before, Placement::Instead])),
            5 => (faults.duplicate_reply, faults.duplicate_requests) = (true, 2),
            6 => (faults.delay_replies, faults.delay_ms) = (rng.u32(1..3), rng.u64(20..300)),
            7 => behaviours.ack_does_nothing = true,
            _ => {
                let cause = one_of(
                    rng,
                    &[None, Some(401), Some(402), Some(403), Some(404), Some(406), Some(501), Some(503), Some(508)],
                );
                behaviours.nak_everything = Some(cause.map_or(NakEverything::NoCause, NakEverything::Cause));
            }
        }
    }

    fn trouble_of_rest(&mut self, rng: &mut Rng) {
        let rest = &mut self.behaviours.rest;
        match rng.u8(..8) {
            0 => {
                rest.unreadable_is_empty = rng.bool();
                self.rights.read = false;
            }
            1 => self.rights.write = false,
            2 => rest.before_delete = Some(BeforeDelete::Reboot),
            3 => {
                let user = format!("other{}", self.seed);
                rest.before_delete = Some(BeforeDelete::OtherUser { user, mac: "02:00:00:00:00:EE".to_owned() });
            }
            _ => {
                let faults = [
                    RestFault::Status(401),
                    RestFault::Status(403),
                    RestFault::Status(404),
                    RestFault::Status(406),
                    RestFault::Status(500),
                    RestFault::Html,
                    RestFault::Truncated,
                    RestFault::SessionClosed,
                    RestFault::WrongBody,
                    RestFault::EmptyList,
                    RestFault::CutBody,
                ];
                rest.fault = Some(faults[rng.usize(..faults.len())].clone());
                rest.fault_times = Some(rng.u32(1..12));
                rest.fault_method = one_of(rng, &[None, Some("DELETE"), Some("POST"), Some("GET")]).map(str::to_owned);
            }
        }
    }
}

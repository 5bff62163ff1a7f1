//! One packet without any socket: time and allocations of ours, beside those of the `radius` crate's own packet.

use std::hint::black_box;
use std::net::Ipv4Addr;

use anyhow::Context as _;
use radius::core::avp::AVP;
use radius::core::code::Code as CrateCode;
use radius::core::packet::Packet;
use radkick::clock::Clock;
use radkick::radius::{
    AttributeType, Attributes, Code, MessageAuthenticator, Sealed, SharedSecret, open_reply, open_request, seal_reply,
    seal_request,
};

use crate::packets::{EVENT_TIMESTAMP, SECRET, secret};
use crate::verdict::{Figures, say};

const REQUIRED: MessageAuthenticator = MessageAuthenticator::Required;
const USER: &str = "user0000001";
const SESSION: &str = "00000001";
const TIMED: u32 = 100_000;
const COUNTED: u32 = 1000;

/// What is done to one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Seal,
    BuildAndSeal,
    CrateEncode,
    Open,
    CrateDecode,
}

impl Operation {
    pub(crate) const ALL: [Self; 5] =
        [Self::Seal, Self::BuildAndSeal, Self::CrateEncode, Self::Open, Self::CrateDecode];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Seal => "encode and sign, both ways",
            Self::BuildAndSeal => "the same, attributes built first",
            Self::CrateEncode => "radius: build, encode, sign one way",
            Self::Open => "verify both ways and decode",
            Self::CrateDecode => "radius: decode, nothing verified",
        }
    }

    pub(crate) fn named(name: &str) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name).context("no such operation")
    }

    /// Does it so often.
    pub(crate) fn repeat(self, times: u32) -> anyhow::Result<()> {
        let subject = Subject::new();
        for _ in 0..times {
            subject.run(self)?;
        }
        Ok(())
    }
}

/// Time and allocations of each operation.
pub(crate) fn measure(rounds: u32) -> anyhow::Result<()> {
    let subject = Subject::new();
    let (request, reply) = (subject.sealed.octets().len(), subject.reply.len());
    say(format_args!("One Disconnect-Request of {request} octets and its ACK of {reply}, {rounds} rounds of {TIMED}"))?;
    let mut times = Operation::ALL.map(|operation| (operation, Figures::default()));
    for _ in 0..rounds {
        for (operation, figures) in &mut times {
            let begun = Clock.now();
            for _ in 0..TIMED {
                subject.run(*operation)?;
            }
            figures.add(Clock.now().duration_since(begun).as_secs_f64() * 1e9 / f64::from(TIMED));
        }
    }
    for (operation, nanos) in &times {
        let counted = allocation_counter::measure(|| {
            for _ in 0..COUNTED {
                subject.run(*operation).expect("it did before");
            }
        });
        let each = f64::from(u32::try_from(counted.count_total)?) / f64::from(COUNTED);
        say(format_args!("  {:<38} {:>6.0} ns   {each:>4.1} allocations", operation.name(), nanos.median()))?;
    }
    Ok(())
}

struct Subject {
    secret: SharedSecret,
    attributes: Attributes,
    sealed: Sealed,
    reply: Vec<u8>,
}

impl Subject {
    fn new() -> Self {
        let (secret, attributes) = (secret(), built().expect("it fits"));
        let sealed = sealed(&attributes, &secret).expect("it fits");
        let opened = open_request(sealed.octets(), &secret, REQUIRED).expect("it is ours");
        let reply = seal_reply(Code::DisconnectAck, &opened, &Attributes::new(), &secret, REQUIRED).expect("it fits");
        Self { secret, attributes, sealed, reply }
    }

    fn run(&self, operation: Operation) -> anyhow::Result<()> {
        match operation {
            Operation::Seal => drop(black_box(sealed(&self.attributes, &self.secret)?)),
            Operation::BuildAndSeal => drop(black_box(sealed(&built()?, &self.secret)?)),
            Operation::CrateEncode => drop(black_box(crate_encoded()?)),
            Operation::Open => {
                drop(black_box(open_reply(black_box(&self.reply), &self.sealed, &self.secret, REQUIRED)?));
            }
            Operation::CrateDecode => drop(black_box(Packet::decode(black_box(&self.reply), SECRET.as_bytes())?)),
        }
        Ok(())
    }
}

fn sealed(attributes: &Attributes, secret: &SharedSecret) -> anyhow::Result<Sealed> {
    Ok(seal_request(Code::DisconnectRequest, 1, black_box(attributes), secret, REQUIRED)?)
}

/// What names a session, and the time.
fn built() -> anyhow::Result<Attributes> {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, black_box(USER))?;
    attributes.push(AttributeType::ACCT_SESSION_ID, black_box(SESSION))?;
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, black_box(Ipv4Addr::LOCALHOST));
    attributes.push_u32(AttributeType::EVENT_TIMESTAMP, black_box(EVENT_TIMESTAMP));
    Ok(attributes)
}

/// The crate has no Message-Authenticator: room for one is encoded, as many octets.
fn crate_encoded() -> anyhow::Result<Vec<u8>> {
    let mut packet = Packet::new_with_identifier(CrateCode::DisconnectRequest, SECRET.as_bytes(), 1);
    packet.add(AVP::from_string(1, black_box(USER)));
    packet.add(AVP::from_string(44, black_box(SESSION)));
    packet.add(AVP::from_ipv4(4, black_box(&Ipv4Addr::LOCALHOST)));
    packet.add(AVP::from_u32(55, black_box(EVENT_TIMESTAMP)));
    packet.add(AVP::from_bytes(80, &[0; 16]));
    Ok(packet.encode()?)
}

//! One packet without any socket: time and allocations of ours, beside those of the `radius` crate's own packet.

use std::hint::black_box;

use anyhow::Context as _;
use radius::core::avp::AVP;
use radius::core::code::Code as CrateCode;
use radius::core::packet::Packet;
use radkick::clock::Clock;
use radkick::radius::{
    Attributes, Code, MessageAuthenticator, Sealed, SharedSecret, open_reply, open_request, seal_reply, seal_request,
};

use crate::packets::{SECRET, attributes, sealed, secret, session, user};
use crate::verdict::{Figures, say};

const REQUIRED: MessageAuthenticator = MessageAuthenticator::Required;
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
        let secret = secret();
        let sealed = sealed(1, &secret);
        let opened = open_request(sealed.octets(), &secret, REQUIRED).expect("it is ours");
        let reply = seal_reply(Code::DisconnectAck, &opened, &Attributes::new(), &secret, REQUIRED).expect("it fits");
        Self { secret, attributes: attributes(1), sealed, reply }
    }

    fn run(&self, operation: Operation) -> anyhow::Result<()> {
        match operation {
            Operation::Seal => drop(black_box(self.seal(&self.attributes)?)),
            Operation::BuildAndSeal => drop(black_box(self.seal(&attributes(black_box(1)))?)),
            Operation::CrateEncode => drop(black_box(crate_encoded(black_box(1))?)),
            Operation::Open => {
                drop(black_box(open_reply(black_box(&self.reply), &self.sealed, &self.secret, REQUIRED)?));
            }
            Operation::CrateDecode => drop(black_box(Packet::decode(black_box(&self.reply), SECRET.as_bytes())?)),
        }
        Ok(())
    }

    fn seal(&self, attributes: &Attributes) -> anyhow::Result<Sealed> {
        Ok(seal_request(Code::DisconnectRequest, 1, black_box(attributes), &self.secret, REQUIRED)?)
    }
}

/// The crate has no Message-Authenticator: room for one is encoded, as many octets.
fn crate_encoded(n: u32) -> anyhow::Result<Vec<u8>> {
    let mut packet = Packet::new_with_identifier(CrateCode::DisconnectRequest, SECRET.as_bytes(), 1);
    packet.add(AVP::from_string(1, &user(n)));
    packet.add(AVP::from_string(44, &session(n)));
    packet.add(AVP::from_bytes(4, &[127, 0, 0, 1]));
    packet.add(AVP::from_u32(55, 1_763_870_000));
    packet.add(AVP::from_bytes(80, &[0; 16]));
    Ok(packet.encode()?)
}

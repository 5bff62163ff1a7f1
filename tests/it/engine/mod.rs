//! The engine under a simulated link, in virtual time.
mod corpora;
pub(crate) mod das;
mod forgeries;
mod identifiers;
mod link;
pub(crate) mod loopback;
mod noise;
mod replies;
mod requests;
mod simulation;
mod sockets;
mod spoofing;
mod times;
mod wire;

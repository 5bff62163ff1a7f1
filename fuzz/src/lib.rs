//! The bodies of the fuzz targets, for the targets. The tests take them from src/bodies themselves.
use std::net::SocketAddr;

mod bodies;
#[path = "../../tests/it/engine/wire/by_hand.rs"]
mod by_hand;
#[path = "../../tests/it/engine/simulation/oracle.rs"]
mod oracle;
#[path = "../../tests/it/engine/simulation/pace.rs"]
mod pace;
#[path = "../../tests/it/engine/simulation/watch.rs"]
mod watch;

/// A datagram that claims to be a request.
pub fn packet(octets: &[u8]) {
    bodies::packet::run(octets);
}

/// A datagram that claims to be an answer.
pub fn reply(octets: &[u8]) {
    bodies::reply::run(octets);
}

/// A dictionary.
pub fn dictionary(octets: &[u8]) {
    bodies::dictionary::run(octets);
}

/// A packet file.
pub fn packet_file(octets: &[u8]) {
    bodies::packet_file::run(octets);
}

/// What befalls the engine.
pub fn engine(octets: &[u8]) {
    bodies::engine::run(octets);
}

/// What a NAS and we share.
fn secret_of(das_addr: SocketAddr) -> Vec<u8> {
    format!("secret of {das_addr}").into_bytes()
}

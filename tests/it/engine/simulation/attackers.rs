//! Those who want us to believe what no NAS has said.
use std::net::SocketAddr;
use std::time::Duration;

use super::plan::one_of;
use super::world::{Happening, World};

impl World {
    /// Somebody off the path guesses: every Identifier, from the address of a NAS, to every port of ours.
    pub(super) fn forge(&mut self) {
        let sources: Vec<SocketAddr> = self.nas.iter().flat_map(|nas| [nas.das_addr, nas.source()]).collect();
        let from = *self.chance.choice(&sources).expect("a NAS");
        let code = one_of(&mut self.chance, [41, 42, 44, 45, 2, 0, 255]);
        let sockets: Vec<_> = self.watch.sockets.values().copied().collect();
        let attributes: &[u8] =
            self.chance.choice([&[][..], &[101, 6, 0, 0, 1, 247], &[1, 0], &[80, 18]]).expect("some");
        let length = 20 + u8::try_from(attributes.len()).expect("a few");
        let length = one_of(&mut self.chance, [length, length, length, 19, 200]);
        for identifier in 0..=255 {
            let authenticator = self.chance.u128(..).to_be_bytes();
            let octets = [&[code, identifier, 0, length][..], &authenticator, attributes].concat();
            for socket in &sockets {
                self.receive(*socket, from, &octets);
            }
        }
    }

    /// Somebody on the path repeats what was said to another request, or what we have said.
    pub(super) fn replay(&mut self) {
        let Some((socket, from, mut octets)) = self.chance.choice(&self.overheard).cloned() else { return };
        let target = {
            let live: Vec<_> = self.watch.in_flight.iter().collect();
            self.chance.choice(&live).map(|((_, socket, identifier), id)| (*socket, *identifier, **id))
        };
        let socket = match target {
            Some((socket, identifier, id)) if self.chance.bool() => {
                if self.chance.u8(..4) == 0 {
                    octets.clone_from(&self.watch.exchanges[&id].octets);
                }
                if let Some(octet) = octets.get_mut(1) {
                    *octet = identifier;
                }
                socket
            }
            _ => socket,
        };
        self.after(Duration::from_millis(1), Happening::ToUs(socket, from, octets));
    }
}

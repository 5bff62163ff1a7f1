//! What the engine wants sent, as far as the sockets have room.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;

use super::sockets::{Sockets, send_error};
use crate::dynauth::{DynAuthClient, ExchangeId, Moment, Port};

/// Datagrams that a full socket did not take yet. Ports that have room are not held up by one that has none.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    blocked: VecDeque<Blocked>,
    full: BTreeSet<Port>,
}

#[derive(Debug)]
struct Blocked {
    exchange: ExchangeId,
    port: Port,
    das_addr: SocketAddr,
    octets: Vec<u8>,
}

impl Outbox {
    /// The ports that had no room when last something was to be sent from them.
    pub(super) const fn full(&self) -> &BTreeSet<Port> {
        &self.full
    }

    /// Sends what waits and what the engine has now, and tells the engine what came of it.
    pub(super) fn flush(&mut self, engine: &mut DynAuthClient, sockets: &Sockets, moment: Moment) {
        if !self.full.is_empty() {
            self.try_again(engine, sockets, moment);
        }
        while let Some(transmit) = engine.poll_transmit() {
            let (exchange, port, das_addr) = (transmit.exchange, transmit.port, transmit.das_addr);
            let sent = if self.full.contains(&port) {
                Err(io::ErrorKind::WouldBlock.into())
            } else {
                sockets.try_send(port, transmit.octets, das_addr)
            };
            match sent {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let octets = transmit.octets.to_vec();
                    self.blocked.push_back(Blocked { exchange, port, das_addr, octets });
                    if self.full.insert(port) {
                        engine.handle_port_full(port, true, moment);
                    }
                }
                Err(error) => failed(engine, exchange, &error, moment),
            }
        }
    }

    fn try_again(&mut self, engine: &mut DynAuthClient, sockets: &Sockets, moment: Moment) {
        let were_full = std::mem::take(&mut self.full);
        // Whoever has ended while there was no room is not sent after its end
        let alive = std::mem::take(&mut self.blocked).into_iter().filter(|blocked| engine.is_alive(blocked.exchange));
        for blocked in alive.collect::<Vec<_>>() {
            if self.full.contains(&blocked.port) {
                self.blocked.push_back(blocked);
                continue;
            }
            match sockets.try_send(blocked.port, &blocked.octets, blocked.das_addr) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.full.insert(blocked.port);
                    self.blocked.push_back(blocked);
                }
                Err(error) => failed(engine, blocked.exchange, &error, moment),
            }
        }
        for port in were_full.difference(&self.full) {
            engine.handle_port_full(*port, false, moment);
        }
    }
}

fn failed(engine: &mut DynAuthClient, exchange: ExchangeId, error: &io::Error, moment: Moment) {
    tracing::debug!(%error, "a transmission failed");
    engine.handle_send_error(exchange, send_error(error), moment);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::dynauth::Request;
    use crate::radius::{AttributeType, Attributes, Code, SharedSecret};

    #[tokio::test]
    async fn what_has_ended_while_there_was_no_room_is_not_sent() {
        let server = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let das_addr = server.local_addr().unwrap();
        let moment = Moment { at: Clock.now(), epoch: 0, random: 0 };
        let (mut engine, mut outbox) = (DynAuthClient::new(1), Outbox::default());
        let mut ask = |name: &str| {
            let mut attributes = Attributes::new();
            attributes.push(AttributeType::USER_NAME, name).unwrap();
            let secret = SharedSecret::new(b"secret".to_vec()).unwrap();
            let request = Request::new(das_addr, Code::DisconnectRequest, attributes, secret);
            let exchange = engine.handle_request(request, moment).unwrap();
            let octets = engine.poll_transmit().unwrap().octets.to_vec();
            (Blocked { exchange, port: Port::FIRST, das_addr, octets: octets.clone() }, octets)
        };
        let [(cancelled, _), (alive, octets)] = ["alice", "bob"].map(&mut ask);
        engine.cancel(cancelled.exchange, moment);
        outbox.full.insert(Port::FIRST);
        outbox.blocked.extend([cancelled, alive]);
        outbox.flush(&mut engine, &Sockets::open(Ipv4Addr::LOCALHOST.into()).unwrap(), moment);
        let mut buffer = [0; 4096];
        let (received, _) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[..received], octets, "the first that comes is that of the one who waits still");
        assert!(outbox.full.is_empty() && outbox.blocked.is_empty());
    }
}

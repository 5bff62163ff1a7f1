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
        for blocked in std::mem::take(&mut self.blocked) {
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

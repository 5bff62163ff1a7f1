//! The engine with its sockets, for whoever drives it.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Instant, Sleep, sleep_until};

use super::outbox::Outbox;
use super::sockets::Sockets;
use crate::clock::Clock;
use crate::dynauth::{DynAuthClient, Ended, Event, ExchangeId, Moment, PortChange, Request, RequestError};
use crate::metrics::Metrics;
use crate::radius::MAX_PACKET_OCTETS;

/// How many datagrams of one port are taken in one turn: a flood holds up neither timers nor other ports.
const DATAGRAMS_A_TURN: usize = 64;

/// A Dynamic Authorization Client with sockets at one local address. It does nothing but in [`UdpClient::turn`].
#[derive(Debug)]
pub struct UdpClient {
    engine: DynAuthClient,
    sockets: Sockets,
    clock: Clock,
    metrics: Arc<Metrics>,
    timer: Pin<Box<Sleep>>,
    outbox: Outbox,
    ended: VecDeque<(ExchangeId, Ended)>,
    discarded: u64,
    buffer: Box<[u8]>,
}

impl UdpClient {
    /// Opens a socket at `source`, any port. An IPv4 source reaches IPv4 DAS alone, an IPv6 source IPv6 ones;
    /// [`super::any_source`] gives the right one for a DAS. What is discarded is counted in `metrics`.
    ///
    /// # Errors
    /// When the socket cannot be opened, as with an address that this machine does not have.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(source: IpAddr, clock: Clock, metrics: Arc<Metrics>) -> io::Result<Self> {
        Ok(Self {
            engine: DynAuthClient::new(clock.random()),
            sockets: Sockets::open(source)?,
            clock,
            metrics,
            timer: Box::pin(sleep_until(Instant::from_std(clock.now()))),
            outbox: Outbox::default(),
            ended: VecDeque::new(),
            discarded: 0,
            buffer: vec![0; MAX_PACKET_OCTETS].into(),
        })
    }

    fn moment(&self) -> Moment {
        Moment { at: self.clock.now(), epoch: self.clock.epoch(), random: self.clock.random() }
    }

    /// Starts an exchange; its octets leave in the next turn.
    ///
    /// # Errors
    /// [`RequestError`], with nothing to be sent.
    pub fn start(&mut self, request: Request) -> Result<ExchangeId, RequestError> {
        let moment = self.moment();
        self.engine.handle_request(request, moment)
    }

    /// Ends an exchange as cancelled, if it has not ended.
    pub fn cancel(&mut self, id: ExchangeId) {
        let moment = self.moment();
        self.engine.cancel(id, moment);
        self.take_events();
    }

    /// Ends all exchanges as cancelled.
    pub fn cancel_all(&mut self) {
        let moment = self.moment();
        self.engine.cancel_all(moment);
        self.take_events();
    }

    /// Sends what is ready, waits for a datagram or a deadline, and does what follows from it. May be dropped at any time.
    pub async fn turn(&mut self) {
        self.flush();
        if !self.ended.is_empty() {
            return;
        }
        let deadline = self.engine.poll_timeout().map(Instant::from_std);
        // Set for an earlier time it may stay: it costs a turn for nothing, and less than to be set each time
        if let Some(deadline) = deadline
            && (self.timer.is_elapsed() || deadline < self.timer.deadline())
        {
            self.timer.as_mut().reset(deadline);
        }
        tokio::select! {
            () = self.sockets.ready(self.outbox.full()) => {}
            () = self.timer.as_mut(), if deadline.is_some() => {}
        }
        self.take_in();
        self.flush();
    }

    /// Takes in what has come, then does what is due.
    fn take_in(&mut self) {
        let moment = self.moment();
        for port in self.sockets.ports().collect::<Vec<_>>() {
            for _ in 0..DATAGRAMS_A_TURN {
                let Some((octets, from)) = self.sockets.try_receive(port, &mut self.buffer) else { break };
                let datagram = self.buffer.get(..octets).unwrap_or_default();
                self.engine.handle_datagram(port, from, datagram, moment);
            }
        }
        if self.engine.poll_timeout().is_some_and(|deadline| deadline <= moment.at) {
            self.engine.handle_timeout(moment);
        }
        self.take_events();
    }

    fn take_events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Ended(id, ended) => self.ended.push_back((id, ended)),
                Event::Discarded(discard) => {
                    self.discarded += 1;
                    self.metrics.discards.count(&discard.reason);
                    tracing::debug!(%discard, "discarded");
                }
            }
        }
    }

    /// Makes the ports as the engine wants them and sends what it has, as far as there is room.
    fn flush(&mut self) {
        self.change_ports();
        let moment = self.moment();
        self.outbox.flush(&mut self.engine, &self.sockets, moment);
        self.take_events();
    }

    fn change_ports(&mut self) {
        while let Some(change) = self.engine.poll_port() {
            let moment = self.moment();
            match change {
                PortChange::Close(port) => self.sockets.close_port(port),
                PortChange::Open(port) => match self.sockets.open_port(port) {
                    Ok(()) => self.engine.handle_port_opened(port, moment),
                    Err(error) => {
                        tracing::warn!(%error, "cannot open one more port; requests wait until an Identifier is free");
                        self.engine.handle_port_failed(port);
                    }
                },
            }
        }
    }

    /// The next end of an exchange; to be asked after every turn until there is none.
    pub fn poll_ended(&mut self) -> Option<(ExchangeId, Ended)> {
        self.ended.pop_front()
    }

    /// How many exchanges have not ended.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.engine.in_flight()
    }

    /// How many datagrams were discarded so far.
    #[must_use]
    pub const fn discarded(&self) -> u64 {
        self.discarded
    }

    /// How many ports are open.
    #[must_use]
    pub fn open_ports(&self) -> usize {
        self.sockets.ports().count()
    }

    /// The address of the first port.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.sockets.local_addr()
    }
}

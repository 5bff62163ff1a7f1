//! The loop of `radkick send`: requests out, ends in, at most so many at once.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::Context;
use foldhash::fast::RandomState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until};

use super::Output;
use super::progress::{Progress, TICK};
use super::send_input::{Plan, Requests};
use super::send_report::Tally;
use super::sheet::Sheet;
use crate::clock::Clock;
use crate::disconnect::Bucket;
use crate::dynauth::{ExchangeId, Request};
use crate::radius::Attributes;
use crate::udp::UdpClient;

/// How many requests may be under way, and how many may begin in a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) in_flight: usize,
    pub(super) rate: Option<u32>,
}

/// Everything that has not ended.
pub(super) struct Sending {
    client: UdpClient,
    clock: Clock,
    template: Request,
    /// `None` behind the last one.
    requests: Option<Requests>,
    limits: Limits,
    bucket: Bucket,
    /// Before this time none may begin.
    next_at: Instant,
    /// A request that waits for that time.
    next: Option<Attributes>,
    indexes: HashMap<ExchangeId, u64, RandomState>,
    begun: u64,
    ended: u64,
    tally: Tally,
    sheet: Sheet,
    progress: Progress,
}

impl Sending {
    pub(super) fn new(client: UdpClient, plan: Plan, limits: Limits, output: Output) -> Self {
        Self {
            client,
            clock: Clock,
            template: plan.template,
            requests: Some(plan.requests),
            limits,
            bucket: Bucket::default(),
            next_at: Clock.now(),
            next: None,
            indexes: HashMap::default(),
            begun: 0,
            ended: 0,
            tally: Tally::default(),
            sheet: Sheet::new(output),
            progress: Progress::new(plan.total),
        }
    }

    /// Sends all, until all have ended, or until Ctrl-C; what is wrong with the input ends it as well, and comes back beside
    /// the tally.
    pub(super) async fn run(mut self) -> anyhow::Result<(Tally, Option<String>)> {
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let started = self.clock.now();
        let mut problem = None;
        while self.wants_more() || self.client.in_flight() > 0 {
            self.begin_ready(&mut problem);
            self.turn(&mut interrupt, &mut tick, &mut problem).await?;
            while let Some((id, ended)) = self.client.poll_ended() {
                self.ended += 1;
                let index = self.indexes.remove(&id).unwrap_or_default();
                self.tally.print(index, &ended, &mut self.sheet)?;
            }
        }
        self.write()?;
        self.progress.end();
        self.tally.discarded = self.client.discarded();
        self.tally.print_summary(self.clock.now() - started, &mut self.sheet)?;
        self.sheet.write()?;
        Ok((self.tally, problem))
    }

    fn wants_more(&self) -> bool {
        (self.requests.is_some() || self.next.is_some()) && !self.tally.interrupted
    }

    fn has_room(&self) -> bool {
        self.wants_more() && self.client.in_flight() < self.limits.in_flight
    }

    /// Waits for the next thing to happen.
    async fn turn(
        &mut self,
        interrupt: &mut Signal,
        tick: &mut Interval,
        problem: &mut Option<String>,
    ) -> anyhow::Result<()> {
        let has_room = self.has_room();
        let (reads, waits) = (has_room && self.next.is_none(), has_room && self.next.is_some());
        tokio::select! {
            biased;
            _ = interrupt.recv(), if !self.tally.interrupted => {
                self.tally.interrupted = true;
                self.client.cancel_all();
            }
            read = next_of(&mut self.requests), if reads => self.take(read, problem),
            () = sleep_until(self.next_at.into()), if waits => {}
            _ = tick.tick() => self.write()?,
            () = self.client.turn() => {}
        }
        Ok(())
    }

    fn take(&mut self, read: Option<Result<Attributes, String>>, problem: &mut Option<String>) {
        match read {
            Some(Ok(attributes)) => self.next = Some(attributes),
            Some(Err(wrong)) => {
                *problem = Some(wrong);
                self.requests = None;
            }
            None => self.requests = None,
        }
    }

    /// Begins whatever has been read and may begin now.
    fn begin_ready(&mut self, problem: &mut Option<String>) {
        while self.has_room() {
            if self.next.is_none() {
                self.next = self.requests.as_mut().and_then(Requests::ready);
            }
            if self.next.is_none() || !self.is_time() {
                return;
            }
            let Some(attributes) = self.next.take() else { return };
            match self.client.start(Request { attributes, ..self.template.clone() }) {
                Ok(id) => {
                    self.indexes.insert(id, self.begun);
                    self.begun += 1;
                    self.reserve();
                }
                Err(error) => {
                    *problem = Some(format!("request #{}: {error}", self.begun));
                    self.requests = None;
                }
            }
        }
    }

    fn is_time(&self) -> bool {
        self.limits.rate.is_none() || self.next_at <= self.clock.now()
    }

    /// Says when the next one may begin.
    fn reserve(&mut self) {
        if let Some(rate) = self.limits.rate {
            let now = self.clock.now();
            self.next_at = now + self.bucket.take(now, rate);
        }
    }

    /// Writes the lines that have been gathered, and how far it has come.
    fn write(&mut self) -> std::io::Result<()> {
        if !self.sheet.is_empty() {
            let sheet = &mut self.sheet;
            if Sheet::is_watched() && !self.progress.is_hidden() {
                self.progress.aside(|| sheet.write())?;
            } else {
                sheet.write()?;
            }
        }
        self.progress.show(self.ended, self.client.in_flight());
        Ok(())
    }
}

async fn next_of(requests: &mut Option<Requests>) -> Option<Result<Attributes, String>> {
    match requests {
        Some(requests) => requests.next().await,
        None => None,
    }
}

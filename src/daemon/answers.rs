//! Events out of the spool, and word of what became of them, to hooks and to the spool.

use crate::hook::{AccountingDoor, Batch, Event};

use super::intake::{Intake, TOGETHER, Waiting};

impl Intake {
    /// Adds the next events of the spool; whether more may follow at once.
    pub(super) async fn spooled(&mut self, events: &mut Vec<(Event, Waiting)>) -> bool {
        let Some(spool) = &mut self.doors.spool else { return false };
        let read = spool.with(|spool| spool.batch(TOGETHER)).await;
        match read.and_then(|batch| batch.map_err(|error| error.to_string())) {
            Ok(Batch { events: files, set_aside, waiting }) => {
                let hooks = &self.common.shared.metrics.hooks;
                hooks.waiting(waiting + files.len());
                hooks.events("set_aside", set_aside.len());
                for file in &set_aside {
                    tracing::warn!("a file in the spool is no event: {file:?}");
                }
                events.extend(files.into_iter().map(|file| (file.event.clone(), Waiting::File(Box::new(file)))));
                waiting > 0
            }
            Err(why) => {
                self.tell(Err(why));
                false
            }
        }
    }

    /// An event with which nothing can be done, and why.
    pub(super) async fn refuse(&mut self, waiting: Waiting, why: &str) {
        self.common.shared.metrics.hooks.events("set_aside", 1);
        match waiting {
            // Told no, the hook leaves it in the spool: there it is set aside
            Waiting::Hook(ticket) => drop(ticket.refused(why)),
            // Sent again it would be no better
            Waiting::Packet(receipt) => {
                tracing::warn!("nothing can be done with an accounting packet: {why}");
                receipt.stored();
            }
            Waiting::File(file) => {
                let Some(spool) = &mut self.doors.spool else { return };
                match spool.with(|spool| spool.refuse(*file)).await {
                    Ok(set_aside) => {
                        tracing::warn!("nothing can be done with a file in the spool: {why}: {set_aside:?}");
                    }
                    Err(error) => self.tell(Err(error)),
                }
            }
        }
    }

    /// Tells the hooks, and clears the spool, of what is on disk elsewhere.
    pub(super) async fn done(&mut self, all: Vec<Waiting>) {
        self.common.shared.metrics.hooks.events("taken", all.len());
        let mut files = Vec::new();
        for waiting in all {
            match waiting {
                Waiting::Hook(ticket) => drop(ticket.stored()),
                Waiting::Packet(receipt) => receipt.stored(),
                Waiting::File(file) => files.push(file),
            }
        }
        let Some(spool) = self.doors.spool.as_mut().filter(|_| !files.is_empty()) else { return };
        let cleared = spool.with(move |spool| {
            // One that cannot be removed keeps none of the others
            let all: Vec<_> = files.iter().map(|file| spool.done(file)).collect();
            all.into_iter().collect::<Result<(), _>>()
        });
        let cleared = cleared.await.and_then(|cleared| cleared.map_err(|error| error.to_string()));
        self.tell(cleared);
    }

    /// Counts what came to the sockets.
    pub(super) fn count_connections(&self) {
        let hooks = &self.common.shared.metrics.hooks;
        if let Some(counts) = self.doors.accounting.as_ref().map(AccountingDoor::counts) {
            hooks.packets("event", counts.events);
            hooks.packets("other", counts.others);
            hooks.packets("malformed", counts.malformed);
            hooks.packets("dropped", counts.dropped);
        }
        let Some(counts) = self.doors.listener.as_ref().map(crate::hook::Listener::counts) else { return };
        hooks.connections("event", counts.events);
        hooks.connections("stranger", counts.strangers);
        hooks.connections("malformed", counts.malformed);
        hooks.connections("silent", counts.silent);
        hooks.connections("turned_away", counts.turned_away);
    }
}

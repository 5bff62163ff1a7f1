//! Events out of the spool, and word of what became of them, to hooks and to the spool.

use crate::hook::{Batch, Event};

use super::intake::{Intake, TOGETHER, Waiting};

impl Intake {
    /// Adds the next events of the spool; whether more may follow at once.
    pub(super) async fn spooled(&mut self, events: &mut Vec<(Event, Waiting)>) -> bool {
        let Some(mut spool) = self.doors.spool.take() else { return false };
        let read = tokio::task::spawn_blocking(move || {
            let batch = spool.batch(TOGETHER);
            (spool, batch)
        });
        let Ok((spool, batch)) = read.await else { return false };
        self.doors.spool = Some(spool);
        match batch {
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
            Err(error) => {
                self.tell(Err(error.to_string()));
                false
            }
        }
    }

    /// An event that asks for nothing that could be done.
    pub(super) async fn refuse(&mut self, waiting: Waiting) {
        self.common.shared.metrics.hooks.events("set_aside", 1);
        match waiting {
            Waiting::Hook(ticket) => drop(ticket.refused("it names neither a session nor a user")),
            Waiting::File(file) => {
                let Some(mut spool) = self.doors.spool.take() else { return };
                let refused = tokio::task::spawn_blocking(move || {
                    let set_aside = spool.refuse(*file);
                    (spool, set_aside)
                });
                if let Ok((spool, set_aside)) = refused.await {
                    self.doors.spool = Some(spool);
                    tracing::warn!("a file in the spool asks for nothing that could be done: {set_aside:?}");
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
                Waiting::File(file) => files.push(file),
            }
        }
        if files.is_empty() {
            return;
        }
        let Some(spool) = self.doors.spool.take() else { return };
        let cleared = tokio::task::spawn_blocking(move || {
            // One that cannot be removed keeps none of the others
            let all: Vec<_> = files.iter().map(|file| spool.done(file)).collect();
            (spool, all.into_iter().collect::<Result<(), _>>())
        });
        if let Ok((spool, cleared)) = cleared.await {
            self.doors.spool = Some(spool);
            self.tell(cleared.map_err(|error| error.to_string()));
        }
    }
}

//! The daemon's half of the socket: a real listener in a thread, which does with each event what the test wants.
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, spawn};

use radkick::hook::{Counts, Event, Listener, Ticket, Trusted};
use tokio::sync::oneshot;

use crate::support::wait::wait_until;

/// What becomes of the hooks that wait.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// Each is told that its event is stored.
    Store,
    /// None is told anything as long as the daemon lives.
    Hold,
    /// Each is hung up on.
    HangUp,
    /// Each is refused.
    Refuse,
}

pub(super) struct Daemon {
    seen: Arc<Mutex<Seen>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    counts: Counts,
}

impl Daemon {
    /// Listens, for root and the own user.
    pub(super) fn start(socket: &Path, manner: Manner) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (seen, socket) = (Arc::new(Mutex::new(Seen::default())), socket.to_owned());
        let shared = Arc::clone(&seen);
        let thread = spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = Listener::bind(&socket, None, Trusted::own()).expect("it listens");
                ready.send(()).expect("somebody waits");
                serve(listener, manner, &shared, stopped).await;
            });
        });
        is_ready.recv().expect("it listens");
        Self { seen, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).events.clone()
    }

    pub(super) fn counts(&self) -> Counts {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).counts
    }

    /// Waits until so many events came.
    pub(super) fn wait_for(&self, count: usize) -> Vec<Event> {
        wait_until(&format!("{count} events"), || self.events().len() >= count);
        self.events()
    }
}

async fn serve(mut listener: Listener, manner: Manner, seen: &Mutex<Seen>, mut stopped: oneshot::Receiver<()>) {
    let mut held: Vec<Ticket> = Vec::new();
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(5));
    loop {
        let next = tokio::select! {
            next = listener.next() => next,
            _ = tick.tick() => None,
            _ = &mut stopped => return,
        };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((event, ticket)) = next {
            seen.events.push(event);
            match manner {
                Manner::Store => drop(ticket.stored()),
                Manner::Hold => held.push(ticket),
                Manner::HangUp => drop(ticket),
                Manner::Refuse => drop(ticket.refused("not today")),
            }
        }
        seen.counts = listener.counts();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()).ok());
        if let Some(thread) = self.thread.take() {
            // Its panic is the test's already, by what it waited for
            thread.join().ok();
        }
    }
}

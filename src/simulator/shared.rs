//! What a router's tasks share: its tables behind one lock that is never held while waiting.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::log::Log;
use super::record::{Nas, Record, Status};
use super::session::Session;
use super::state::{Login, State};
use super::time::RouterClock;
use super::{AccountingOptions, Event, OctetDirection, RouterOptions, SessionSpec, SessionView, Settings, StopTiming};

/// Acct-Terminate-Cause User-Request and Admin-Reset (RFC 2866 §5.10).
pub(super) const USER_REQUEST: u32 = 1;
pub(super) const ADMIN_RESET: u32 = 6;

/// Acct-Terminate-Cause Session-Timeout (RFC 2866 §5.10).
pub(super) const SESSION_TIMEOUT: u32 = 5;

/// Acct-Terminate-Cause NAS-Reboot (RFC 2866 §5.10).
const NAS_REBOOT: u32 = 11;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: RouterOptions,
    pub(super) clock: RouterClock,
    pub(super) timers_changed: Notify,
    state: Mutex<State>,
    records: mpsc::Sender<Record>,
    /// Sessions that were cut.
    cut: mpsc::UnboundedSender<SessionSpec>,
    stop: CancellationToken,
    unsettled: watch::Sender<usize>,
    pub(super) log: Log,
}

impl Shared {
    pub(super) fn new(
        options: RouterOptions,
        records: mpsc::Sender<Record>,
        cut: mpsc::UnboundedSender<SessionSpec>,
        stop: CancellationToken,
    ) -> Self {
        let state = State::new(options.behaviours.clone(), &options.local_users);
        Self {
            options,
            clock: RouterClock::start(),
            timers_changed: Notify::new(),
            state: Mutex::new(state),
            records,
            cut,
            stop,
            unsettled: watch::Sender::new(0),
            log: Log::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something after a while, unless the router is dropped first.
    pub(super) fn later(&self, wait: Duration, what: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = async { sleep(wait).await; what.await } => {}
            }
        });
    }

    pub(super) fn tell(&self, event: Event) {
        self.log.push(event);
    }

    pub(super) fn nas(&self) -> Nas<'_> {
        let swapped = self.state().behaviours.octet_direction == OctetDirection::ClientSees;
        let (now, epoch) = (RouterClock::now(), self.clock.epoch());
        Nas { name: &self.options.name, address: self.options.bind, now, epoch, swapped }
    }

    /// Hands a record to the accounting task. One that finds its queue full is lost, as it would be on a real router.
    pub(super) fn account(&self, record: Record) {
        if self.options.accounting.is_none() {
            return;
        }
        self.unsettled.send_modify(|count| *count += 1);
        if self.records.try_send(record).is_err() {
            self.settled();
        }
    }

    /// The Stop of a session that REST removed; there is no ACK to come before or after.
    pub(super) fn account_by_rest(&self, record: Record) {
        let timing = self.state().behaviours.stop;
        match timing {
            StopTiming::AfterAck | StopTiming::BeforeAck => self.account(record),
            StopTiming::Repeated => self.account(Record { repeated: true, ..record }),
            StopTiming::Lost => {}
        }
    }

    /// A record is answered or given up.
    pub(super) fn settled(&self) {
        self.unsettled.send_modify(|count| *count = count.saturating_sub(1));
    }

    pub(super) fn unsettled(&self) -> watch::Receiver<usize> {
        self.unsettled.subscribe()
    }

    pub(super) fn login(&self, spec: SessionSpec) -> SessionView {
        let number = self.state().next_number(spec.service);
        self.log_in(number, spec.into())
    }

    /// Lets someone in under a session id that was taken before, for the Access-Request.
    pub(super) fn log_in(&self, number: u32, login: Login) -> SessionView {
        let spec = &login.spec;
        let before =
            self.state().sessions.iter().find(|session| session.spec.is_at(spec)).map(|session| session.number);
        if let Some(record) = before.and_then(|number| self.end(number, USER_REQUEST)) {
            self.account(record);
        }
        let now = RouterClock::now();
        let interim = self.options.accounting.as_ref().and_then(|accounting| accounting.interim_interval);
        let session = self.state().add(number, login, now, interim.map(|interval| now + interval));
        let view = session.view(now);
        self.tell(Event::LoggedIn { session: view.clone() });
        if view.radius {
            self.account(Record::of(Status::Start, &session, self.nas()));
        }
        self.timers_changed.notify_one();
        view
    }

    /// Takes a session out of the table, its MAC cookie with it. Its Stop is returned, for the caller to time. One that
    /// did not end at its user's wish may come back.
    pub(super) fn end(&self, number: u32, terminate_cause: u32) -> Option<Record> {
        let session = self.state().remove(number)?;
        self.tell(ended(&session, Some(terminate_cause)));
        if terminate_cause != USER_REQUEST && terminate_cause != NAS_REBOOT {
            self.cut.send(session.spec.clone()).ok();
        }
        session.spec.radius.then(|| Record::of(Status::Stop(terminate_cause), &session, self.nas()))
    }

    /// A session has these settings from now on.
    pub(super) fn change(&self, number: u32, settings: Settings) {
        let changed = self.state().session_mut(number).map(|session| {
            session.settings = settings;
            session.view(RouterClock::now())
        });
        if let Some(session) = changed {
            self.tell(Event::Changed { session });
            self.timers_changed.notify_one();
        }
    }

    /// Goes down in order, with Stops where that is what the router does, and comes up again.
    pub(super) fn reboot_cleanly(&self) {
        if self.state().behaviours.reboot.clean_stops {
            let numbers: Vec<u32> = self.state().sessions.iter().map(|session| session.number).collect();
            for record in numbers.into_iter().filter_map(|number| self.end(number, NAS_REBOOT)) {
                self.account(record);
            }
        }
        self.reboot();
    }

    /// All sessions vanish without a Stop, and the router comes up again.
    pub(super) fn reboot(&self) {
        let (gone, boot) = self.state().reboot();
        for session in gone {
            self.tell(ended(&session, None));
        }
        self.tell(Event::Rebooted { boot });
        if !self.state().behaviours.reboot.no_accounting_on {
            self.account(Record::accounting_on(self.nas()));
        }
    }

    /// A session vanishes without a Stop.
    pub(super) fn vanish(&self, number: u32) -> bool {
        let session = self.state().remove(number);
        session.inspect(|session| self.tell(ended(session, None))).is_some()
    }

    pub(super) fn interim(&self, number: u32) -> bool {
        let nas = self.nas();
        let record = self.state().session(number).map(|session| Record::of(Status::InterimUpdate, session, nas));
        record.map(|record| self.account(record)).is_some()
    }

    pub(super) fn accounting(&self) -> Option<&AccountingOptions> {
        self.options.accounting.as_ref()
    }
}

fn ended(session: &Session, terminate_cause: Option<u32>) -> Event {
    Event::Ended {
        acct_session_id: session.acct_session_id(),
        user: session.spec.user.clone(),
        address: session.spec.address,
        terminate_cause,
    }
}

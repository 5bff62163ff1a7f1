//! A daemon that runs, the service manager that it reports to, and a client of its pages.
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixDatagram;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::Finished;
use crate::support::radkick::{Radkick, RunningRadkick};
use crate::support::wait::{PATIENCE, poll_for, wait_until};

/// What stands where systemd would.
pub(super) struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
    heard: RefCell<Vec<String>>,
}

impl Manager {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_nonblocking(true).expect("a socket of ours");
        Self { socket, folder, heard: RefCell::default() }
    }

    /// A call that reports to it.
    pub(super) fn told_by(&self, call: Radkick) -> Radkick {
        call.env("NOTIFY_SOCKET", self.folder.path().join("notify").to_str().expect("a path in UTF-8"))
    }

    /// Every line of every message so far, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        while let Ok(octets) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8(buffer[..octets].to_vec()).expect("text");
            self.heard.borrow_mut().extend(text.lines().map(str::to_owned));
        }
        self.heard.borrow().clone()
    }

    /// Waits for a line that begins so.
    pub(super) fn wait_for(&self, start: &str) {
        wait_until(&format!("{start:?} to the service manager"), || self.has(start));
    }

    pub(super) fn has(&self, start: &str) -> bool {
        self.lines().iter().any(|line| line.starts_with(start))
    }

    /// The states in order, what is only said about them left out.
    pub(super) fn states(&self) -> Vec<String> {
        let of_note = |line: &String| {
            !["STATUS=", "WATCHDOG=", "EXTEND_TIMEOUT_USEC=", "MONOTONIC_USEC="]
                .iter()
                .any(|word| line.starts_with(word))
        };
        self.lines().into_iter().filter(of_note).collect()
    }
}

/// A `radkick serve` that runs.
pub(super) struct Daemon {
    pub(super) running: RunningRadkick,
    pub(super) manager: Manager,
    port: u16,
}

impl Daemon {
    /// Starts it and waits until it is ready.
    pub(super) fn start(call: Radkick) -> Self {
        let daemon = Self::begin(call);
        daemon.manager.wait_for("READY=1");
        daemon
    }

    /// Starts it and waits until it listens.
    pub(super) fn begin(call: Radkick) -> Self {
        let manager = Manager::new();
        let running = manager.told_by(call).spawn();
        let port = poll_for(PATIENCE, || {
            let log = running.process.stderr();
            let (_, rest) = log.split_once("listen=127.0.0.1:")?;
            rest.split_once(|c: char| !c.is_ascii_digit())?.0.parse().ok()
        });
        let port = port.unwrap_or_else(|| panic!("it does not listen:\n{}", running.process.stderr()));
        Self { running, manager, port }
    }

    pub(super) fn log(&self) -> String {
        self.running.process.stderr()
    }

    /// Waits until it has logged this.
    pub(super) fn wait_for(&self, text: &str) {
        self.running.wait_for_stderr(text);
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
        stream
    }

    /// Status, head and body of the answer to these octets.
    pub(super) fn answer(&self, request: &[u8]) -> (u16, String, String) {
        let mut stream = self.connect();
        // It may answer and close before it has read everything
        stream.write_all(request).ok();
        stream.shutdown(Shutdown::Write).ok();
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).ok();
        let text = String::from_utf8_lossy(&octets).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return (0, text, String::new()) };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, head.to_owned(), body.to_owned())
    }

    /// Status and body of a page.
    pub(super) fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.answer(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        (status, body)
    }

    /// `/readyz`.
    pub(super) fn ready(&self) -> (u16, Value) {
        let (status, body) = self.get("/readyz");
        (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    /// Waits until `/readyz` has this status.
    pub(super) fn wait_ready(&self, status: u16) {
        wait_until(&format!("/readyz is {status}"), || self.get("/readyz").0 == status);
    }

    /// One line of `/metrics`: the value of this series.
    pub(super) fn metric(&self, series: &str) -> Option<f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")).map(str::to_owned));
        line.map(|value| value.parse().expect("a number"))
    }

    /// Waits until the worker has made its first step, and no more.
    pub(super) fn wait_for_first_step(&self) {
        wait_until("the first step", || self.metric("radkick_steps_total{result=\"ok\"}") == Some(1.0));
    }

    /// Asks it to stop and waits for the end.
    pub(super) fn stop(self) -> Finished {
        self.running.terminate()
    }
}

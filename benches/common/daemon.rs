//! The built radkick as a daemon, ready for work.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use anyhow::Context as _;

use crate::support::radkick::{Radkick, RunningRadkick};
use crate::support::wait::{PATIENCE, poll_for, wait_until};

/// A `radkick serve`; ended when dropped.
pub(crate) struct Served {
    running: RunningRadkick,
    port: u16,
}

impl Served {
    /// Starts one with this configuration and waits until its first step has ended.
    pub(crate) fn start(config: &Path) -> anyhow::Result<Self> {
        let running = Radkick::new(&["serve", "--config"]).arg(config).spawn();
        let port = poll_for(PATIENCE, || {
            let log = running.process.stderr();
            let (_, rest) = log.split_once("listen=127.0.0.1:")?;
            rest.split_once(|c: char| !c.is_ascii_digit())?.0.parse().ok()
        });
        let port = port.with_context(|| format!("it does not listen: {}", running.process.stderr()))?;
        let served = Self { running, port };
        wait_until("the first step", || served.metric("radkick_steps_total{result=\"ok\"}") >= 1.0);
        Ok(served)
    }

    /// A series of its metrics; 0 where there is none.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.metrics().unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0.0)
    }

    fn metrics(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.running.process.stderr()
    }

    /// The most memory that it had, in KiB.
    pub(crate) fn peak_kib(&self) -> anyhow::Result<u64> {
        super::memory::peak_kib_of(&self.running.process.pid().to_string())
    }
}

//! One-shot commands beside `serve`: they ask it over its control socket.
mod broken;
mod coa;
mod effects;
mod refused;
mod steps;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::daemon::Daemon;
use super::sections;
use crate::disconnect::site::Site;
use crate::support::process::{Finished, Running, program};
use crate::support::radkick::Radkick;
use crate::support::wait::{PATIENCE, wait_until};

fn socket(site: &Site) -> PathBuf {
    site.folder().join("control.sock")
}

/// A site whose daemon has a control socket, behind this `[[nas]]`; `more` stands behind the key of `[serve]`.
fn configure(site: &Site, quota: &str, more: &str, nas: &str) {
    let serve = format!("control_socket = \"{}\"\n{more}", socket(site).display());
    site.configure(&sections(quota, &serve), nas);
}

/// A daemon whose first step is behind it.
fn begin(call: Radkick) -> Daemon {
    let daemon = Daemon::start(call);
    wait_until("the first step", || daemon.metric("radkick_steps_total{result=\"ok\"}") >= Some(1.0));
    daemon
}

/// How many requests of this command came to this.
fn asked(daemon: &Daemon, command: &str, result: &str) -> u32 {
    let series = format!("radkick_control_requests_total{{command=\"{command}\",result=\"{result}\"}}");
    let value = daemon.metric(&series).unwrap_or(0.0);
    (0..10_000).find(|count| f64::from(*count) >= value).expect("few")
}

/// How many Disconnect-Requests the daemon has sent to R1.
fn sent(daemon: &Daemon) -> Option<f64> {
    daemon.metric("radkick_dynauth_client_disconnect_requests_total{nas=\"R1\"}")
}

/// Starts a daemon that halts at this step; what is to be written to for it to go on.
fn begin_to_halt(site: &Site, step: &str) -> (Daemon, PathBuf) {
    let pipe = site.folder().join("go");
    let made = Running::start(Command::new(program("mkfifo", "coreutils")).arg(&pipe), "").finish(PATIENCE);
    assert_eq!(made.code, Some(0), "{made:#?}");
    let call = site.radkick(&["serve"]).env("RADKICK_FAILPOINT", step);
    (Daemon::start(call.env("RADKICK_FAILPOINT_PIPE", pipe.to_str().expect("UTF-8"))), pipe)
}

/// A call of radkick as a person makes it: text.
fn text(site: &Site, arguments: &[&str]) -> Finished {
    Radkick::new(arguments).arg("--config").arg(site.config()).run()
}

/// A client of our own.
struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    fn connect(site: &Site) -> Self {
        let stream = UnixStream::connect(socket(site)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket of ours");
        Self { stream: BufReader::new(stream) }
    }

    fn say(&mut self, octets: &[u8]) {
        // The other side may have heard enough before all is said
        self.stream.get_mut().write_all(octets).ok();
    }

    /// The next line; `None` when the daemon has hung up.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
                None
            }
        }
    }

    /// Hears the hello and asks for this.
    fn ask(&mut self, request: &Value) {
        let hello = self.hear().expect("a hello");
        let ask = json!({ "protocol": 1, "databases": hello["hello"]["databases"], "request": request });
        self.say(format!("{ask}\n").as_bytes());
    }
}

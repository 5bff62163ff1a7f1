//! FreeRADIUS' radclient: one request, its answer as it read it.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use super::pairs::{Attributes, attributes};
use super::process::{Running, program};
use super::wait::PATIENCE;

/// What radclient sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestKind {
    Access,
    Accounting,
    Disconnect,
    Coa,
}

impl RequestKind {
    fn command(self) -> &'static str {
        match self {
            Self::Access => "auth",
            Self::Accounting => "acct",
            Self::Disconnect => "disconnect",
            Self::Coa => "coa",
        }
    }
}

/// An answer whose authenticator radclient has checked.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Its name, such as `Disconnect-ACK`.
    pub(crate) code: String,
    pub(crate) attributes: Attributes,
}

/// One way to call radclient.
#[derive(Clone, Debug)]
pub(crate) struct Radclient {
    /// The directory with the dictionary to use.
    pub(crate) raddb: PathBuf,
    pub(crate) to: SocketAddr,
    pub(crate) kind: RequestKind,
    pub(crate) secret: String,
    /// Transmissions at most.
    pub(crate) tries: u32,
    /// Seconds to wait after each.
    pub(crate) wait_secs: u32,
}

impl Radclient {
    /// Sends one packet in radclient's text form (`support::pairs::packet`); `None` when nothing valid came back.
    ///
    /// # Panics
    ///
    /// When radclient is not installed or did not send: an attribute it does not know, say.
    pub(crate) fn send(&self, packet: &str) -> Option<Reply> {
        let mut secret = tempfile::NamedTempFile::new().expect("a secret file");
        std::io::Write::write_all(&mut secret, self.secret.as_bytes()).expect("a secret file");
        let mut command = Command::new(program("radclient", "freeradius-utils"));
        command.args(["-x", "-r", &self.tries.to_string(), "-t", &self.wait_secs.to_string()]);
        // It reads dates in its machine's time, whatever zone they name.
        command.env("TZ", "UTC");
        command.arg("-d").arg(&self.raddb).arg("-S").arg(secret.path());
        command.args([&self.to.to_string(), self.kind.command()]);
        let finished = Running::start(&mut command, packet).finish(PATIENCE);
        assert!(finished.stdout.contains("Sent "), "radclient did not send:\n{packet}\n{finished:#?}");
        reply(&finished.stdout)
    }
}

fn reply(stdout: &str) -> Option<Reply> {
    let mut lines = stdout.lines().skip_while(|line| !line.starts_with("Received "));
    let code = lines.next()?.split(' ').nth(1)?.to_owned();
    Some(Reply { code, attributes: attributes(lines) })
}

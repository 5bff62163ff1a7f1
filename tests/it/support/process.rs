//! A child process whose end is bounded and whose output is at hand while it runs.
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use super::wait::poll_for;

/// Where programs are looked for, whatever the caller's PATH: an ordinary user's lacks sbin.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The program's path.
///
/// # Panics
///
/// When it is not installed, naming the Debian package that carries it.
pub(crate) fn program(name: &str, package: &str) -> PathBuf {
    std::env::split_paths(OsStr::new(PATH))
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: apt-get install {package} (tests/run does it)"))
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Every line of standard output, read as JSON.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}\n{self:#?}"));
        self.stdout.lines().map(read).collect()
    }
}

/// A child process; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: Captured,
    stderr: Captured,
}

impl Running {
    /// Starts `command` and feeds it `stdin`.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub(crate) fn start(command: &mut Command, stdin: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut input = child.stdin.take().expect("a piped standard input");
        let text = stdin.to_owned();
        // A process may end without reading: a broken pipe is no failure of the test.
        spawn(move || input.write_all(text.as_bytes()).ok());
        let stdout = Captured::new(child.stdout.take().expect("a piped standard output"));
        let stderr = Captured::new(child.stderr.take().expect("a piped standard error"));
        Self { child, stdout, stderr }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Sends a signal by name, such as `TERM`, to this process alone.
    pub(crate) fn signal(&self, name: &str) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "kill -s \"$0\" \"$1\"", name, &self.pid().to_string()]);
        assert!(command.status().expect("a shell").success(), "cannot send {name} to {}", self.pid());
    }

    /// Waits for the end.
    ///
    /// # Panics
    ///
    /// When it has not ended within `bound`; it is killed then.
    pub(crate) fn finish(mut self, bound: Duration) -> Finished {
        let Some(status) = self.ended_within(bound) else {
            let (stdout, stderr) = (self.stdout(), self.stderr());
            drop(self);
            panic!("killed, for it had not ended within {bound:?}\nstdout:\n{stdout}\nstderr:\n{stderr}");
        };
        Finished { code: status.code(), stdout: self.stdout(), stderr: self.stderr() }
    }

    fn ended_within(&mut self, bound: Duration) -> Option<ExitStatus> {
        poll_for(bound, || {
            let status = self.child.try_wait().expect("a child of ours")?;
            (self.stdout.is_complete() && self.stderr.is_complete()).then_some(status)
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what we want.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[derive(Debug)]
struct Captured {
    octets: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Captured {
    fn new(mut source: impl Read + Send + 'static) -> Self {
        let octets = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&octets);
        let reader = spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = source.read(&mut buffer) {
                lock(&sink).extend_from_slice(&buffer[..count]);
            }
        });
        Self { octets, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.octets)).into_owned()
    }

    fn is_complete(&self) -> bool {
        self.reader.is_finished()
    }
}

fn lock(octets: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    octets.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The command's end.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::net::{Shutdown, shutdown};
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::command::{Answer, Request};
use crate::jobs::SessionReport;

use super::line;
use super::wire::{Ask, PROTOCOL, Told};

/// Until a daemon that listens has said hello, and until it has accepted.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// A daemon at work says so each 5 s; one that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// Octets of a line: a report with every attempt of a week.
const LINE_OCTETS: usize = 16 * 1024 * 1024;
/// Reports of one answer.
const REPORTS: usize = 1_000_000;

/// What is asked, and of whom.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The daemon's socket.
    pub socket: &'a Path,
    /// The databases that are meant, as [`super::databases()`] names them.
    pub databases: String,
    /// For whom sudo was called, if it was.
    pub called_by: Option<String>,
    /// What is asked.
    pub request: &'a Request,
}

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    /// The daemon did it, and the exit code that it means.
    Answered(Answer, u8),
    /// Nothing was done and nothing will be: whoever asked may do it. What a person should know of it.
    Nobody(Option<String>),
    /// Nothing was done: the daemon says why.
    Refused(String),
    /// It was accepted, and what became of it is not known: it must not be done again beside it.
    Unknown(String),
}

/// Asks the daemon, if there is one.
pub async fn ask(asking: Asking<'_>) -> Asked {
    let path = asking.socket.display();
    let stream = match timeout(HELLO_WITHIN, UnixStream::connect(asking.socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if is_absence(&error) => return Asked::Nobody(None),
        Ok(Err(error)) => {
            return Asked::Nobody(Some(format!("{path}: {error}: not asked, done by this command itself")));
        }
        Err(_) => return Asked::Nobody(Some(not_answering(asking.socket))),
    };
    let mut line = Connection { stream: BufReader::new(stream) };
    match line.begin(&asking).await {
        Begun::Accepted => line.follow().await,
        Begun::Not(asked) => asked,
    }
}

/// Whether nobody listens: no file, a stale one, or none that could be.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | NotADirectory)
}

fn not_answering(socket: &Path) -> String {
    let within = HELLO_WITHIN.as_secs();
    format!(
        "the daemon on {} does not answer within {within} s; it has done nothing of this and will not: done by this command \
         itself (systemctl status radkick)",
        socket.display()
    )
}

struct Connection {
    stream: BufReader<UnixStream>,
}

/// Whether the daemon has taken it over.
enum Begun {
    Accepted,
    Not(Asked),
}

impl Connection {
    async fn begin(&mut self, asking: &Asking<'_>) -> Begun {
        match self.hello(asking).await {
            Ok(None) => {}
            Ok(Some(asked)) => return Begun::Not(asked),
            Err(_) => return Begun::Not(Asked::Nobody(Some(not_answering(asking.socket)))),
        }
        let ask = Ask {
            protocol: PROTOCOL,
            databases: asking.databases.clone(),
            called_by: asking.called_by.clone(),
            request: asking.request.clone(),
        };
        let mut told = match line::write(&mut self.stream, &ask, HELLO_WITHIN).await {
            Ok(()) => self.next(HELLO_WITHIN).await,
            Err(error) => Err(error),
        };
        if told.is_err() {
            // From here on the daemon cannot write: what it has written until now is all that it will have
            shutdown(self.stream.get_ref(), Shutdown::Read).ok();
            told = self.next(HELLO_WITHIN).await;
        }
        match told {
            Ok(Some(Told::Accepted {})) => Begun::Accepted,
            Ok(Some(told)) => Begun::Not(refused(told)),
            Ok(None) | Err(_) => Begun::Not(Asked::Nobody(Some(format!(
                "the daemon on {} did not take it: done by this command itself",
                asking.socket.display()
            )))),
        }
    }

    /// `None` where it is the right daemon.
    async fn hello(&mut self, asking: &Asking<'_>) -> io::Result<Option<Asked>> {
        let path = asking.socket.display();
        Ok(match self.next(HELLO_WITHIN).await? {
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(Told::Hello { protocol, version, .. }) if protocol != PROTOCOL => Some(Asked::Refused(format!(
                "the daemon on {path} is radkick {version} and speaks protocol {protocol}, this one {} speaks {PROTOCOL}: restart it",
                env!("CARGO_PKG_VERSION")
            ))),
            Some(Told::Hello { databases, .. }) if databases != asking.databases => Some(Asked::Nobody(Some(format!(
                "the daemon on {path} works on other databases than this configuration names: not asked, done by this command itself"
            )))),
            Some(Told::Hello { .. }) => None,
            Some(other) => Some(refused(other)),
        })
    }

    /// To the end of what was accepted.
    async fn follow(&mut self) -> Asked {
        let mut reports: Vec<SessionReport> = Vec::new();
        loop {
            let why = match self.next(SILENCE).await {
                Ok(Some(Told::End { exit, mut answer })) => {
                    if let Some(place) = answer.reports_mut() {
                        *place = reports;
                    }
                    return Asked::Answered(answer, exit);
                }
                Ok(Some(Told::AtWork {})) => continue,
                Ok(Some(Told::Report(report))) if reports.len() < REPORTS => {
                    reports.push((*report).into());
                    continue;
                }
                Ok(Some(_)) => "it says what it should not".to_owned(),
                Ok(None) => "it ended in the middle".to_owned(),
                Err(error) => error.to_string(),
            };
            return Asked::Unknown(why);
        }
    }

    async fn next(&mut self, wait: Duration) -> io::Result<Option<Told>> {
        let line = line::read(&mut self.stream, LINE_OCTETS, wait).await?;
        Ok(line.map(|line| serde_json::from_slice(&line)).transpose()?)
    }
}

/// What a daemon says that does not accept.
fn refused(told: Told) -> Asked {
    match told {
        Told::Refused { why, directly: true } => Asked::Nobody(Some(format!("{why}: done by this command itself"))),
        Told::Refused { why, directly: false } => Asked::Refused(format!("the daemon refuses: {why}")),
        Told::Hello { .. } | Told::Accepted {} | Told::AtWork {} | Told::Report(_) | Told::End { .. } => {
            Asked::Refused("the daemon says what it should not; nothing was done by it".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt, BufReader};
    use tokio::net::UnixStream;

    use super::{Asked, Asking, Begun, Connection, HELLO_WITHIN, LINE_OCTETS, line};
    use crate::command::Request;

    const HELLO: &[u8] = b"{\"hello\":{\"protocol\":1,\"version\":\"\",\"databases\":\"d\"}}\n";
    const ACCEPTED: &[u8] = b"{\"accepted\":{}}\n";

    /// What becomes of a daemon that says hello, reads the request, waits, and accepts then: what the command made of it, and
    /// whether the daemon could say so.
    async fn accepted_after(wait: Duration) -> (bool, bool) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let daemon = async {
            let mut theirs = BufReader::new(theirs);
            theirs.write_all(HELLO).await.unwrap();
            line::read(&mut theirs, LINE_OCTETS, HELLO_WITHIN).await.unwrap().unwrap();
            tokio::time::sleep(wait).await;
            theirs.write_all(ACCEPTED).await.is_ok()
        };
        let mut connection = Connection { stream: BufReader::new(ours) };
        let command = async {
            let asking = Asking {
                socket: "here".as_ref(),
                databases: "d".to_owned(),
                called_by: None,
                request: &Request::Confirm {},
            };
            matches!(connection.begin(&asking).await, Begun::Accepted)
        };
        tokio::join!(command, daemon)
    }

    #[tokio::test(start_paused = true)]
    async fn both_ends_agree_who_does_it() {
        assert_eq!(accepted_after(Duration::ZERO).await, (true, true));
        assert_eq!(accepted_after(HELLO_WITHIN / 2).await, (true, true));
        // The command still holds its end, and the daemon cannot say it any more: it does not begin
        assert_eq!(accepted_after(HELLO_WITHIN * 3 / 2).await, (false, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_says_nothing_any_more_is_given_up() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"{\"at_work\":{}}\n").await.unwrap();
        let mut connection = Connection { stream: BufReader::new(ours) };
        let Asked::Unknown(why) = connection.follow().await else { panic!("not known") };
        assert_eq!(why, "nothing for 30 s");
    }

    /// `accepted` stands in the command's socket when it gives up waiting: it looks once more.
    #[tokio::test]
    async fn what_was_said_is_heard_after_the_line_is_shut() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(ACCEPTED).await.unwrap();
        let mut connection = Connection { stream: BufReader::new(ours) };
        rustix::net::shutdown(connection.stream.get_ref(), rustix::net::Shutdown::Read).unwrap();
        assert!(theirs.write_all(ACCEPTED).await.is_err());
        drop(theirs);
        let heard = connection.next(HELLO_WITHIN).await.unwrap();
        assert!(matches!(heard, Some(super::Told::Accepted {})));
        assert!(matches!(connection.follow().await, Asked::Unknown(_)));
    }
}

//! The hook's command line, read without clap: a process for each packet has no time for it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::event::{Kind, Wish};

/// Where the daemon listens for hooks unless it is said otherwise.
pub const DEFAULT_SOCKET: &str = "/run/radkick/hook.sock";

/// Where events wait for the daemon unless it is said otherwise.
pub const DEFAULT_SPOOL: &str = "/var/spool/radkick";

/// What `radkick hook --help` prints.
pub(super) const HELP: &str = "\
Hands what FreeRADIUS' exec module was called for to the daemon (`radkick serve`)

Usage: radkick hook [OPTIONS]

The attributes are read from the environment (`input_pairs = request`, either `shell_escape`); no
configuration is read. When the daemon does not answer within 50 ms, the event waits in the spool.

Options:
      --check           See whether this user is over now, with the octets of the packet [default]
      --disconnect      Cut this very session
      --event <EVENT>   What it was called for: start, interim, stop, post-auth
                        [default: what the attributes say]
      --socket <FILE>   Where the daemon listens [default: /run/radkick/hook.sock]
      --spool <FOLDER>  Where events wait for the daemon [default: /var/spool/radkick]
  -h, --help            Print help

Exit codes, with each of which FreeRADIUS answers the NAS: 0 the daemon has it or there was nothing
to do, 3 it is in the spool, 9 it is lost or could not be told (standard error says why).
";

/// A command line, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `--event`: what the hook was called for. Default: what the attributes say.
    pub kind: Option<Kind>,
    /// `--check` or `--disconnect`. Default: check.
    pub wish: Wish,
    /// `--socket`. Default: [`DEFAULT_SOCKET`].
    pub socket: PathBuf,
    /// `--spool`. Default: [`DEFAULT_SPOOL`].
    pub spool: PathBuf,
    /// `--help`: print it and do nothing else.
    pub(super) help: bool,
}

impl Default for Call {
    fn default() -> Self {
        Self { kind: None, wish: Wish::Check, socket: DEFAULT_SOCKET.into(), spool: DEFAULT_SPOOL.into(), help: false }
    }
}

/// A command line that is wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArgumentError {
    #[error("unknown argument {0:?}; radkick hook --help tells those that there are")]
    Unknown(OsString),
    #[error("{0} wants a value")]
    Missing(&'static str),
    #[error("--event {0:?}: write start, interim, stop or post-auth")]
    Event(OsString),
    #[error("--check and --disconnect exclude each other")]
    BothWishes,
}

impl Call {
    /// Reads what stands behind `radkick hook`.
    pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ArgumentError> {
        let (mut call, mut wish) = (Self::default(), None);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, attached) = split(&argument);
            let mut value = |name| attached.clone().or_else(|| arguments.next()).ok_or(ArgumentError::Missing(name));
            let asked = match name.as_deref() {
                Some("--event") => {
                    call.kind = Some(kind(value("--event")?)?);
                    continue;
                }
                Some("--socket") => {
                    call.socket = value("--socket")?.into();
                    continue;
                }
                Some("--spool") => {
                    call.spool = value("--spool")?.into();
                    continue;
                }
                Some("--check") if attached.is_none() => Wish::Check,
                Some("--disconnect") if attached.is_none() => Wish::Disconnect,
                Some("--help" | "-h") if attached.is_none() => {
                    call.help = true;
                    continue;
                }
                _ => return Err(ArgumentError::Unknown(argument)),
            };
            if *wish.get_or_insert(asked) != asked {
                return Err(ArgumentError::BothWishes);
            }
            call.wish = asked;
        }
        Ok(call)
    }
}

/// `--name=value` as name and value; a name in UTF-8 alone otherwise.
fn split(argument: &OsString) -> (Option<String>, Option<OsString>) {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let octets = argument.as_bytes();
    let at = octets.iter().position(|octet| *octet == b'=');
    let (name, value) =
        at.map_or((octets, None), |at| (&octets[..at], Some(OsString::from_vec(octets[at + 1..].to_vec()))));
    (String::from_utf8(name.to_vec()).ok(), value)
}

fn kind(name: OsString) -> Result<Kind, ArgumentError> {
    match name.to_str() {
        Some("start") => Ok(Kind::Start),
        Some("interim") => Ok(Kind::Interim),
        Some("stop") => Ok(Kind::Stop),
        Some("post-auth") => Ok(Kind::PostAuth),
        _ => Err(ArgumentError::Event(name)),
    }
}

//! What `radkick send` is told, checked before anything is sent: a file in full, a pipe as it comes.

mod destination;
mod dictionary;
mod packet_file;
mod requests;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

pub(crate) use self::destination::Destination;
use self::packet_file::PacketFile;
pub(super) use self::requests::Requests;
use super::send::{Kind, SendArgs};
use crate::dynauth::{Request, RetransmitPolicy};
use crate::radius::{Attributes, Code, Dictionary, SharedSecret, parse_pair};
use crate::udp::any_source;

/// As many as `--in-flight` may need; each is opened when the others are full.
const MAX_PORTS: u16 = 64;

/// Everything that is needed to send.
#[derive(Debug)]
pub(super) struct Plan {
    /// What all requests have in common; its attributes are none.
    pub(super) template: Request,
    /// The attributes of each request, as they come.
    pub(super) requests: Requests,
    /// How many requests there are, where they have been counted: not in a pipe.
    pub(super) total: Option<u64>,
    pub(super) source: IpAddr,
    pub(super) warnings: Vec<String>,
}

/// What is wrong with the arguments, a line each.
type Problems = Vec<String>;

/// Turns arguments into requests, or says everything that is wrong with them. Of a pipe only the beginning has been
/// read then.
pub(super) async fn resolve(args: SendArgs) -> Result<Plan, Problems> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let secret = collect(read_secret(&args.secret_file, &mut warnings), &mut problems);
    let policy = collect(policy(&args), &mut problems);
    let das_addr = collect(destination::look_up(&args.to, args.source).await, &mut problems);
    let template = match (secret, policy, das_addr) {
        (Some(secret), Some(policy), Some(das_addr)) => Some(Request {
            policy,
            max_ports: MAX_PORTS,
            ..Request::new(das_addr, args.kind.code(), Attributes::new(), secret)
        }),
        _ => None,
    };
    let input = collect(Input::read(&args, template.clone()), &mut problems);
    let (Some(template), Some(input)) = (template, input) else { return Err(problems) };
    let source = args.source.unwrap_or_else(|| any_source(template.das_addr));
    let total = input.total;
    let requests = input.requests().await?;
    Ok(Plan { template, requests, total, source, warnings })
}

impl Kind {
    const fn code(self) -> Code {
        match self {
            Self::Disconnect => Code::DisconnectRequest,
            Self::Coa => Code::CoaRequest,
        }
    }
}

fn collect<T>(result: Result<T, Problems>, problems: &mut Problems) -> Option<T> {
    result.map_err(|more| problems.extend(more)).ok()
}

fn read_secret(path: &Path, warnings: &mut Vec<String>) -> Result<SharedSecret, Problems> {
    let mut octets = std::fs::read(path)
        .map_err(|error| vec![format!("cannot read the secret file {}: {error}", path.display())])?;
    for end in [b'\n', b'\r'] {
        if octets.last() == Some(&end) {
            octets.pop();
        }
    }
    if is_world_readable(path) {
        warnings.push(format!("everyone on this machine can read the secret file {0}: chmod 600 {0}", path.display()));
    }
    SharedSecret::new(octets).map_err(|_| vec![format!("the secret file {} is empty", path.display())])
}

fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}

/// What is to be sent: the requests of `--file`, if there is one, with the attributes of `--attr` behind each.
struct Input {
    each: Each,
    file: Option<PacketFile>,
    /// How many requests there are, if that is known.
    total: Option<u64>,
}

impl Input {
    /// Reads a file to its end once, so that nothing is sent of one that is wrong.
    fn read(args: &SendArgs, template: Option<Request>) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let dictionary = dictionary::load(&args.dictionaries)?;
        let mut given = Attributes::new();
        for pair in &args.attributes {
            if let Err(problem) = parse_pair(&dictionary, pair, &mut given) {
                problems.push(format!("--attr '{pair}': {problem}"));
            }
        }
        let each = Each { dictionary, given, template };
        let mut file = args.file.as_ref().and_then(|path| collect(PacketFile::open(path), &mut problems));
        let total = match (&mut file, &args.file) {
            (Some(file), _) => collect(file.check(&each), &mut problems).flatten(),
            (None, None) if !args.attributes.is_empty() => {
                each.check_size(&each.given).unwrap_or_else(|problem| problems.push(problem));
                Some(1)
            }
            (None, None) => {
                problems.push("nothing to send: give --attr 'Name=value' or --file FILE".to_owned());
                None
            }
            (None, Some(_)) => None,
        };
        if problems.is_empty() { Ok(Self { each, file, total }) } else { Err(problems) }
    }

    /// Begins to read; of a pipe, up to the first request.
    async fn requests(self) -> Result<Requests, Problems> {
        match self.file {
            None => Ok(Requests::of(self.each.given)),
            Some(file) => file.requests(self.each).await,
        }
    }
}

/// What is done with each request of a file.
struct Each {
    dictionary: Dictionary,
    given: Attributes,
    /// To see whether a packet has room; none when something else is wrong already.
    template: Option<Request>,
}

impl Each {
    /// Appends the attributes of `--attr`.
    fn complete(&self, mut attributes: Attributes) -> Result<Attributes, String> {
        attributes.extend(&self.given);
        self.check_size(&attributes).map(|()| attributes)
    }

    fn check_size(&self, attributes: &Attributes) -> Result<(), String> {
        let checked = self.template.as_ref().map(|template| template.check_size_with(attributes));
        checked.transpose().map(drop).map_err(|error| error.to_string())
    }
}

fn policy(args: &SendArgs) -> Result<RetransmitPolicy, Problems> {
    let default = RetransmitPolicy::default();
    let policy = RetransmitPolicy {
        irt: args.irt.unwrap_or(default.irt),
        mrt: args.mrt.unwrap_or(default.mrt),
        mrc: args.mrc.unwrap_or(default.mrc),
        mrd: args.mrd.unwrap_or(default.mrd),
    };
    if policy.irt.is_zero() {
        return Err(vec!["--irt must be more than nothing".to_owned()]);
    }
    if policy.mrc == 0 && policy.mrd.is_zero() {
        return Err(vec!["--mrc 0 and --mrd 0s together would never end".to_owned()]);
    }
    Ok(policy)
}

/// A time as people write it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration: Option<jiff::SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "not a time with its unit, such as 500ms or 2s".to_owned())
}

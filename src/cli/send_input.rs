//! What `radkick send` is told, checked in full before anything is sent.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use super::send::{Kind, SendArgs};
use crate::dynauth::{Request, RetransmitPolicy};
use crate::radius::{Attributes, Code, Dictionary, PairError, SharedSecret, parse_pair, parse_requests};
use crate::udp::any_source;

const DYNAUTH_PORT: u16 = 3799;

/// A host by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    host: String,
    port: u16,
}

/// Everything that is needed to send.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) requests: Vec<Request>,
    pub(super) source: IpAddr,
    pub(super) warnings: Vec<String>,
}

/// What is wrong with the arguments, a line each.
type Problems = Vec<String>;

/// Turns arguments into requests, or says everything that is wrong with them.
pub(super) async fn resolve(args: SendArgs) -> Result<Plan, Problems> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let secret = collect(read_secret(&args.secret_file, &mut warnings), &mut problems);
    let attributes = collect(read_requests(&args), &mut problems);
    let policy = collect(policy(&args), &mut problems);
    let das_addr = collect(look_up(&args.to, args.source).await, &mut problems);
    let (Some(secret), Some(attributes), Some(policy), Some(das_addr)) = (secret, attributes, policy, das_addr) else {
        return Err(problems);
    };
    let code = match args.kind {
        Kind::Disconnect => Code::DisconnectRequest,
        Kind::Coa => Code::CoaRequest,
    };
    let requests: Vec<Request> = attributes
        .into_iter()
        .map(|attributes| Request { policy, ..Request::new(das_addr, code, attributes, secret.clone()) })
        .collect();
    for (index, request) in requests.iter().enumerate() {
        collect(request.check_size().map_err(|error| vec![format!("request #{index}: {error}")]), &mut problems);
    }
    let source = args.source.unwrap_or_else(|| any_source(das_addr));
    if problems.is_empty() { Ok(Plan { requests, source, warnings }) } else { Err(problems) }
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

/// The attributes of each request: those of `--file` with those of `--attr` behind them.
fn read_requests(args: &SendArgs) -> Result<Vec<Attributes>, Problems> {
    let dictionary = Dictionary::bundled().map_err(|error| vec![error.to_string()])?;
    let mut problems = Vec::new();
    let mut given = Attributes::new();
    for pair in &args.attributes {
        if let Err(problem) = parse_pair(&dictionary, pair, &mut given) {
            problems.push(format!("--attr '{pair}': {problem}"));
        }
    }
    let mut requests = match &args.file {
        Some(path) => collect(read_file(path, &dictionary), &mut problems).unwrap_or_default(),
        None if args.attributes.is_empty() => {
            problems.push("nothing to send: give --attr 'Name=value' or --file FILE".to_owned());
            Vec::new()
        }
        None => vec![Attributes::new()],
    };
    for request in &mut requests {
        for (attribute_type, value) in given.iter() {
            request.push(attribute_type, value).map_err(|error| vec![error.to_string()])?;
        }
    }
    if problems.is_empty() { Ok(requests) } else { Err(problems) }
}

fn read_file(path: &Path, dictionary: &Dictionary) -> Result<Vec<Attributes>, Problems> {
    let (name, read) = if path == Path::new("-") {
        let mut text = String::new();
        ("standard input".to_owned(), std::io::stdin().lock().read_to_string(&mut text).map(|_| text))
    } else {
        (path.display().to_string(), std::fs::read_to_string(path))
    };
    let text = read.map_err(|error| vec![format!("cannot read {name}: {error}")])?;
    let at_line = |PairError { line, problem }| format!("{name}:{line}: {problem}");
    let requests =
        parse_requests(dictionary, &text).map_err(|errors| errors.into_iter().map(at_line).collect::<Problems>())?;
    if requests.is_empty() { Err(vec![format!("{name} holds no request")]) } else { Ok(requests) }
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

/// The first address of the host that the source can reach by its family.
async fn look_up(to: &Destination, source: Option<IpAddr>) -> Result<SocketAddr, Problems> {
    let found = tokio::net::lookup_host((to.host.as_str(), to.port))
        .await
        .map_err(|error| vec![format!("unknown host {:?}: {error}", to.host)])?;
    let mut reachable = found.filter(|address| source.is_none_or(|source| source.is_ipv4() == address.is_ipv4()));
    reachable.next().ok_or_else(|| vec![format!("{:?} has no address of the same family as --source", to.host)])
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("the bracket is not closed")?;
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if port.is_empty() => (host, None),
                    None => return Err("a port stands behind a colon, as in [2001:db8::1]:3799".to_owned()),
                }
            }
            None => match text.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    return Err("an IPv6 address stands in brackets, as in [2001:db8::1]:3799".to_owned());
                }
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err("there is no host".to_owned());
        }
        let port = match port.map(str::parse) {
            None => DYNAUTH_PORT,
            Some(Ok(port)) if port != 0 => port,
            Some(_) => return Err("the port is not a number from 1 to 65535".to_owned()),
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

/// A time as people write it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration: Option<jiff::SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "not a time with its unit, such as 500ms or 2s".to_owned())
}

//! What `radkick simulate` is told, checked in full before anything starts.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::str::FromStr;

use super::{SimulateArgs, TlsChoice};
use crate::radius::SharedSecret;
use crate::simulator::{
    AccountingOptions, AuthenticationOptions, Behaviours, Incoming, LocalUser, Octets, RadiusEntry, RestOptions,
    RouterOptions, Service, SessionSpec, Tls,
};

/// Everything that is needed to start.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) options: RouterOptions,
    pub(super) sessions: Vec<SessionSpec>,
}

/// A user and an address, as `alice@192.168.88.41`; the name may hold an `@` itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    name: String,
    address: Ipv4Addr,
}

impl FromStr for Login {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "not of the form NAME@IP, as in alice@192.168.88.41";
        let (name, address) = text.rsplit_once('@').ok_or(wanted)?;
        let address = address.parse().map_err(|_| wanted)?;
        if name.is_empty() || name.len() > 253 {
            return Err("not a name that RADIUS can carry: 1 to 253 octets");
        }
        Ok(Self { name: name.to_owned(), address })
    }
}

impl Plan {
    /// Turns arguments into a router, or says everything that is wrong with them, a line each.
    pub(super) fn resolve(args: SimulateArgs) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        if !args.bind.is_loopback() {
            problems.push(format!("--bind {}: the simulated router stays on loopback, 127.0.0.0/8", args.bind));
        }
        let secret = collect(secret(&args.secret_file), &mut problems);
        let password = args.rest_password_file.as_deref().map(read_line);
        let password = password.and_then(|password| collect(password, &mut problems));
        let behaviours = behaviours(args.behaviour_file.as_deref(), &args.behaviours);
        let behaviours = collect(behaviours, &mut problems).unwrap_or_default();
        let Some(secret) = secret.filter(|_| problems.is_empty()) else { return Err(problems) };

        let sessions = sessions(&args);
        let mut options = RouterOptions::new(args.name, args.bind);
        options.coa = if args.coa_closed { Incoming::Closed } else { Incoming::Accept(args.coa_port) };
        let entry = |address: IpAddr| RadiusEntry::new(address, secret.clone());
        options.radius_servers = args.senders.into_iter().map(entry).collect();
        options.accounting = args.accounting.map(|server| {
            let interim_interval = args.interim;
            AccountingOptions { interim_interval, ..AccountingOptions::new(server, secret.clone()) }
        });
        options.authentication = args.authentication.map(|server| AuthenticationOptions::new(server, secret.clone()));
        let local = |name: &String, service| LocalUser { service, name: name.clone(), disabled: false };
        let both = |name| [local(name, Service::Hotspot), local(name, Service::Ppp)];
        options.local_users = args.local_users.iter().flat_map(both).collect();
        options.rest = args.rest_user.zip(password).map(|(user, password)| {
            let password = String::from_utf8_lossy(&password).into_owned();
            RestOptions { port: args.rest_port, tls: args.tls.into(), ..RestOptions::new(user, password) }
        });
        options.behaviours = behaviours;
        Ok(Self { options, sessions })
    }
}

fn behaviours(file: Option<&Path>, names: &[String]) -> Result<Behaviours, String> {
    let Some(file) = file else { return Behaviours::resolve("", names).map_err(|error| error.to_string()) };
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Behaviours::resolve(&text, names).map_err(|error| format!("{}: {error}", file.display()))
}

fn sessions(args: &SimulateArgs) -> Vec<SessionSpec> {
    let of = |logins: &[Login], new: fn(&str, String, Ipv4Addr) -> SessionSpec| {
        logins.iter().map(move |login| spec(login, new)).collect::<Vec<_>>()
    };
    let hotspot = of(&args.users, |name, mac, address| SessionSpec::hotspot(name, mac, address));
    let ppp = of(&args.ppp, |name, mac, address| SessionSpec::ppp(name, mac, address));
    let rate = Octets { input: 0, output: args.rate };
    hotspot.into_iter().chain(ppp).map(|spec| SessionSpec { rate, ..spec }).collect()
}

fn spec(login: &Login, new: fn(&str, String, Ipv4Addr) -> SessionSpec) -> SessionSpec {
    let [a, b, c, d] = login.address.octets();
    new(&login.name, format!("02:00:{a:02X}:{b:02X}:{c:02X}:{d:02X}"), login.address)
}

fn collect<T>(result: Result<T, String>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn secret(path: &Path) -> Result<SharedSecret, String> {
    SharedSecret::new(read_line(path)?).map_err(|_| format!("the secret file {} is empty", path.display()))
}

/// A file without the newline at its end.
fn read_line(path: &Path) -> Result<Vec<u8>, String> {
    let octets = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
    Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

impl From<TlsChoice> for Tls {
    fn from(choice: TlsChoice) -> Self {
        match choice {
            TlsChoice::Off => Self::Plain,
            TlsChoice::SelfSigned => Self::SelfSigned,
            TlsChoice::CaSigned => Self::CaSigned,
            TlsChoice::Expired => Self::Expired,
            TlsChoice::OtherName => Self::OtherName,
            TlsChoice::OtherAuthority => Self::OtherAuthority,
        }
    }
}

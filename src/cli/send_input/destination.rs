//! Where to send.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::Problems;

const DYNAUTH_PORT: u16 = 3799;

/// A host by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    host: String,
    port: u16,
}

/// The first address of the host that the source can reach by its family.
pub(super) async fn look_up(to: &Destination, source: Option<IpAddr>) -> Result<SocketAddr, Problems> {
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

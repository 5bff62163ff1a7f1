//! Host names in FreeRADIUS' nas table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::store::NasRow;

use super::entry::net_of;

/// How long all names together may take. FreeRADIUS itself looks them up once, when it starts.
const WITHIN: Duration = Duration::from_secs(3);
/// How many names are asked for at once.
const AT_ONCE: usize = 8;

/// What the system's resolver says of the names. One that it does not know is no NAS.
#[derive(Debug, Default)]
pub struct HostNames {
    known: BTreeMap<String, Vec<IpAddr>>,
    unknown: BTreeSet<String>,
}

impl HostNames {
    /// Asks for the names that stand in `nasname`, for at most 3 s; addresses and CIDRs cost nothing.
    pub async fn of(rows: &[NasRow]) -> Self {
        let names = rows.iter().map(|row| row.nasname.trim()).filter(|name| is_host_name(name));
        let mut unknown: BTreeSet<String> = names.map(str::to_owned).collect();
        let mut known = BTreeMap::new();
        let mut answers = ask(&unknown);
        let collect = async {
            while let Some((name, addresses)) = answers.recv().await {
                unknown.remove(&name);
                known.insert(name, addresses);
            }
        };
        // What is not there by then is unknown
        timeout(WITHIN, collect).await.ok();
        Self { known, unknown }
    }

    /// The addresses of a `nasname` that is a host's name.
    pub(super) fn addresses(&self, nasname: &str) -> &[IpAddr] {
        self.known.get(nasname.trim()).map_or(&[], Vec::as_slice)
    }

    /// The names that could not be resolved.
    pub(super) const fn unknown(&self) -> &BTreeSet<String> {
        &self.unknown
    }
}

/// What a name may consist of (RFC 1123 §2.1, and `_`, which resolvers take), and neither an address nor a CIDR.
fn is_host_name(name: &str) -> bool {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && name.len() <= 253 && name.chars().all(of_a_name) && net_of(name).is_none()
}

/// On threads of their own, because the system's resolver may hang longer than we wait, and the program must still end.
fn ask(names: &BTreeSet<String>) -> mpsc::UnboundedReceiver<(String, Vec<IpAddr>)> {
    let (found, answers) = mpsc::unbounded_channel();
    let left: Arc<Mutex<Vec<String>>> = Arc::new(Mutex::new(names.iter().cloned().collect()));
    for _ in 0..names.len().min(AT_ONCE) {
        let (left, found) = (Arc::clone(&left), found.clone());
        let work = move || {
            let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
            while let Some(name) = next() {
                let Ok(addresses) = (name.as_str(), 0).to_socket_addrs() else { continue };
                let addresses = addresses.map(|address| address.ip()).collect();
                // Nobody waits any more: the others need not be asked for either
                if found.send((name, addresses)).is_err() {
                    break;
                }
            }
        };
        // Without a thread the names stay unknown, which is told
        std::thread::Builder::new().name("nas-names".to_owned()).spawn(work).ok();
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_host_name() {
        for name in ["nas1", "nas-1.example.org", "_x.local"] {
            assert!(is_host_name(name), "{name}");
        }
        for name in ["", "10.0.0.1", "10.0.0.0/8", "2001:db8::1", "fe80::1%eth0", "a b", "*", "é.example.org"] {
            assert!(!is_host_name(name), "{name}");
        }
        assert!(!is_host_name(&"a".repeat(254)));
    }
}

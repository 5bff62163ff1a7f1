//! Many routers in one process.

use std::io;
use std::net::Ipv4Addr;
use std::ops::Deref;

use super::{Router, RouterOptions};

/// Routers that run side by side, each on an address of its own. Dropping it ends them all.
///
/// A router costs a UDP socket, a TCP socket with REST, and a handful of sleeping tasks.
#[derive(Debug)]
pub struct Fleet(Vec<Router>);

impl Fleet {
    /// Starts `count` routers after one pattern: their names are the pattern's with 1, 2 and so on behind it, their
    /// addresses follow each other from the pattern's on, and their ports are all the pattern's.
    ///
    /// # Errors
    /// When an address or port cannot be bound, or there are no more addresses.
    pub async fn start(count: u32, pattern: &RouterOptions) -> io::Result<Self> {
        let mut routers = Vec::new();
        for index in 0..count {
            let bind = u32::from(pattern.bind).checked_add(index).map(Ipv4Addr::from);
            let bind = bind.ok_or_else(|| io::Error::other("no more addresses"))?;
            let name = format!("{}{}", pattern.name, index + 1);
            routers.push(Router::start(RouterOptions { name, bind, ..pattern.clone() }).await?);
        }
        Ok(Self(routers))
    }
}

impl Deref for Fleet {
    type Target = [Router];

    fn deref(&self) -> &[Router] {
        &self.0
    }
}

//! A router of a measurement: its accounting, and the Disconnect-Requests that come to it, each with its time.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use radkick::clock::Clock;
use radkick::radius::{
    AttributeType, Attributes, Code, MessageAuthenticator, SharedSecret, open_reply, open_request, seal_reply,
    seal_request,
};
use tokio::net::UdpSocket;

use crate::support::freeradius::FreeRadius;
use crate::support::mariadb::MariaDb;
use crate::support::wait::PATIENCE;

/// How long it took, each time.
#[derive(Debug, Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
        self.0.sort();
    }

    /// What so many of a hundred are no longer than, in milliseconds; zero if there is none.
    pub(crate) fn millis(&self, percent: usize) -> f64 {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}

/// The Acct-Session-Id of a user.
pub(crate) fn id(user: u32) -> String {
    format!("8{user:07x}")
}

/// What sends accounting.
pub(crate) struct Nas {
    socket: UdpSocket,
    secret: SharedSecret,
    identifier: u8,
}

impl Nas {
    pub(crate) async fn of(server: &FreeRadius) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(server.acct_addr()).await?;
        Ok(Self { socket, secret: SharedSecret::new(server.secret().into())?, identifier: 0 })
    }

    /// Everybody is online, with a limit of 1,000 octets.
    pub(crate) async fn log_in(
        &mut self,
        users: u32,
        server: &FreeRadius,
        database: Option<&MariaDb>,
    ) -> anyhow::Result<()> {
        let rows: Vec<String> = (0..users).map(|user| format!("('user{user}', 'Max-Octets', ':=', '1000')")).collect();
        let sql = format!("INSERT INTO radcheck (username, attribute, op, value) VALUES {};", rows.join(", "));
        match database {
            Some(database) => drop(database.sql(&sql)),
            None => drop(server.sql(&sql)),
        }
        for user in 0..users {
            self.send(1, user, 0).await?;
        }
        Ok(())
    }

    /// An Accounting-Request of this Acct-Status-Type: when it was sent, and how long until the answer.
    pub(crate) async fn send(&mut self, status: u32, user: u32, octets: u32) -> anyhow::Result<(Instant, Duration)> {
        self.identifier = self.identifier.wrapping_add(1);
        let attributes = record(status, user, octets)?;
        let optional = MessageAuthenticator::Optional;
        let request = seal_request(Code::AccountingRequest, self.identifier, &attributes, &self.secret, optional)?;
        let begun = Clock.now();
        self.socket.send(request.octets()).await?;
        let mut buffer = [0; 4096];
        loop {
            let length = tokio::time::timeout(PATIENCE, self.socket.recv(&mut buffer)).await??;
            if open_reply(&buffer[..length], &request, &self.secret, optional).is_ok() {
                return Ok((begun, Clock.now().duration_since(begun)));
            }
        }
    }
}

fn record(status: u32, user: u32, octets: u32) -> anyhow::Result<Attributes> {
    let mut attributes = Attributes::new();
    attributes.push_u32(AttributeType::ACCT_STATUS_TYPE, status);
    attributes.push(AttributeType::USER_NAME, format!("user{user}"))?;
    attributes.push(AttributeType::ACCT_SESSION_ID, id(user))?;
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, Ipv4Addr::LOCALHOST);
    attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, Ipv4Addr::from_bits(0x0a00_0000 + user));
    attributes.push_u32(AttributeType::ACCT_SESSION_TIME, octets / 10);
    attributes.push_u32(AttributeType::ACCT_INPUT_OCTETS, 0);
    attributes.push_u32(AttributeType::ACCT_OUTPUT_OCTETS, octets);
    Ok(attributes)
}

/// What takes Disconnect-Requests, and sends the Stop for each.
pub(crate) struct Router {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Router {
    pub(crate) async fn start(server: &FreeRadius) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let router = Self { address: socket.local_addr()?, seen: Arc::default() };
        tokio::spawn(answer(socket, Nas::of(server).await?, Arc::clone(&router.seen)));
        Ok(router)
    }

    /// When each of so many came; how many did, where they do not within bounds.
    pub(crate) async fn all(&self, count: usize) -> Result<BTreeMap<String, Instant>, usize> {
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let all = async {
            while seen().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.map_err(|_| seen().len())?;
        Ok(seen())
    }
}

async fn answer(socket: UdpSocket, mut nas: Nas, seen: Arc<Mutex<BTreeMap<String, Instant>>>) {
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let at = Clock.now();
        let Ok(request) = open_request(&buffer[..length], &nas.secret, MessageAuthenticator::Required) else {
            continue;
        };
        let session = request.attributes.first_text(AttributeType::ACCT_SESSION_ID).expect("it names a session");
        let user = u32::from_str_radix(&session[1..], 16).expect("one of ours");
        seen.lock().unwrap_or_else(PoisonError::into_inner).entry(session).or_insert(at);
        let required = MessageAuthenticator::Required;
        let ack =
            seal_reply(Code::DisconnectAck, &request, &Attributes::new(), &nas.secret, required).expect("a reply");
        socket.send_to(&ack, from).await.expect("sent");
        nas.send(2, user, 2000).await.expect("accounted");
    }
}

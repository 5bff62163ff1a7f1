//! An accounting sink that stands in for FreeRADIUS in the demo: it writes Accounting-Requests into the stock SQLite
//! tables, row for row as FreeRADIUS 3.2 does with its stock queries and its `acct_unique` policy.
//!
//! A test feeds the same packets to it and to a real FreeRADIUS and compares the rows, column by column.

mod record;
mod schema;
mod table;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::radius::{
    Attributes, Code, Dictionary, DictionaryError, MessageAuthenticator, Opened, SharedSecret, open_request, seal_reply,
};
use record::Record;
pub use schema::create_schema;

/// How long a write waits for another's lock.
const BUSY: Duration = Duration::from_secs(5);

/// Why a sink cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The database file cannot be opened.
    #[error("the accounting sink cannot open its database: {0}")]
    Database(#[from] sqlx::Error),
    /// The address cannot be bound.
    #[error("the accounting sink cannot bind {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A dictionary that we ship is wrong.
    #[error("the bundled dictionaries: {0}")]
    Dictionary(#[from] DictionaryError),
}

/// A running sink. Dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Sink {
    /// Starts a sink on `bind` (port 0 takes a free one) that writes into the tables of an existing SQLite file.
    ///
    /// # Errors
    /// [`SinkError`].
    pub async fn start(database: &Path, secret: SharedSecret, bind: SocketAddr) -> Result<Self, SinkError> {
        let options = SqliteConnectOptions::new().filename(database).busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let dictionary = Dictionary::bundled()?;
        let failed = |source| SinkError::Bind { address: bind, source };
        let socket = UdpSocket::bind(bind).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let mut task = JoinSet::new();
        task.spawn(Server { pool, secret, dictionary, socket }.run());
        Ok(Self { address, _task: task })
    }

    /// Where Accounting-Requests go.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }
}

struct Server {
    pool: SqlitePool,
    secret: SharedSecret,
    dictionary: Dictionary,
    socket: UdpSocket,
}

impl Server {
    async fn run(self) {
        let mut buffer = vec![0; 65_536];
        loop {
            // An error is the ICMP message about an earlier answer.
            let Ok((length, from)) = self.socket.recv_from(&mut buffer).await else { continue };
            let datagram = buffer.get(..length).unwrap_or_default();
            match open_request(datagram, &self.secret, MessageAuthenticator::Optional) {
                Ok(request) if request.code == Code::AccountingRequest => self.take(&request, from).await,
                Ok(_) => {}
                Err(error) => tracing::debug!(%from, %error, "accounting sink: discarded"),
            }
        }
    }

    /// Writes a request down and answers it; one that cannot be written gets no answer, so that it comes again.
    async fn take(&self, request: &Opened, from: SocketAddr) {
        let record = Record::of(&request.attributes, &self.dictionary, from.ip(), Clock.epoch());
        if let Err(error) = table::write(&self.pool, &record).await {
            tracing::warn!(%from, %error, "accounting sink: not written");
            return;
        }
        let nothing = Attributes::new();
        let reply =
            seal_reply(Code::AccountingResponse, request, &nothing, &self.secret, MessageAuthenticator::Optional);
        if let Ok(octets) = reply {
            // An error is an answer lost on the way; the request comes again.
            self.socket.send_to(&octets, from).await.ok();
        }
    }
}

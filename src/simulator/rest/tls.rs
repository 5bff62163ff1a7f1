//! `www-ssl`: certificates, and a listener that shakes hands.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Certificate;
use crate::simulator::Tls;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait when no connection can be taken.
const BREATH: Duration = Duration::from_millis(100);

/// The server's certificate and key, and what its clients need.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) certificate: Certificate,
}

impl Identity {
    /// Makes certificate and key for the address; `None` for plain HTTP.
    pub(super) fn make(tls: Tls, address: Ipv4Addr) -> io::Result<Option<Self>> {
        Ok(Some(match tls {
            Tls::Plain => return Ok(None),
            Tls::SelfSigned => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let certificate = server_params(address).self_signed(&key).map_err(io::Error::other)?;
                Self::of(certificate.der(), &key, certificate.pem())?
            }
            Tls::CaSigned => {
                let authority_key = KeyPair::generate().map_err(io::Error::other)?;
                let authority = CertifiedIssuer::self_signed(authority_params(), authority_key);
                let authority = authority.map_err(io::Error::other)?;
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let certificate = server_params(address).signed_by(&key, &authority).map_err(io::Error::other)?;
                Self::of(certificate.der(), &key, authority.pem())?
            }
        }))
    }

    fn of(der: &CertificateDer<'static>, key: &KeyPair, pem: String) -> io::Result<Self> {
        let private: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![der.clone()], private))
            .map_err(io::Error::other)?;
        let fingerprint = hex(&Sha256::digest(der));
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: Certificate { pem, fingerprint } })
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").ok();
        text
    })
}

fn server_params(address: Ipv4Addr) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, address.to_string());
    params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(address))];
    params
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "router-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Hands out connections whose handshake is done, so that a slow client holds up nobody.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Accepts from now on.
    pub(super) fn start(listener: TcpListener, acceptor: TlsAcceptor, tasks: &mut JoinSet<()>) -> io::Result<Self> {
        let (sender, ready) = mpsc::channel(64);
        let address = listener.local_addr()?;
        tasks.spawn(async move {
            let mut handshakes = JoinSet::new();
            loop {
                while handshakes.try_join_next().is_some() {}
                // Out of file descriptors, or a client that left at once: neither is the end.
                let Ok((stream, from)) = TcpListener::accept(&listener).await else {
                    sleep(BREATH).await;
                    continue;
                };
                handshakes.spawn(shake_hands(acceptor.clone(), stream, from, sender.clone()));
            }
        });
        Ok(Self { ready, address })
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    from: SocketAddr,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
        // Nobody takes it when the router is stopping.
        ready.send((stream, from)).await.ok();
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

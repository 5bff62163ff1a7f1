//! `www-ssl`'s certificates.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use super::Certificate;
use crate::simulator::Tls;

/// The server's certificate and key, and what its clients need.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) certificate: Certificate,
}

impl Identity {
    /// Makes certificate and key for the address; `None` for plain HTTP.
    pub(super) fn make(tls: Tls, address: Ipv4Addr) -> io::Result<Option<Self>> {
        match tls {
            Tls::Plain => Ok(None),
            Tls::SelfSigned => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let certificate = server_params(address).self_signed(&key).map_err(io::Error::other)?;
                Self::of(certificate.der(), &key, certificate.pem()).map(Some)
            }
            Tls::CaSigned | Tls::OtherAuthority => Self::signed(&server_params(address), tls).map(Some),
            Tls::Expired => {
                let mut params = server_params(address);
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
                Self::signed(&params, tls).map(Some)
            }
            Tls::OtherName => Self::signed(&server_params(Ipv4Addr::new(192, 0, 2, 1)), tls).map(Some),
        }
    }

    /// Signed by an authority, which is handed out unless a stranger is.
    fn signed(params: &CertificateParams, tls: Tls) -> io::Result<Self> {
        let authority = authority("router-ca")?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &authority).map_err(io::Error::other)?;
        let handed_out =
            if tls == Tls::OtherAuthority { self::authority("another-ca")?.pem() } else { authority.pem() };
        Self::of(certificate.der(), &key, handed_out)
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

fn authority(name: &str) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)
}

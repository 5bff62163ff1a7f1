//! How a router's certificate is judged: by authorities, by its fingerprint, or not at all.
//!
//! A router's self-signed certificate is its own authority, which webpki refuses as a server's: hence the pin. Whatever
//! the judgement, the signatures of the handshake are checked, so that the router has the certificate's key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use super::error::{RestFailure, show_fingerprint};
use crate::config::Tls;

/// A certificate was refused. Travels inside `rustls::Error::Other` up to [`RestFailure`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// SHA-256 of the certificate that the router presented.
    pub(super) presented: [u8; 32],
    pub(super) why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// By the authorities, in their words.
    Untrusted(String),
    /// It is not the pinned one.
    NotThePinned([u8; 32]),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate {} refused", show_fingerprint(&self.presented))
    }
}

impl std::error::Error for Refused {}

/// The TLS side of a client. Sessions are not resumed: a resumed one would not be judged.
pub(super) fn client_config(tls: &Tls) -> Result<ClientConfig, RestFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier {
        algorithms: provider.signature_verification_algorithms,
        judgement: match tls {
            Tls::Verify { ca_file: Some(file) } => Judgement::by(authorities(file)?, &provider),
            Tls::Verify { ca_file: None } => Judgement::by(system_authorities(), &provider),
            Tls::Pin(pin) => Judgement::Pin(*pin),
            Tls::Off => Judgement::Off,
        },
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder
        .map_err(|error| RestFailure::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn authorities(file: &Path) -> Result<RootCertStore, RestFailure> {
    let wrong = |reason: String| RestFailure::CaFile { path: file.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("it holds no certificate in PEM form".to_owned())) } else { Ok(roots) }
}

/// May be none, on a system without them: then every certificate is refused, with its fingerprint.
fn system_authorities() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[derive(Debug)]
struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    judgement: Judgement,
}

#[derive(Debug)]
enum Judgement {
    Authorities(Arc<WebPkiServerVerifier>),
    NoAuthorities,
    Pin([u8; 32]),
    Off,
}

impl Judgement {
    fn by(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Self {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_or(Self::NoAuthorities, Self::Authorities)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented: [u8; 32] = Sha256::digest(leaf.as_ref()).into();
        let why = match &self.judgement {
            Judgement::Off => return Ok(ServerCertVerified::assertion()),
            Judgement::Pin(pin) if *pin == presented => return Ok(ServerCertVerified::assertion()),
            Judgement::Pin(pin) => Why::NotThePinned(*pin),
            Judgement::NoAuthorities => Why::Untrusted("this system has no authorities".to_owned()),
            Judgement::Authorities(webpki) => {
                match webpki.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(error) => Why::Untrusted(error.to_string()),
                }
            }
        };
        Err(rustls::Error::Other(OtherError(Arc::new(Refused { presented, why }))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

//! Certificates: pinned, by an authority, and those that are refused.

use std::path::PathBuf;
use std::sync::Arc;

use radkick::config::Tls;
use radkick::routeros::{RestClient, RestError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::http;
use super::{Canned, settings};

const IDENTITY: &str = r#"{"name":"R17"}"#;

/// A router's certificate with its key.
struct Certificate {
    der: CertificateDer<'static>,
    key: KeyPair,
}

impl Certificate {
    /// What RouterOS and `openssl req -x509` make: its own authority.
    fn self_signed() -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = authority_params().self_signed(&key).expect("a certificate");
        Self { der: certificate.der().clone(), key }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .expect("a certificate");
        TlsAcceptor::from(Arc::new(config))
    }

    fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.der.as_ref()).into()
    }

    fn shown(&self) -> String {
        self.fingerprint().map(|octet| format!("{octet:02X}")).join(":")
    }
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["router".to_owned()]).expect("a name");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// An authority's certificate as a file, and one that it signed for `name`.
fn signed_for(name: &str) -> (TempDir, PathBuf, Certificate) {
    signed(&CertificateParams::new(vec![name.to_owned()]).expect("a name"))
}

/// The same for a certificate of these parameters.
fn signed(leaf: &CertificateParams) -> (TempDir, PathBuf, Certificate) {
    let key = KeyPair::generate().expect("a key");
    let params = authority_params();
    let authority = params.self_signed(&key).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("written");
    let leaf_key = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(params, key);
    let leaf = leaf.signed_by(&leaf_key, &issuer);
    (folder, file, Certificate { der: leaf.expect("signed").der().clone(), key: leaf_key })
}

async fn identity(certificate: &Certificate, tls: Tls) -> Result<String, RestError> {
    let router = Canned::tls(&[&http(200, IDENTITY)], certificate.acceptor()).await;
    RestClient::new(&settings(&router.url, tls)).expect("a client").identity().await
}

#[tokio::test]
async fn a_pinned_certificate_is_taken_whatever_it_is() {
    let certificate = Certificate::self_signed();
    assert_eq!(identity(&certificate, Tls::Pin(certificate.fingerprint())).await.expect("trusted"), "R17");
}

#[tokio::test]
async fn another_than_the_pinned_is_refused() {
    let (certificate, pinned) = (Certificate::self_signed(), Certificate::self_signed());
    let error = identity(&certificate, Tls::Pin(pinned.fingerprint())).await.expect_err("refused").to_string();
    let expected = format!("it presented {}, fingerprint says {}", certificate.shown(), pinned.shown());
    assert!(error.contains("its certificate is not the pinned one") && error.contains(&expected), "{error}");
}

#[tokio::test]
async fn an_untrusted_certificate_tells_its_fingerprint_and_where_to_write_it() {
    let certificate = Certificate::self_signed();
    let error = identity(&certificate, Tls::Verify { ca_file: None }).await.expect_err("refused").to_string();
    for part in [&format!("fingerprint = \"{}\" in [nas.rest]", certificate.shown()), "MIKROTIK_API_FINGERPRINT"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_authority_vouches_for_its_own() {
    let (_folder, ca_file, certificate) = signed_for("127.0.0.1");
    let by_file = Tls::Verify { ca_file: Some(ca_file) };
    assert_eq!(identity(&certificate, by_file.clone()).await.expect("trusted"), "R17");
    let other = identity(&Certificate::self_signed(), by_file).await.expect_err("refused").to_string();
    assert!(other.contains("its certificate is not trusted"), "{other}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (_folder, ca_file, certificate) = signed_for("router.lan");
    let error = identity(&certificate, Tls::Verify { ca_file: Some(ca_file) }).await.expect_err("refused").to_string();
    assert!(error.contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_refused_unless_it_is_pinned() {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let (_folder, ca_file, certificate) = signed(&params);
    let error = identity(&certificate, Tls::Verify { ca_file: Some(ca_file) }).await.expect_err("refused").to_string();
    assert!(error.contains("is not trusted") && error.contains("expired"), "{error}");
    assert_eq!(identity(&certificate, Tls::Pin(certificate.fingerprint())).await.expect("it is the one"), "R17");
}

#[tokio::test]
async fn off_takes_any_certificate() {
    assert_eq!(identity(&Certificate::self_signed(), Tls::Off).await.expect("taken"), "R17");
}

#[tokio::test]
async fn a_port_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let web_server = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.read_u8().await.expect("a first octet");
        stream.write_all(http(400, "").as_bytes()).await.expect("written");
        stream
    };
    let client = RestClient::new(&settings(&url, Tls::Off)).expect("a client");
    let (_stream, identity) = tokio::join!(web_server, client.identity());
    let error = identity.expect_err("no TLS").to_string();
    assert!(error.contains("TLS failed") && error.contains("www-ssl"), "{error}");
}

#[test]
fn a_ca_file_must_hold_certificates() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "not PEM").expect("written");
    let tls = Tls::Verify { ca_file: Some(file) };
    let error = RestClient::new(&settings("https://127.0.0.1/", tls)).expect_err("no certificate").to_string();
    assert!(error.contains("ca.pem cannot be used: it holds no certificate in PEM form"), "{error}");
}

//! HTTP/1.1 and HTTP/2, without TLS, with it, and with a certificate of our own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use hyper::Version;
use loadgen::{Protocol, Transport};
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use runlog::OutcomeCounts;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

use crate::gateway::{Listening, TestGateway};
use crate::load::{ONE_AT_A_TIME, plan, send};

/// An authority, and what it has signed, in a folder.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("authority.pem"), pem("CERTIFICATE", issuer.der())).unwrap();
        Self { issuer, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// The PEM files of a client's certificate and key.
    fn client(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign("generator", ExtendedKeyUsagePurpose::ClientAuth);
        let files = (self.folder.join("client.pem"), self.folder.join("client.key"));
        std::fs::write(&files.0, pem("CERTIFICATE", certificate.der())).unwrap();
        std::fs::write(&files.1, pem("PRIVATE KEY", &key.serialize_der())).unwrap();
        files
    }

    /// The settings of a server on localhost, which may ask for certificates of ours.
    fn server(&self, asks_for_certificate: bool, alpn: &[u8]) -> Arc<ServerConfig> {
        let (certificate, key) = self.sign("localhost", ExtendedKeyUsagePurpose::ServerAuth);
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if asks_for_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(self.issuer.der().to_vec())).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![alpn.to_vec()];
        Arc::new(config)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

const ORDERS: u64 = 120;

/// Sends orders to a gateway that listens so; what it saw, and the outcomes.
async fn sent(
    tls: Option<Arc<ServerConfig>>,
    transport: Transport,
) -> (TestGateway, OutcomeCounts) {
    let folder = tempfile::tempdir().unwrap();
    let is_http2 = transport.protocol == Protocol::Http2;
    let listening = Listening { tls, is_http2, ..Listening::plainly(|_| Some(202)) };
    let gateway = TestGateway::start(listening).await;
    let mut plan = plan(&gateway.url, folder.path(), ORDERS, 0.3);
    plan.transport = transport;
    let result = send(plan).await;
    (gateway, result.generator.outcomes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_protocol_sends_each_order_once_with_and_without_tls_and_a_certificate() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let protocols =
        [(Protocol::Http1, Version::HTTP_11, "http/1.1"), (Protocol::Http2, Version::HTTP_2, "h2")];
    for (protocol, version, alpn) in protocols {
        for (has_tls, is_mutual) in [(false, false), (true, false), (true, true)] {
            let case = format!("{alpn}, TLS {has_tls}, mutual {is_mutual}");
            let tls = has_tls.then(|| authority.server(is_mutual, alpn.as_bytes()));
            let transport = Transport {
                protocol,
                authorities: has_tls.then(|| authority.file()),
                certificate: is_mutual.then(|| authority.client()),
                ..Transport::default()
            };
            let (gateway, outcomes) = sent(tls, transport).await;
            assert_eq!(outcomes.accepted, ORDERS, "{case}: {outcomes:?}");
            let times = gateway.times();
            assert_eq!(times.len() as u64, ORDERS, "{case}");
            assert!(times.values().all(|times| *times == 1), "{case}");
            for seen in gateway.seen() {
                assert_eq!((seen.version, seen.has_certificate), (version, is_mutual), "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_of_an_authority_that_nobody_named_gets_nothing() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) =
        (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "theirs"));
    for (protocol, alpn) in [(Protocol::Http1, "http/1.1"), (Protocol::Http2, "h2")] {
        let tls = Some(theirs.server(false, alpn.as_bytes()));
        let authorities = Some(ours.file());
        let transport = Transport { protocol, authorities, ..Transport::default() };
        let (gateway, outcomes) = sent(tls, transport).await;
        // Not a byte of an order left: that is known, and no "unknown".
        assert_eq!((outcomes.failed, gateway.seen().len()), (ORDERS, 0), "{alpn}: {outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_certificate_that_a_gateway_asks_for_no_order_is_taken() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let transport = Transport { authorities: Some(authority.file()), ..Transport::default() };
    let (gateway, outcomes) = sent(Some(authority.server(true, b"http/1.1")), transport).await;
    // With TLS 1.3 the client has sent its order by the time that it is turned away.
    assert_eq!(outcomes.failed + outcomes.unknown, ORDERS, "{outcomes:?}");
    assert_eq!(gateway.seen().len(), 0);
}

//! How the gateway is spoken to: which HTTP, which trust, which certificate of our own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// API Gateway answers within 29 s (its integration timeout) or not at all; what is longer than
/// that plus a margin is an answer that never comes.
const ANSWER_WITHIN: Duration = Duration::from_secs(31);

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// One order at a time on a connection.
    #[default]
    Http1,
    /// Many orders on a connection; over TLS by ALPN, without TLS by prior knowledge.
    Http2,
}

/// How the gateway is spoken to.
#[derive(Debug, Clone)]
pub struct Transport {
    /// Which HTTP.
    pub protocol: Protocol,
    /// PEM file of the authorities to trust instead of the machine's own.
    pub authorities: Option<PathBuf>,
    /// PEM files of our certificate with its chain, and of its key, for mutual TLS.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// An order that is not answered within this has an unknown outcome.
    pub answer_within: Duration,
    /// The host that may be sent to though it is not this machine: it is somebody's, and he who
    /// sends has to say that he may.
    pub allowed_host: Option<String>,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http1,
            authorities: None,
            certificate: None,
            answer_within: ANSWER_WITHIN,
            allowed_host: None,
        }
    }
}

impl Transport {
    /// The TLS settings that this comes to.
    pub(crate) fn tls(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match &self.authorities {
            Some(file) => builder.with_root_certificates(roots(file)?),
            None => builder.with_platform_verifier().map_err(|error| error.to_string())?,
        };
        let mut config = match &self.certificate {
            Some((chain, key)) => {
                let certificates = certificates(chain)?;
                let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", key.display());
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| cannot(&error))?;
                builder
                    .with_client_auth_cert(certificates, key)
                    .map_err(|error| format!("{}: {error}", chain.display()))?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = match self.protocol {
            Protocol::Http1 => vec![b"http/1.1".to_vec()],
            Protocol::Http2 => vec![b"h2".to_vec()],
        };
        Ok(config)
    }
}

fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(|error| cannot(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| cannot(&error))?;
    if found.is_empty() { Err(cannot(&"no certificate in it")) } else { Ok(found) }
}

fn roots(file: &PathBuf) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        store.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(store)
}

//! The certificate in whose name invoices are signed: a PKCS#12 file (an A1 certificate of
//! ICP-Brasil comes as one), or PEM. There is none in this repository: [`Certificate::for_tests`]
//! makes one that nobody trusts.

use std::path::{Path, PathBuf};
use std::{fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
#[cfg(feature = "test-certificate")]
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rsa::pkcs1::RsaPrivateKeyRef;
use rsa::pkcs8::PrivateKeyInfoRef;
use thiserror::Error;
use x509_parser::parse_x509_certificate;
use x509_parser::public_key::PublicKey;

/// A certificate with its private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    key: Vec<u8>,
    der: Vec<u8>,
}

impl std::fmt::Debug for Certificate {
    /// Without the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// A file in which there is no certificate with a key.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// It cannot be read or written.
    #[error("certificate {path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is no PKCS#12 file, or the password is not its own.
    #[error("certificate {path}: no PKCS#12 file, or another password: {reason}")]
    Pkcs12 {
        /// Which file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// It lacks the key or the certificate.
    #[error("certificate {path} holds no {what}")]
    Lacks {
        /// Which file.
        path: PathBuf,
        /// The private key, or the certificate.
        what: &'static str,
    },
    /// It is no certificate that can be read.
    #[error("certificate {path}: no X.509 certificate: {reason}")]
    Form {
        /// Which file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// Its time has not come, or is over: whoever receives a document would refuse the signature.
    #[error("certificate {path} is valid from {from} until {until}, not now: renew it")]
    NotValidNow {
        /// Which file.
        path: PathBuf,
        /// The first instant.
        from: Timestamp,
        /// The last.
        until: Timestamp,
    },
    /// The private key is not the certificate's: no signature would verify.
    #[error("certificate {path}: the private key in it belongs to another certificate")]
    OtherKey {
        /// Which file.
        path: PathBuf,
    },
    /// It cannot be made.
    #[cfg(feature = "test-certificate")]
    #[error("a test certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl Certificate {
    /// Reads a file: PEM if it begins as PEM does, with a key in PKCS#8, else PKCS#12.
    ///
    /// # Errors
    /// If there is no certificate with a key in it, or one that is not valid now.
    pub fn read(path: &Path, password: &str) -> Result<Self, CertificateError> {
        Self::read_at(path, password, Timestamp::now())
    }

    fn read_at(path: &Path, password: &str, now: Timestamp) -> Result<Self, CertificateError> {
        let bytes = fs::read(path)
            .map_err(|error| CertificateError::File { path: path.to_owned(), error })?;
        let read = match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains("-----BEGIN ") => Self::from_pem(path, text),
            Ok(_) | Err(_) => Self::from_pkcs12(path, &bytes, password),
        }?;
        read.examine(path, now)?;
        Ok(read)
    }

    fn examine(&self, path: &Path, now: Timestamp) -> Result<(), CertificateError> {
        let path = path.to_owned();
        let (_, certificate) = match parse_x509_certificate(&self.der) {
            Ok(parsed) => parsed,
            Err(error) => return Err(CertificateError::Form { path, reason: error.to_string() }),
        };
        let validity = certificate.validity();
        let [from, until] = [validity.not_before, validity.not_after]
            .map(|time| Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX));
        if now < from || now > until {
            return Err(CertificateError::NotValidNow { path, from, until });
        }
        // A key that is no RSA key is the signer's to refuse.
        if key_modulus(&self.key).is_some_and(|ours| certificate_modulus(&self.der) != Some(ours)) {
            return Err(CertificateError::OtherKey { path });
        }
        Ok(())
    }

    fn from_pem(path: &Path, text: &str) -> Result<Self, CertificateError> {
        let part = |label: &str, what| {
            pem_part(text, label)
                .ok_or_else(|| CertificateError::Lacks { path: path.to_owned(), what })
        };
        let key = part("PRIVATE KEY", "private key in PKCS#8 (BEGIN PRIVATE KEY)")?;
        Ok(Self { key, der: part("CERTIFICATE", "certificate")? })
    }

    fn from_pkcs12(path: &Path, bytes: &[u8], password: &str) -> Result<Self, CertificateError> {
        let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed).map_err(
            |error| CertificateError::Pkcs12 { path: path.to_owned(), reason: error.to_string() },
        )?;
        let lacks = |what| CertificateError::Lacks { path: path.to_owned(), what };
        let (_, chain) = store.private_key_chain().ok_or_else(|| lacks("private key"))?;
        let key = chain.key().as_der().to_vec();
        // Those of its issuers may be there too.
        let ours = key_modulus(&key);
        let is_ours = |der: &[u8]| ours.is_some() && certificate_modulus(der) == ours;
        let certificates = chain.certs();
        let certificate = certificates
            .iter()
            .find(|certificate| is_ours(certificate.as_der()))
            .or(certificates.first())
            .ok_or_else(|| lacks("certificate"))?;
        Ok(Self { key, der: certificate.as_der().to_vec() })
    }

    /// A new key of 2,048 bits, and a certificate of it that nobody has issued.
    ///
    /// # Errors
    /// If there is no randomness.
    #[cfg(feature = "test-certificate")]
    pub fn for_tests() -> Result<Self, CertificateError> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut params = CertificateParams::new(Vec::new())?;
        let names = &mut params.distinguished_name;
        names.push(DnType::CountryName, "BR");
        names.push(DnType::OrganizationName, "Certificado de teste, sem valor");
        names.push(DnType::CommonName, "VAZAO DISTRIBUIDORA DE MEDICAMENTOS LTDA:11222333000181");
        let certificate = params.self_signed(&key)?;
        Ok(Self { key: key.serialize_der(), der: certificate.der().to_vec() })
    }

    /// Writes it as PEM, which [`Certificate::read`] reads. Whoever runs this may read the key, and
    /// nobody else.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_pem(&self, path: &Path) -> Result<(), CertificateError> {
        let text = pem("PRIVATE KEY", &self.key) + &pem("CERTIFICATE", &self.der);
        write_for_owner(path, &text)
            .map_err(|error| CertificateError::File { path: path.to_owned(), error })
    }

    /// The private key, PKCS#8.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// The modulus of an RSA key in PKCS#8, without zeros before it.
fn key_modulus(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let info = PrivateKeyInfoRef::try_from(pkcs8).ok()?;
    let key = RsaPrivateKeyRef::try_from(info.private_key.as_bytes()).ok()?;
    Some(without_zeros(key.modulus.as_bytes()))
}

/// The modulus of the RSA key that a certificate is of.
fn certificate_modulus(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(without_zeros(key.modulus)),
        PublicKey::EC(_)
        | PublicKey::DSA(_)
        | PublicKey::GostR3410(_)
        | PublicKey::GostR3410_2012(_)
        | PublicKey::Unknown(_) => None,
    }
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

fn write_for_owner(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// The content of the first block of a label (RFC 7468).
fn pem_part(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(all(test, feature = "test-certificate"))]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_refused_before_its_first_second_and_after_its_last() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("certificate.pem");
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 3, 5);
        params.not_after = rcgen::date_time_ymd(2027, 4, 6);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Certificate { key: key.serialize_der(), der }.write_pem(&path).unwrap();
        let at = |now: &str| Certificate::read_at(&path, "", now.parse().unwrap());
        assert!(at("2026-03-05T00:00:00Z").is_ok());
        assert!(at("2027-04-06T00:00:00Z").is_ok());
        let early = at("2026-03-04T23:59:59Z").unwrap_err();
        assert!(matches!(early, CertificateError::NotValidNow { .. }), "{early}");
        let late = at("2027-04-06T00:00:01Z").unwrap_err().to_string();
        assert!(late.ends_with("until 2027-04-06T00:00:00Z, not now: renew it"), "{late}");
    }
}

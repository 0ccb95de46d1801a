//! The signature of an NF-e: enveloped XMLDSig, RSA with SHA-1 over canonical XML 1.0, the only
//! algorithms that the schema admits (`xmldsig-core-schema_v1.01.xsd` fixes each).
//!
//! No canonicalization is done: what is signed is written in canonical form to begin with (no
//! prefixes, attributes in order, an end tag for each element, `&`, `<` and `>` escaped and nothing
//! else). All that is missing are the namespaces, which are declared on an outer element and which
//! the canonical form of a part repeats.
//!
//! PKCS#1 v1.5 is deterministic: the same invoice and the same key make the same bytes, whichever
//! library computes them.

#[cfg(feature = "aws-lc")]
mod aws_lc;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orders::AccessKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use sha1::{Digest as _, Sha1};
use thiserror::Error;

use super::nfe::NAMESPACE;
use crate::Certificate;

const SIGNATURE_NAMESPACE: &str = r#" xmlns="http://www.w3.org/2000/09/xmldsig#""#;

/// A certificate whose key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the key of the certificate is no RSA key in PKCS#8: {0}")]
pub struct SignerError(String);

/// Signs in the name of a certificate.
pub struct Signer {
    key: Key,
    /// Base64 of its DER form.
    certificate: String,
}

enum Key {
    #[cfg(feature = "aws-lc")]
    AwsLc(aws_lc::Key),
    Rust(Box<SigningKey<Sha1>>),
}

impl fmt::Debug for Signer {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs with the fastest library there is: with the feature `aws-lc` that is AWS-LC, several
    /// times faster than the other (`examples/document_cost.rs`).
    ///
    /// # Errors
    /// If the certificate's key is no RSA key.
    #[cfg(feature = "aws-lc")]
    pub fn new(certificate: &Certificate) -> Result<Self, SignerError> {
        let key = aws_lc::Key::from_pkcs8(certificate.key())?;
        Ok(Self { key: Key::AwsLc(key), certificate: STANDARD.encode(certificate.der()) })
    }

    /// Signs with the only library there is.
    ///
    /// # Errors
    /// If the certificate's key is no RSA key.
    #[cfg(not(feature = "aws-lc"))]
    pub fn new(certificate: &Certificate) -> Result<Self, SignerError> {
        Self::in_pure_rust(certificate)
    }

    /// Signs with a library that is Rust throughout.
    ///
    /// # Errors
    /// If the certificate's key is no RSA key.
    pub fn in_pure_rust(certificate: &Certificate) -> Result<Self, SignerError> {
        let key = rsa::PrivateKey::from_pkcs8_der(certificate.key())
            .map_err(|error| SignerError(error.to_string()))?;
        let key = Key::Rust(Box::new(SigningKey::new(key)));
        Ok(Self { key, certificate: STANDARD.encode(certificate.der()) })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017, 8.2).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            #[cfg(feature = "aws-lc")]
            Key::AwsLc(key) => key.sign(&Sha1::digest(message).into()),
            Key::Rust(key) => key.sign(message).to_vec(),
        }
    }

    /// The `Signature` of an `infNFe`, given as it stands in the document.
    pub(super) fn signature(&self, access_key: &AccessKey, information: &str) -> String {
        let digest = STANDARD.encode(digest_with_namespace(information));
        let signed = signed_info(access_key, &digest);
        let canonical = format!("<SignedInfo{SIGNATURE_NAMESPACE}>{signed}</SignedInfo>");
        let value = STANDARD.encode(self.sign(canonical.as_bytes()));
        let certificate = &self.certificate;
        format!(
            "<Signature{SIGNATURE_NAMESPACE}><SignedInfo>{signed}</SignedInfo>\
             <SignatureValue>{value}</SignatureValue><KeyInfo><X509Data>\
             <X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></Signature>"
        )
    }
}

/// The digest of the canonical form: the element with the namespace that it inherits.
fn digest_with_namespace(information: &str) -> [u8; 20] {
    const START: &str = "<infNFe";
    let rest = information.strip_prefix(START).unwrap_or(information);
    let hasher = Sha1::new().chain_update(START).chain_update(NAMESPACE).chain_update(rest);
    hasher.finalize().into()
}

fn signed_info(access_key: &AccessKey, digest: &str) -> String {
    format!(
        "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">\
         </CanonicalizationMethod>\
         <SignatureMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#rsa-sha1\">\
         </SignatureMethod>\
         <Reference URI=\"#NFe{access_key}\"><Transforms>\
         <Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">\
         </Transform>\
         <Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></Transform>\
         </Transforms>\
         <DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"></DigestMethod>\
         <DigestValue>{digest}</DigestValue></Reference>"
    )
}

//! RSA by AWS-LC. Its safe interface (aws-lc-rs) and ring sign with SHA-2 only, while an NF-e must
//! be signed with SHA-1; the pure-Rust library takes several times as long, which would be most of
//! the time of an order (`examples/document_cost.rs`). So this module, and it alone, calls C: four
//! functions, whose contracts are short.
#![allow(unsafe_code, reason = "the only way to RSA with SHA-1 in AWS-LC")]

use std::ptr::NonNull;

use aws_lc_sys::{NID_sha1, RSA, RSA_free, RSA_private_key_from_bytes, RSA_sign, RSA_size};
use rsa::pkcs8::PrivateKeyInfoRef;

use super::SignerError;

/// An RSA private key that AWS-LC keeps.
pub(super) struct Key(NonNull<RSA>);

// SAFETY: openssl/rsa.h says that an `RSA` may be used by several threads at once as long as none
// of them calls a function that changes it, and that signing (`RSA_sign`) counts as changing
// nothing. `RSA_free` is called once, when no thread has the key any more.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Key {
    /// Reads a PKCS#8 key.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, SignerError> {
        let info =
            PrivateKeyInfoRef::try_from(der).map_err(|error| SignerError(error.to_string()))?;
        let pkcs1 = info.private_key.as_bytes();
        // SAFETY: pointer and length are of one slice, which is only read during the call.
        let key = unsafe { RSA_private_key_from_bytes(pkcs1.as_ptr(), pkcs1.len()) };
        // Null is its answer to what is no key.
        NonNull::new(key).map(Self).ok_or_else(|| SignerError("AWS-LC refuses it".to_owned()))
    }

    /// Signs a SHA-1 digest.
    ///
    /// # Panics
    /// If AWS-LC fails, as it does for want of memory only: the key was checked when it was read.
    pub(super) fn sign(&self, digest: &[u8; 20]) -> Vec<u8> {
        // SAFETY: the key is valid as long as this is.
        let size = unsafe { RSA_size(self.0.as_ptr()) };
        let mut signature = vec![0; size as usize];
        let mut length = 0;
        // SAFETY: the digest is read, and the signature written, within their lengths: the contract
        // of `RSA_sign` is that `out` holds `RSA_size` bytes. The key is not changed.
        let done = unsafe {
            RSA_sign(
                NID_sha1,
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &raw mut length,
                self.0.as_ptr(),
            )
        };
        assert_eq!((done, length), (1, size), "AWS-LC did not sign");
        signature
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: made by AWS-LC, and freed here only.
        unsafe { RSA_free(self.0.as_ptr()) };
    }
}

//! AWS Signature Version 4 of an order (AWS General Reference, "Create a signed AWS API request").
//!
//! Made here and not by the SDK's crate, which takes longer to sign an order than all the rest of
//! sending it takes; `tests/signatures.rs` holds both to the same signature.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::credentials::SigV4User;

/// Signs as one user. The key of a day and the text of a second are kept.
#[derive(Clone)]
pub(crate) struct Signer {
    user: SigV4User,
    scope_tail: String,
    region: String,
    service: String,
    second: i64,
    /// `20261123T131431Z`.
    time: String,
    day_key: [u8; 32],
}

/// What a signature is over, besides the time.
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    /// Percent-encoded, without a query.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

/// The headers that a signature adds.
pub(crate) struct SignatureHeaders<'a> {
    pub(crate) authorization: String,
    pub(crate) date: &'a str,
    pub(crate) session_token: Option<&'a str>,
}

impl Signer {
    pub(crate) fn new(user: SigV4User, region: &str, service: &str) -> Self {
        Self {
            user,
            scope_tail: format!("/{region}/{service}/aws4_request"),
            region: region.to_owned(),
            service: service.to_owned(),
            second: i64::MIN,
            time: String::new(),
            day_key: [0; 32],
        }
    }

    /// Signs a request that leaves at `now`.
    pub(crate) fn sign(&mut self, request: &Signable<'_>, now: Timestamp) -> SignatureHeaders<'_> {
        self.turn_to(now);
        let (day, token) = (&self.time[..8], self.user.session_token.as_deref());
        let (token_header, signed) = match token {
            Some(token) => {
                let header = format!("x-amz-security-token:{token}\n");
                (header, "content-type;host;x-amz-date;x-amz-security-token")
            }
            None => (String::new(), "content-type;host;x-amz-date"),
        };
        let Signable { method, host, path, body } = request;
        let canonical = format!(
            "{method}\n{path}\n\ncontent-type:application/json\nhost:{host}\nx-amz-date:{}\n{token_header}\n{signed}\n{}",
            self.time,
            hex(&Sha256::digest(body)),
        );
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{day}{}\n{}",
            self.time,
            self.scope_tail,
            hex(&Sha256::digest(canonical)),
        );
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{day}{}, SignedHeaders={signed}, Signature={}",
            self.user.access_key_id,
            self.scope_tail,
            hex(&keyed(&self.day_key, to_sign.as_bytes())),
        );
        SignatureHeaders { authorization, date: &self.time, session_token: token }
    }

    fn turn_to(&mut self, now: Timestamp) {
        if self.second == now.as_second() {
            return;
        }
        self.second = now.as_second();
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        if self.time.get(..8) != time.get(..8) {
            let secret = format!("AWS4{}", self.user.secret_access_key);
            let day = keyed(secret.as_bytes(), &time.as_bytes()[..8]);
            let region = keyed(&day, self.region.as_bytes());
            let service = keyed(&region, self.service.as_bytes());
            self.day_key = keyed(&service, b"aws4_request");
        }
        self.time = time;
    }
}

fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the example in AWS General Reference, "Deriving the signing key": user
    /// AKIDEXAMPLE, 2015-08-30, us-east-1, iam.
    #[test]
    fn the_signing_key_of_a_day_is_that_of_aws_own_example() {
        let user = SigV4User {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let mut signer = Signer::new(user, "us-east-1", "iam");
        signer.turn_to("2015-08-30T12:36:00Z".parse().unwrap());
        assert_eq!(
            hex(&signer.day_key),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
        assert_eq!(signer.time, "20150830T123600Z");
    }
}

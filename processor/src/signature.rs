//! Signature Version 4 (AWS General Reference, "Signing AWS API requests"), as far as requests
//! with a body in memory and no query need it.

use std::cell::RefCell;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::AwsConfig;
use crate::hex::hex;

/// A request that is to be signed.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// `http` or `https`, host and port.
    pub(crate) endpoint: String,
    /// Percent-encoded, as it is sent.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    body_sha256: [u8; 32],
}

impl Request {
    /// A request to an endpoint.
    ///
    /// # Errors
    /// If the endpoint is no URL with a host.
    pub(crate) fn new(
        method: &'static str,
        endpoint: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Self, String> {
        let (_, host) = endpoint.split_once("://").ok_or_else(|| format!("no URL: {endpoint}"))?;
        let host = host.trim_end_matches('/').to_owned();
        let body_sha256 = Sha256::digest(&body).into();
        let (endpoint, path) = (endpoint.trim_end_matches('/').to_owned(), path.to_owned());
        let headers = vec![("host", host)];
        Ok(Self { method, endpoint, path, headers, body, body_sha256 })
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }

    pub(crate) fn body_sha256(&self) -> &[u8; 32] {
        &self.body_sha256
    }
}

/// Signs requests to one service in one region.
#[derive(Clone)]
pub(crate) struct Signer {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
    service: &'static str,
    /// The key of a day, with the day.
    day_key: RefCell<(String, [u8; 32])>,
}

impl std::fmt::Debug for Signer {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Signer").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Signer {
    pub(crate) fn new(aws: &AwsConfig, service: &'static str) -> Self {
        Self {
            access_key_id: aws.access_key_id.clone(),
            secret_access_key: aws.secret_access_key.clone(),
            session_token: aws.session_token.clone(),
            region: aws.region.clone(),
            service,
            day_key: RefCell::default(),
        }
    }

    /// Adds what proves who asks, now.
    pub(crate) fn sign(&self, request: Request) -> Request {
        self.sign_at(request, Timestamp::now())
    }

    fn sign_at(&self, mut request: Request, now: Timestamp) -> Request {
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let body_sha256 = hex(&request.body_sha256);
        request.header("x-amz-content-sha256", body_sha256.clone());
        request.header("x-amz-date", time.clone());
        if let Some(token) = &self.session_token {
            request.header("x-amz-security-token", token.clone());
        }
        request.headers.sort();
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let scope = format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service);
        let canonical = canonical(&request, &names, &body_sha256);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let signature = hex(&hmac(&self.key_of(&time[..8]), to_sign.as_bytes()));
        let access_key_id = &self.access_key_id;
        request.header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={access_key_id}/{scope},SignedHeaders={names},\
                 Signature={signature}"
            ),
        );
        request
    }

    /// The query of a request that has no body and that somebody else sends to `host`, within so
    /// many seconds: the parameters, which are encoded and sorted, and what proves who asks (AWS
    /// General Reference, "query string parameters").
    pub(crate) fn presigned(
        &self,
        host: &str,
        parameters: &[(&str, &str)],
        expires_s: u32,
        now: Timestamp,
    ) -> String {
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let scope = format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service);
        let credential = format!("{}/{scope}", self.access_key_id);
        let expires = expires_s.to_string();
        let mut all = parameters.to_vec();
        all.extend([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &time),
            ("X-Amz-Expires", &expires),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        all.extend(self.session_token.as_deref().map(|token| ("X-Amz-Security-Token", token)));
        all.sort_unstable();
        let value = |text: &str| encoded(text).replace('/', "%2F");
        let pairs: Vec<String> =
            all.iter().map(|(name, text)| format!("{name}={}", value(text))).collect();
        let query = pairs.join("&");
        let canonical =
            format!("GET\n/\n{query}\nhost:{host}\n\nhost\n{}", hex(&Sha256::digest(b"")));
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let signature = hex(&hmac(&self.key_of(&time[..8]), to_sign.as_bytes()));
        format!("{query}&X-Amz-Signature={signature}")
    }

    fn key_of(&self, day: &str) -> [u8; 32] {
        let mut known = self.day_key.borrow_mut();
        if known.0 != day {
            let secret = format!("AWS4{}", self.secret_access_key);
            let parts = [day, &self.region, self.service, "aws4_request"];
            let first = hmac(secret.as_bytes(), parts[0].as_bytes());
            let key = parts[1..].iter().fold(first, |key, part| hmac(&key, part.as_bytes()));
            *known = (day.to_owned(), key);
        }
        known.1
    }
}

fn canonical(request: &Request, names: &str, body_sha256: &str) -> String {
    let mut text = format!("{}\n{}\n\n", request.method, request.path);
    for (name, value) in &request.headers {
        // A text is written to a text: that does not fail.
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    let _ = write!(text, "\n{names}\n{body_sha256}");
    text
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A key as the path of an object: every byte but letters, digits and `-._~/` percent-encoded.
pub(crate) fn encoded(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        // The credentials of the examples of the Amazon S3 API reference.
        let aws = AwsConfig {
            region: "us-east-1".to_owned(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            endpoint: None,
            secrets_endpoint: None,
        };
        Signer::new(&aws, "s3")
    }

    fn signature(request: Request) -> String {
        let signed = signer().sign_at(request, "2013-05-24T00:00:00Z".parse().unwrap());
        let (_, authorization) = signed.headers.last().unwrap();
        authorization.rsplit('=').next().unwrap().to_owned()
    }

    #[test]
    fn the_put_of_the_s3_reference_has_its_signature() {
        // "Authenticating Requests: Using the Authorization Header", example PUT Object.
        let endpoint = "https://examplebucket.s3.amazonaws.com";
        let path = encoded("/test$file.text");
        let body = b"Welcome to Amazon S3.".to_vec();
        let mut request = Request::new("PUT", endpoint, &path, body).unwrap();
        request.header("date", "Fri, 24 May 2013 00:00:00 GMT");
        request.header("x-amz-storage-class", "REDUCED_REDUNDANCY");
        assert_eq!(
            signature(request),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
    }

    #[test]
    fn the_get_of_the_s3_reference_has_its_signature() {
        let endpoint = "https://examplebucket.s3.amazonaws.com";
        let mut request = Request::new("GET", endpoint, "/test.txt", Vec::new()).unwrap();
        request.header("range", "bytes=0-9");
        assert_eq!(
            signature(request),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}

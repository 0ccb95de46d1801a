//! AWS Signature Version 4, as API Gateway checks it: the `Authorization` header of a request to
//! `execute-api`. Signatures in the query string (presigned addresses) are not here.

use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::config::IamUser;
use crate::lock::lock;

use super::refusal::{Kind, Refusal};
use super::route::hex_digit;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "execute-api";
/// AWS General Reference, "signature-v4-troubleshooting": how far clocks may be apart.
const SKEW_S: i64 = 300;

/// A user and the key of the last scope it signed in: a day's requests share one.
pub(super) struct Signer {
    pub(super) user: IamUser,
    last_key: Mutex<Option<(String, [u8; 32])>>,
}

impl Signer {
    pub(super) fn new(user: &IamUser) -> Self {
        Signer { user: user.clone(), last_key: Mutex::default() }
    }

    fn key(&self, scope: &Scope<'_>) -> [u8; 32] {
        let text = scope.text();
        let mut last = lock(&self.last_key);
        if let Some((known, key)) = &*last
            && *known == text
        {
            return *key;
        }
        let key = scope.signing_key(&self.user.secret_access_key);
        *last = Some((text, key));
        key
    }
}

/// The credential scope: day, region, service.
struct Scope<'a> {
    day: &'a str,
    region: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day, self.region, self.service)
    }

    fn signing_key(&self, secret: &str) -> [u8; 32] {
        let day = hmac(format!("AWS4{secret}").as_bytes(), self.day.as_bytes());
        let region = hmac(&day, self.region.as_bytes());
        let service = hmac(&region, self.service.as_bytes());
        hmac(&service, b"aws4_request")
    }
}

/// What the `Authorization` header says, before anything is computed.
pub(super) struct Claim<'a> {
    pub(super) signer: &'a Signer,
    scope: Scope<'a>,
    signed_headers: Vec<&'a str>,
    signature: [u8; 32],
    date: &'a str,
}

/// Reads the header and finds the signer. Everything but the signature itself is decided here,
/// before the body is read.
pub(super) fn claim<'a>(
    signers: &'a [Signer],
    headers: &'a HeaderMap,
    now_s: i64,
) -> Result<Claim<'a>, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let header = text("authorization").ok_or(Kind::MissingAuthenticationToken)?;
    let fields = header
        .strip_prefix(ALGORITHM)
        .ok_or_else(|| incomplete("Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.", header))?;
    let field = |name: &str| {
        let found = fields.split(',').find_map(|f| f.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| {
            incomplete(&format!("Authorization header requires '{name}' parameter."), header)
        })
    };
    let (credential, signed, signature) =
        (field("Credential")?, field("SignedHeaders")?, field("Signature")?);
    let parts: Vec<_> = credential.split('/').collect();
    let [access_key_id, day, region, service, "aws4_request"] = parts[..] else {
        return Err(incomplete("Credential must have exactly 5 slash-delimited elements", header));
    };
    let date = text("x-amz-date").ok_or_else(|| {
        incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            header,
        )
    })?;
    let signer = signers.iter().find(|signer| signer.user.access_key_id == access_key_id);
    let signer = signer.ok_or_else(|| Refusal {
        error_type: "UnrecognizedClientException",
        message: "The security token included in the request is invalid.".to_owned(),
        ..Kind::InvalidSignature.into()
    })?;
    if service != SERVICE {
        return Err(invalid(&format!(
            "Credential should be scoped to correct service: '{SERVICE}'. "
        )));
    }
    check_date(date, day, now_s)?;
    let signed_headers: Vec<_> = signed.split(';').collect();
    if !signed_headers.contains(&"host") {
        return Err(invalid(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ));
    }
    Ok(Claim {
        signer,
        scope: Scope { day, region, service },
        signed_headers,
        signature: signature_bytes(signature).ok_or(Kind::InvalidSignature)?,
        date,
    })
}

fn incomplete(problem: &str, header: &str) -> Refusal {
    Refusal {
        error_type: "IncompleteSignatureException",
        message: format!("{problem} Authorization={header}"),
        ..Kind::InvalidSignature.into()
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal { message: message.to_owned(), ..Kind::InvalidSignature.into() }
}

fn check_date(date: &str, day: &str, now_s: i64) -> Result<(), Refusal> {
    let written = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date)
        .and_then(|date| date.to_zoned_datetime(jiff::tz::TimeZone::UTC));
    let written_s = written.map_err(|_| invalid("Date must be in ISO-8601 'basic format'."))?;
    if !date.starts_with(day) {
        return Err(invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
        ));
    }
    let late_s = now_s - written_s.timestamp().as_second();
    if late_s > SKEW_S {
        return Err(invalid(&format!(
            "Signature expired: {date} is now earlier than the time of the request minus 5 min."
        )));
    }
    if late_s < -SKEW_S {
        return Err(invalid(&format!(
            "Signature not yet current: {date} is still later than the time of the request plus 5 min."
        )));
    }
    Ok(())
}

fn signature_bytes(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(out)
}

impl Claim<'_> {
    /// Whether the signature is that of this request and body.
    pub(super) fn holds(&self, head: &Parts, body: &[u8]) -> bool {
        let key = self.signer.key(&self.scope);
        let canonical = canonical_request(head, &self.signed_headers, body);
        let mut to_sign = format!("{ALGORITHM}\n{}\n{}\n", self.date, self.scope.text());
        push_hex(&mut to_sign, &Sha256::digest(canonical.as_bytes()));
        // The comparison takes the same time wherever the two differ.
        mac(&key).chain_update(to_sign.as_bytes()).verify_slice(&self.signature).is_ok()
    }
}

/// IAM user guide, "create a signed AWS API request": method, path, query, headers, payload.
fn canonical_request(head: &Parts, signed_headers: &[&str], body: &[u8]) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str(head.method.as_str());
    out.push('\n');
    // Other services than S3 encode the path once more than the client did.
    encode(head.uri.path(), b"/", &mut out);
    out.push('\n');
    canonical_query(head.uri.query().unwrap_or_default(), &mut out);
    out.push('\n');
    for name in signed_headers {
        out.push_str(name);
        out.push(':');
        let values = head.headers.get_all(*name).iter();
        let values: Vec<_> =
            values.map(|v| trimmed(&String::from_utf8_lossy(v.as_bytes()))).collect();
        out.push_str(&values.join(","));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&signed_headers.join(";"));
    out.push('\n');
    push_hex(&mut out, &Sha256::digest(body));
    out
}

/// Ends off, and runs of blanks as one.
fn trimmed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn canonical_query(query: &str, out: &mut String) {
    let encoded = |text: &str| {
        let decoded = super::route::percent_decode(text).unwrap_or_else(|| text.to_owned());
        let mut out = String::new();
        encode(&decoded, b"", &mut out);
        out
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    out.push_str(&pairs.join("&"));
}

fn encode(text: &str, also_plain: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || also_plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    // Hmac takes a key of any length.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    mac(key).chain_update(data).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn hex(bytes: &[u8]) -> String {
        let mut out = String::new();
        push_hex(&mut out, bytes);
        out
    }

    /// IAM user guide, "Examples of how to derive a signing key".
    #[test]
    fn the_signing_key_is_that_of_the_guide() {
        let scope = Scope { day: "20120215", region: "us-east-1", service: "iam" };
        let key = scope.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let expected = "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d";
        assert_eq!(hex(&key), expected);
    }

    /// AWS Signature Version 4 test suite, `get-vanilla-query-order-key-case`: the canonical
    /// request's digest and the signature are published with it.
    #[test]
    fn the_published_vector_has_the_published_signature() {
        let head = Request::get("/?Param2=value2&Param1=value1")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let canonical = canonical_request(&head, &["host", "x-amz-date"], b"");
        let digest = Sha256::digest(canonical.as_bytes());
        assert_eq!(
            hex(&digest),
            "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0"
        );
        let user = IamUser {
            arn: "arn".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        let signer = Signer::new(&user);
        let claim = |signature: &str| Claim {
            signer: &signer,
            scope: Scope { day: "20150830", region: "us-east-1", service: "service" },
            signed_headers: vec!["host", "x-amz-date"],
            signature: signature_bytes(signature).unwrap(),
            date: "20150830T123600Z",
        };
        let right = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        assert!(claim(right).holds(&head, b""));
        assert!(!claim(right).holds(&head, b"x"));
        assert!(!claim(&right.replace("b97d", "b97e")).holds(&head, b""));
    }

    #[test]
    fn the_clock_may_be_five_minutes_off() {
        let now = "2026-11-24T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
        let check = |date: &str| check_date(date, &date[..8], now).is_ok();
        assert!(check("20261123T235500Z") && check("20261124T000500Z"));
        assert!(!check("20261123T235459Z") && !check("20261124T000501Z"));
        assert!(!check("20261124 000000"));
        assert!(check_date("20261124T000000Z", "20261123", now).is_err());
    }
}

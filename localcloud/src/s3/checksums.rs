//! The digests a client sends along with an object. `s3s` passes them on; this checks them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::Checksum;
use s3s::{S3Result, TrailingHeaders, s3_error};

use crate::message::Md5Sum;

/// Name of the algorithm, as in `x-amz-checksum-NAME`, and the value.
pub(super) type Given = (String, String);

/// Refuses a body that is not what the client says it sent; returns the checksum it gave. The
/// SDKs send CRC-32 in a trailer, so trailers count as headers.
pub(super) fn check(
    content_md5: Option<&str>,
    headers: &HeaderMap,
    trailers: Option<&TrailingHeaders>,
    body: &[u8],
) -> S3Result<Option<Given>> {
    if let Some(expected) = content_md5
        && expected != BASE64.encode(Md5Sum::of(body).0)
    {
        return Err(s3_error!(
            BadDigest,
            "The Content-MD5 you specified did not match what we received"
        ));
    }
    let given = check_headers(headers, body)?;
    match trailers {
        Some(trailers) => {
            let trailed = trailers.read(|headers| check_headers(headers, body));
            Ok(trailed.transpose()?.flatten().or(given))
        }
        None => Ok(given),
    }
}

fn check_headers(headers: &HeaderMap, body: &[u8]) -> S3Result<Option<Given>> {
    let value =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let expected = Checksum {
        checksum_crc32: value("x-amz-checksum-crc32"),
        checksum_crc32c: value("x-amz-checksum-crc32c"),
        checksum_crc64nvme: value("x-amz-checksum-crc64nvme"),
        checksum_sha1: value("x-amz-checksum-sha1"),
        checksum_sha256: value("x-amz-checksum-sha256"),
        ..Default::default()
    };
    let mut hasher = ChecksumHasher {
        crc32: expected.checksum_crc32.as_ref().map(|_| Crc32::new()),
        crc32c: expected.checksum_crc32c.as_ref().map(|_| Crc32c::new()),
        crc64nvme: expected.checksum_crc64nvme.as_ref().map(|_| Crc64Nvme::new()),
        sha1: expected.checksum_sha1.as_ref().map(|_| Sha1::new()),
        sha256: expected.checksum_sha256.as_ref().map(|_| Sha256::new()),
    };
    hasher.update(body);
    if hasher.finalize() == expected {
        const NAMES: [&str; 5] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];
        let given = |name: &&str| {
            value(&format!("x-amz-checksum-{name}")).map(|value| ((*name).to_owned(), value))
        };
        Ok(NAMES.iter().find_map(given))
    } else {
        Err(s3_error!(BadDigest, "The checksum you specified did not match what we received"))
    }
}

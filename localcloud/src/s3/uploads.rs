//! Multipart uploads in progress: in memory, with the bytes of their parts in the log. They
//! end with the process.

use std::collections::BTreeMap;

use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use super::object_log::Span;
use super::object_store::{ClassIndex, Details};
use crate::message::Md5Sum;

/// "Amazon S3 multipart upload limits": every part but the last.
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
pub(super) const PART_NUMBER_MAX: i32 = 10_000;

/// One part that was uploaded.
#[derive(Clone, Debug)]
pub(super) struct StoredPart {
    pub(super) span: Span,
    pub(super) md5: [u8; 16],
    pub(super) modified_ms: u64,
}

/// One upload.
#[derive(Clone)]
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) started_ms: u64,
    pub(super) details: Details,
    pub(super) class: ClassIndex,
    pub(super) class_name: String,
    pub(super) parts: BTreeMap<i32, StoredPart>,
}

/// All uploads by id.
#[derive(Default)]
pub(super) struct Uploads {
    pub(super) by_id: BTreeMap<String, Upload>,
    next: u64,
}

impl Uploads {
    pub(super) fn start(&mut self, upload: Upload) -> String {
        self.next += 1;
        let id = format!("{:016x}{:08x}", upload.started_ms, self.next);
        self.by_id.insert(id.clone(), upload);
        id
    }

    pub(super) fn find(&mut self, id: &str, bucket: &str, key: &str) -> S3Result<&mut Upload> {
        let found = self.by_id.get_mut(id);
        found.filter(|upload| upload.bucket == bucket && upload.key == key).ok_or_else(|| {
            s3_error!(NoSuchUpload, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
        })
    }

    pub(super) fn drop_bucket(&mut self, bucket: &str) {
        self.by_id.retain(|_, upload| upload.bucket != bucket);
    }
}

/// The spans of a completed upload in order, and the MD5 of its parts' MD5s.
pub(super) fn complete(
    upload: &Upload,
    listed: &[CompletedPart],
) -> S3Result<(Vec<Span>, [u8; 16])> {
    if listed.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part"));
    }
    let numbers: Vec<i32> = listed.iter().map(|part| part.part_number.unwrap_or(0)).collect();
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        ));
    }
    let invalid = || {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
        )
    };
    let (mut spans, mut md5s) = (Vec::new(), Vec::new());
    for (number, asked) in numbers.iter().zip(listed) {
        let part = upload.parts.get(number).ok_or_else(invalid)?;
        let etag = asked.e_tag.as_ref().ok_or_else(invalid)?;
        if etag.value() != Md5Sum(part.md5).hex() {
            return Err(invalid());
        }
        spans.push(part.span);
        md5s.extend_from_slice(&part.md5);
    }
    let (_, all_but_last) = spans.split_last().unwrap_or((&spans[0], &[]));
    if all_but_last.iter().any(|span| span.length < PART_BYTES_MIN) {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    Ok((spans, Md5Sum::of(&md5s).0))
}

//! S3's operations, as `s3s` asks for them. Protocol, signatures and XML are its business;
//! where objects are is `s3/object_store.rs`'s.
//!
//! Lifecycle, policies, encryption and access tiers over time are not here.

mod checksums;
mod files;
mod object_log;
mod object_store;
mod storage;
mod uploads;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use crate::clock::{now_ms, now_s};
use crate::faults::FaultKind;
use crate::lock::{lock, read, write};
use crate::message::Md5Sum;

use object_log::{Source, Span};
use object_store::{
    Condition, Details, ListRequest as StoreListing, NewObject, Retention, StoreError,
    StoredObject, VersionId,
};
pub(crate) use storage::service;
use storage::{BucketHandle, Storage};

/// One put, or one part, is held in memory until it is stored. AWS takes 5 GB.
const OBJECT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Larger answers are read from the file piece by piece.
const PIECE_BYTES: u64 = 1024 * 1024;
/// ListObjectsV2: "By default, the action returns up to 1,000 key names".
const KEYS_MAX: i32 = 1000;

fn timestamp(epoch_ms: u64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(epoch_ms))
}

fn etag(object: &StoredObject) -> ETag {
    ETag::Strong(etag_text(object.md5, object.parts))
}

/// AWS's form for an upload in parts: the MD5 of the parts' MD5s, and how many there were.
fn etag_text(md5: [u8; 16], parts: u16) -> String {
    let hex = Md5Sum(md5).hex();
    if parts == 0 { hex } else { format!("{hex}-{parts}") }
}

/// The MD5 in a condition; one that is none cannot be met by any object.
fn md5_of(etag: &ETag) -> [u8; 16] {
    let hex = etag.value().split('-').next().unwrap_or_default();
    let byte = |at: usize| hex.get(2 * at..2 * at + 2).and_then(|h| u8::from_str_radix(h, 16).ok());
    std::array::from_fn(|at| byte(at).unwrap_or_default())
}

fn epoch_ms(timestamp: &Timestamp) -> u64 {
    let mut text = Vec::new();
    // Writing to memory cannot fail, and what is written is a number.
    let _ = timestamp.format(TimestampFormat::EpochSeconds, &mut text);
    let seconds = String::from_utf8_lossy(&text).parse::<f64>().unwrap_or_default();
    (seconds * 1000.0).max(0.0) as u64
}

/// AWS leaves the header out for STANDARD.
fn storage_class_header(object: &StoredObject) -> Option<StorageClass> {
    (object.storage_class() != StorageClass::STANDARD)
        .then(|| StorageClass::from_static(object.storage_class()))
}

fn io_error(error: std::io::Error) -> s3s::S3Error {
    s3s::S3Error::internal_error(error)
}

fn store_error(error: StoreError) -> s3s::S3Error {
    match error {
        StoreError::Condition => exists(),
        StoreError::NoSuchKey => no_such_key(),
        StoreError::NoSuchVersion => {
            s3_error!(NoSuchVersion, "The specified version does not exist.")
        }
        StoreError::Locked => {
            s3_error!(AccessDenied, "Access Denied because object protected by object lock.")
        }
        StoreError::Io(error) => io_error(error),
    }
}

fn no_such_key() -> s3s::S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

fn version_id(text: Option<&String>) -> S3Result<Option<VersionId>> {
    let parse = |text: &String| {
        VersionId::parse(text)
            .ok_or_else(|| s3_error!(InvalidArgument, "Invalid version id specified"))
    };
    text.map(parse).transpose()
}

/// Shown only where versions are kept.
fn shown(id: VersionId) -> Option<String> {
    (id != VersionId::NULL).then(|| id.to_string())
}

/// `a=1&b=2`, as the header has it. AWS: at most 10 tags, keys up to 128, values up to 256.
fn header_tags(header: Option<&String>) -> S3Result<Vec<(String, String)>> {
    let pairs = form_urlencoded::parse(header.map_or(b"", |text| text.as_bytes()));
    checked_tags(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
}

fn checked_tags(tags: Vec<(String, String)>) -> S3Result<Vec<(String, String)>> {
    let too_long = |(key, value): &(String, String)| {
        key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256
    };
    let mut keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if tags.len() > 10 {
        let mut error = s3s::S3Error::with_message(
            s3s::S3ErrorCode::Custom("BadRequest".into()),
            "Object tags cannot be greater than 10",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        return Err(error);
    }
    if tags.iter().any(too_long) {
        return Err(s3_error!(InvalidTag, "The TagKey or TagValue you have provided is invalid"));
    }
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
    }
    Ok(tags)
}

fn retention(mode: Option<&str>, until: Option<&Timestamp>) -> S3Result<Option<Retention>> {
    let (Some(mode), Some(until)) = (mode, until) else {
        return match (mode, until) {
            (None, None) => Ok(None),
            _ => Err(s3_error!(
                InvalidArgument,
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
            )),
        };
    };
    let until_ms = epoch_ms(until);
    if until_ms <= now_ms() {
        return Err(s3_error!(InvalidArgument, "The retain until date must be in the future!"));
    }
    Ok(Some(Retention { compliance: mode == ObjectLockMode::COMPLIANCE, until_ms }))
}

async fn collect(blob: Option<StreamingBlob>, expected: Option<i64>) -> S3Result<Bytes> {
    let Some(mut blob) = blob else { return Ok(Bytes::new()) };
    let expected = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut bytes = BytesMut::with_capacity(expected.min(OBJECT_BYTES_MAX));
    while let Some(piece) = blob.next().await {
        let piece = piece.map_err(|error| s3_error!(IncompleteBody, "{error}"))?;
        if bytes.len() + piece.len() > OBJECT_BYTES_MAX {
            return Err(s3_error!(
                EntityTooLarge,
                "this imitation takes at most 256 MiB in one put"
            ));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

fn details(input: &PutObjectInput) -> S3Result<Details> {
    let mode = input.object_lock_mode.as_ref().map(ObjectLockMode::as_str);
    Ok(Details {
        content_type: input.content_type.clone(),
        content_encoding: input.content_encoding.clone(),
        content_language: input.content_language.clone(),
        cache_control: input.cache_control.clone(),
        content_disposition: input.content_disposition.clone(),
        metadata: pairs(input.metadata.as_ref()),
        tags: header_tags(input.tagging.as_ref())?,
        checksum: None,
        retention: retention(mode, input.object_lock_retain_until_date.as_ref())?,
        legal_hold: is_on(input.object_lock_legal_hold_status.as_ref()),
    })
}

fn pairs(metadata: Option<&Metadata>) -> Vec<(String, String)> {
    let pairs = metadata.into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_on(status: Option<&ObjectLockLegalHoldStatus>) -> bool {
    status.is_some_and(|status| status.as_str() == ObjectLockLegalHoldStatus::ON)
}

fn storage_class(class: Option<&StorageClass>) -> S3Result<object_store::ClassIndex> {
    let class = class.map_or(StorageClass::STANDARD, StorageClass::as_str);
    object_store::storage_class(class).ok_or_else(|| {
        s3_error!(InvalidStorageClass, "The storage class you specified is not valid")
    })
}

fn put_condition(
    if_match: Option<&IfMatch>,
    if_none_match: Option<&IfNoneMatch>,
) -> S3Result<Condition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::Always),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Absent),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Condition::Is(md5_of(etag))),
        // S3: "This header is only supported with the value *", and If-Match without it.
        _ => Err(s3_error!(
            NotImplemented,
            "A header you provided implies functionality that is not implemented"
        )),
    }
}

fn exists() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// The checksum that the client gave with the object, in the field of its algorithm.
macro_rules! tell_checksum {
    ($output:expr, $checksum:expr) => {
        if let Some((algorithm, value)) = &$checksum {
            let field = match algorithm.as_str() {
                "crc32" => &mut $output.checksum_crc32,
                "crc32c" => &mut $output.checksum_crc32c,
                "sha1" => &mut $output.checksum_sha1,
                "sha256" => &mut $output.checksum_sha256,
                _ => &mut $output.checksum_crc64nvme,
            };
            *field = Some(value.clone());
            $output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        }
    };
}

/// What GetObject and HeadObject say of an object; the two outputs share their fields' names.
macro_rules! described {
    ($output:ident, $object:expr, $id:expr) => {
        $output {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: $object.details.cache_control.clone(),
            content_disposition: $object.details.content_disposition.clone(),
            content_encoding: $object.details.content_encoding.clone(),
            content_language: $object.details.content_language.clone(),
            // S3's default where none was given.
            content_type: Some(
                $object
                    .details
                    .content_type
                    .clone()
                    .unwrap_or_else(|| "binary/octet-stream".to_owned()),
            ),
            e_tag: Some(etag(&$object)),
            last_modified: Some(timestamp($object.modified_ms)),
            metadata: Some($object.details.metadata.iter().cloned().collect()),
            object_lock_mode: $object
                .details
                .retention
                .as_ref()
                .map(|retention| ObjectLockMode::from_static(mode(retention))),
            object_lock_retain_until_date: $object
                .details
                .retention
                .as_ref()
                .map(|retention| timestamp(retention.until_ms)),
            object_lock_legal_hold_status: $object.details.legal_hold.then(|| legal_hold(true)),
            storage_class: storage_class_header(&$object),
            version_id: shown($id),
            ..Default::default()
        }
    };
}

fn tell_part_checksum(output: &mut UploadPartOutput, checksum: Option<(String, String)>) {
    let Some((algorithm, value)) = checksum else { return };
    let field = match algorithm.as_str() {
        "crc32" => &mut output.checksum_crc32,
        "crc32c" => &mut output.checksum_crc32c,
        "sha1" => &mut output.checksum_sha1,
        "sha256" => &mut output.checksum_sha256,
        _ => &mut output.checksum_crc64nvme,
    };
    *field = Some(value);
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn put_object(
        &self,
        mut req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.put);
        let condition =
            put_condition(req.input.if_match.as_ref(), req.input.if_none_match.as_ref())?;
        self.before(&bucket).await?;
        if condition != Condition::Always && self.faults.strikes(FaultKind::S3Conflict) {
            return Err(conflict());
        }
        let storage_class = storage_class(req.input.storage_class.as_ref())?;
        let body = collect(req.input.body.take(), req.input.content_length).await?;
        let checksum = checksums::check(
            req.input.content_md5.as_deref(),
            &req.headers,
            req.trailing_headers.as_ref(),
            &body,
        )?;
        bucket.metrics.uploaded.record(now_s(), body.len() as f64);
        let md5 = Md5Sum::of(&body);
        let new = NewObject {
            md5: md5.0,
            parts: 0,
            modified_ms: now_ms(),
            storage_class,
            details: Details { checksum: checksum.clone(), ..details(&req.input)? },
            condition,
            versioned: bucket.is_versioned(),
        };
        let put = bucket.objects.put(&self.files, &req.input.key, &Source::Bytes(&body), new);
        let version = put.map_err(store_error)?;
        self.after(&bucket)?;
        let mut output = PutObjectOutput {
            e_tag: Some(ETag::Strong(md5.hex())),
            version_id: shown(version),
            ..Default::default()
        };
        tell_checksum!(output, checksum);
        Ok(S3Response::new(output))
    }

    async fn copy_object(
        &self,
        req: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.put);
        self.before(&bucket).await?;
        let (from, source) = self.copy_source(&input.copy_source)?;
        let failed = |condition: bool| if condition { Err(exists()) } else { Ok(()) };
        let is = |condition: &ETagCondition| condition_holds(condition, &source);
        failed(input.copy_source_if_match.as_ref().is_some_and(|it| !is(it)))?;
        failed(input.copy_source_if_none_match.as_ref().is_some_and(is))?;
        let replace = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let onto_itself = from == bucket.name && source_key(&input.copy_source) == input.key;
        if onto_itself && !replace && input.storage_class.is_none() && !bucket.is_versioned() {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let mut details =
            Details { retention: None, legal_hold: false, ..(*source.details).clone() };
        if replace {
            details.content_type = input.content_type.clone();
            details.content_encoding = input.content_encoding.clone();
            details.content_language = input.content_language.clone();
            details.cache_control = input.cache_control.clone();
            details.content_disposition = input.content_disposition.clone();
            details.metadata = pairs(input.metadata.as_ref());
        }
        let tags = input.tagging_directive.as_ref().map(TaggingDirective::as_str);
        if tags == Some(TaggingDirective::REPLACE) {
            details.tags = header_tags(input.tagging.as_ref())?;
        }
        let mode = input.object_lock_mode.as_ref().map(ObjectLockMode::as_str);
        details.retention = retention(mode, input.object_lock_retain_until_date.as_ref())?;
        details.legal_hold = is_on(input.object_lock_legal_hold_status.as_ref());
        let new = NewObject {
            md5: source.md5,
            parts: source.parts,
            modified_ms: now_ms(),
            storage_class: storage_class(input.storage_class.as_ref())?,
            details,
            condition: Condition::Always,
            versioned: bucket.is_versioned(),
        };
        let modified_ms = new.modified_ms;
        let spans = [source.span()];
        let put = bucket.objects.put(&self.files, &input.key, &Source::Spans(&spans), new);
        let version = put.map_err(store_error)?;
        self.after(&bucket)?;
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(etag(&source)),
                last_modified: Some(timestamp(modified_ms)),
                ..Default::default()
            }),
            version_id: shown(version),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.get);
        self.before(&bucket).await?;
        let (id, object) = find(&bucket, &input.key, input.version_id.as_ref())?;
        check_conditions(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        check_dates(&object, input.if_modified_since.as_ref(), input.if_unmodified_since.as_ref())?;
        let range = input.range.map(|range| range.check(object.length)).transpose()?;
        let span = range.clone().unwrap_or(0..object.length);
        let length = span.end - span.start;
        bucket.metrics.downloaded.record(now_s(), length as f64);
        let span = Span { offset: object.offset + span.start, length };
        let body = blob(self, span).map_err(io_error)?;
        let tag_count = i32::try_from(object.details.tags.len()).ok();
        let mut output = described!(GetObjectOutput, object, id);
        output.body = Some(body);
        output.tag_count = tag_count.filter(|count| *count > 0);
        output.content_length = i64::try_from(length).ok();
        output.content_range = range
            .as_ref()
            .map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, object.length));
        // A checksum is of the whole object.
        if range.is_none() && input.checksum_mode.is_some() {
            tell_checksum!(output, object.details.checksum);
        }
        output.cache_control = input.response_cache_control.or(output.cache_control);
        output.content_type = input.response_content_type.or(output.content_type);
        output.content_disposition =
            input.response_content_disposition.or(output.content_disposition);
        output.content_encoding = input.response_content_encoding.or(output.content_encoding);
        output.content_language = input.response_content_language.or(output.content_language);
        let mut response = S3Response::new(output);
        if range.is_some() {
            response.status = Some(http::StatusCode::PARTIAL_CONTENT);
        }
        Ok(response)
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.head);
        self.before(&bucket).await?;
        let (id, object) = find(&bucket, &input.key, input.version_id.as_ref())?;
        check_conditions(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        check_dates(&object, input.if_modified_since.as_ref(), input.if_unmodified_since.as_ref())?;
        let mut output = described!(HeadObjectOutput, object, id);
        output.content_length = i64::try_from(object.length).ok();
        if input.checksum_mode.is_some() {
            tell_checksum!(output, object.details.checksum);
        }
        Ok(S3Response::new(output))
    }

    async fn list_objects(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.list);
        self.before(&bucket).await?;
        let max_keys = max_keys(input.max_keys)?;
        let url = is_url(input.encoding_type.as_ref());
        let page = bucket.objects.list(&StoreListing {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: input.marker.as_deref().filter(|marker| !marker.is_empty()),
            max: max_keys as usize,
        });
        let next_marker = page.next.clone().filter(|_| input.delimiter.is_some());
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            next_marker: next_marker.map(|marker| encoded(url, &marker)),
            contents: Some(
                page.objects
                    .iter()
                    .map(|(key, object)| listed(&encoded(url, key), object))
                    .collect(),
            ),
            common_prefixes: Some(common_prefixes(url, page.prefixes)),
            prefix: Some(encoded(url, input.prefix.as_deref().unwrap_or_default())),
            marker: Some(encoded(url, input.marker.as_deref().unwrap_or_default())),
            delimiter: input.delimiter.map(|delimiter| encoded(url, &delimiter)),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.list);
        self.before(&bucket).await?;
        let max_keys = max_keys(input.max_keys)?;
        let url = is_url(input.encoding_type.as_ref());
        // The token is the last key or common prefix of the page before.
        let after = input.continuation_token.as_ref().or(input.start_after.as_ref());
        let page = bucket.objects.list(&StoreListing {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: after.map(String::as_str).filter(|after| !after.is_empty()),
            max: max_keys as usize,
        });
        let contents: Vec<Object> =
            page.objects.iter().map(|(key, object)| listed(&encoded(url, key), object)).collect();
        let prefixes = common_prefixes(url, page.prefixes);
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            contents: Some(contents),
            common_prefixes: Some(prefixes),
            prefix: Some(encoded(url, input.prefix.as_deref().unwrap_or_default())),
            delimiter: input.delimiter.map(|delimiter| encoded(url, &delimiter)),
            continuation_token: input.continuation_token,
            start_after: input.start_after.map(|after| encoded(url, &after)),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    async fn list_object_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.list);
        let url = is_url(input.encoding_type.as_ref());
        let max_keys = max_keys(input.max_keys)?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let marker = input.key_marker.as_deref();
        let all = bucket.objects.versions(prefix, marker, max_keys as usize);
        // A page ends between keys, so that no version marker is needed.
        let mut taken = all.len().min(max_keys as usize);
        while taken > 0 && taken < all.len() && all[taken].0 == all[taken - 1].0 {
            taken += 1;
        }
        let next = (taken < all.len() && taken > 0).then(|| all[taken - 1].0.clone());
        let (mut versions, mut markers) = (Vec::new(), Vec::new());
        for (key, version, latest) in all.into_iter().take(taken) {
            let (key, id) = (encoded(url, &key), version.id.to_string());
            match &version.object {
                Some(object) => versions.push(ObjectVersion {
                    key: Some(key),
                    version_id: Some(id),
                    is_latest: Some(latest),
                    e_tag: Some(etag(object)),
                    size: i64::try_from(object.length).ok(),
                    last_modified: Some(timestamp(version.modified_ms)),
                    storage_class: Some(ObjectVersionStorageClass::from(
                        object.storage_class().to_owned(),
                    )),
                    ..Default::default()
                }),
                None => markers.push(DeleteMarkerEntry {
                    key: Some(key),
                    version_id: Some(id),
                    is_latest: Some(latest),
                    last_modified: Some(timestamp(version.modified_ms)),
                    ..Default::default()
                }),
            }
        }
        Ok(S3Response::new(ListObjectVersionsOutput {
            name: Some(input.bucket),
            prefix: Some(encoded(url, prefix)),
            max_keys: Some(max_keys),
            is_truncated: Some(next.is_some()),
            next_key_marker: next.map(|key| encoded(url, &key)),
            versions: Some(versions),
            delete_markers: Some(markers),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.delete);
        self.before(&bucket).await?;
        let bypass = req.input.bypass_governance_retention == Some(true);
        let done = delete(self, &bucket, &req.input.key, req.input.version_id.as_ref(), bypass)?;
        self.after(&bucket)?;
        let output = DeleteObjectOutput {
            delete_marker: done.marker.then_some(true),
            version_id: done.version.map(|id| id.to_string()),
            ..Default::default()
        };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.post);
        self.before(&bucket).await?;
        if req.input.delete.objects.len() > KEYS_MAX as usize {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            ));
        }
        let bypass = req.input.bypass_governance_retention == Some(true);
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in req.input.delete.objects {
            match delete(self, &bucket, &object.key, object.version_id.as_ref(), bypass) {
                Ok(done) => deleted.push(DeletedObject {
                    key: Some(object.key),
                    delete_marker: done.marker.then_some(true),
                    delete_marker_version_id: done
                        .version
                        .filter(|_| done.marker)
                        .map(|id| id.to_string()),
                    version_id: object.version_id,
                }),
                Err(error) => errors.push(Error {
                    key: Some(object.key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    version_id: object.version_id,
                }),
            }
        }
        let quiet = req.input.delete.quiet == Some(true);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: (!errors.is_empty()).then_some(errors),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.post);
        let class = storage_class(input.storage_class.as_ref())?;
        let mode = input.object_lock_mode.as_ref().map(ObjectLockMode::as_str);
        let details = Details {
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            metadata: pairs(input.metadata.as_ref()),
            tags: header_tags(input.tagging.as_ref())?,
            checksum: None,
            retention: retention(mode, input.object_lock_retain_until_date.as_ref())?,
            legal_hold: is_on(input.object_lock_legal_hold_status.as_ref()),
        };
        let id = lock(&self.uploads).start(uploads::Upload {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            started_ms: now_ms(),
            details,
            class,
            class_name: input.storage_class.map_or("STANDARD".into(), |it| it.as_str().to_owned()),
            parts: Default::default(),
        });
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        mut req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.put);
        self.before(&bucket).await?;
        let (id, number) = (req.input.upload_id.clone(), part_number(req.input.part_number)?);
        lock(&self.uploads).find(&id, &bucket.name, &req.input.key)?;
        let body = collect(req.input.body.take(), req.input.content_length).await?;
        let checksum = checksums::check(
            req.input.content_md5.as_deref(),
            &req.headers,
            req.trailing_headers.as_ref(),
            &body,
        )?;
        bucket.metrics.uploaded.record(now_s(), body.len() as f64);
        let md5 = Md5Sum::of(&body);
        let appended = self.log.append(&object_log::Record::Part, &Source::Bytes(&body));
        let part = uploads::StoredPart {
            span: appended.map_err(io_error)?,
            md5: md5.0,
            modified_ms: now_ms(),
        };
        lock(&self.uploads).find(&id, &bucket.name, &req.input.key)?.parts.insert(number, part);
        let mut output =
            UploadPartOutput { e_tag: Some(ETag::Strong(md5.hex())), ..Default::default() };
        tell_part_checksum(&mut output, checksum);
        Ok(S3Response::new(output))
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.put);
        let number = part_number(input.part_number)?;
        lock(&self.uploads).find(&input.upload_id, &bucket.name, &input.key)?;
        let (_, source) = self.copy_source(&input.copy_source)?;
        let range = match input.copy_source_range.as_deref().map(Range::parse) {
            Some(range) => range
                .map_err(|_| {
                    s3_error!(
                        InvalidArgument,
                        "The x-amz-copy-source-range value must be of the form bytes=first-last"
                    )
                })?
                .check(source.length)?,
            None => 0..source.length,
        };
        let span = Span { offset: source.offset + range.start, length: range.end - range.start };
        let bytes = self.log.read(span).map_err(io_error)?;
        let (md5, modified_ms) = (Md5Sum::of(&bytes), now_ms());
        let part = uploads::StoredPart { span, md5: md5.0, modified_ms };
        let mut uploads = lock(&self.uploads);
        uploads.find(&input.upload_id, &bucket.name, &input.key)?.parts.insert(number, part);
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: Some(ETag::Strong(md5.hex())),
                last_modified: Some(timestamp(modified_ms)),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.post);
        let condition = put_condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let upload = lock(&self.uploads).find(&input.upload_id, &bucket.name, &input.key)?.clone();
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let (spans, md5) = uploads::complete(&upload, &listed)?;
        let parts = u16::try_from(spans.len()).unwrap_or(u16::MAX);
        let new = NewObject {
            md5,
            parts,
            modified_ms: now_ms(),
            storage_class: upload.class,
            details: upload.details,
            condition,
            versioned: bucket.is_versioned(),
        };
        let put = bucket.objects.put(&self.files, &input.key, &Source::Spans(&spans), new);
        let version = put.map_err(store_error)?;
        lock(&self.uploads).by_id.remove(&input.upload_id);
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag_text(md5, parts))),
            version_id: shown(version),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.delete);
        let mut uploads = lock(&self.uploads);
        uploads.find(&req.input.upload_id, &bucket.name, &req.input.key)?;
        uploads.by_id.remove(&req.input.upload_id);
        let output = AbortMultipartUploadOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn list_parts(
        &self,
        req: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.list);
        let upload = lock(&self.uploads).find(&input.upload_id, &bucket.name, &input.key)?.clone();
        let max = max_keys(input.max_parts)?;
        let after = input.part_number_marker.unwrap_or(0);
        let mut left: Vec<_> = upload.parts.range(after + 1..).collect();
        let truncated = left.len() > max as usize;
        left.truncate(max as usize);
        let part = |(number, part): &(&i32, &uploads::StoredPart)| Part {
            part_number: Some(**number),
            size: i64::try_from(part.span.length).ok(),
            e_tag: Some(ETag::Strong(Md5Sum(part.md5).hex())),
            last_modified: Some(timestamp(part.modified_ms)),
            ..Default::default()
        };
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(max),
            part_number_marker: Some(after),
            next_part_number_marker: left.last().map(|(number, _)| **number),
            is_truncated: Some(truncated),
            storage_class: Some(StorageClass::from(upload.class_name)),
            parts: Some(left.iter().map(part).collect()),
            ..Default::default()
        }))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.list);
        let prefix = input.prefix.unwrap_or_default();
        let uploads = lock(&self.uploads);
        let of_bucket = uploads
            .by_id
            .iter()
            .filter(|(_, upload)| upload.bucket == bucket.name && upload.key.starts_with(&prefix));
        let entry = |(id, upload): (&String, &uploads::Upload)| MultipartUpload {
            upload_id: Some(id.clone()),
            key: Some(upload.key.clone()),
            initiated: Some(timestamp(upload.started_ms)),
            storage_class: Some(StorageClass::from(upload.class_name.clone())),
            ..Default::default()
        };
        let mut uploads: Vec<MultipartUpload> = of_bucket.map(entry).collect();
        uploads.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: Some(prefix),
            is_truncated: Some(false),
            max_uploads: Some(KEYS_MAX),
            uploads: Some(uploads),
            ..Default::default()
        }))
    }

    async fn get_object_tagging(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.get);
        let (id, object) = find(&bucket, &req.input.key, req.input.version_id.as_ref())?;
        let tag = |(key, value): &(String, String)| Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        };
        Ok(S3Response::new(GetObjectTaggingOutput {
            tag_set: object.details.tags.iter().map(tag).collect(),
            version_id: shown(id),
        }))
    }

    async fn put_object_tagging(
        &self,
        req: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.put);
        let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        let tags = checked_tags(req.input.tagging.tag_set.into_iter().map(pair).collect())?;
        let version = version_id(req.input.version_id.as_ref())?;
        let changed = bucket.objects.change(&req.input.key, version, |details| {
            details.tags = tags;
            Ok(())
        });
        let id = changed.map_err(store_error)?;
        Ok(S3Response::new(PutObjectTaggingOutput { version_id: shown(id) }))
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.delete);
        let version = version_id(req.input.version_id.as_ref())?;
        let changed = bucket.objects.change(&req.input.key, version, |details| {
            details.tags.clear();
            Ok(())
        });
        let output = DeleteObjectTaggingOutput { version_id: shown(changed.map_err(store_error)?) };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn put_object_retention(
        &self,
        req: S3Request<PutObjectRetentionInput>,
    ) -> S3Result<S3Response<PutObjectRetentionOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.count(&bucket.metrics.put);
        require_lock(&bucket)?;
        let asked = input.retention.unwrap_or_default();
        let mode = asked.mode.as_ref().map(ObjectLockRetentionMode::as_str);
        let wanted = retention(mode, asked.retain_until_date.as_ref())?;
        let bypass = input.bypass_governance_retention == Some(true);
        let changed = |details: &mut Details| {
            let now = now_ms();
            // Protection may be made stronger; weaker only where it may be bypassed.
            let weaker = details.retention.as_ref().is_some_and(|current| {
                let shorter =
                    wanted.as_ref().is_none_or(|wanted| wanted.until_ms < current.until_ms);
                let softer =
                    current.compliance && wanted.as_ref().is_none_or(|wanted| !wanted.compliance);
                current.until_ms > now && (shorter || softer) && (current.compliance || !bypass)
            });
            if weaker {
                return Err(StoreError::Locked);
            }
            details.retention = wanted;
            Ok(())
        };
        let version = version_id(input.version_id.as_ref())?;
        bucket.objects.change(&input.key, version, changed).map_err(store_error)?;
        Ok(S3Response::new(PutObjectRetentionOutput::default()))
    }

    async fn get_object_retention(
        &self,
        req: S3Request<GetObjectRetentionInput>,
    ) -> S3Result<S3Response<GetObjectRetentionOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.get);
        require_lock(&bucket)?;
        let (_, object) = find(&bucket, &req.input.key, req.input.version_id.as_ref())?;
        let Some(retention) = &object.details.retention else {
            return Err(no_lock_configuration());
        };
        Ok(S3Response::new(GetObjectRetentionOutput {
            retention: Some(ObjectLockRetention {
                mode: Some(ObjectLockRetentionMode::from_static(mode(retention))),
                retain_until_date: Some(timestamp(retention.until_ms)),
            }),
        }))
    }

    async fn put_object_legal_hold(
        &self,
        req: S3Request<PutObjectLegalHoldInput>,
    ) -> S3Result<S3Response<PutObjectLegalHoldOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.put);
        require_lock(&bucket)?;
        let on = is_on(req.input.legal_hold.and_then(|hold| hold.status).as_ref());
        let version = version_id(req.input.version_id.as_ref())?;
        let changed = bucket.objects.change(&req.input.key, version, |details| {
            details.legal_hold = on;
            Ok(())
        });
        changed.map_err(store_error)?;
        Ok(S3Response::new(PutObjectLegalHoldOutput::default()))
    }

    async fn get_object_legal_hold(
        &self,
        req: S3Request<GetObjectLegalHoldInput>,
    ) -> S3Result<S3Response<GetObjectLegalHoldOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.get);
        require_lock(&bucket)?;
        let (_, object) = find(&bucket, &req.input.key, req.input.version_id.as_ref())?;
        let status = legal_hold(object.details.legal_hold);
        Ok(S3Response::new(GetObjectLegalHoldOutput {
            legal_hold: Some(ObjectLockLegalHold { status: Some(status) }),
        }))
    }

    async fn put_object_lock_configuration(
        &self,
        req: S3Request<PutObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<PutObjectLockConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        if !bucket.is_versioned() {
            return Err(s3_error!(
                InvalidBucketState,
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            ));
        }
        write(&bucket.settings).object_lock = req.input.object_lock_configuration;
        self.remember(&bucket).map_err(io_error)?;
        Ok(S3Response::new(PutObjectLockConfigurationOutput::default()))
    }

    async fn get_object_lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<GetObjectLockConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let configuration = read(&bucket.settings).object_lock.clone();
        if configuration.is_none() {
            return Err(s3_error!(
                ObjectLockConfigurationNotFoundError,
                "Object Lock configuration does not exist for this bucket"
            ));
        }
        Ok(S3Response::new(GetObjectLockConfigurationOutput {
            object_lock_configuration: configuration,
        }))
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let status = req.input.versioning_configuration.status;
        let enabled = status.map(|status| status.as_str() == BucketVersioningStatus::ENABLED);
        if read(&bucket.settings).object_lock.is_some() && enabled != Some(true) {
            return Err(s3_error!(
                InvalidBucketState,
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            ));
        }
        write(&bucket.settings).versioning = enabled;
        self.remember(&bucket).map_err(io_error)?;
        Ok(S3Response::new(PutBucketVersioningOutput::default()))
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let status = read(&bucket.settings).versioning.map(|enabled| match enabled {
            true => BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED),
            false => BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED),
        });
        Ok(S3Response::new(GetBucketVersioningOutput { status, ..Default::default() }))
    }

    async fn put_bucket_intelligent_tiering_configuration(
        &self,
        req: S3Request<PutBucketIntelligentTieringConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketIntelligentTieringConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let configuration = req.input.intelligent_tiering_configuration;
        check_tierings(&configuration, &req.input.id)?;
        write(&bucket.settings).tiering.insert(req.input.id, configuration);
        Ok(S3Response::new(PutBucketIntelligentTieringConfigurationOutput::default()))
    }

    async fn get_bucket_intelligent_tiering_configuration(
        &self,
        req: S3Request<GetBucketIntelligentTieringConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketIntelligentTieringConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let found = read(&bucket.settings).tiering.get(&req.input.id).cloned();
        let found = found.ok_or_else(no_such_configuration)?;
        Ok(S3Response::new(GetBucketIntelligentTieringConfigurationOutput {
            intelligent_tiering_configuration: Some(found),
        }))
    }

    async fn list_bucket_intelligent_tiering_configurations(
        &self,
        req: S3Request<ListBucketIntelligentTieringConfigurationsInput>,
    ) -> S3Result<S3Response<ListBucketIntelligentTieringConfigurationsOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let list = read(&bucket.settings).tiering.values().cloned().collect();
        Ok(S3Response::new(ListBucketIntelligentTieringConfigurationsOutput {
            intelligent_tiering_configuration_list: Some(list),
            is_truncated: Some(false),
            ..Default::default()
        }))
    }

    async fn delete_bucket_intelligent_tiering_configuration(
        &self,
        req: S3Request<DeleteBucketIntelligentTieringConfigurationInput>,
    ) -> S3Result<S3Response<DeleteBucketIntelligentTieringConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let removed = write(&bucket.settings).tiering.remove(&req.input.id);
        removed.ok_or_else(no_such_configuration)?;
        let output = DeleteBucketIntelligentTieringConfigurationOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn put_bucket_tagging(
        &self,
        req: S3Request<PutBucketTaggingInput>,
    ) -> S3Result<S3Response<PutBucketTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        write(&bucket.settings).tags = req.input.tagging.tag_set;
        let output = PutBucketTaggingOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn get_bucket_tagging(
        &self,
        req: S3Request<GetBucketTaggingInput>,
    ) -> S3Result<S3Response<GetBucketTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let tag_set = read(&bucket.settings).tags.clone();
        if tag_set.is_empty() {
            return Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"));
        }
        Ok(S3Response::new(GetBucketTaggingOutput { tag_set }))
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<DeleteBucketTaggingInput>,
    ) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        write(&bucket.settings).tags.clear();
        let output = DeleteBucketTaggingOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let location = format!("/{}", req.input.bucket);
        let object_lock = req.input.object_lock_enabled_for_bucket == Some(true);
        let made = self.create(&req.input.bucket, object_lock).map_err(io_error)?;
        // In us-east-1 alone, creating one's own bucket again is a success.
        if !made && self.region != "us-east-1" {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            ));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        Storage::delete_bucket(self, &req.input.bucket)?;
        Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.count(&bucket.metrics.head);
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(self.region.clone()),
            ..Default::default()
        }))
    }

    async fn list_buckets(
        &self,
        _req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = read(&self.buckets);
        let bucket = |(name, handle): (&String, &Arc<BucketHandle>)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(timestamp(handle.created_ms)),
            bucket_region: Some(self.region.clone()),
        };
        let buckets = buckets.iter().map(bucket).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.bucket(&req.input.bucket)?;
        // Buckets of us-east-1 have an empty constraint.
        let constraint = (self.region != "us-east-1")
            .then(|| BucketLocationConstraint::from(self.region.clone()));
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint: constraint }))
    }
}

/// A version, or the latest. A delete marker is nowhere, and 405 where it is asked for by id.
fn find(
    bucket: &BucketHandle,
    key: &str,
    version: Option<&String>,
) -> S3Result<(VersionId, StoredObject)> {
    let Some(id) = version_id(version)? else {
        return bucket.objects.get(key).ok_or_else(no_such_key);
    };
    let found = bucket.objects.version(key, id);
    let found = found.ok_or_else(|| store_error(StoreError::NoSuchVersion))?;
    let object = found.object.ok_or_else(|| {
        s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource.")
    })?;
    Ok((id, object))
}

fn delete(
    storage: &Storage,
    bucket: &BucketHandle,
    key: &str,
    version: Option<&String>,
    bypass: bool,
) -> S3Result<object_store::Deleted> {
    let (files, now) = (&storage.files, now_ms());
    let done = match version_id(version)? {
        Some(id) => bucket.objects.delete_version(files, key, id, now, bypass),
        None => bucket.objects.delete(files, key, now, bucket.is_versioned(), bypass),
    };
    done.map_err(store_error)
}

impl Storage {
    /// The bucket and the object that a copy is made of.
    fn copy_source(&self, source: &CopySource) -> S3Result<(String, StoredObject)> {
        let CopySource::Bucket { bucket, key, version_id } = source else {
            return Err(s3_error!(NotImplemented, "access points are not imitated"));
        };
        let handle = self.bucket(bucket)?;
        let version = version_id.as_deref().map(str::to_owned);
        let (_, object) = find(&handle, key, version.as_ref())?;
        Ok((bucket.to_string(), object))
    }
}

fn source_key(source: &CopySource) -> &str {
    match source {
        CopySource::Bucket { key, .. }
        | CopySource::AccessPoint { key, .. }
        | CopySource::Outpost { key, .. } => key,
    }
}

fn condition_holds(condition: &ETagCondition, object: &StoredObject) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.weak_cmp(&etag(object)),
    }
}

/// HTTP dates have whole seconds.
fn check_dates(
    object: &StoredObject,
    since: Option<&Timestamp>,
    unmodified_since: Option<&Timestamp>,
) -> S3Result<()> {
    let modified_s = object.modified_ms / 1000;
    if unmodified_since.is_some_and(|limit| modified_s > epoch_ms(limit) / 1000) {
        return Err(exists());
    }
    if since.is_some_and(|limit| modified_s <= epoch_ms(limit) / 1000) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn conflict() -> s3s::S3Error {
    s3_error!(
        ConditionalRequestConflict,
        "The conditional request cannot succeed due to a conflicting operation against this resource."
    )
}

fn max_keys(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        Some(asked) if asked < 0 => Err(s3_error!(
            InvalidArgument,
            "Argument maxKeys must be an integer between 0 and 2147483647"
        )),
        asked => Ok(asked.unwrap_or(KEYS_MAX).min(KEYS_MAX)),
    }
}

fn part_number(number: i32) -> S3Result<i32> {
    if (1..=uploads::PART_NUMBER_MAX).contains(&number) {
        return Ok(number);
    }
    Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"))
}

fn is_url(encoding: Option<&EncodingType>) -> bool {
    encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL)
}

/// Keys may hold what XML cannot, so clients ask for them percent-encoded.
fn encoded(url: bool, key: &str) -> String {
    if !url {
        return key.to_owned();
    }
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                out.push(byte as char)
            }
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn common_prefixes(url: bool, prefixes: Vec<String>) -> Vec<CommonPrefix> {
    let prefix = |prefix: String| CommonPrefix { prefix: Some(encoded(url, &prefix)) };
    prefixes.into_iter().map(prefix).collect()
}

fn mode(retention: &Retention) -> &'static str {
    if retention.compliance { ObjectLockMode::COMPLIANCE } else { ObjectLockMode::GOVERNANCE }
}

fn legal_hold(on: bool) -> ObjectLockLegalHoldStatus {
    ObjectLockLegalHoldStatus::from_static(match on {
        true => ObjectLockLegalHoldStatus::ON,
        false => ObjectLockLegalHoldStatus::OFF,
    })
}

fn require_lock(bucket: &BucketHandle) -> S3Result<()> {
    match read(&bucket.settings).object_lock.is_some() {
        true => Ok(()),
        false => Err(s3_error!(InvalidRequest, "Bucket is missing Object Lock Configuration")),
    }
}

fn no_lock_configuration() -> s3s::S3Error {
    s3_error!(
        NoSuchObjectLockConfiguration,
        "The specified object does not have a ObjectLock configuration"
    )
}

fn no_such_configuration() -> s3s::S3Error {
    let code = s3s::S3ErrorCode::Custom("NoSuchConfiguration".into());
    let mut error = s3s::S3Error::with_message(code, "The specified configuration does not exist.");
    error.set_status_code(http::StatusCode::NOT_FOUND);
    error
}

/// "Amazon S3 Intelligent-Tiering": the archive tier after 90 to 730 days, the deep one after
/// 180 to 730.
fn check_tierings(configuration: &IntelligentTieringConfiguration, id: &str) -> S3Result<()> {
    if configuration.id != id {
        return Err(s3_error!(InvalidArgument, "The configuration id does not match the request"));
    }
    if configuration.tierings.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema"
        ));
    }
    for tiering in &configuration.tierings {
        let least = match tiering.access_tier.as_str() {
            IntelligentTieringAccessTier::DEEP_ARCHIVE_ACCESS => 180,
            _ => 90,
        };
        if !(least..=730).contains(&tiering.days) {
            return Err(s3_error!(
                InvalidArgument,
                "'Days' for {} must be {least} to 730, not {}",
                tiering.access_tier.as_str(),
                tiering.days
            ));
        }
    }
    Ok(())
}

fn check_conditions(
    object: &StoredObject,
    if_match: Option<&IfMatch>,
    if_none_match: Option<&IfNoneMatch>,
) -> S3Result<()> {
    let matches = |condition: &ETagCondition| condition_holds(condition, object);
    if if_match.is_some_and(|condition| !matches(condition)) {
        return Err(exists());
    }
    if if_none_match.is_some_and(matches) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn listed(key: &str, object: &StoredObject) -> Object {
    Object {
        key: Some(key.to_owned()),
        e_tag: Some(etag(object)),
        last_modified: Some(timestamp(object.modified_ms)),
        size: i64::try_from(object.length).ok(),
        storage_class: Some(ObjectStorageClass::from_static(object.storage_class())),
        ..Default::default()
    }
}

/// Small answers are read at once; larger ones as the client takes them.
fn blob(storage: &Storage, span: Span) -> std::io::Result<StreamingBlob> {
    if span.length <= PIECE_BYTES {
        return Ok(StreamingBlob::from(Body::from(storage.log.read(span)?)));
    }
    let log = storage.log.clone();
    let pieces = futures::stream::unfold(0, move |done| {
        let piece = (done < span.length).then(|| {
            let length = PIECE_BYTES.min(span.length - done);
            (log.read(Span { offset: span.offset + done, length }), done + length)
        });
        std::future::ready(piece)
    });
    Ok(StreamingBlob::wrap(pieces))
}

//! S3's operations, as `s3s` asks for them. Protocol, signatures and XML are its business;
//! where objects are is `s3/object_store.rs`'s.
//!
//! Multipart uploads, versions, lifecycle and access tiers over time are not here.

mod checksums;
mod object_store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use crate::clock::{now_ms, now_s};
use crate::config::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::lock::{read, write};
use crate::message::Md5Sum;
use crate::metric_store::{MetricId, MetricStore, Series};

use object_store::{
    Details, ListRequest as StoreListing, NewObject, ObjectStore, PutError, StoredObject,
};

/// One put is held in memory until it is stored. AWS takes 5 GB; this is for documents.
const OBJECT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Larger answers are read from the file piece by piece.
const PIECE_BYTES: u64 = 1024 * 1024;
/// ListObjectsV2: "By default, the action returns up to 1,000 key names".
const KEYS_MAX: i32 = 1000;

/// Request metrics, under the filter id that covers a whole bucket.
struct BucketMetrics {
    put: Arc<Series>,
    get: Arc<Series>,
    head: Arc<Series>,
    list: Arc<Series>,
    delete: Arc<Series>,
    uploaded: Arc<Series>,
    downloaded: Arc<Series>,
}

impl BucketMetrics {
    fn new(store: &MetricStore, bucket: &str) -> Self {
        let dimensions = || {
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            vec![pair("BucketName", bucket), pair("FilterId", "EntireBucket")]
        };
        let series = |name: &str| store.series(MetricId::new("AWS/S3", name, dimensions()));
        BucketMetrics {
            put: series("PutRequests"),
            get: series("GetRequests"),
            head: series("HeadRequests"),
            list: series("ListRequests"),
            delete: series("DeleteRequests"),
            uploaded: series("BytesUploaded"),
            downloaded: series("BytesDownloaded"),
        }
    }
}

struct BucketHandle {
    created_ms: u64,
    objects: ObjectStore,
    metrics: BucketMetrics,
}

struct Storage {
    region: String,
    file: Arc<object_store::DataFile>,
    buckets: RwLock<BTreeMap<String, Arc<BucketHandle>>>,
    metrics: Arc<MetricStore>,
}

/// The S3 service over a fresh data file in `data_dir`.
pub(crate) fn service(
    data_dir: &Path,
    region: &str,
    buckets: &[String],
    metrics: &Arc<MetricStore>,
) -> std::io::Result<S3Service> {
    let storage = Storage {
        region: region.to_owned(),
        file: Arc::new(object_store::DataFile::create(&data_dir.join("s3-objects.bin"))?),
        buckets: RwLock::default(),
        metrics: metrics.clone(),
    };
    for bucket in buckets {
        storage.create(bucket);
    }
    let mut builder = S3ServiceBuilder::new(storage);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    Ok(builder.build())
}

impl Storage {
    /// False: it exists already.
    fn create(&self, name: &str) -> bool {
        let mut buckets = write(&self.buckets);
        if buckets.contains_key(name) {
            return false;
        }
        let handle = BucketHandle {
            created_ms: now_ms(),
            objects: ObjectStore::new(self.file.clone()),
            metrics: BucketMetrics::new(&self.metrics, name),
        };
        buckets.insert(name.to_owned(), Arc::new(handle));
        true
    }

    fn bucket(&self, name: &str) -> S3Result<Arc<BucketHandle>> {
        let found = read(&self.buckets).get(name).cloned();
        found.ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }
}

fn timestamp(epoch_ms: u64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(epoch_ms))
}

fn etag(object: &StoredObject) -> ETag {
    ETag::Strong(Md5Sum(object.md5).hex())
}

/// AWS leaves the header out for STANDARD.
fn storage_class_header(object: &StoredObject) -> Option<StorageClass> {
    (object.storage_class() != StorageClass::STANDARD)
        .then(|| StorageClass::from_static(object.storage_class()))
}

fn io_error(error: std::io::Error) -> s3s::S3Error {
    s3s::S3Error::internal_error(error)
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

fn details(input: &PutObjectInput) -> Details {
    Details {
        content_type: input.content_type.clone(),
        content_encoding: input.content_encoding.clone(),
        cache_control: input.cache_control.clone(),
        content_disposition: input.content_disposition.clone(),
        metadata: input
            .metadata
            .clone()
            .map(|metadata| metadata.into_iter().collect())
            .unwrap_or_default(),
    }
}

fn must_not_exist(condition: Option<&IfNoneMatch>) -> S3Result<bool> {
    match condition {
        None => Ok(false),
        Some(ETagCondition::Any) => Ok(true),
        // S3: "This header is only supported with the value *".
        Some(ETagCondition::ETag(_)) => {
            Err(s3_error!(NotImplemented, "If-None-Match takes only * for PutObject"))
        }
    }
}

fn exists() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn put_object(
        &self,
        mut req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.metrics.put.record(now_s(), 1.0);
        let must_not_exist = must_not_exist(req.input.if_none_match.as_ref())?;
        let class =
            req.input.storage_class.as_ref().map_or(StorageClass::STANDARD, StorageClass::as_str);
        let storage_class =
            object_store::storage_class(class).ok_or_else(|| s3_error!(InvalidStorageClass))?;
        let body = collect(req.input.body.take(), req.input.content_length).await?;
        checksums::check(&req, &body)?;
        bucket.metrics.uploaded.record(now_s(), body.len() as f64);
        let md5 = Md5Sum::of(&body);
        let new = NewObject {
            md5: md5.0,
            modified_ms: now_ms(),
            storage_class,
            details: details(&req.input),
            must_not_exist,
        };
        bucket.objects.put(&req.input.key, &body, new).map_err(|error| match error {
            PutError::Exists => exists(),
            PutError::Io(error) => io_error(error),
        })?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(md5.hex())),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.metrics.get.record(now_s(), 1.0);
        let object = find(&bucket, &req.input.key)?;
        check_conditions(&object, req.input.if_match.as_ref(), req.input.if_none_match.as_ref())?;
        let range = req.input.range.map(|range| range.check(object.length)).transpose()?;
        let span = range.clone().unwrap_or(0..object.length);
        let length = span.end - span.start;
        bucket.metrics.downloaded.record(now_s(), length as f64);
        let mut response = S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(blob(&self.file, object.offset + span.start, length).map_err(io_error)?),
            cache_control: object.details.cache_control.clone(),
            content_disposition: object.details.content_disposition.clone(),
            content_encoding: object.details.content_encoding.clone(),
            content_length: i64::try_from(length).ok(),
            content_range: range
                .as_ref()
                .map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, object.length)),
            content_type: object.details.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(timestamp(object.modified_ms)),
            metadata: Some(object.details.metadata.iter().cloned().collect()),
            storage_class: storage_class_header(&object),
            ..Default::default()
        });
        if range.is_some() {
            response.status = Some(http::StatusCode::PARTIAL_CONTENT);
        }
        Ok(response)
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.metrics.head.record(now_s(), 1.0);
        let object = find(&bucket, &req.input.key)?;
        check_conditions(&object, req.input.if_match.as_ref(), req.input.if_none_match.as_ref())?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: object.details.cache_control.clone(),
            content_disposition: object.details.content_disposition.clone(),
            content_encoding: object.details.content_encoding.clone(),
            content_length: i64::try_from(object.length).ok(),
            content_type: object.details.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(timestamp(object.modified_ms)),
            metadata: Some(object.details.metadata.iter().cloned().collect()),
            storage_class: storage_class_header(&object),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        bucket.metrics.list.record(now_s(), 1.0);
        let max_keys = input.max_keys.unwrap_or(KEYS_MAX).clamp(0, KEYS_MAX);
        // The token is the last key or common prefix of the page before.
        let after = input.continuation_token.as_ref().or(input.start_after.as_ref());
        let page = bucket.objects.list(&StoreListing {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: after.map(String::as_str),
            max: max_keys as usize,
        });
        let contents: Vec<Object> =
            page.objects.iter().map(|(key, object)| listed(key, object)).collect();
        let prefixes: Vec<CommonPrefix> =
            page.prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            contents: Some(contents),
            common_prefixes: Some(prefixes),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.metrics.delete.record(now_s(), 1.0);
        bucket.objects.delete(&req.input.key);
        Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        bucket.metrics.delete.record(now_s(), 1.0);
        let delete = |object: ObjectIdentifier| {
            bucket.objects.delete(&object.key);
            DeletedObject { key: Some(object.key), ..Default::default() }
        };
        let deleted: Vec<DeletedObject> =
            req.input.delete.objects.into_iter().map(delete).collect();
        let quiet = req.input.delete.quiet == Some(true);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            ..Default::default()
        }))
    }

    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let location = format!("/{}", req.input.bucket);
        // In us-east-1 alone, creating one's own bucket again is a success.
        if !self.create(&req.input.bucket) && self.region != "us-east-1" {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let mut buckets = write(&self.buckets);
        let bucket = buckets.get(&req.input.bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        if !bucket.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        buckets.remove(&req.input.bucket);
        Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&req.input.bucket)?;
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

fn find(bucket: &BucketHandle, key: &str) -> S3Result<StoredObject> {
    bucket.objects.get(key).ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
}

fn check_conditions(
    object: &StoredObject,
    if_match: Option<&IfMatch>,
    if_none_match: Option<&IfNoneMatch>,
) -> S3Result<()> {
    let current = etag(object);
    let matches = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.weak_cmp(&current),
    };
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
fn blob(
    file: &Arc<object_store::DataFile>,
    offset: u64,
    length: u64,
) -> std::io::Result<StreamingBlob> {
    if length <= PIECE_BYTES {
        return Ok(StreamingBlob::from(Body::from(file.read(offset, length)?)));
    }
    let file = file.clone();
    let pieces = futures::stream::unfold(0, move |done| {
        let piece = (done < length).then(|| {
            let size = PIECE_BYTES.min(length - done);
            (file.read(offset + done, size), done + size)
        });
        std::future::ready(piece)
    });
    Ok(StreamingBlob::wrap(pieces))
}

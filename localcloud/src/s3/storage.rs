//! The buckets, their settings and metrics, and how they come back from the log.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

use s3s::auth::SimpleAuth;
use s3s::dto::{IntelligentTieringConfiguration, ObjectLockConfiguration, Tag};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Result, s3_error};

use super::files::ObjectFiles;
use super::object_log::{ObjectLog, Record, Source};
use super::object_store::ObjectStore;
use super::uploads::Uploads;
use crate::clock::{now_ms, now_s};
use crate::config::{ACCESS_KEY_ID, CloudConfig, SECRET_ACCESS_KEY};
use crate::faults::{FaultKind, Faults};
use crate::lock::{lock, read, write};
use crate::metric_store::{MetricId, MetricStore, Series};

/// Request metrics, under the filter id that covers a whole bucket.
pub(super) struct BucketMetrics {
    pub(super) all: Arc<Series>,
    pub(super) put: Arc<Series>,
    pub(super) get: Arc<Series>,
    pub(super) head: Arc<Series>,
    pub(super) list: Arc<Series>,
    pub(super) delete: Arc<Series>,
    pub(super) post: Arc<Series>,
    pub(super) uploaded: Arc<Series>,
    pub(super) downloaded: Arc<Series>,
    pub(super) errors_5xx: Arc<Series>,
}

impl BucketMetrics {
    fn new(store: &MetricStore, bucket: &str) -> Self {
        let dimensions = || {
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            vec![pair("BucketName", bucket), pair("FilterId", "EntireBucket")]
        };
        let series = |name: &str| store.series(MetricId::new("AWS/S3", name, dimensions()));
        BucketMetrics {
            all: series("AllRequests"),
            put: series("PutRequests"),
            get: series("GetRequests"),
            head: series("HeadRequests"),
            list: series("ListRequests"),
            delete: series("DeleteRequests"),
            post: series("PostRequests"),
            uploaded: series("BytesUploaded"),
            downloaded: series("BytesDownloaded"),
            errors_5xx: series("5xxErrors"),
        }
    }
}

/// What a bucket was told to do. Versioning and Object Lock survive a restart.
#[derive(Default)]
pub(super) struct Settings {
    /// None: never enabled; false: suspended.
    pub(super) versioning: Option<bool>,
    pub(super) object_lock: Option<ObjectLockConfiguration>,
    pub(super) tiering: BTreeMap<String, IntelligentTieringConfiguration>,
    pub(super) tags: Vec<Tag>,
}

pub(super) struct BucketHandle {
    pub(super) name: String,
    pub(super) created_ms: u64,
    pub(super) objects: ObjectStore,
    pub(super) metrics: BucketMetrics,
    pub(super) settings: RwLock<Settings>,
}

impl BucketHandle {
    /// Whether a put or delete keeps what was there.
    pub(super) fn is_versioned(&self) -> bool {
        read(&self.settings).versioning == Some(true)
    }

    /// Counts a request of one kind.
    pub(super) fn count(&self, kind: &Series) {
        let second = now_s();
        kind.record(second, 1.0);
        self.metrics.all.record(second, 1.0);
    }
}

pub(super) struct Storage {
    pub(super) region: String,
    pub(super) log: Arc<ObjectLog>,
    pub(super) files: ObjectFiles,
    pub(super) buckets: RwLock<BTreeMap<String, Arc<BucketHandle>>>,
    pub(super) uploads: Mutex<Uploads>,
    pub(super) faults: Arc<Faults>,
    metrics: Arc<MetricStore>,
}

/// The S3 service over the data folder: what is in its log is there again.
pub(crate) fn service(
    config: &CloudConfig,
    metrics: &Arc<MetricStore>,
    faults: &Arc<Faults>,
) -> std::io::Result<S3Service> {
    std::fs::create_dir_all(&config.data_dir)?;
    let mut records = Vec::new();
    let path = config.data_dir.join("s3-objects.log");
    let log = Arc::new(ObjectLog::open(&path, |record, body| records.push((record, body)))?);
    let files = match config.object_files {
        true => ObjectFiles::start(&config.data_dir.join("s3"), log.clone())?,
        false => ObjectFiles::none(),
    };
    let storage = Storage {
        region: config.region.clone(),
        log,
        files,
        buckets: RwLock::default(),
        uploads: Mutex::default(),
        faults: faults.clone(),
        metrics: metrics.clone(),
    };
    for (record, body) in records {
        storage.replay(record, body);
    }
    for bucket in &config.buckets {
        storage.create(bucket, false)?;
    }
    let mut builder = S3ServiceBuilder::new(storage);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    Ok(builder.build())
}

impl Storage {
    fn replay(&self, record: Record<'static>, body: super::object_log::Span) {
        match &record {
            Record::Bucket { bucket, created_ms, versioning, object_lock } => {
                let handle = self.insert(bucket, *created_ms);
                let mut settings = write(&handle.settings);
                settings.versioning = *versioning;
                settings.object_lock = object_lock.then(lock_enabled);
            }
            Record::NoBucket { bucket } => {
                write(&self.buckets).remove(bucket.as_ref());
            }
            Record::Put { bucket, .. }
            | Record::Change { bucket, .. }
            | Record::Gone { bucket, .. } => {
                let handle = read(&self.buckets).get(bucket.as_ref()).cloned();
                if let Some(handle) = handle {
                    handle.objects.replay(record, body);
                }
            }
            Record::Part => {}
        }
    }

    fn insert(&self, name: &str, created_ms: u64) -> Arc<BucketHandle> {
        let mut buckets = write(&self.buckets);
        let handle = buckets.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(BucketHandle {
                name: name.to_owned(),
                created_ms,
                objects: ObjectStore::new(name, self.log.clone()),
                metrics: BucketMetrics::new(&self.metrics, name),
                settings: RwLock::default(),
            })
        });
        handle.clone()
    }

    /// False: it exists already.
    pub(super) fn create(&self, name: &str, object_lock: bool) -> std::io::Result<bool> {
        if read(&self.buckets).contains_key(name) {
            return Ok(false);
        }
        let handle = self.insert(name, now_ms());
        if object_lock {
            // S3: Object Lock works only with versions.
            let mut settings = write(&handle.settings);
            settings.versioning = Some(true);
            settings.object_lock = Some(lock_enabled());
        }
        self.remember(&handle)?;
        Ok(true)
    }

    /// Writes a bucket's settings to the log.
    pub(super) fn remember(&self, bucket: &BucketHandle) -> std::io::Result<()> {
        let settings = read(&bucket.settings);
        let record = Record::Bucket {
            bucket: Cow::Borrowed(&bucket.name),
            created_ms: bucket.created_ms,
            versioning: settings.versioning,
            object_lock: settings.object_lock.is_some(),
        };
        self.log.append(&record, &Source::Bytes(b"")).map(drop)
    }

    pub(super) fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let mut buckets = write(&self.buckets);
        let bucket = buckets.get(name).ok_or_else(no_such_bucket)?;
        if !bucket.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        let record = Record::NoBucket { bucket: Cow::Borrowed(name) };
        self.log.append(&record, &Source::Bytes(b"")).map_err(super::io_error)?;
        buckets.remove(name);
        lock(&self.uploads).drop_bucket(name);
        Ok(())
    }

    pub(super) fn bucket(&self, name: &str) -> S3Result<Arc<BucketHandle>> {
        read(&self.buckets).get(name).cloned().ok_or_else(no_such_bucket)
    }

    /// The faults that come before the work: late, too busy, broken.
    pub(super) async fn before(&self, bucket: &BucketHandle) -> S3Result<()> {
        if let Some(late) = self.faults.strikes_for(FaultKind::S3Slow) {
            tokio::time::sleep(late).await;
        }
        if self.faults.strikes(FaultKind::S3SlowDown) {
            bucket.metrics.errors_5xx.record(now_s(), 1.0);
            return Err(s3_error!(SlowDown, "Please reduce your request rate."));
        }
        if self.faults.strikes(FaultKind::S3ErrorBefore) {
            return Err(self.internal_error(bucket));
        }
        Ok(())
    }

    /// The fault that comes after the work: done, and not said.
    pub(super) fn after(&self, bucket: &BucketHandle) -> S3Result<()> {
        match self.faults.strikes(FaultKind::S3ErrorAfter) {
            true => Err(self.internal_error(bucket)),
            false => Ok(()),
        }
    }

    fn internal_error(&self, bucket: &BucketHandle) -> s3s::S3Error {
        bucket.metrics.errors_5xx.record(now_s(), 1.0);
        s3_error!(InternalError, "We encountered an internal error. Please try again.")
    }
}

fn lock_enabled() -> ObjectLockConfiguration {
    let enabled = s3s::dto::ObjectLockEnabled::ENABLED;
    ObjectLockConfiguration {
        object_lock_enabled: Some(s3s::dto::ObjectLockEnabled::from_static(enabled)),
        rule: None,
    }
}

fn no_such_bucket() -> s3s::S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

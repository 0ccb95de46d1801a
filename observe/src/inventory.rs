//! What is in the documents bucket: which order each object belongs to, and how large it is.

use costmodel::INTELLIGENT_TIERING_MINIMUM_BYTES;
use orders::{AccessKey, DocumentKey, DocumentKind, RunTag};
use runlog::Tally;

use crate::{Cloud, ObserveError};

/// The objects of a bucket.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// NF-e XML objects.
    pub nfe: Tally,
    /// Confirmation PDF objects.
    pub confirmations: Tally,
    /// Status JSON objects.
    pub statuses: Tally,
    /// Objects under 128 KB, which Intelligent-Tiering never moves.
    pub small_objects: u64,
    /// Their bytes.
    pub small_bytes: u64,
    /// Objects of 128 KB and more.
    pub large_objects: u64,
    /// Their bytes.
    pub large_bytes: u64,
    /// Objects in another storage class than Intelligent-Tiering.
    pub other_class: u64,
    /// The first few keys of each kind, to look at.
    pub sample_keys: Vec<String>,
}

/// Keys of each kind kept in [`Inventory::sample_keys`].
const SAMPLES_OF_A_KIND: u64 = 2;

impl Inventory {
    fn new(tag: &RunTag, planned: u64) -> Self {
        Self {
            nfe: Tally::new(*tag, planned),
            confirmations: Tally::new(*tag, planned),
            statuses: Tally::new(*tag, planned),
            small_objects: 0,
            small_bytes: 0,
            large_objects: 0,
            large_bytes: 0,
            other_class: 0,
            sample_keys: Vec::new(),
        }
    }

    fn add(&mut self, key: &str, bytes: u64, is_tiered: bool) {
        match key.parse::<DocumentKey>() {
            Ok(document) => {
                let tally = match document.kind() {
                    DocumentKind::Nfe => &mut self.nfe,
                    DocumentKind::Confirmation => &mut self.confirmations,
                    DocumentKind::Status => &mut self.statuses,
                };
                if tally.len() < SAMPLES_OF_A_KIND {
                    self.sample_keys.push(key.to_owned());
                }
                let access_key = document.access_key().map_or("", AccessKey::as_str);
                tally.add(document.order_number(), access_key);
            }
            Err(_) => self.nfe.add_foreign(key),
        }
        if bytes < INTELLIGENT_TIERING_MINIMUM_BYTES {
            self.small_objects += 1;
            self.small_bytes += bytes;
        } else {
            self.large_objects += 1;
            self.large_bytes += bytes;
        }
        self.other_class += u64::from(!is_tiered);
    }
}

/// Lists a whole bucket. `progress` is told how many objects have been seen.
///
/// # Errors
/// If S3 does not answer.
pub async fn read_inventory(
    cloud: &Cloud,
    bucket: &str,
    tag: &RunTag,
    planned: u64,
    progress: impl Fn(u64),
) -> Result<Inventory, ObserveError> {
    let mut inventory = Inventory::new(tag, planned);
    let mut pages = cloud.s3.list_objects_v2().bucket(bucket).into_paginator().send();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| ObserveError::service("S3", "ListObjectsV2")(error.into()))?;
        for object in page.contents() {
            let bytes = object.size().unwrap_or(0).unsigned_abs();
            let class = object.storage_class().map(|class| class.as_str());
            inventory.add(object.key().unwrap_or(""), bytes, class == Some("INTELLIGENT_TIERING"));
            seen += 1;
        }
        progress(seen);
    }
    Ok(inventory)
}

impl Cloud {
    /// The bytes of one object.
    ///
    /// # Errors
    /// If S3 does not answer.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObserveError> {
        let object = self
            .s3
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| ObserveError::service("S3", "GetObject")(error.into()))?;
        let bytes = object
            .body
            .collect()
            .await
            .map_err(|error| ObserveError::service("S3", "GetObject")(error.into()))?;
        Ok(bytes.to_vec())
    }
}

//! How often each object was written: its versions.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

use crate::{Cloud, ObserveError};

/// An object and how many versions it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its key.
    pub key: String,
    /// Its versions.
    pub versions: u32,
}

impl Cloud {
    /// Has a bucket keep every version, as the template's bucket does.
    ///
    /// # Errors
    /// If S3 does not do it.
    pub async fn keep_versions(&self, bucket: &str) -> Result<(), ObserveError> {
        let enabled =
            VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.s3
            .put_bucket_versioning()
            .bucket(bucket)
            .versioning_configuration(enabled)
            .send()
            .await
            .map_err(|error| ObserveError::service("S3", "PutBucketVersioning")(error.into()))?;
        Ok(())
    }

    /// Every object of a bucket with the number of its versions, by key.
    ///
    /// # Errors
    /// If S3 does not answer.
    pub async fn versions(&self, bucket: &str) -> Result<Vec<Written>, ObserveError> {
        let mut all: Vec<Written> = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let page = self
                .s3
                .list_object_versions()
                .bucket(bucket)
                .set_key_marker(marker.clone())
                .send()
                .await
                .map_err(|error| ObserveError::service("S3", "ListObjectVersions")(error.into()))?;
            for version in page.versions() {
                let key = version.key().unwrap_or_default();
                match all.last_mut().filter(|last| last.key == key) {
                    Some(last) => last.versions += 1,
                    None => all.push(Written { key: key.to_owned(), versions: 1 }),
                }
            }
            marker = page.next_key_marker().map(str::to_owned);
            if marker.is_none() || page.is_truncated() != Some(true) {
                return Ok(all);
            }
        }
    }
}

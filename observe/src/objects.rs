//! Objects under keys: where machines that send parts of one run meet, and leave what they have.

use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;

use crate::{Cloud, ObserveError};

impl Cloud {
    /// Makes a bucket, unless it is there.
    ///
    /// # Errors
    /// If S3 does not answer, or refuses.
    pub async fn create_bucket(&self, bucket: &str) -> Result<(), ObserveError> {
        match self.s3.create_bucket().bucket(bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let ours = error
                    .as_service_error()
                    .is_some_and(CreateBucketError::is_bucket_already_owned_by_you);
                if ours {
                    return Ok(());
                }
                Err(ObserveError::service("S3", "CreateBucket")(error.into()))
            }
        }
    }

    /// Stores an object, in place of one that was there.
    ///
    /// # Errors
    /// If S3 does not answer, or refuses.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<(), ObserveError> {
        self.s3
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map(drop)
            .map_err(|error| ObserveError::service("S3", "PutObject")(error.into()))
    }

    /// The bytes of an object; none if it is not there.
    ///
    /// # Errors
    /// If S3 does not answer, or refuses.
    pub async fn find_object(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, ObserveError> {
        match self.s3.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => {
                let bytes = object.body.collect().await;
                let bytes = bytes
                    .map_err(|error| ObserveError::service("S3", "GetObject")(error.into()))?;
                Ok(Some(bytes.to_vec()))
            }
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                Ok(None)
            }
            Err(error) => Err(ObserveError::service("S3", "GetObject")(error.into())),
        }
    }

    /// The keys that begin so, in order.
    ///
    /// # Errors
    /// If S3 does not answer, or refuses.
    pub async fn object_keys(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> Result<Vec<String>, ObserveError> {
        let mut pages =
            self.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| ObserveError::service("S3", "ListObjectsV2")(error.into()))?;
            keys.extend(
                page.contents().iter().filter_map(|object| object.key()).map(str::to_owned),
            );
        }
        Ok(keys)
    }
}

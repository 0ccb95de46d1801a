//! The bucket of the documents.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::StorageClass;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use orders::DocumentKind;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{AwsConfig, Document};

/// One attempt, and all attempts at one request. S3 answers in tens of milliseconds; both stay well
/// below the function's timeout, after which the message comes again anyway.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_500);

/// S3 closes idle connections after some 20 s, and a frozen environment does not notice.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Under this name the hash of the content is kept with the object.
const SHA256_METADATA: &str = "sha256";

/// Puts documents where they belong, once.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    client: Client,
    bucket: String,
}

/// A document that is not stored.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is another content under its key. It was not touched.
    #[error("the stored {0:?} document differs from ours")]
    Differs(DocumentKind),
    /// The service said no, or nothing in time.
    #[error("{operation}: {cause}")]
    Service {
        /// What was asked.
        operation: &'static str,
        /// What came back.
        cause: String,
    },
}

impl DocumentStore {
    /// A store in this bucket. Nothing is sent yet.
    pub fn new(aws: &AwsConfig, bucket: &str) -> Self {
        Self { client: client(aws), bucket: bucket.to_owned() }
    }

    /// Puts a document if it is not there. That it is there already, with the same content, is what
    /// an earlier delivery leaves, or an attempt whose answer was lost: it is as good.
    ///
    /// # Errors
    /// If it is not stored, or is there with another content.
    pub async fn put(&self, document: &Document) -> Result<(), StoreError> {
        let sha256 = hex(&Sha256::digest(&document.bytes));
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(document.key.to_string())
            .if_none_match("*")
            .storage_class(StorageClass::IntelligentTiering)
            .content_type(document.key.kind.content_type())
            .metadata(SHA256_METADATA, &sha256)
            .body(ByteStream::from(document.bytes.clone()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if is_there_already(&error) => self.compare(document, &sha256).await,
            Err(error) => Err(service_error("PutObject", &error)),
        }
    }

    async fn compare(&self, document: &Document, sha256: &str) -> Result<(), StoreError> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(document.key.to_string())
            .send()
            .await
            .map_err(|error| service_error("HeadObject", &error))?;
        let stored = head.metadata().and_then(|metadata| metadata.get(SHA256_METADATA));
        let same_length = head.content_length() == i64::try_from(document.bytes.len()).ok();
        if same_length && stored.map(String::as_str) == Some(sha256) {
            Ok(())
        } else {
            Err(StoreError::Differs(document.key.kind))
        }
    }
}

/// 412: `If-None-Match` found an object. (409, another put is under way, is worth another try.)
fn is_there_already<E>(error: &SdkError<E>) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == 412)
}

fn service_error<E: Error + 'static>(operation: &'static str, error: &SdkError<E>) -> StoreError
where
    SdkError<E>: Error,
{
    StoreError::Service { operation, cause: DisplayErrorContext(error).to_string() }
}

/// Built from the variables that Lambda sets: `aws-config`, which looks in many more places, costs
/// megabytes. The role's credentials outlive the environment, so they are read once.
fn client(aws: &AwsConfig) -> Client {
    let credentials = Credentials::new(
        &aws.access_key_id,
        &aws.secret_access_key,
        aws.session_token.clone(),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials)
        .http_client(http_client(aws))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        // It watches over long transfers; these bodies are in memory and small.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &aws.endpoint {
        // A stand-in has one name for all buckets.
        config = config.endpoint_url(endpoint).force_path_style(true);
    }
    Client::from_conf(config.build())
}

fn http_client(aws: &AwsConfig) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new().pool_idle_timeout(IDLE_TIMEOUT);
    // Without TLS its certificates need not be loaded.
    let is_plain = aws.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
    if is_plain {
        builder.build_http()
    } else {
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! The bucket of the documents.
//!
//! Two kinds of request are all that it takes, so that they are made here and not by the SDK's
//! client, whose put takes several times the processor time (`examples/order_cost.rs` measures ours).

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orders::{DocumentKey, DocumentKind};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::hex::hex;
use crate::http::{HttpClient, Response};
use crate::signature::{Request, Signer, encoded};
use crate::{AwsConfig, Document};

/// One attempt, and all attempts at one request. S3 answers in tens of milliseconds; both stay well
/// below the function's timeout, after which the message comes again anyway.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Attempts at one request.
const ATTEMPTS: u32 = 3;

/// The longest pause before the second attempt; before each further one it is twice as long.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Under this name the hash of the content is kept with the object.
const SHA256_METADATA: &str = "x-amz-meta-sha256";

/// Puts under way at the same time, and so connections. The documents of a batch are waited for
/// together; more connections would wait on each other.
const PUTS_AT_ONCE: usize = 12;

/// Where documents are put: the bucket, or what stands in for it where thousands of ways in which
/// an order may go are tried in one process.
pub trait PutDocument {
    /// Puts a document if it is not there; that it is there with the same content is as good.
    ///
    /// # Errors
    /// If it is not stored, or is there with another content.
    fn put(&self, document: &Document) -> impl Future<Output = Result<Stored, StoreError>>;
}

/// Puts documents where they belong, once.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    client: HttpClient,
    signer: Signer,
    endpoint: String,
    /// What the path of a key begins with.
    path: String,
    places: Arc<Semaphore>,
}

/// What it took to store a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Documents that are now there.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Attempts beyond the first.
    pub retries: u64,
}

impl std::ops::AddAssign for Stored {
    fn add_assign(&mut self, other: Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.retries += other.retries;
    }
}

/// What the bucket has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    sha256: Option<String>,
    length: Option<usize>,
}

impl Held {
    /// Whether it is this document: its length, and the hash that was put with it.
    pub fn is(&self, document: &Document) -> bool {
        let sha256 = hex(&Sha256::digest(&document.bytes));
        self.length == Some(document.bytes.len()) && self.sha256 == Some(sha256)
    }
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
        let (endpoint, path) = match &aws.endpoint {
            // A stand-in has one name for all buckets.
            Some(endpoint) => (endpoint.clone(), format!("/{bucket}/")),
            None => (format!("https://{bucket}.s3.{}.amazonaws.com", aws.region), "/".to_owned()),
        };
        let (client, signer) = (HttpClient::new(&endpoint), Signer::new(aws, "s3"));
        let places = Arc::new(Semaphore::new(PUTS_AT_ONCE));
        Self { client, signer, endpoint, path, places }
    }

    /// Puts a document if it is not there. That it is there already, with the same content, is what
    /// an earlier delivery leaves, or an attempt whose answer was lost: it is as good.
    ///
    /// # Errors
    /// If it is not stored, or is there with another content.
    pub async fn put(&self, document: &Document) -> Result<Stored, StoreError> {
        // Held until the answer; nobody closes the semaphore.
        let _place = self.places.acquire().await;
        let put = self.put_request(document)?;
        let (answer, retries) = self.ask("PutObject", &put, &[200, 412]).await?;
        if answer.status == 412 {
            self.compare(document).await?;
        }
        let bytes = document.bytes.len() as u64;
        Ok(Stored { documents: 1, bytes, retries: u64::from(retries) })
    }

    fn put_request(&self, document: &Document) -> Result<Request, StoreError> {
        let mut put = self.request("PUT", &document.key, document.bytes.clone())?;
        let sha256 = *put.body_sha256();
        put.header("content-type", document.key.kind().content_type());
        put.header("if-none-match", "*");
        put.header("x-amz-storage-class", "INTELLIGENT_TIERING");
        // S3 checks it and keeps it; a bucket with object lock asks for it.
        put.header("x-amz-checksum-sha256", STANDARD.encode(sha256));
        put.header(SHA256_METADATA, hex(&sha256));
        Ok(put)
    }

    /// Whether what was there already is this document.
    async fn compare(&self, document: &Document) -> Result<(), StoreError> {
        match self.head(&document.key).await? {
            Some(held) if held.is(document) => Ok(()),
            Some(_) => Err(StoreError::Differs(document.key.kind())),
            // Worth another delivery: it can be put then.
            None => {
                let cause = "gone since the put found it".to_owned();
                Err(StoreError::Service { operation: "HeadObject", cause })
            }
        }
    }

    /// What the bucket has under a key, if anything.
    ///
    /// # Errors
    /// If the service does not say. Without the permission to list the bucket it does not say it of
    /// what is not there.
    pub async fn held(&self, key: &DocumentKey) -> Result<Option<Held>, StoreError> {
        let _place = self.places.acquire().await;
        self.head(key).await
    }

    async fn head(&self, key: &DocumentKey) -> Result<Option<Held>, StoreError> {
        let head = self.request("HEAD", key, Vec::new())?;
        let (answer, _) = self.ask("HeadObject", &head, &[200, 404]).await?;
        let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let length = header("content-length").and_then(|text| text.parse().ok());
        let sha256 = header(SHA256_METADATA).map(str::to_owned);
        Ok((answer.status == 200).then_some(Held { sha256, length }))
    }

    fn request(
        &self,
        method: &'static str,
        key: &DocumentKey,
        body: Vec<u8>,
    ) -> Result<Request, StoreError> {
        let path = format!("{}{}", self.path, encoded(&key.to_string()));
        Request::new(method, &self.endpoint, &path, body)
            .map_err(|cause| StoreError::Service { operation: "address", cause })
    }

    /// The answer, which is one of these, and how many attempts it took beyond the first.
    async fn ask(
        &self,
        operation: &'static str,
        request: &Request,
        answers: &[u16],
    ) -> Result<(Response, u32), StoreError> {
        let asked = timeout(OPERATION_TIMEOUT, self.attempts(request)).await;
        let cause = match asked {
            Ok(Ok((answer, retries))) if answers.contains(&answer.status) => {
                return Ok((answer, retries));
            }
            Ok(Ok((answer, _))) => described(&answer),
            Ok(Err(cause)) => cause,
            Err(_) => format!("no answer within {} ms", OPERATION_TIMEOUT.as_millis()),
        };
        Err(StoreError::Service { operation, cause })
    }

    async fn attempts(&self, request: &Request) -> Result<(Response, u32), String> {
        let mut attempt = 0;
        loop {
            // Signed each time: a signature says when.
            let signed = self.signer.sign(request.clone());
            let answer = match timeout(ATTEMPT_TIMEOUT, self.client.send(signed)).await {
                Ok(Ok(answer)) if !is_worth_another(answer.status) => return Ok((answer, attempt)),
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no answer within {} ms", ATTEMPT_TIMEOUT.as_millis())),
            };
            if attempt + 1 == ATTEMPTS {
                return answer.map(|answer| (answer, attempt));
            }
            sleep(pause(attempt)).await;
            attempt += 1;
        }
    }
}

impl PutDocument for DocumentStore {
    async fn put(&self, document: &Document) -> Result<Stored, StoreError> {
        Self::put(self, document).await
    }
}

/// Slow down, another put of the same key is under way, or trouble of the service's own.
fn is_worth_another(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..=599)
}

/// A part of the longest pause, drawn anew each time, so that environments that were refused
/// together do not come again together.
fn pause(attempt: u32) -> Duration {
    let drawn =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    PAUSE_MAX * 2_u32.pow(attempt) * (drawn % 1_000) / 1_000
}

/// The status, and S3's code for it.
fn described(answer: &Response) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map_or("no code", |(code, _)| code);
    format!("{} {code}", answer.status)
}

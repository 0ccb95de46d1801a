//! The whole cloud, asked by the real clients: AWS's SDKs and functions built with
//! `lambda_runtime`. One test binary, because each would link every SDK again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "cloud/cloudwatch.rs"]
mod cloudwatch;
#[path = "cloud/functions.rs"]
mod functions;
#[path = "cloud/gateway.rs"]
mod gateway;
#[path = "cloud/s3.rs"]
mod s3;
#[path = "cloud/signatures.rs"]
mod signatures;
#[path = "cloud/sqs.rs"]
mod sqs;
#[path = "cloud/start.rs"]
mod start;
#[path = "cloud/template.rs"]
mod template;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use localcloud::{
    ACCESS_KEY_ID, ApiConfig, ApiKey, CloudConfig, GatewayResponseConfig, LocalCloud, QueueConfig,
    RedrivePolicy, RouteConfig, SECRET_ACCESS_KEY, SqsIntegration,
};
use serde_json::json;

/// A cloud and the directory that lives as long.
struct Fixture {
    dir: tempfile::TempDir,
    cloud: LocalCloud,
}

impl Fixture {
    async fn start(change: impl FnOnce(&mut CloudConfig)) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let mut config = CloudConfig::new(dir.path());
        change(&mut config);
        let cloud = LocalCloud::start(config).await.unwrap();
        Fixture { dir, cloud }
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        sqs_at(&self.cloud.base_url())
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        self.s3_as(credentials())
    }

    fn s3_as(&self, credentials: Credentials) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials)
            .endpoint_url(self.cloud.base_url())
            .force_path_style(true)
            .http_client(HttpClientBuilder::new().build_http());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        let config = aws_sdk_cloudwatch::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(self.cloud.base_url())
            .http_client(HttpClientBuilder::new().build_http());
        aws_sdk_cloudwatch::Client::from_conf(config.build())
    }
}

fn sqs_at(endpoint: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .http_client(HttpClientBuilder::new().build_http());
    aws_sdk_sqs::Client::from_conf(config.build())
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test")
}

/// Waits for something that must happen, without saying when. The bound is only there so
/// that a broken test ends.
async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..2400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never happened that {what}");
}

/// Cargo puts examples next to the directory of test binaries.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn echo_function() -> PathBuf {
    example("echo_function")
}

fn queue(name: &str, visibility_s: u64) -> QueueConfig {
    QueueConfig {
        name: name.to_owned(),
        visibility_timeout: Duration::from_secs(visibility_s),
        retention: Duration::from_secs(3600),
        redrive: None,
    }
}

/// `work`, whose messages go to `dead` after `receives`.
fn queue_with_dead_letters(visibility_s: u64, receives: u32) -> Vec<QueueConfig> {
    let redrive =
        RedrivePolicy { dead_letter_queue: "dead".to_owned(), max_receive_count: receives };
    vec![
        QueueConfig { redrive: Some(redrive), ..queue("work", visibility_s) },
        queue("dead", visibility_s),
    ]
}

/// PUT /v1/orders/{orderNumber} into `work`, for the partner `acme` with the key `key-1`.
fn api() -> ApiConfig {
    ApiConfig {
        name: "orders".to_owned(),
        stage: "prod".to_owned(),
        routes: vec![RouteConfig {
            method: "PUT".to_owned(),
            path: "/v1/orders/{orderNumber}".to_owned(),
            signed: false,
            api_key_required: true,
            throttle: None,
            request_schema: Some(json!({
                "$schema": "http://json-schema.org/draft-04/schema#",
                "type": "object",
                "required": ["quantity"],
                "additionalProperties": false,
                "properties": {"quantity": {"type": "integer", "minimum": 0, "exclusiveMinimum": true}, "note": {"type": "string"}},
            })),
            integration: SqsIntegration::send_message(
                "work",
                &[
                    ("partner", "$context.identity.apiKeyId"),
                    ("orderNumber", "$input.params('orderNumber')"),
                    ("requestId", "$context.requestId"),
                    ("schemaVersion", "'1'"),
                ],
            ),
        }],
        gateway_responses: vec![GatewayResponseConfig {
            kind: "BAD_REQUEST_BODY".to_owned(),
            status: None,
            headers: Vec::new(),
            template: Some(
                r#"{"message": $context.error.messageString, "validationErrorString": "$context.error.validationErrorString"}"#.into(),
            ),
        }],
        api_keys: vec![ApiKey {
            id: "acme".to_owned(),
            value: "key-1".to_owned(),
            usage_plan: None,
        }],
        ..ApiConfig::default()
    }
}

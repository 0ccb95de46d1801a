//! Where the cloud is, and the clients that ask it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudwatch::error::DisplayErrorContext;
use aws_smithy_http_client::tls;
use thiserror::Error;

/// Where the cloud is.
#[derive(Debug, Clone)]
pub enum CloudAddress {
    /// The AWS account that the environment's credentials and this region name.
    Aws {
        /// The region.
        region: String,
    },
    /// A stand-in that answers for every service.
    Endpoint {
        /// Its URL.
        url: String,
        /// The region that it plays.
        region: String,
    },
}

/// The cloud did not answer as it should.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// A service refused or did not answer.
    #[error("{service} {action}: {cause}")]
    Service {
        /// The service.
        service: &'static str,
        /// What was asked of it.
        action: &'static str,
        /// What it said.
        cause: String,
    },
    /// A stack is not what it should be.
    #[error("the stack {name} {what}")]
    Stack {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// The billing ledger cannot be read.
    #[error("cannot read the billing ledger {path}: {cause}")]
    Ledger {
        /// The database.
        path: String,
        /// What it said.
        cause: String,
    },
}

impl ObserveError {
    pub(crate) fn service(
        service: &'static str,
        action: &'static str,
    ) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |error| Self::Service {
            service,
            action,
            cause: DisplayErrorContext(error.as_ref()).to_string(),
        }
    }
}

/// Clients for the services that tell of a run, and of what was deployed.
#[derive(Debug, Clone)]
pub struct Cloud {
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Cloud {
    /// Makes the clients. Credentials come from the environment on AWS, and are the stand-in's own
    /// otherwise.
    pub async fn connect(address: &CloudAddress) -> Self {
        let config = match address {
            CloudAddress::Aws { region } => aws(region).await,
            CloudAddress::Endpoint { url, region } => stand_in(url, region),
        };
        let path_style = matches!(address, CloudAddress::Endpoint { .. });
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style).build();
        Self {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
        }
    }
}

async fn aws(region: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .region(Region::new(region.to_owned()))
        .load()
        .await
}

fn stand_in(url: &str, region: &str) -> SdkConfig {
    let credentials = Credentials::from_keys("test", "test", None);
    aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .build()
}

fn http_client() -> aws_sdk_sqs::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

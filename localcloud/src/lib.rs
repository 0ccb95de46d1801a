//! An imitation of the part of AWS that an order system uses, on 127.0.0.1 and in this
//! process: API Gateway, SQS, Lambda with its SQS event source, S3 and CloudWatch.
//!
//! Unmodified clients work against [`LocalCloud::base_url`]: the AWS SDKs, boto3, the AWS CLI,
//! and functions built with `lambda_runtime`. It knows nothing of what the messages mean.
//! What is imitated, what is a parameter and what is missing is in [`FIDELITY`].
//!
//! Credentials are [`ACCESS_KEY_ID`] and [`SECRET_ACCESS_KEY`]; S3 checks the signature, and so
//! does an API of signed routes, by its own users; the other services do not. Objects are on disk,
//! in `s3-objects.log` of the data folder, and there again at the next start. Queues are in memory
//! and end with the process, unless [`CloudConfig::queue_durability`] puts them on disk: then a
//! 202 of the gateway means that the message is there.
//!
//! ```no_run
//! # async fn example() -> Result<(), localcloud::StartError> {
//! let mut config = localcloud::CloudConfig::new("/tmp/cloud"); // or from_template
//! config.buckets.push("documents".to_owned());
//! let cloud = localcloud::LocalCloud::start(config).await?;
//! // … AWS_ENDPOINT_URL = cloud.base_url()
//! cloud.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod clock;
mod cloud;
mod cloudwatch;
mod config;
mod environment;
mod error;
mod event_source;
mod faults;
mod function_log;
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod ids;
mod invocation_record;
mod lambda;
mod lock;
mod log_group;
mod message;
mod metric_store;
mod queue;
mod queue_log;
mod runtime_api;
mod s3;
mod server;
mod sqs;
mod template;
mod token_bucket;
mod vtl;
mod wire;

pub use cloud::LocalCloud;
pub use config::{
    ACCESS_KEY_ID, AccessLogConfig, AlarmConfig, ApiConfig, ApiKey, CloudConfig, Comparison,
    EventSourceConfig, FunctionConfig, GatewayResponseConfig, IamUser, IntegrationResponse,
    MappingTemplate, PollerScaling, ProvisionedPollers, QueueConfig, Quota, QuotaPeriod,
    RedrivePolicy, RouteConfig, SECRET_ACCESS_KEY, SqsIntegration, Throttle, UsagePlan,
};
pub use error::{ConfigError, StartError};
pub use faults::{FaultError, FaultKind, FaultPlan, FaultRate};
pub use invocation_record::{InvocationRecord, MessageRecord};
pub use lambda::FunctionStatus;
pub use queue_log::QueueDurability;
pub use template::{TemplateError, TemplateProblem, TemplateSettings, Unsimulated};

/// The table of behaviours: what AWS does, where AWS says so, and whether it is imitated.
pub const FIDELITY: &str = include_str!("fidelity.md");

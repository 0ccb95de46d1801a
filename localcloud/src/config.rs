//! What a cloud is made of, as its owner says it; [`CloudConfig::problems`] says what AWS
//! would not accept.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::ConfigError;
use crate::faults::FaultPlan;

/// The access key that every client of the imitation uses, and that functions are given.
pub const ACCESS_KEY_ID: &str = "test";
/// The secret that belongs to [`ACCESS_KEY_ID`]. S3 checks the signature made with it.
pub const SECRET_ACCESS_KEY: &str = "test";

/// Everything [`LocalCloud::start`](crate::LocalCloud::start) needs.
#[derive(Clone, Debug)]
pub struct CloudConfig {
    /// Where to listen. `127.0.0.1:0` takes any free port.
    pub listen: SocketAddr,
    /// Where objects and function logs are written. Objects of an earlier run are there again.
    pub data_dir: PathBuf,
    /// The region in ARNs and in the functions' environment.
    pub region: String,
    /// The account in ARNs and queue addresses, twelve digits.
    pub account_id: String,
    /// The REST API, if there is one.
    pub api: Option<ApiConfig>,
    /// Queues that exist from the start.
    pub queues: Vec<QueueConfig>,
    /// Buckets that exist from the start.
    pub buckets: Vec<String>,
    /// Lambda functions.
    pub functions: Vec<FunctionConfig>,
    /// Which queue feeds which function.
    pub event_sources: Vec<EventSourceConfig>,
    /// Whether every object is also kept as a file `s3/BUCKET/KEY` of the data folder, for a
    /// person to open.
    pub object_files: bool,
    /// What goes wrong on purpose.
    pub faults: FaultPlan,
    /// Everything random in the cloud comes from this.
    pub seed: u64,
}

impl CloudConfig {
    /// An empty cloud on any free port, with the region and account of AWS's own examples.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        CloudConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: data_dir.into(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            api: None,
            queues: Vec::new(),
            buckets: Vec::new(),
            functions: Vec::new(),
            event_sources: Vec::new(),
            object_files: true,
            faults: FaultPlan::none(),
            seed: 1,
        }
    }
}

/// A REST API with one stage.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// The name, which is also the id in the address: letters, digits, `-` and `_`.
    pub name: String,
    /// The stage, under the same rule.
    pub stage: String,
    /// What it answers.
    pub routes: Vec<RouteConfig>,
    /// Who may call. Empty: anyone, without a key.
    pub api_keys: Vec<ApiKey>,
    /// The stage's token bucket. None: unlimited.
    pub throttle: Option<Throttle>,
}

/// One key and whose it is.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The value of the `x-api-key` header.
    pub value: String,
    /// The caller's name, for [`AttributeSource::Identity`].
    pub identity: String,
}

/// A token bucket, as API Gateway's throttling.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// Tokens added each second.
    pub rate_per_s: f64,
    /// Tokens the bucket holds.
    pub burst: f64,
}

/// One method of one resource.
#[derive(Clone, Debug)]
pub struct RouteConfig {
    /// The HTTP method.
    pub method: String,
    /// The resource path; `{name}` takes one segment, as in `/v1/orders/{orderNumber}`.
    pub path: String,
    /// JSON Schema draft 4 that the body must satisfy.
    pub request_schema: Option<serde_json::Value>,
    /// What happens to the body.
    pub integration: SqsIntegration,
}

/// The body becomes a message.
#[derive(Clone, Debug)]
pub struct SqsIntegration {
    /// Name of the queue.
    pub queue: String,
    /// Message attributes to add.
    pub attributes: Vec<MessageAttributeMapping>,
}

/// One message attribute and where its value comes from.
#[derive(Clone, Debug)]
pub struct MessageAttributeMapping {
    /// Name of the attribute.
    pub name: String,
    /// Its value.
    pub source: AttributeSource,
}

/// What API Gateway's mapping template can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeSource {
    /// The [`ApiKey::identity`] of the caller.
    Identity,
    /// A `{name}` of the route's path.
    PathParameter(String),
    /// The id of the request, as in the `x-amzn-RequestId` header.
    RequestId,
    /// This text.
    Literal(String),
}

/// A standard queue.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// The name.
    pub name: String,
    /// How long a received message stays hidden; 0 to 12 hours.
    pub visibility_timeout: Duration,
    /// How long a message lives; 1 minute to 14 days.
    pub retention: Duration,
    /// Where messages go that cannot be processed.
    pub redrive: Option<RedrivePolicy>,
}

/// AWS's redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// Name of the dead-letter queue.
    pub dead_letter_queue: String,
    /// How many receives a message is given, 1 to 1000.
    pub max_receive_count: u32,
}

/// A Lambda function whose code is an executable of this machine.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The name.
    pub name: String,
    /// The `bootstrap`. It is started directly, never through a shell.
    pub executable: PathBuf,
    /// What `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` says, 128 to 10240. It is not enforced.
    pub memory_mb: u32,
    /// After this an invocation is killed; up to 900 s.
    pub timeout: Duration,
    /// Variables added to AWS's own.
    pub environment: BTreeMap<String, String>,
    /// CPU priority of the processes relative to the caller's, 0 (the same) to 19. The
    /// measuring side shares this machine and must not be starved; 5 is a good value.
    pub nice: i32,
}

impl FunctionConfig {
    /// AWS's defaults for memory, 30 s, and a priority slightly below the caller's.
    pub fn new(name: impl Into<String>, executable: impl Into<PathBuf>) -> Self {
        FunctionConfig {
            name: name.into(),
            executable: executable.into(),
            memory_mb: 128,
            timeout: Duration::from_secs(30),
            environment: BTreeMap::new(),
            nice: 5,
        }
    }
}

/// A queue that feeds a function.
#[derive(Clone, Debug)]
pub struct EventSourceConfig {
    /// Name of the queue.
    pub queue: String,
    /// Name of the function.
    pub function: String,
    /// Most messages in one invocation, 1 to 10.
    pub batch_size: u32,
    /// How long to wait for a full batch; up to 300 s.
    pub batching_window: Duration,
    /// Most invocations at once, 2 to 1000.
    pub maximum_concurrency: u32,
    /// Whether the function names the messages that failed.
    pub report_batch_item_failures: bool,
    /// How fast invocations at once may grow.
    pub scaling: PollerScaling,
}

/// How the pollers of an event source grow; the default is AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollerScaling {
    /// Pollers when idle.
    pub start: u32,
    /// Pollers added each minute while all are busy.
    pub added_per_minute: u32,
}

impl Default for PollerScaling {
    /// 5, then 300 a minute: Lambda developer guide, "services-sqs-scaling".
    fn default() -> Self {
        PollerScaling { start: 5, added_per_minute: 300 }
    }
}

impl CloudConfig {
    /// Everything AWS would refuse, all at once.
    pub(crate) fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        self.check_duplicates(&mut problems);
        self.queues.iter().for_each(|queue| self.check_queue(queue, &mut problems));
        self.functions.iter().for_each(|function| check_function(function, &mut problems));
        self.event_sources.iter().for_each(|source| self.check_source(source, &mut problems));
        if let Some(api) = &self.api {
            self.check_api(api, &mut problems);
        }
        problems
    }

    fn has_queue(&self, name: &str) -> bool {
        self.queues.iter().any(|queue| queue.name == name)
    }

    fn check_duplicates(&self, problems: &mut Vec<ConfigError>) {
        let mut seen = BTreeSet::new();
        let queues = self.queues.iter().map(|queue| ("queue", &queue.name));
        let functions = self.functions.iter().map(|function| ("function", &function.name));
        let buckets = self.buckets.iter().map(|bucket| ("bucket", bucket));
        for (kind, name) in queues.chain(functions).chain(buckets) {
            if !seen.insert((kind, name)) {
                problems.push(ConfigError::Duplicate { kind, name: name.clone() });
            }
            if !valid_name(kind, name) {
                problems.push(ConfigError::Name { kind, name: name.clone() });
            }
        }
    }

    fn check_queue(&self, queue: &QueueConfig, problems: &mut Vec<ConfigError>) {
        let name = &queue.name;
        check_range(
            problems,
            format!("visibility_timeout of queue {name}, in seconds"),
            queue.visibility_timeout.as_secs(),
            0,
            43_200,
        );
        check_range(
            problems,
            format!("retention of queue {name}, in seconds"),
            queue.retention.as_secs(),
            60,
            1_209_600,
        );
        let Some(redrive) = &queue.redrive else { return };
        let what = format!("max_receive_count of queue {name}");
        check_range(problems, what, redrive.max_receive_count.into(), 1, 1000);
        if !self.has_queue(&redrive.dead_letter_queue) || redrive.dead_letter_queue == *name {
            let user = format!("the redrive policy of queue {name}");
            problems
                .push(ConfigError::UnknownQueue { user, queue: redrive.dead_letter_queue.clone() });
        }
    }

    fn check_source(&self, source: &EventSourceConfig, problems: &mut Vec<ConfigError>) {
        let (queue_name, function_name) = (&source.queue, &source.function);
        let of =
            |what: &str| format!("{what} of the event source from {queue_name} to {function_name}");
        check_range(problems, of("batch_size"), source.batch_size.into(), 1, 10);
        check_range(
            problems,
            of("maximum_concurrency"),
            source.maximum_concurrency.into(),
            2,
            1000,
        );
        check_range(
            problems,
            of("batching_window, in seconds"),
            source.batching_window.as_secs(),
            0,
            300,
        );
        let queue = self.queues.iter().find(|queue| queue.name == *queue_name);
        let function = self.functions.iter().find(|function| function.name == *function_name);
        if queue.is_none() {
            let user = format!("the event source of function {function_name}");
            problems.push(ConfigError::UnknownQueue { user, queue: queue_name.clone() });
        }
        if function.is_none() {
            problems.push(ConfigError::UnknownFunction {
                queue: queue_name.clone(),
                function: function_name.clone(),
            });
        }
        let (Some(queue), Some(function)) = (queue, function) else { return };
        if function.timeout > queue.visibility_timeout {
            problems.push(ConfigError::TimeoutOverVisibility {
                function: function.name.clone(),
                timeout_s: function.timeout.as_secs_f64(),
                queue: queue.name.clone(),
                visibility_s: queue.visibility_timeout.as_secs_f64(),
            });
        }
    }

    fn check_api(&self, api: &ApiConfig, problems: &mut Vec<ConfigError>) {
        for (kind, name) in [("api", &api.name), ("stage", &api.stage)] {
            if !valid_name(kind, name) {
                problems.push(ConfigError::Name { kind, name: name.clone() });
            }
        }
        api.routes.iter().for_each(|route| self.check_route(api, route, problems));
    }

    fn check_route(&self, api: &ApiConfig, route: &RouteConfig, problems: &mut Vec<ConfigError>) {
        let of = format!("{} {}", route.method, route.path);
        if !self.has_queue(&route.integration.queue) {
            let user = format!("the route {of}");
            problems
                .push(ConfigError::UnknownQueue { user, queue: route.integration.queue.clone() });
        }
        if route.method.parse::<http::Method>().is_err() || !route.path.starts_with('/') {
            problems.push(ConfigError::Route { route: of.clone() });
        }
        for mapping in &route.integration.attributes {
            let attribute = || mapping.name.clone();
            match &mapping.source {
                AttributeSource::Identity if api.api_keys.is_empty() => {
                    problems.push(ConfigError::IdentityWithoutKeys {
                        route: of.clone(),
                        attribute: attribute(),
                    });
                }
                AttributeSource::PathParameter(name)
                    if !route.path.split('/').any(|s| s == format!("{{{name}}}")) =>
                {
                    problems.push(ConfigError::NoSuchPathParameter {
                        route: of.clone(),
                        attribute: attribute(),
                        parameter: name.clone(),
                    });
                }
                AttributeSource::Identity
                | AttributeSource::PathParameter(_)
                | AttributeSource::RequestId
                | AttributeSource::Literal(_) => {}
            }
        }
    }
}

fn check_function(function: &FunctionConfig, problems: &mut Vec<ConfigError>) {
    let name = &function.name;
    check_range(
        problems,
        format!("memory_mb of function {name}"),
        function.memory_mb.into(),
        128,
        10_240,
    );
    check_range(
        problems,
        format!("timeout of function {name}, in seconds"),
        function.timeout.as_secs(),
        1,
        900,
    );
    check_range(
        problems,
        format!("nice of function {name}"),
        u64::try_from(function.nice).unwrap_or(u64::MAX),
        0,
        19,
    );
    if !function.executable.is_file() {
        problems.push(ConfigError::ExecutableMissing {
            function: name.clone(),
            path: function.executable.clone(),
        });
    }
}

fn check_range(problems: &mut Vec<ConfigError>, what: String, value: u64, min: u64, max: u64) {
    if value < min || value > max {
        problems.push(ConfigError::OutOfRange { what, value, min, max });
    }
}

/// AWS's rules, without the rarely used parts: no FIFO suffix, no dots in bucket names.
fn valid_name(kind: &str, name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let bucket = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match kind {
        "bucket" => (3..=63).contains(&name.len()) && name.chars().all(bucket),
        _ => (1..=80).contains(&name.len()) && name.chars().all(plain),
    }
}

#[cfg(test)]
mod tests;

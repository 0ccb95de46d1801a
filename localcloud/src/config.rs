//! What a cloud is made of, as its owner says it; [`CloudConfig::problems`] says what AWS
//! would not accept.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::error::ConfigError;
use crate::faults::FaultPlan;
use crate::invocation_record::InvocationRecord;
use crate::lambda::concurrency::{NEW_ENVIRONMENTS, UNRESERVED_MIN};
use crate::queue_log::QueueDurability;
use crate::template::Unsimulated;

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
    /// Whether queues outlive the process, in `queues/` of the data folder.
    pub queue_durability: QueueDurability,
    /// Buckets that exist from the start.
    pub buckets: Vec<String>,
    /// Lambda functions.
    pub functions: Vec<FunctionConfig>,
    /// Most invocations at once, of all functions together: the account's quota.
    pub concurrent_executions: u32,
    /// Which queue feeds which function.
    pub event_sources: Vec<EventSourceConfig>,
    /// Alarms of the template, each on one metric. The cloud has the metrics and evaluates none.
    pub alarms: Vec<AlarmConfig>,
    /// What the template says and the cloud does not act on.
    pub unsimulated: Vec<Unsimulated>,
    /// Whether every object is also kept as a file `s3/BUCKET/KEY` of the data folder, for a
    /// person to open.
    pub object_files: bool,
    /// What goes wrong on purpose.
    pub faults: FaultPlan,
    /// Is told of every invocation by an event source, when it is over.
    pub invocations: Option<Sender<InvocationRecord>>,
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
            queue_durability: QueueDurability::Memory,
            buckets: Vec::new(),
            functions: Vec::new(),
            // Lambda quotas, "Concurrent executions": the default of an account in a Region.
            concurrent_executions: 1000,
            event_sources: Vec::new(),
            alarms: Vec::new(),
            unsimulated: Vec::new(),
            object_files: true,
            faults: FaultPlan::none(),
            invocations: None,
            seed: 1,
        }
    }
}

/// A REST API with one stage.
#[derive(Clone, Debug, Default)]
pub struct ApiConfig {
    /// The name, which is also the id in the address: letters, digits, `-` and `_`.
    pub name: String,
    /// The stage, under the same rule.
    pub stage: String,
    /// What it answers.
    pub routes: Vec<RouteConfig>,
    /// Answers that are not the integration's, where they differ from API Gateway's own.
    pub gateway_responses: Vec<GatewayResponseConfig>,
    /// Limits of callers.
    pub usage_plans: Vec<UsagePlan>,
    /// Keys that routes may ask for.
    pub api_keys: Vec<ApiKey>,
    /// Who may sign requests.
    pub users: Vec<IamUser>,
    /// `$stageVariables`
    pub stage_variables: BTreeMap<String, String>,
    /// The account's token bucket, of all routes together. None: unlimited.
    pub account_throttle: Option<Throttle>,
    /// Where and how each request is written down. None: nowhere.
    pub access_log: Option<AccessLogConfig>,
}

/// A stage's access log.
#[derive(Clone, Debug)]
pub struct AccessLogConfig {
    /// The name of the log group.
    pub log_group: String,
    /// One line with variables of `$context`.
    pub format: String,
}

/// One key. On AWS a key's id is made up; here the owner says it, and may make it the caller's
/// name: `$context.identity.apiKeyId`.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// `$context.identity.apiKeyId`
    pub id: String,
    /// The value of the `x-api-key` header.
    pub value: String,
    /// The [`UsagePlan::name`] whose limits are the key's, if it has one.
    pub usage_plan: Option<String>,
}

/// A caller that signs with AWS Signature Version 4.
#[derive(Clone, Debug)]
pub struct IamUser {
    /// `$context.identity.userArn`, such as `arn:aws:iam::000000000000:user/partners/acme`.
    pub arn: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
}

/// Limits that hold for each key by itself.
#[derive(Clone, Debug)]
pub struct UsagePlan {
    /// The name.
    pub name: String,
    /// The token bucket of a key.
    pub throttle: Option<Throttle>,
    /// The requests of a key in a period.
    pub quota: Option<Quota>,
}

/// A number of requests in a period that begins at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests.
    pub limit: u64,
    /// In how long.
    pub period: QuotaPeriod,
}

/// How long a [`Quota`] lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaPeriod {
    /// A day of UTC.
    Day,
    /// Seven days, from a Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// A token bucket, as API Gateway's throttling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// Tokens added each second.
    pub rate_per_s: f64,
    /// Tokens the bucket holds.
    pub burst: f64,
}

impl Throttle {
    /// API Gateway's quotas, "limits": an account in a Region, São Paulo included.
    pub const ACCOUNT: Throttle = Throttle { rate_per_s: 10_000.0, burst: 5_000.0 };
}

/// One method of one resource.
#[derive(Clone, Debug)]
pub struct RouteConfig {
    /// The HTTP method.
    pub method: String,
    /// The resource path; `{name}` takes one segment, as in `/v1/orders/{orderNumber}`.
    pub path: String,
    /// Whether requests must be signed by one of [`ApiConfig::users`].
    pub signed: bool,
    /// Whether requests need one of [`ApiConfig::api_keys`].
    pub api_key_required: bool,
    /// The method's token bucket. None: unlimited.
    pub throttle: Option<Throttle>,
    /// JSON Schema draft 4 that the body must satisfy.
    pub request_schema: Option<serde_json::Value>,
    /// What happens to the body.
    pub integration: SqsIntegration,
}

/// The body becomes a request to SQS.
#[derive(Clone, Debug)]
pub struct SqsIntegration {
    /// Name of the queue in the integration's path.
    pub queue: String,
    /// After this the caller gets a 504; 50 ms to 29 s.
    pub timeout: Duration,
    /// By content type, what makes a form of SQS's query protocol of a request. Other types are
    /// refused: the passthrough behaviour is `never`.
    pub request_templates: BTreeMap<String, MappingTemplate>,
    /// What is answered, by the status of SQS.
    pub responses: Vec<IntegrationResponse>,
}

/// A template in API Gateway's part of the Velocity Template Language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingTemplate {
    /// The text.
    pub text: String,
    /// The line of its file on which the text begins, for messages.
    pub line: usize,
}

impl From<&str> for MappingTemplate {
    fn from(text: &str) -> Self {
        MappingTemplate { text: text.to_owned(), line: 1 }
    }
}

/// What becomes of the back end's answer.
#[derive(Clone, Debug)]
pub struct IntegrationResponse {
    /// A regular expression for the back end's status; None: every status that no other
    /// response matches.
    pub pattern: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Headers of the answer, name and value.
    pub headers: Vec<(String, String)>,
    /// The body; None: the back end's.
    pub template: Option<MappingTemplate>,
}

/// API Gateway's own answer of a type, such as `BAD_REQUEST_BODY`.
#[derive(Clone, Debug)]
pub struct GatewayResponseConfig {
    /// The type, or `DEFAULT_4XX` or `DEFAULT_5XX`.
    pub kind: String,
    /// Another status than API Gateway's.
    pub status: Option<u16>,
    /// Headers, name and value.
    pub headers: Vec<(String, String)>,
    /// The body; None: API Gateway's.
    pub template: Option<MappingTemplate>,
}

impl SqsIntegration {
    /// Sends the body of JSON requests, with message attributes: their names, and what their
    /// values are in the mapping template, such as `$context.requestId`. The caller gets a 202 with
    /// `messageId`, `md5OfMessageBody` and `requestId`, or a 503.
    pub fn send_message(queue: impl Into<String>, attributes: &[(&str, &str)]) -> Self {
        let mut form = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)".to_owned();
        for (number, (name, value)) in (1..).zip(attributes) {
            form.push_str(&format!(
                "&MessageAttribute.{number}.Name={name}&MessageAttribute.{number}.Value.DataType=String&MessageAttribute.{number}.Value.StringValue=$util.urlEncode({value})"
            ));
        }
        let answer = r#"{"messageId":"$input.path('$.SendMessageResponse.SendMessageResult.MessageId')","md5OfMessageBody":"$input.path('$.SendMessageResponse.SendMessageResult.MD5OfMessageBody')","requestId":"$context.requestId"}"#;
        let refusal = r#"{"message":"Service Unavailable","requestId":"$context.requestId"}"#;
        SqsIntegration {
            queue: queue.into(),
            timeout: Duration::from_secs(29),
            request_templates: BTreeMap::from([(
                "application/json".to_owned(),
                form.as_str().into(),
            )]),
            responses: vec![
                IntegrationResponse {
                    pattern: Some("200".to_owned()),
                    status: 202,
                    headers: Vec::new(),
                    template: Some(answer.into()),
                },
                IntegrationResponse {
                    pattern: None,
                    status: 503,
                    headers: vec![("Retry-After".to_owned(), "1".to_owned())],
                    template: Some(refusal.into()),
                },
            ],
        }
    }
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
    /// The alias that event sources invoke, under which it is metered as well.
    pub alias: Option<String>,
    /// The `bootstrap`. It is started directly, never through a shell.
    pub executable: PathBuf,
    /// Memory, 128 to 10240. A process that has used more is killed, on Linux.
    pub memory_mb: u32,
    /// After this an invocation is killed; up to 900 s.
    pub timeout: Duration,
    /// Most invocations at once, kept free for this function; zero stops it. None: it shares
    /// with the others what is not reserved.
    pub reserved_concurrency: Option<u32>,
    /// New environments at once and over time.
    pub new_environments: Throttle,
    /// An environment that has been idle for so long is ended. AWS does not say when it does.
    pub idle_expiry: Duration,
    /// Whether the process stands still (SIGSTOP) between invocations, as on AWS.
    pub freeze: bool,
    /// Variables added to AWS's own.
    pub environment: BTreeMap<String, String>,
    /// CPU priority of the processes relative to the caller's, 0 (the same) to 19. The
    /// measuring side shares this machine and must not be starved; 5 is a good value.
    pub nice: i32,
}

impl FunctionConfig {
    /// AWS's defaults for memory and scaling, 30 s, and a priority slightly below the caller's.
    pub fn new(name: impl Into<String>, executable: impl Into<PathBuf>) -> Self {
        FunctionConfig {
            name: name.into(),
            alias: None,
            executable: executable.into(),
            memory_mb: 128,
            timeout: Duration::from_secs(30),
            reserved_concurrency: None,
            new_environments: NEW_ENVIRONMENTS,
            // As SimFaaS assumes.
            idle_expiry: Duration::from_secs(600),
            freeze: false,
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
    /// Provisioned mode: pollers that are paid for and always there. They replace
    /// `maximum_concurrency` and `scaling`.
    pub provisioned: Option<ProvisionedPollers>,
}

/// The event pollers of provisioned mode. Each makes up to 10 invocations at once; that it
/// takes up to 1 MB a second is not imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvisionedPollers {
    /// Always there, 2 to 200.
    pub minimum: u32,
    /// At most, 2 to 2000.
    pub maximum: u32,
}

impl ProvisionedPollers {
    /// Lambda developer guide, "services-sqs-scaling", provisioned mode.
    const INVOCATIONS_EACH: u32 = 10;
    const ADDED_PER_MINUTE: u32 = 1000;
}

impl EventSourceConfig {
    /// Most invocations at once.
    pub(crate) fn invocations_max(&self) -> u32 {
        self.provisioned.map_or(self.maximum_concurrency, |provisioned| {
            provisioned.maximum.saturating_mul(ProvisionedPollers::INVOCATIONS_EACH)
        })
    }

    /// How invocations at once grow.
    pub(crate) fn growth(&self) -> PollerScaling {
        self.provisioned.map_or(self.scaling, |provisioned| PollerScaling {
            start: provisioned.minimum.saturating_mul(ProvisionedPollers::INVOCATIONS_EACH),
            added_per_minute: ProvisionedPollers::ADDED_PER_MINUTE,
        })
    }
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
        self.check_reservations(&mut problems);
        self.event_sources.iter().for_each(|source| self.check_source(source, &mut problems));
        if let Some(api) = &self.api {
            self.check_api(api, &mut problems);
        }
        problems
    }

    fn check_reservations(&self, problems: &mut Vec<ConfigError>) {
        let reserved = self.functions.iter().filter_map(|function| function.reserved_concurrency);
        let reserved: u64 = reserved.map(u64::from).sum();
        if reserved == 0 {
            return;
        }
        let max = self.concurrent_executions.saturating_sub(UNRESERVED_MIN).into();
        check_range(problems, "reserved_concurrency of all functions".to_owned(), reserved, 0, max);
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
        match source.provisioned {
            None => {
                let concurrency = source.maximum_concurrency.into();
                check_range(problems, of("maximum_concurrency"), concurrency, 2, 1000);
            }
            Some(ProvisionedPollers { minimum, maximum }) => {
                check_range(problems, of("the minimum of pollers"), minimum.into(), 2, 200);
                let least = minimum.max(2).into();
                check_range(problems, of("the maximum of pollers"), maximum.into(), least, 2000);
            }
        }
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
        for key in &api.api_keys {
            let Some(plan) = &key.usage_plan else { continue };
            if !api.usage_plans.iter().any(|known| known.name == *plan) {
                problems.push(ConfigError::UnknownPlan { key: key.id.clone(), plan: plan.clone() });
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
        check_range(
            problems,
            format!("the integration timeout of {of}, in milliseconds"),
            u64::try_from(route.integration.timeout.as_millis()).unwrap_or(u64::MAX),
            50,
            29_000,
        );
        if route.signed && api.users.is_empty() {
            problems.push(ConfigError::NobodySigns { route: of });
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

/// An alarm on one metric, as a template has it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmConfig {
    /// Its name in the template.
    pub id: String,
    /// Such as `AWS/SQS`.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// Its dimensions: name and value.
    pub dimensions: Vec<(String, String)>,
    /// Such as `Maximum`, `Sum` or `p99`.
    pub statistic: String,
    /// Period of a datapoint, s.
    pub period_s: u64,
    /// The last so many datapoints are looked at.
    pub evaluation_periods: u64,
    /// So many of them must breach.
    pub datapoints_to_alarm: u64,
    /// With what a datapoint is compared.
    pub threshold: f64,
    /// How.
    pub comparison: Comparison,
}

/// When a datapoint breaches a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanThreshold`
    Above,
    /// `GreaterThanOrEqualToThreshold`
    AtLeast,
    /// `LessThanThreshold`
    Below,
    /// `LessThanOrEqualToThreshold`
    AtMost,
}

impl AlarmConfig {
    /// Whether a datapoint of this value is one that the alarm is there for.
    pub fn breaches(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Above => value > self.threshold,
            Comparison::AtLeast => value >= self.threshold,
            Comparison::Below => value < self.threshold,
            Comparison::AtMost => value <= self.threshold,
        }
    }
}

//! Why a cloud could not be started, and what to change.

use std::net::SocketAddr;
use std::path::PathBuf;

/// [`LocalCloud::start`](crate::LocalCloud::start) refused.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is not one AWS would accept. Nothing was started.
    #[error("{}", list(.0))]
    Config(Vec<ConfigError>),
    /// Another process listens there.
    #[error(
        "{address} is already in use: stop what listens there, or choose another address (port 0 takes any free one)"
    )]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Objects and logs cannot be written.
    #[error("cannot write in the data directory {}: {source}", .path.display())]
    DataDir {
        /// The file or directory that failed.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn list(problems: &[ConfigError]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// One thing in a [`CloudConfig`](crate::CloudConfig) to change.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// Two things of a kind share a name.
    #[error("the {kind} name {name} is used twice")]
    Duplicate {
        /// queue, function or bucket
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A name AWS does not allow.
    #[error("{name:?} is not a valid {kind} name")]
    Name {
        /// queue, function, bucket, api or stage
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A number outside AWS's limits.
    #[error("{what} is {value}, but must be between {min} and {max}")]
    OutOfRange {
        /// Which number.
        what: String,
        /// What it is.
        value: u64,
        /// The least AWS allows.
        min: u64,
        /// The most AWS allows.
        max: u64,
    },
    /// Something points to a queue that is not configured.
    #[error("{user} names the queue {queue}, which is not among the queues")]
    UnknownQueue {
        /// What points to it.
        user: String,
        /// The name.
        queue: String,
    },
    /// An event source points to a function that is not configured.
    #[error(
        "the event source of queue {queue} names the function {function}, which is not among the functions"
    )]
    UnknownFunction {
        /// The source's queue.
        queue: String,
        /// The name.
        function: String,
    },
    /// AWS refuses such an event source: messages would reappear while being processed.
    #[error(
        "the timeout of function {function} ({timeout_s} s) is over the visibility timeout of queue {queue} ({visibility_s} s): raise the latter, AWS recommends six times the former"
    )]
    TimeoutOverVisibility {
        /// The function.
        function: String,
        /// Its timeout.
        timeout_s: f64,
        /// The queue.
        queue: String,
        /// Its visibility timeout.
        visibility_s: f64,
    },
    /// API Gateway refuses such a format of the access log.
    #[error("the Format of the AccessLogSetting: {problem}")]
    AccessLogFormat {
        /// What is wrong with it.
        problem: String,
    },
    /// There is no program to start.
    #[error("the executable of function {function} does not exist: {}", .path.display())]
    ExecutableMissing {
        /// The function.
        function: String,
        /// Where the program should be.
        path: PathBuf,
    },
    /// A method or path that cannot be served.
    #[error("{route:?} is not a route: give a method and a path that starts with /")]
    Route {
        /// Method and path.
        route: String,
    },
    /// The schema of a route does not compile.
    #[error("the request schema of {route} is not JSON Schema draft 4: {problem}")]
    Schema {
        /// Method and path.
        route: String,
        /// What the validator said.
        problem: String,
    },
    /// A mapping template that cannot be used.
    #[error("line {line}: {problem}")]
    MappingTemplate {
        /// Of the template's file.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// An integration response that cannot be used.
    #[error("the integration responses of {route}: {problem}")]
    IntegrationResponse {
        /// Method and path.
        route: String,
        /// What is wrong.
        problem: String,
    },
    /// A gateway response that API Gateway does not know, or that cannot be used.
    #[error("the gateway response {kind}: {problem}")]
    GatewayResponse {
        /// Its type.
        kind: String,
        /// What is wrong.
        problem: String,
    },
    /// A route that nobody may call.
    #[error("{route} takes only signed requests, but the api has no users: add users")]
    NobodySigns {
        /// Method and path.
        route: String,
    },
    /// A key of a plan that does not exist.
    #[error("the API key {key} names the usage plan {plan}, which the api does not have")]
    UnknownPlan {
        /// The key's id.
        key: String,
        /// The plan.
        plan: String,
    },
}

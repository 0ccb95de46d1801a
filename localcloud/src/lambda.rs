//! Lambda: functions, their warm environments, their metrics and the lines AWS logs itself.
//!
//! An invocation takes a place (`lambda/concurrency.rs`), then a warm environment or a new one.
//! Who invokes is `event_source.rs`, or a client by `lambda/api.rs`.

pub(crate) mod api;
pub(crate) mod concurrency;
mod invoked;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::now_s;
use crate::config::{ACCESS_KEY_ID, CloudConfig, FunctionConfig, SECRET_ACCESS_KEY};
use crate::environment::{Environment, InvokeError, Program};
use crate::faults::{FaultKind, Faults};
use crate::function_log::{FunctionLog, log_group};
use crate::ids::{Id, IdSource};
use crate::lock::{lock, read, write};
use crate::metric_store::{MetricId, MetricStore, Series};
use crate::token_bucket::TokenBucket;

use concurrency::{Places, ThrottleReason};
pub(crate) use invoked::Invoked;

/// The first pause after a failed init; it doubles with each further one.
const RESTART_PAUSE: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(10);

/// How one function is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionStatus {
    /// Processes alive.
    pub environments: usize,
    /// Processes started since the cloud was started.
    pub cold_starts: u64,
    /// Why the last process that ended before it asked for work did so, unless one has
    /// started well since. New processes wait longer after each such end.
    pub init_error: Option<String>,
}

struct FunctionMetrics {
    invocations: Metric,
    errors: Metric,
    duration_ms: Metric,
    throttles: Metric,
    concurrent_executions: Metric,
}

/// A metric under each set of dimensions by which AWS has it.
struct Metric(Vec<Arc<Series>>);

impl Metric {
    fn record(&self, second: i64, value: f64) {
        self.0.iter().for_each(|series| series.record(second, value));
    }
}

impl FunctionMetrics {
    /// By the function's name, and by its alias, if that is what is invoked (Lambda developer
    /// guide, "monitoring-metrics-types": dimensions FunctionName and Resource).
    fn new(store: &MetricStore, function: &str, alias: Option<&str>) -> Self {
        let name = ("FunctionName".to_owned(), function.to_owned());
        let mut sets = vec![vec![name.clone()]];
        sets.extend(alias.map(|alias| {
            vec![name.clone(), ("Resource".to_owned(), format!("{function}:{alias}"))]
        }));
        let series = |metric: &str| {
            let id = |set: &Vec<_>| MetricId::new("AWS/Lambda", metric, set.clone());
            Metric(sets.iter().map(|set| store.series(id(set))).collect())
        };
        FunctionMetrics {
            invocations: series("Invocations"),
            errors: series("Errors"),
            duration_ms: series("Duration"),
            throttles: series("Throttles"),
            concurrent_executions: series("ConcurrentExecutions"),
        }
    }
}

/// Consecutive processes that did not get through init.
#[derive(Default)]
struct InitFailures {
    count: u32,
    not_before: Option<Instant>,
    error: Option<String>,
}

/// An environment without work.
struct Idle {
    environment: Arc<Environment>,
    since: Instant,
}

/// One function.
pub(crate) struct Function {
    pub(crate) config: FunctionConfig,
    arn: String,
    /// Warm environments. The last used is used first, so that surplus ones stay idle and
    /// expire; the longest idle is the first.
    idle: Mutex<Vec<Idle>>,
    places: Arc<Places>,
    new_environments: Mutex<TokenBucket>,
    init_failures: Mutex<InitFailures>,
    running: AtomicI64,
    cold_starts: AtomicU64,
    log: Arc<FunctionLog>,
    metrics: FunctionMetrics,
}

/// An environment and whose it is.
struct Registered {
    environment: Arc<Environment>,
    function: Arc<Function>,
}

/// All functions and every environment by its number.
pub(crate) struct Lambda {
    functions: BTreeMap<String, Arc<Function>>,
    environments: RwLock<HashMap<u64, Registered>>,
    next_number: AtomicU64,
    epoch: Instant,
    closing: AtomicBool,
    ids: IdSource,
    region: String,
    account_id: String,
    base_url: OnceLock<String>,
    faults: Arc<Faults>,
}

impl Lambda {
    pub(crate) fn new(
        cloud: &CloudConfig,
        log_dir: &Path,
        metrics: &Arc<MetricStore>,
        faults: &Arc<Faults>,
    ) -> std::io::Result<Self> {
        let reserved = cloud.functions.iter().filter_map(|config| config.reserved_concurrency);
        let unreserved = cloud.concurrent_executions.saturating_sub(reserved.sum());
        let shared = Places::new(unreserved, ThrottleReason::Account);
        let mut functions = BTreeMap::new();
        for config in &cloud.functions {
            let own = |limit| Places::new(limit, ThrottleReason::Reserved);
            let function = Function {
                arn: arn(&cloud.region, &cloud.account_id, &config.name),
                idle: Mutex::default(),
                places: config.reserved_concurrency.map_or_else(|| shared.clone(), own),
                new_environments: Mutex::new(TokenBucket::new(config.new_environments)),
                init_failures: Mutex::default(),
                running: AtomicI64::new(0),
                cold_starts: AtomicU64::new(0),
                log: Arc::new(FunctionLog::open(log_dir, &config.name, metrics.clone())?),
                metrics: FunctionMetrics::new(metrics, &config.name, config.alias.as_deref()),
                config: config.clone(),
            };
            functions.insert(config.name.clone(), Arc::new(function));
        }
        Ok(Lambda {
            functions,
            environments: RwLock::default(),
            next_number: AtomicU64::new(1),
            epoch: Instant::now(),
            closing: AtomicBool::new(false),
            ids: IdSource::new(),
            region: cloud.region.clone(),
            account_id: cloud.account_id.clone(),
            base_url: OnceLock::new(),
            faults: faults.clone(),
        })
    }

    pub(crate) fn set_base_url(&self, base_url: &str) {
        // Only `LocalCloud::start` calls this, once.
        let _ = self.base_url.set(base_url.to_owned());
    }

    pub(crate) fn function(&self, name: &str) -> Option<Arc<Function>> {
        self.functions.get(name).cloned()
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values().map(|function| &**function)
    }

    pub(crate) fn arn(&self, function: &str) -> String {
        arn(&self.region, &self.account_id, function)
    }

    pub(crate) fn environment(&self, number: u64) -> Option<Arc<Environment>> {
        read(&self.environments).get(&number).map(|found| found.environment.clone())
    }

    pub(crate) fn arn_of_environment(&self, number: u64) -> String {
        read(&self.environments)
            .get(&number)
            .map(|found| found.function.arn.clone())
            .unwrap_or_default()
    }

    /// The processes alive, as (function, pid).
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        let environments = read(&self.environments);
        let alive = environments.values().filter(|found| found.environment.is_alive());
        alive.map(|found| (found.function.config.name.clone(), found.environment.pid)).collect()
    }

    pub(crate) fn status(&self, name: &str) -> Option<FunctionStatus> {
        let function = self.functions.get(name)?;
        Some(FunctionStatus {
            environments: self.processes().iter().filter(|(function, _)| function == name).count(),
            cold_starts: function.cold_starts.load(Ordering::Relaxed),
            init_error: lock(&function.init_failures).error.clone(),
        })
    }

    /// Runs the function once, warm if it can, and accounts for it. A throttle is counted as
    /// one, and is no invocation.
    pub(crate) async fn invoke(&self, function: &Arc<Function>, payload: Bytes) -> Invoked {
        let request_id = self.ids.next();
        let _place = match function.places.take() {
            Ok(place) => place,
            Err(reason) => return function.throttled(request_id, reason),
        };
        let running = function.running.fetch_add(1, Ordering::Relaxed) + 1;
        let second = now_s();
        function.metrics.concurrent_executions.record(second, running as f64);
        let invoked = self.run(function, request_id, payload).await;
        function.running.fetch_sub(1, Ordering::Relaxed);
        if let Err(InvokeError::Throttled(reason)) = invoked.outcome {
            return function.throttled(request_id, reason);
        }
        function.metrics.throttles.record(second, 0.0);
        function.account(&invoked);
        invoked
    }

    async fn run(&self, function: &Arc<Function>, request_id: Id, payload: Bytes) -> Invoked {
        let (environment, init) = match self.warm_or_cold(function).await {
            Ok(found) => found,
            Err(error) => return Invoked::not_run(request_id, error),
        };
        function.log.write(Invoked::opening_line(request_id).as_bytes());
        let started = Instant::now();
        let (timeout, limit_mb) = (function.config.timeout, function.config.memory_mb);
        let outcome = self.invoke_in(&environment, request_id, payload, timeout).await;
        let duration = started.elapsed();
        let memory_peak_mb = environment.memory_peak_mb();
        let outcome = match memory_peak_mb.filter(|peak_mb| *peak_mb > limit_mb) {
            Some(_) => Err(InvokeError::OutOfMemory { request_id, limit_mb }),
            None => outcome,
        };
        match &outcome {
            // Both asked for more work: the environment is good for another invocation.
            Ok(_) | Err(InvokeError::Function(_)) if environment.is_alive() => {
                function.rest(environment);
            }
            Ok(_) | Err(_) => self.discard(&environment),
        }
        Invoked { request_id, outcome, duration, init, memory_peak_mb }
    }

    /// What Lambda does beside invoking: holds processes to their memory, and ends those that
    /// have been idle too long.
    pub(crate) fn tend(&self) {
        for found in read(&self.environments).values() {
            found.environment.hold_to(found.function.config.memory_mb);
        }
        let now = Instant::now();
        for function in self.functions.values() {
            for expired in function.take_expired(now) {
                self.discard(&expired.environment);
            }
        }
    }

    /// One invocation in its environment, with the faults that strike it.
    async fn invoke_in(
        &self,
        environment: &Arc<Environment>,
        request_id: Id,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, InvokeError> {
        let skew_ms = self.faults.skew_ms().unwrap_or(0);
        if let Some(time) = self.faults.strikes_for(FaultKind::FunctionFreeze) {
            environment.freeze(time);
        }
        let mut work = std::pin::pin!(environment.invoke(request_id, payload, timeout, skew_ms));
        let outcome = match self.faults.strikes_for(FaultKind::FunctionKill) {
            None => work.await,
            Some(after) => {
                let outcome = tokio::time::timeout(after, work.as_mut()).await;
                // What was done before is done; the next invocation is a cold start.
                environment.kill();
                match outcome {
                    Ok(outcome) => outcome,
                    Err(_) => work.await,
                }
            }
        };
        match outcome {
            Ok(_) if self.faults.strikes(FaultKind::ResponseLost) => Err(InvokeError::ResponseLost),
            outcome => outcome,
        }
    }

    async fn warm_or_cold(
        &self,
        function: &Arc<Function>,
    ) -> Result<(Arc<Environment>, Option<Duration>), InvokeError> {
        while let Some(Idle { environment, .. }) = { lock(&function.idle).pop() } {
            if environment.is_alive() {
                if function.config.freeze {
                    environment.thaw();
                }
                return Ok((environment, None));
            }
            self.discard(&environment);
        }
        if !lock(&function.new_environments).take(self.epoch.elapsed()) {
            return Err(InvokeError::Throttled(ThrottleReason::Ramp));
        }
        function.wait_until_startable().await;
        let result = self.cold_start(function).await;
        function.remember_init(result.as_ref().err());
        result.map(|(environment, init)| (environment, Some(init)))
    }

    async fn cold_start(
        &self,
        function: &Arc<Function>,
    ) -> Result<(Arc<Environment>, Duration), InvokeError> {
        function.cold_starts.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let environment = self.register(function)?;
        match environment.initialized(started).await {
            Ok(init) => Ok((environment, init)),
            Err(error) => {
                self.discard(&environment);
                Err(error)
            }
        }
    }

    /// Starts the process and registers it in one critical section: it may ask for work as
    /// soon as it runs, and shutdown must see every process that was started.
    fn register(&self, function: &Arc<Function>) -> Result<Arc<Environment>, InvokeError> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let program = self.program(function, number);
        let mut environments = write(&self.environments);
        if self.closing.load(Ordering::Relaxed) {
            return Err(InvokeError::ShuttingDown);
        }
        let environment = Environment::start(number, &program, &function.log)?;
        let registered =
            Registered { environment: environment.clone(), function: function.clone() };
        environments.insert(number, registered);
        Ok(environment)
    }

    fn discard(&self, environment: &Environment) {
        environment.kill();
        write(&self.environments).remove(&environment.number);
    }

    /// Lambda developer guide, "Defined runtime environment variables".
    fn program(&self, function: &Function, number: u64) -> Program {
        let config = &function.config;
        let base_url = self.base_url.get().map_or("", String::as_str);
        let mut variables: BTreeMap<String, String> = [
            // With a scheme, because http::Uri takes no path without one. AWS gives an
            // authority alone; cargo-lambda does as we do.
            ("AWS_LAMBDA_RUNTIME_API", format!("{base_url}/_lambda/{number}")),
            ("AWS_LAMBDA_FUNCTION_NAME", config.name.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", log_group(&config.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{number:032x}")),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("AWS_ENDPOINT_URL", base_url.to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        if let Ok(path) = std::env::var("PATH") {
            variables.insert("PATH".to_owned(), path);
        }
        variables.extend(config.environment.clone());
        Program {
            executable: config.executable.clone(),
            variables: variables.into_iter().collect(),
            nice: config.nice,
        }
    }

    /// Kills every process and starts no more. Returns those still to be reaped.
    pub(crate) fn kill_all(&self) -> Vec<Arc<Environment>> {
        let environments: Vec<Arc<Environment>> = {
            let mut environments = write(&self.environments);
            self.closing.store(true, Ordering::Relaxed);
            environments.drain().map(|(_, found)| found.environment).collect()
        };
        environments.iter().for_each(|environment| environment.kill());
        environments
    }

    /// Kills every process and waits until all are reaped.
    pub(crate) async fn shut_down(&self) {
        for environment in self.kill_all() {
            environment.ended().await;
        }
    }
}

impl Function {
    /// Keeps an environment for the next invocation.
    fn rest(&self, environment: Arc<Environment>) {
        if self.config.freeze {
            environment.freeze_idle();
        }
        lock(&self.idle).push(Idle { environment, since: Instant::now() });
    }

    fn take_expired(&self, now: Instant) -> Vec<Idle> {
        let mut idle = lock(&self.idle);
        let fresh =
            |idle: &Idle| now.saturating_duration_since(idle.since) < self.config.idle_expiry;
        let count = idle.iter().position(fresh).unwrap_or(idle.len());
        idle.drain(..count).collect()
    }

    fn throttled(&self, request_id: Id, reason: ThrottleReason) -> Invoked {
        self.metrics.throttles.record(now_s(), 1.0);
        Invoked::not_run(request_id, InvokeError::Throttled(reason))
    }

    /// Returns at once, unless processes have been failing in init.
    pub(crate) async fn wait_until_startable(&self) {
        let not_before = lock(&self.init_failures).not_before;
        if let Some(not_before) = not_before {
            tokio::time::sleep_until(not_before).await;
        }
    }

    fn remember_init(&self, error: Option<&InvokeError>) {
        let mut failures = lock(&self.init_failures);
        match error {
            None => *failures = InitFailures::default(),
            Some(error) => {
                failures.not_before = Some(Instant::now() + restart_pause(failures.count));
                failures.count += 1;
                failures.error = Some(error.to_string());
            }
        }
    }

    fn account(&self, invoked: &Invoked) {
        let second = now_s();
        self.metrics.invocations.record(second, 1.0);
        self.metrics.errors.record(second, f64::from(u8::from(invoked.outcome.is_err())));
        self.metrics.duration_ms.record(second, invoked.duration.as_secs_f64() * 1000.0);
        self.log.write(invoked.closing_lines(self.config.memory_mb).as_bytes());
    }
}

fn arn(region: &str, account_id: &str, function: &str) -> String {
    format!("arn:aws:lambda:{region}:{account_id}:function:{function}")
}

/// 100 ms, 200 ms, … up to 10 s.
fn restart_pause(failures_before: u32) -> Duration {
    RESTART_PAUSE.saturating_mul(2_u32.saturating_pow(failures_before)).min(RESTART_PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_failed_init_doubles_up_to_ten_seconds() {
        let pauses: Vec<u128> = [0, 1, 2, 6, 7, 40].map(|n| restart_pause(n).as_millis()).to_vec();
        assert_eq!(pauses, [100, 200, 400, 6400, 10_000, 10_000]);
    }
}

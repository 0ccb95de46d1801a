//! Lambda: functions, their warm environments, their metrics and the lines AWS logs itself.
//!
//! An invocation takes a warm environment or starts a new one; that is all of AWS's scaling
//! that is here. Who invokes is `event_source.rs`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::now_s;
use crate::config::{ACCESS_KEY_ID, FunctionConfig, SECRET_ACCESS_KEY};
use crate::environment::{Environment, InvokeError, Program};
use crate::faults::{FaultKind, Faults};
use crate::function_log::{FunctionLog, log_group};
use crate::ids::{Id, IdSource};
use crate::lock::{lock, read, write};
use crate::metric_store::{MetricId, MetricStore, Series};

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
    invocations: Arc<Series>,
    errors: Arc<Series>,
    duration_ms: Arc<Series>,
    throttles: Arc<Series>,
    concurrent_executions: Arc<Series>,
}

impl FunctionMetrics {
    fn new(store: &MetricStore, function: &str) -> Self {
        let series = |name: &str| {
            store.series(MetricId::new(
                "AWS/Lambda",
                name,
                vec![("FunctionName".to_owned(), function.to_owned())],
            ))
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

/// One function.
pub(crate) struct Function {
    pub(crate) config: FunctionConfig,
    arn: String,
    /// Warm environments. The last used is used first, so that surplus ones stay idle.
    idle: Mutex<Vec<Arc<Environment>>>,
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
    closing: AtomicBool,
    ids: IdSource,
    region: String,
    base_url: OnceLock<String>,
    faults: Arc<Faults>,
}

/// One invocation, as REPORT tells it.
struct Invoked {
    request_id: Id,
    outcome: Result<Bytes, InvokeError>,
    duration: Duration,
    init: Option<Duration>,
}

impl Lambda {
    pub(crate) fn new(
        region: &str,
        account_id: &str,
        configs: &[FunctionConfig],
        log_dir: &Path,
        metrics: &Arc<MetricStore>,
        faults: &Arc<Faults>,
    ) -> std::io::Result<Self> {
        let mut functions = BTreeMap::new();
        for config in configs {
            let function = Function {
                arn: format!("arn:aws:lambda:{region}:{account_id}:function:{}", config.name),
                idle: Mutex::default(),
                init_failures: Mutex::default(),
                running: AtomicI64::new(0),
                cold_starts: AtomicU64::new(0),
                log: Arc::new(FunctionLog::open(log_dir, &config.name, metrics.clone())?),
                metrics: FunctionMetrics::new(metrics, &config.name),
                config: config.clone(),
            };
            functions.insert(config.name.clone(), Arc::new(function));
        }
        Ok(Lambda {
            functions,
            environments: RwLock::default(),
            next_number: AtomicU64::new(1),
            closing: AtomicBool::new(false),
            ids: IdSource::new(),
            region: region.to_owned(),
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

    /// Runs the function once, warm if it can, and accounts for it.
    pub(crate) async fn invoke(
        &self,
        function: &Arc<Function>,
        payload: Bytes,
    ) -> Result<Bytes, InvokeError> {
        let running = function.running.fetch_add(1, Ordering::Relaxed) + 1;
        let second = now_s();
        function.metrics.concurrent_executions.record(second, running as f64);
        function.metrics.throttles.record(second, 0.0);
        let invoked = self.run(function, payload).await;
        function.running.fetch_sub(1, Ordering::Relaxed);
        function.account(&invoked);
        invoked.outcome
    }

    async fn run(&self, function: &Arc<Function>, payload: Bytes) -> Invoked {
        let request_id = self.ids.next();
        let (environment, init) = match self.warm_or_cold(function).await {
            Ok(found) => found,
            Err(error) => {
                return Invoked {
                    request_id,
                    outcome: Err(error),
                    duration: Duration::ZERO,
                    init: None,
                };
            }
        };
        function.log.write(format!("START RequestId: {request_id} Version: $LATEST\n").as_bytes());
        let started = Instant::now();
        let timeout = function.config.timeout;
        let outcome = self.invoke_in(&environment, request_id, payload, timeout).await;
        let duration = started.elapsed();
        match &outcome {
            // Both asked for more work: the environment is good for another invocation.
            Ok(_) | Err(InvokeError::Function(_)) if environment.is_alive() => {
                lock(&function.idle).push(environment)
            }
            Ok(_) | Err(_) => self.discard(&environment),
        }
        Invoked { request_id, outcome, duration, init }
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
        while let Some(environment) = { lock(&function.idle).pop() } {
            if environment.is_alive() {
                return Ok((environment, None));
            }
            self.discard(&environment);
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
        self.log.write(closing_lines(invoked, self.config.memory_mb).as_bytes());
    }
}

/// 100 ms, 200 ms, … up to 10 s.
fn restart_pause(failures_before: u32) -> Duration {
    RESTART_PAUSE.saturating_mul(2_u32.saturating_pow(failures_before)).min(RESTART_PAUSE_MAX)
}

/// The lines AWS writes after an invocation. Billed time includes init (since 2025-08-01) and
/// is rounded up to the millisecond.
fn closing_lines(invoked: &Invoked, memory_mb: u32) -> String {
    let Invoked { request_id, outcome, duration, init } = invoked;
    let mut text = String::with_capacity(256);
    // Writing to a String cannot fail.
    if let Err(error) = outcome {
        let line = error.to_string().replace('\n', " ");
        let _ = writeln!(text, "{request_id} {line}");
    }
    let duration_ms = duration.as_secs_f64() * 1000.0;
    let billed_ms = (duration_ms + init.map_or(0.0, |init| init.as_secs_f64() * 1000.0)).ceil();
    let _ = writeln!(text, "END RequestId: {request_id}");
    let _ = write!(
        text,
        "REPORT RequestId: {request_id}\tDuration: {duration_ms:.2} ms\tBilled Duration: {billed_ms} ms\tMemory Size: {memory_mb} MB"
    );
    if let Some(init) = init {
        let _ = write!(text, "\tInit Duration: {:.2} ms", init.as_secs_f64() * 1000.0);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_failed_init_doubles_up_to_ten_seconds() {
        let pauses: Vec<u128> = [0, 1, 2, 6, 7, 40].map(|n| restart_pause(n).as_millis()).to_vec();
        assert_eq!(pauses, [100, 200, 400, 6400, 10_000, 10_000]);
    }

    #[test]
    fn the_report_bills_init_and_rounds_up() {
        let request_id = IdSource::new().next();
        let invoked = Invoked {
            request_id,
            outcome: Ok(Bytes::new()),
            duration: Duration::from_micros(2_340),
            init: Some(Duration::from_micros(17_100)),
        };
        let expected = format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: 2.34 ms\tBilled Duration: 20 ms\tMemory Size: 256 MB\tInit Duration: 17.10 ms\n"
        );
        assert_eq!(closing_lines(&invoked, 256), expected);
    }
}

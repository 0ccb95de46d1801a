//! One execution environment: one operating system process that runs one invocation at a
//! time and is reused until it dies or is killed.
//!
//! It talks to us over the Runtime API (`runtime_api.rs`), which calls [`Environment::next`]
//! and the `report_*` methods. Which environment gets which invocation is `lambda.rs`'s.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process, setpriority_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::clock::wall_ms;
use crate::function_log::FunctionLog;
use crate::ids::Id;
use crate::lambda::concurrency::ThrottleReason;
use crate::lock::lock;

/// AWS gives the init phase 10 s: "Understanding the Lambda execution environment lifecycle".
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the function made of one invocation.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum InvokeError {
    #[error("the function returned an error: {0}")]
    Function(String),
    #[error("Task timed out after {0:.2} seconds")]
    TimedOut(SecondsText),
    #[error("RequestId: {request_id} Error: Runtime exited with error: {status}")]
    Exited { request_id: Id, status: String },
    #[error("the process could not be started: {0}")]
    NotStarted(String),
    #[error("the function ended before it asked for work: {0}")]
    InitFailed(String),
    #[error(
        "RequestId: {request_id} Error: Runtime exited with error: signal: killed (more than {limit_mb} MB of memory)"
    )]
    OutOfMemory { request_id: Id, limit_mb: u32 },
    #[error("throttled: {0}")]
    Throttled(ThrottleReason),
    #[error("the response of the function was lost on its way (a fault on purpose)")]
    ResponseLost,
    #[error("the cloud is shutting down")]
    ShuttingDown,
}

/// Seconds with the two decimals AWS prints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SecondsText(pub(crate) Duration);

impl std::fmt::Display for SecondsText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0.as_secs_f64(), f)
    }
}

/// What `/invocation/next` answers.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: Id,
    pub(crate) deadline_ms: u64,
    pub(crate) payload: Bytes,
}

type Outcome = Result<Bytes, InvokeError>;

/// The invocation that the process works on.
struct Current {
    request_id: Id,
    /// Set when the response came; the invocation is over when the process asks for more.
    outcome: Option<Outcome>,
    done: oneshot::Sender<Outcome>,
}

/// The life of the process, seen from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Phase {
    Init,
    Ready,
    Ended(String),
}

/// How a process is started.
pub(crate) struct Program {
    pub(crate) executable: std::path::PathBuf,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) nice: i32,
}

/// One process.
pub(crate) struct Environment {
    pub(crate) number: u64,
    pub(crate) pid: u32,
    inbox: mpsc::Sender<Invocation>,
    /// Behind an async lock because `/next` waits on it; there is one caller, the process.
    outbox: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<Current>>,
    init_error: Mutex<Option<String>>,
    phase: watch::Sender<Phase>,
    kill: Notify,
    /// Set when it was killed for its memory, MB.
    over_memory_mb: Mutex<Option<u32>>,
    /// Set with `kill`: the process may live a little longer, but gets no more work.
    doomed: AtomicBool,
}

impl Environment {
    /// Starts the process. The caller must register the environment under its number before
    /// it can ask for work, so starting is split from [`Environment::initialized`].
    pub(crate) fn start(
        number: u64,
        program: &Program,
        log: &Arc<FunctionLog>,
    ) -> Result<Arc<Self>, InvokeError> {
        let mut child =
            spawn(program).map_err(|error| InvokeError::NotStarted(error.to_string()))?;
        let pid = child.id().unwrap_or_default();
        lower_priority(pid, program.nice);
        let (inbox, outbox) = mpsc::channel(1);
        let environment = Arc::new(Environment {
            number,
            pid,
            inbox,
            outbox: tokio::sync::Mutex::new(outbox),
            current: Mutex::new(None),
            init_error: Mutex::new(None),
            phase: watch::Sender::new(Phase::Init),
            kill: Notify::new(),
            over_memory_mb: Mutex::new(None),
            doomed: AtomicBool::new(false),
        });
        capture(child.stdout.take(), log.clone());
        capture(child.stderr.take(), log.clone());
        tokio::spawn(supervise(environment.clone(), child));
        Ok(environment)
    }

    /// Waits until the process asks for its first work. Returns how long init took.
    pub(crate) async fn initialized(&self, started: Instant) -> Result<Duration, InvokeError> {
        let mut phase = self.phase.subscribe();
        let past_init = phase.wait_for(|phase| *phase != Phase::Init);
        let seen = match tokio::time::timeout(INIT_TIMEOUT, past_init).await {
            Ok(Ok(phase)) => phase.clone(),
            Ok(Err(_)) => Phase::Ended("gone".to_owned()),
            Err(_) => {
                self.kill();
                return Err(InvokeError::InitFailed("init took more than 10 s".to_owned()));
            }
        };
        match seen {
            Phase::Ended(status) => {
                Err(InvokeError::InitFailed(lock(&self.init_error).take().unwrap_or(status)))
            }
            Phase::Init | Phase::Ready => Ok(started.elapsed()),
        }
    }

    /// Runs one invocation to its end, whatever that is. The deadline that the function is told
    /// is off by `skew_ms`.
    pub(crate) async fn invoke(
        &self,
        request_id: Id,
        payload: Bytes,
        timeout: Duration,
        skew_ms: i64,
    ) -> Outcome {
        let (done, outcome) = oneshot::channel();
        *lock(&self.current) = Some(Current { request_id, outcome: None, done });
        let deadline_ms = (wall_ms() + crate::sqs::millis(timeout)).saturating_add_signed(skew_ms);
        let invocation = Invocation { request_id, deadline_ms, payload };
        if self.inbox.send(invocation).await.is_err() {
            return Err(InvokeError::ShuttingDown);
        }
        let mut phase = self.phase.subscribe();
        let ended = phase.wait_for(|phase| matches!(phase, Phase::Ended(_)));
        tokio::select! {
            // A response that is there wins over an exit that is also there.
            biased;
            outcome = outcome => outcome.unwrap_or(Err(InvokeError::ShuttingDown)),
            phase = ended => {
                let status = match phase.as_deref() {
                    Ok(Phase::Ended(status)) => status.clone(),
                    Ok(Phase::Init | Phase::Ready) | Err(_) => "unknown".to_owned(),
                };
                self.answered_already().unwrap_or(Err(InvokeError::Exited { request_id, status }))
            }
            () = tokio::time::sleep(timeout) => {
                self.kill();
                self.answered_already().unwrap_or(Err(InvokeError::TimedOut(SecondsText(timeout))))
            }
        }
    }

    /// The response, if it came although the process did not ask for more work afterwards.
    fn answered_already(&self) -> Option<Outcome> {
        lock(&self.current).take().and_then(|current| current.outcome)
    }

    pub(crate) fn kill(&self) {
        self.doomed.store(true, Ordering::Relaxed);
        self.kill.notify_one();
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.doomed.load(Ordering::Relaxed) && !matches!(*self.phase.borrow(), Phase::Ended(_))
    }

    /// The most memory that the process has used, MB (of 2^20 bytes), rounded up. None where the
    /// system does not tell.
    pub(crate) fn memory_peak_mb(&self) -> Option<u32> {
        if let Some(peak_mb) = *lock(&self.over_memory_mb) {
            return Some(peak_mb);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib.div_ceil(1024))
    }

    /// Kills a process that works and has used more than `limit_mb`.
    pub(crate) fn hold_to(&self, limit_mb: u32) {
        if lock(&self.current).is_none() {
            return;
        }
        if let Some(peak_mb) = self.memory_peak_mb().filter(|peak_mb| *peak_mb > limit_mb) {
            *lock(&self.over_memory_mb) = Some(peak_mb);
            self.kill();
        }
    }

    /// Stops the process until [`Environment::thaw`]. It has asked for work, so nobody waits
    /// for it.
    pub(crate) fn freeze_idle(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Stops the process where it is, and lets it go on after `time`.
    pub(crate) fn freeze(self: &Arc<Self>, time: Duration) {
        self.signal(Signal::STOP);
        let environment = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            environment.signal(Signal::CONT);
        });
    }

    /// A process that is reaped has lost its id to whoever comes next: it gets no signal.
    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_alive()) {
            // It may end at this very moment, which is as good.
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits until the process is reaped.
    pub(crate) async fn ended(&self) {
        // An error would mean the sender is gone, but it is in `self`.
        let _ = self.phase.subscribe().wait_for(|phase| matches!(phase, Phase::Ended(_))).await;
    }

    /// `/invocation/next`: ends the previous invocation, then waits for the next. None when
    /// there will be none.
    pub(crate) async fn next(&self) -> Option<Invocation> {
        self.finish_current();
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Init;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        self.outbox.lock().await.recv().await
    }

    fn finish_current(&self) {
        let mut slot = lock(&self.current);
        if slot.as_ref().is_none_or(|current| current.outcome.is_none()) {
            return;
        }
        if let Some(Current { outcome: Some(outcome), done, .. }) = slot.take() {
            // The invoker may have given up on a timeout at this very moment.
            let _ = done.send(outcome);
        }
    }

    /// `/invocation/{id}/response` and `/error`. False: that invocation is not the current one.
    pub(crate) fn report(&self, request_id: &str, outcome: Outcome) -> bool {
        match &mut *lock(&self.current) {
            Some(current)
                if current.outcome.is_none() && current.request_id.to_string() == request_id =>
            {
                current.outcome = Some(outcome);
                true
            }
            Some(_) | None => false,
        }
    }

    /// `/init/error`: the process will exit; this is why.
    pub(crate) fn report_init_error(&self, error: String) {
        *lock(&self.init_error) = Some(error);
    }
}

fn spawn(program: &Program) -> std::io::Result<Child> {
    Command::new(&program.executable)
        .env_clear()
        .envs(program.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// Lowering a priority is always allowed; if the process is gone already there is no need.
fn lower_priority(pid: u32, nice: i32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if pid.is_some() {
        let _ = setpriority_process(pid, nice);
    }
}

/// Owns the child: kills it when told, reaps it, and says so.
async fn supervise(environment: Arc<Environment>, mut child: Child) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = environment.kill.notified() => {
            // It may have exited in the meantime.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    let text = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    environment.phase.send_replace(Phase::Ended(text));
}

fn capture(stream: Option<impl AsyncRead + Unpin + Send + 'static>, log: Arc<FunctionLog>) {
    let Some(stream) = stream else { return };
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(lines.read_until(b'\n', &mut line).await, Ok(1..)) {
            if !line.ends_with(b"\n") {
                line.push(b'\n');
            }
            log.write_output(&line);
            line.clear();
        }
    });
}

//! goose, and nothing else of ours knows it. A goose user is serial, which is a closed model; so
//! one user hosts one driver, whose single transaction sends a whole share of the schedule, and goose
//! gets each response time as measured from the intended instant.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionResult};
use goose::{GooseAttack, GooseError};
use runlog::Outcome;

use crate::driver::{Batch, Driver};

/// Whether [`stop`] was called. goose forgets its own mark when it starts.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// Asks the load to end, for good: no new arrivals, the orders in flight are waited for, everything
/// is accounted for.
///
/// goose puts a handler of SIGINT in place unless there is one, and ends the process at the second
/// signal; who wants an account in every case has a handler that calls this.
pub fn stop(reason: &str) {
    STOPPED.store(true, Ordering::Relaxed);
    goose::trigger_killswitch(reason);
}

/// Asks this load to end, and no other after it: see [`stop`].
pub(crate) fn end_load(reason: &str) {
    goose::trigger_killswitch(reason);
}

pub(crate) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed) || goose::is_killswitch_triggered()
}

/// Runs each driver in a goose user until all have finished; exchanges go on to the recorder.
pub(crate) async fn execute(
    drivers: Vec<Driver>,
    base_url: &str,
    recorder: mpsc::Sender<Batch>,
) -> Result<(), GooseError> {
    let users = drivers.len();
    let waiting = Arc::new(Mutex::new(drivers));
    let transaction = Transaction::new(Arc::new(move |user| {
        let driver = waiting.lock().ok().and_then(|mut drivers| drivers.pop());
        Box::pin(host(user, driver, recorder.clone()))
    }));
    let attack = GooseAttack::initialize_with_config(configuration(users, base_url))?;
    let attack = attack.register_scenario(
        Scenario::new("orders").register_transaction(transaction.set_name("schedule")),
    );
    let _quiet = QuietStdout::new();
    attack.execute().await?;
    Ok(())
}

/// Standard output to nowhere while it lives: goose prints "2 users launched." there whatever its
/// settings, and standard output is the caller's, who may have promised JSON.
struct QuietStdout(Option<OwnedFd>);

impl QuietStdout {
    fn new() -> Self {
        Self(Self::silence().ok())
    }

    fn silence() -> std::io::Result<OwnedFd> {
        let kept = rustix::io::dup(std::io::stdout())?;
        let nowhere = File::options().write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdout(nowhere)?;
        Ok(kept)
    }
}

impl Drop for QuietStdout {
    fn drop(&mut self) {
        if let Some(kept) = &self.0 {
            // If it cannot be put back there is nowhere to say so.
            let _ = rustix::stdio::dup2_stdout(kept);
        }
    }
}

async fn host(
    user: &mut GooseUser,
    driver: Option<Driver>,
    recorder: mpsc::Sender<Batch>,
) -> TransactionResult {
    // A thread that cannot start sends nothing: its share is "not sent".
    let Some(Ok(mut batches)) = driver.map(Driver::start) else { return Ok(()) };
    while let Some(batch) = batches.recv().await {
        // goose hears of orders, not of attempts.
        for exchange in batch.iter().filter(|exchange| exchange.is_last) {
            let accepted = exchange.outcome == Outcome::Accepted;
            let response = Duration::from_micros(exchange.response_us());
            let status = (exchange.status != 0).then_some(exchange.status);
            let error = (!accepted).then_some("not accepted");
            user.record_custom_request_duration(
                "PUT",
                "/v1/orders",
                response,
                accepted,
                status,
                error,
            )
            .await?;
        }
        // The recorder is gone only if its disk is; the run then fails with its words.
        let _ = recorder.send(batch);
    }
    Ok(())
}

fn configuration(users: usize, base_url: &str) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(base_url.to_owned());
    configuration.users = Some(users);
    configuration.increase_rate = Some("100000".to_owned());
    // One pass: a driver consumes its whole share. It also keeps goose from resetting its metrics
    // after the ramp, which would drop the first orders.
    configuration.iterations = Some(1);
    // Measured from the intended instant already; goose's repair would invent requests.
    configuration.co_mitigation = None;
    configuration.no_telnet = true;
    configuration.no_transaction_metrics = true;
    configuration.no_scenario_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.quiet = 3;
    configuration
}

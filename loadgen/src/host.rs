//! goose, and nothing else of ours knows it. A goose user is serial, which is a closed model; so
//! one user is one driver, whose single transaction sends a whole share of the schedule, and goose
//! gets each response time as measured from the intended instant.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionResult};
use goose::{GooseAttack, GooseError};
use runlog::Outcome;

use crate::driver::Driver;

/// Asks the running load to end: no new arrivals, the orders in flight are waited for, everything
/// is accounted for.
pub fn stop(reason: &str) {
    goose::trigger_killswitch(reason);
}

/// Why the load was asked to end, if it was. goose handles SIGINT by itself and does not say so.
pub fn stop_reason(asked: Option<&str>) -> Option<String> {
    goose::is_killswitch_triggered().then(|| asked.unwrap_or("SIGINT").to_owned())
}

pub(crate) fn is_stopped() -> bool {
    goose::is_killswitch_triggered()
}

/// Runs each driver in a goose user until all have finished.
pub(crate) async fn execute(
    drivers: Vec<Driver>,
    base_url: &str,
    started: impl Fn() + Send + Sync + 'static,
) -> Result<(), GooseError> {
    let users = drivers.len();
    let waiting = Arc::new(Mutex::new(drivers));
    let transaction = Transaction::new(Arc::new(move |user| {
        let driver = waiting.lock().ok().and_then(|mut drivers| drivers.pop());
        started();
        Box::pin(drive(user, driver))
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

async fn drive(user: &mut GooseUser, driver: Option<Driver>) -> TransactionResult {
    let Some(mut driver) = driver else { return Ok(()) };
    while let Some(exchange) = driver.next().await {
        let accepted = exchange.outcome == Outcome::Accepted;
        let response = Duration::from_micros(exchange.response_us());
        let status = (exchange.status != 0).then_some(exchange.status);
        let error = (!accepted).then_some("not accepted");
        user.record_custom_request_duration("PUT", "/v1/orders", response, accepted, status, error)
            .await?;
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

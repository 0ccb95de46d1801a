//! The function's entry: reads the environment, opens the database, answers invocations.
//!
//! What it does is the first argument or, as Lambda gives none, `VAZAO_ENTRY`: nothing for the
//! orders of the queue; `sweep` for those that are settled and whose documents are owed, at every
//! invocation, or once where there is no Lambda; `reconcile`, in the same way, to compare a day of
//! settled orders with what is in the bucket; `migrate` to bring the database to this version.

// The layout of a future within futures, as deep as the path of an order; Rust 1.96 counts it.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use processor::{
    Certificate, Config, ConfigError, Database, DatabaseConfig, DocumentStore, Handler, Ledger,
    Pipeline, PostgresDatabase, Signer, log_panics, log_reconciled, log_startup_error, log_sweep,
    migrate, reconcile,
};
use serde_json::Value;

/// An order that was settled less than this ago may be in another environment's hands
/// (`VAZAO_SWEEP_AGE_S`).
const SWEEP_AGE_S: u64 = 900;

/// Orders of one sweep: what an invocation can put, with room to spare.
const SWEEP_LIMIT: u32 = 1_000;

/// The sweeper has had its turns at an order that was settled longer ago than this
/// (`VAZAO_RECONCILE_AGE_S`).
const RECONCILE_AGE_S: u64 = 3_600;

/// What is reconciled each day: the day, and an hour that the day before has looked at already, so that
/// no order is between them.
const RECONCILED: Duration = Duration::from_secs(25 * 3_600);

/// Orders whose documents are asked for (`VAZAO_RECONCILE_ORDERS`): 30,000 requests, 1.2 US cents.
const RECONCILE_ORDERS: u32 = 10_000;

/// Work ends this long before its invocation does.
const MARGIN: Duration = Duration::from_secs(2);

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let started = Instant::now();
    log_panics();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let entry = std::env::args().nth(1).or_else(|| variable("VAZAO_ENTRY"));
    match run(entry.as_deref(), started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log_startup_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(entry: Option<&str>, started: Instant) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    match entry {
        None => enter(Entry::Orders { started }, &Config::read(variable)?),
        Some("sweep") => enter(Entry::Sweep, &Config::read(variable)?),
        Some("reconcile") => enter(Entry::Reconcile, &Config::read_without_certificate(variable)?),
        Some("migrate") => Ok(migrate(&Config::read_database(variable)?)?),
        Some(other) => {
            Err(format!("no entry {other}: sweep, reconcile or migrate, or none").into())
        }
    }
}

/// What the function is there for.
enum Entry {
    /// Settles the orders of the queue.
    Orders { started: Instant },
    /// Documents what is owed.
    Sweep,
    /// Compares what was settled with what is in the bucket.
    Reconcile,
}

/// One thread is enough: the database is asked in it, and the bucket is waited for.
fn enter(entry: Entry, config: &Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match config.database.clone() {
        #[cfg(not(feature = "sqlite"))]
        DatabaseConfig::Sqlite(_) => Err(processor::DatabaseError::NoSqlite.into()),
        #[cfg(feature = "sqlite")]
        DatabaseConfig::Sqlite(path) => {
            let database = processor::SqliteDatabase::open(&path);
            let database = database.map_err(|error| ConfigError::Open(error.to_string()))?;
            runtime.block_on(work(entry, config, database))
        }
        DatabaseConfig::Postgres(server) => {
            runtime.block_on(work(entry, config, PostgresDatabase::new(server)))
        }
    }
}

async fn work<D: Database + Ledger>(
    entry: Entry,
    config: &Config,
    database: D,
) -> Result<(), Failure> {
    let store = DocumentStore::new(&config.aws, &config.bucket);
    match entry {
        Entry::Orders { started } => {
            serve(&Pipeline::new(database, store, signer(config)?), started).await
        }
        Entry::Sweep => {
            let pipeline = Pipeline::new(database, store, signer(config)?);
            scheduled(|until| sweep(&pipeline, until)).await
        }
        Entry::Reconcile => scheduled(|until| reconcile_day(&database, &store, until)).await,
    }
}

fn signer(config: &Config) -> Result<Signer, ConfigError> {
    let certificate = Certificate::read(&config.certificate, &config.certificate_password.0)
        .map_err(|error| ConfigError::Certificate(error.to_string()))?;
    Signer::new(&certificate).map_err(|error| ConfigError::Certificate(error.to_string()))
}

async fn serve<D: Database>(pipeline: &Pipeline<D>, started: Instant) -> Result<(), Failure> {
    let handler = Handler::new(pipeline, started);
    let handler = &handler;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
        handler.handle(event.payload, deadline).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}

/// Does it at every invocation, or once where there is no Lambda. The event of a schedule says nothing
/// that matters.
async fn scheduled<F: Future<Output = Result<(), Failure>>>(
    work: impl Fn(Instant) -> F,
) -> Result<(), Failure> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return work(Instant::now() + Duration::from_secs(3_600)).await;
    }
    let work = &work;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        work(Instant::now() + left.saturating_sub(MARGIN)).await
    }))
    .await
}

async fn sweep<D: Database>(pipeline: &Pipeline<D>, until: Instant) -> Result<(), Failure> {
    let age = Duration::from_secs(number("VAZAO_SWEEP_AGE_S", SWEEP_AGE_S)?);
    let swept = pipeline.sweep(age, SWEEP_LIMIT, until).await?;
    log_sweep(&swept);
    if swept.failed > 0 {
        return Err("documents of some orders are still owed".into());
    }
    Ok(())
}

async fn reconcile_day<L: Ledger>(
    ledger: &L,
    store: &DocumentStore,
    until: Instant,
) -> Result<(), Failure> {
    let age_s = number("VAZAO_RECONCILE_AGE_S", RECONCILE_AGE_S)?;
    let orders = number("VAZAO_RECONCILE_ORDERS", RECONCILE_ORDERS)?;
    let end = Timestamp::now() - Duration::from_secs(age_s);
    let found = reconcile(ledger, store, end - RECONCILED..end, orders, until).await?;
    log_reconciled(&found);
    if !found.is_clean() {
        return Err("what is in the bucket is not what was settled".into());
    }
    Ok(())
}

/// A number from the environment, or its default.
fn number<T: FromStr>(name: &str, default: T) -> Result<T, Failure> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is a number, not {text:?}").into()),
        Err(_) => Ok(default),
    }
}

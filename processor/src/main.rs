//! The function's entry: reads the environment, opens the database, answers invocations.
//!
//! What it does is the first argument or, as Lambda gives none, `VAZAO_ENTRY`: nothing for the
//! orders of the queue; `sweep` for those that are settled and whose documents are owed, at every
//! invocation, or once where there is no Lambda; `migrate` to bring the database to this version.

// The layout of a future within futures, as deep as the path of an order; Rust 1.96 counts it.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use processor::{
    Certificate, Config, ConfigError, Database, DatabaseConfig, DocumentStore, Handler, Pipeline,
    PostgresDatabase, Signer, Swept, log_panics, log_startup_error, log_sweep, migrate,
};
use serde_json::Value;

/// An order that was settled less than this ago may be in another environment's hands
/// (`VAZAO_SWEEP_AGE_S`).
const SWEEP_AGE_S: u64 = 900;

/// Orders of one sweep: what an invocation can put, with room to spare.
const SWEEP_LIMIT: u32 = 1_000;

/// A sweep ends this long before its invocation does.
const SWEEP_MARGIN: Duration = Duration::from_secs(2);

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
    let config = Config::read(|name| std::env::var(name).ok())?;
    let entry = match entry {
        None => Entry::Orders,
        Some("sweep") => Entry::Sweep,
        Some("migrate") => return Ok(migrate(&config.database)?),
        Some(other) => return Err(format!("no entry {other}: sweep or migrate, or none").into()),
    };
    let store = DocumentStore::new(&config.aws, &config.bucket);
    match config.database.clone() {
        #[cfg(not(feature = "sqlite"))]
        DatabaseConfig::Sqlite(_) => Err(processor::DatabaseError::NoSqlite.into()),
        #[cfg(feature = "sqlite")]
        DatabaseConfig::Sqlite(path) => {
            let database = processor::SqliteDatabase::open(&path);
            let database = database.map_err(|error| ConfigError::Open(error.to_string()))?;
            entry.enter(&Pipeline::new(database, store, signer(&config)?), started)
        }
        DatabaseConfig::Postgres(server) => {
            let database = PostgresDatabase::new(server);
            entry.enter(&Pipeline::new(database, store, signer(&config)?), started)
        }
    }
}

fn signer(config: &Config) -> Result<Signer, ConfigError> {
    let certificate = Certificate::read(&config.certificate, &config.certificate_password.0)
        .map_err(|error| ConfigError::Certificate(error.to_string()))?;
    Signer::new(&certificate).map_err(|error| ConfigError::Certificate(error.to_string()))
}

/// What the function is there for.
enum Entry {
    Orders,
    Sweep,
}

impl Entry {
    /// One thread is enough: the database is asked in it, and the bucket is waited for.
    fn enter<D: Database>(self, pipeline: &Pipeline<D>, started: Instant) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Orders => runtime.block_on(serve(pipeline, started)),
            Self::Sweep if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() => {
                runtime.block_on(serve_sweeps(pipeline))
            }
            Self::Sweep => {
                let until = Instant::now() + Duration::from_secs(3_600);
                runtime.block_on(sweep(pipeline, until)).map(drop)
            }
        }
    }
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

/// The event of a schedule says nothing that matters.
async fn serve_sweeps<D: Database>(pipeline: &Pipeline<D>) -> Result<(), Failure> {
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        sweep(pipeline, Instant::now() + left.saturating_sub(SWEEP_MARGIN)).await
    }))
    .await
}

async fn sweep<D: Database>(pipeline: &Pipeline<D>, until: Instant) -> Result<Swept, Failure> {
    let age_s = match std::env::var("VAZAO_SWEEP_AGE_S") {
        Ok(text) => text.parse().map_err(|_| "VAZAO_SWEEP_AGE_S is a number of seconds")?,
        Err(_) => SWEEP_AGE_S,
    };
    let swept = pipeline.sweep(Duration::from_secs(age_s), SWEEP_LIMIT, until).await?;
    log_sweep(&swept);
    if swept.failed == 0 {
        Ok(swept)
    } else {
        Err("documents of some orders are still owed".into())
    }
}

//! The function's entry: reads the environment, opens the database, answers invocations.

use std::process::ExitCode;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use processor::{
    Certificate, Config, ConfigError, DocumentStore, Handler, Pipeline, Signer, SqliteDatabase,
    log_panics, log_startup_error,
};

fn main() -> ExitCode {
    let started = Instant::now();
    log_panics();
    match pipeline() {
        Ok(pipeline) => serve(pipeline, started),
        Err(error) => {
            log_startup_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn pipeline() -> Result<Pipeline, ConfigError> {
    let config = Config::read(|name| std::env::var(name).ok())?;
    let database = SqliteDatabase::open(&config.database)
        .map_err(|error| ConfigError::Open(error.to_string()))?;
    let store = DocumentStore::new(&config.aws, &config.bucket);
    Ok(Pipeline::new(database, store, signer(&config)?))
}

fn signer(config: &Config) -> Result<Signer, ConfigError> {
    let certificate = Certificate::read(&config.certificate, &config.certificate_password.0)
        .map_err(|error| ConfigError::Certificate(error.to_string()))?;
    Signer::new(&certificate).map_err(|error| ConfigError::Certificate(error.to_string()))
}

/// One thread is enough: the database is asked in it, and the bucket is waited for.
fn serve(pipeline: Pipeline, started: Instant) -> ExitCode {
    let handler = Handler::new(pipeline, started);
    let handler = &handler;
    let service = service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
        handler.handle(event.payload, deadline).await.map_err(lambda_runtime::Error::from)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.map(|runtime| runtime.block_on(lambda_runtime::run(service)));
    if matches!(served, Ok(Ok(()))) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

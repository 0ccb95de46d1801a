//! The one connection of an environment: made when it is first needed, tried after a pause in
//! which the environment may have been frozen, and given up when it fails.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Statement};

use super::tls::tls;
use crate::database::DatabaseError;
use crate::password::Password;

/// What a server is given to answer. All stay below the time that the function has.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_500);
const PROBE_TIMEOUT: Duration = Duration::from_millis(500);

/// The server gives up before the client does, so that nothing is done that nobody waits for.
const STATEMENT_TIMEOUT_MS: u32 = 2_000;

/// A connection that was not used for this long is tried before it is relied on: an environment
/// may have been frozen, and firewalls forget. Wall time, since a frozen clock stands still.
const TRUSTED_FOR: Duration = Duration::from_secs(10);

/// How to reach a PostgreSQL server.
#[derive(Clone)]
pub struct PostgresConfig {
    /// `postgres://user@host/name`, as libpq reads it.
    pub url: String,
    /// The password, if it is not in the URL.
    pub password: Option<Password>,
    /// Certificates in PEM by which the server's is judged, beside those of the public
    /// authorities; RDS has authorities of its own.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for PostgresConfig {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresConfig")
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Makes connections and keeps one.
#[derive(Debug)]
pub(super) struct Connector {
    config: PostgresConfig,
    /// Held while a connection is made, so that orders that run at once make one.
    current: Mutex<Option<Rc<Connection>>>,
}

/// A connection and the statements that the server has compiled for it.
pub(super) struct Connection {
    client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
    used_at: Cell<SystemTime>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(config: PostgresConfig) -> Self {
        Self { config, current: Mutex::new(None) }
    }

    /// Does something on the connection. If the connection turns out to be gone, it is done once
    /// more on a new one: all that is done here can be done twice.
    pub(super) async fn with<T>(
        &self,
        work: impl AsyncFn(&Connection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        match self.with_current(&work).await {
            Err(DatabaseError::Postgres(error)) if is_of_connection(&error) => {
                self.with_current(&work).await
            }
            done => done,
        }
    }

    async fn with_current<T>(
        &self,
        work: &impl AsyncFn(&Connection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let connection = self.usable().await?;
        let result = timeout(OPERATION_TIMEOUT, work(&connection)).await;
        match &result {
            Ok(Err(DatabaseError::Postgres(error))) if is_of_connection(error) => {
                self.give_up(&connection).await;
            }
            // The answer to what was asked may still come: the connection is of no use.
            Err(_) => self.give_up(&connection).await,
            Ok(_) => connection.used_at.set(SystemTime::now()),
        }
        result.unwrap_or(Err(DatabaseError::Slow(OPERATION_TIMEOUT.as_millis())))
    }

    async fn usable(&self) -> Result<Rc<Connection>, DatabaseError> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current
            && connection.is_usable().await
        {
            return Ok(Rc::clone(connection));
        }
        let made = Rc::new(Connection::make(&self.config).await?);
        *current = Some(Rc::clone(&made));
        Ok(made)
    }

    /// Forgets a connection, unless there is another one already.
    async fn give_up(&self, failed: &Rc<Connection>) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|connection| Rc::ptr_eq(connection, failed)) {
            *current = None;
        }
    }
}

impl Connection {
    pub(super) async fn make(config: &PostgresConfig) -> Result<Self, DatabaseError> {
        let made = timeout(CONNECT_TIMEOUT, connect(config)).await;
        let client = made.unwrap_or(Err(DatabaseError::Slow(CONNECT_TIMEOUT.as_millis())))?;
        client.batch_execute(&format!("SET statement_timeout = {STATEMENT_TIMEOUT_MS}")).await?;
        let (statements, used_at) = (RefCell::default(), Cell::new(SystemTime::now()));
        Ok(Self { client, statements, used_at })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The statement, compiled once for the connection.
    pub(super) async fn prepared(&self, sql: &'static str) -> Result<Statement, DatabaseError> {
        let known = self.statements.borrow().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    async fn is_usable(&self) -> bool {
        if self.client.is_closed() {
            return false;
        }
        // A clock that went back tells nothing.
        let unused = self.used_at.get().elapsed().unwrap_or(Duration::MAX);
        unused < TRUSTED_FOR
            || matches!(timeout(PROBE_TIMEOUT, self.client.check_connection()).await, Ok(Ok(())))
    }
}

pub(super) async fn connect(config: &PostgresConfig) -> Result<Client, DatabaseError> {
    let wrong = |error: tokio_postgres::Error| DatabaseError::Connection(error.to_string());
    let mut server: tokio_postgres::Config = config.url.parse().map_err(wrong)?;
    if let Some(secret) = &config.password {
        let password = secret.reveal().await.map_err(DatabaseError::Connection)?;
        server.password(password);
    }
    server.application_name("vazao-processor").connect_timeout(CONNECT_TIMEOUT);
    match server.get_ssl_mode() {
        SslMode::Disable => {
            let (client, connection) = server.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        SslMode::Prefer | SslMode::Require | _ => {
            let (client, connection) = server.connect(tls(config.ca_file.as_deref())?).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

/// Whether it is the connection that failed, or the server as a whole, and not the statement: a
/// server that was shut down, restarted, or has become a replica.
fn is_of_connection(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else { return true };
    [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::IDLE_SESSION_TIMEOUT,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
        // A statement that is compiled no more, after a failover behind a proxy.
        &SqlState::INVALID_SQL_STATEMENT_NAME,
    ]
    .contains(&code)
        || code.code().starts_with("08")
}

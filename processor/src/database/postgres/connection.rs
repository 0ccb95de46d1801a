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
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, Statement};

use super::memory::Memory;
use super::setup::VERSION;
use super::tls::tls;
use crate::database::DatabaseError;
use crate::password::{Login, Password};

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

/// A connection, the statements that the server has compiled for it, and what was read by it.
pub(super) struct Connection {
    client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
    memory: RefCell<Memory>,
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
        prepare_session(&client).await?;
        let (statements, memory) = (RefCell::default(), RefCell::default());
        Ok(Self { client, statements, memory, used_at: Cell::new(SystemTime::now()) })
    }

    pub(super) fn memory(&self) -> &RefCell<Memory> {
        &self.memory
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

/// One round trip: how statements are planned, and whether the tables are ours.
///
/// All statements find rows by keys that are indexed. Left alone, the server plans those with
/// arrays anew each time, as it takes three lines for fewer than the hundred or so that it
/// otherwise assumes, which costs more than to run them; and in small tables it reads every row.
async fn prepare_session(client: &Client) -> Result<(), DatabaseError> {
    let answer = client
        .simple_query(&format!(
            "SET statement_timeout = {STATEMENT_TIMEOUT_MS};
             SET plan_cache_mode = force_generic_plan;
             SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
             SET jit = off;
             SELECT version FROM schema_version"
        ))
        .await;
    let rows = match answer {
        Ok(rows) => rows,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let found = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    match found.unwrap_or(0) {
        VERSION => Ok(()),
        found => {
            Err(DatabaseError::Version { found, known: VERSION, hint: "run bootstrap migrate" })
        }
    }
}

pub(super) async fn connect(config: &PostgresConfig) -> Result<Client, DatabaseError> {
    let wrong = |error: tokio_postgres::Error| DatabaseError::Connection(error.to_string());
    let mut server: tokio_postgres::Config = config.url.parse().map_err(wrong)?;
    if let Some(secret) = &config.password {
        let (host, port) = (host(&server), server.get_ports().first().copied().unwrap_or(5432));
        let user = server.get_user().unwrap_or_default().to_owned();
        if matches!(secret, Password::Token(_)) {
            // RDS takes a token over TLS only, and so nobody else can get to see it.
            server.ssl_mode(SslMode::Require);
        }
        let login = Login { host: &host, port, user: &user };
        let password = secret.reveal(login).await.map_err(DatabaseError::Connection)?;
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

fn host(server: &tokio_postgres::Config) -> String {
    match server.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(_)) | None => "localhost".to_owned(),
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

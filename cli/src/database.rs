//! The existing database of a run: a file in the run's folder, or a schema on a server that the
//! user names.

use std::path::{Path, PathBuf};

use observe::{LedgerCounts, read_ledger, read_server_ledger};
use orders::World;
use processor::{DatabaseUrl, PostgresConfig, Seed, TemporarySchema, connect_postgres};
use runlog::Delivery;

use crate::failure::Failure;
use crate::system::System;

/// Where `--database` may also be said.
const VARIABLE: &str = "VAZAO_DATABASE";

/// A server that was named for a run.
#[derive(Debug, Clone)]
pub(crate) struct NamedServer(String);

impl NamedServer {
    /// What the flag or the environment names; nothing is sent yet.
    pub(crate) fn resolve(flag: Option<&str>) -> Result<Option<Self>, Failure> {
        let variable = std::env::var(VARIABLE).ok().filter(|value| !value.is_empty());
        let (named, by) = match (flag, variable) {
            (Some(flag), _) => (flag.to_owned(), "--database"),
            (None, Some(variable)) => (variable, VARIABLE),
            (None, None) => return Ok(None),
        };
        match named.parse() {
            Ok(DatabaseUrl::Postgres(url)) => Ok(Some(Self(url))),
            Ok(DatabaseUrl::Sqlite(_)) => Err(Failure::usage(format!(
                "{by}: a run makes its SQLite file itself; name a server, postgres://user@host/name, or leave it out"
            ))),
            Err(error) => Err(Failure::usage(format!("{by}: {error}"))),
        }
    }
}

/// The database of a run, made and filled.
#[derive(Debug)]
pub(crate) enum RunDatabase {
    File(PathBuf),
    Schema(TemporarySchema),
    /// Of a deployed stack: read, and nothing else.
    There(String),
}

impl RunDatabase {
    /// Makes the database: on the named server a schema of the run's own, so that nothing that is
    /// there is touched; otherwise the file in `data` is the one.
    pub(crate) fn make(
        named: Option<&NamedServer>,
        data: &Path,
        tag: &str,
        world: World,
    ) -> Result<Self, Failure> {
        let Some(NamedServer(url)) = named else { return Ok(Self::File(System::database(data))) };
        // Small letters, so that the name is the same with and without quotes.
        let name = format!("vazao_{}", tag.to_ascii_lowercase());
        let made = TemporarySchema::create(url, &name, &Seed::of(world)).map_err(|error| {
            Failure::usage(format!("--database: cannot make the schema {name}: {error}"))
        })?;
        Ok(Self::Schema(made))
    }

    /// The database that a deployed stack bills in.
    pub(crate) fn that_is_there(named: Option<&NamedServer>) -> Result<Self, Failure> {
        let named = named.ok_or_else(|| Failure::internal("no database was named"))?;
        Ok(Self::There(named.0.clone()))
    }

    /// The URL for the processor, if it is not the one of the file.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::File(_) | Self::There(_) => None,
            Self::Schema(schema) => Some(schema.url()),
        }
    }

    /// Adds what the database says of the run.
    pub(crate) async fn read(&self, delivery: &mut Delivery) -> Result<LedgerCounts, Failure> {
        match self {
            Self::File(path) => read_ledger(path, delivery).map_err(Failure::internal),
            Self::Schema(schema) => read_server(schema.url(), delivery).await,
            Self::There(url) => read_server(url.clone(), delivery).await,
        }
    }

    /// Takes a schema away; a file goes with its folder.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        let Self::Schema(schema) = self else { return Ok(()) };
        let name = schema.name().to_owned();
        schema.remove().map_err(|error| {
            Failure::internal(format!("cannot drop the schema {name} of --database: {error}"))
        })
    }
}

async fn read_server(url: String, delivery: &mut Delivery) -> Result<LedgerCounts, Failure> {
    let config = PostgresConfig { url, password: None, ca_file: None };
    let client = connect_postgres(&config).await.map_err(Failure::internal)?;
    read_server_ledger(&client, delivery).await.map_err(Failure::internal)
}

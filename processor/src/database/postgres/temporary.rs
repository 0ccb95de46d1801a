//! A schema of its own in a database that others use, for as long as it is wanted.

use std::fmt;

use super::PostgresConfig;
use super::connection::connect;
use super::setup::{block_on, create_postgres};
use crate::database::{DatabaseError, Seed};

/// A schema with the tables and the synthetic business in it. What else is in the database is
/// neither read nor changed.
#[derive(Clone, PartialEq, Eq)]
pub struct TemporarySchema {
    database: String,
    name: String,
}

impl fmt::Debug for TemporarySchema {
    /// Without the password, should there be one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TemporarySchema").field(&self.name).finish()
    }
}

impl TemporarySchema {
    /// Makes a schema in the database of this URL, and fills it. If that fails half-way, nothing is
    /// left of it.
    ///
    /// # Errors
    /// If there is one of this name, the user may make none, or the server cannot be reached.
    pub fn create(database: &str, name: &str, seed: &Seed) -> Result<Self, DatabaseError> {
        if database.contains("options=") {
            let hint = "leave options out of the URL: they name the schema, which is made here";
            return Err(DatabaseError::Connection(hint.to_owned()));
        }
        let made = Self { database: database.to_owned(), name: name.to_owned() };
        made.execute(&format!("CREATE SCHEMA {}", made.quoted()))?;
        match create_postgres(&config(made.url()), seed) {
            Ok(()) => Ok(made),
            Err(error) => {
                // The first error is the one to tell.
                let _ = made.clone().remove();
                Err(error)
            }
        }
    }

    /// The URL by which this schema is what there is.
    pub fn url(&self) -> String {
        let joint = if self.database.contains('?') { '&' } else { '?' };
        format!("{}{joint}options=-csearch_path%3D{}", self.database, self.name)
    }

    /// What the schema is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops the schema with all that is in it.
    ///
    /// # Errors
    /// If the server does not do it.
    pub fn remove(self) -> Result<(), DatabaseError> {
        self.execute(&format!("DROP SCHEMA {} CASCADE", self.quoted()))
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.name.replace('"', "\"\""))
    }

    fn execute(&self, statement: &str) -> Result<(), DatabaseError> {
        let config = config(self.database.clone());
        block_on(async { Ok(connect(&config).await?.batch_execute(statement).await?) })
    }
}

fn config(url: String) -> PostgresConfig {
    PostgresConfig { url, password: None, ca_file: None }
}

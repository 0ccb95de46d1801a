//! Which database: `VAZAO_DATABASE`, or `--database`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// A database by its URL.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:///absolute/path`.
    Sqlite(PathBuf),
    /// `postgres://user@host/name`, as libpq reads it.
    Postgres(String),
}

/// A text that is no database's URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a database is sqlite:// and an absolute path, such as sqlite:///data/orders.db, \
     or postgres://user@host/name"
)]
pub struct DatabaseUrlError;

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            let path = Path::new(path);
            return path
                .is_absolute()
                .then(|| Self::Sqlite(path.to_owned()))
                .ok_or(DatabaseUrlError);
        }
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let fine = is_postgres && text.parse::<tokio_postgres::Config>().is_ok();
        fine.then(|| Self::Postgres(text.to_owned())).ok_or(DatabaseUrlError)
    }
}

/// Without the password, should there be one.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite://{}", path.display()),
            Self::Postgres(_) => formatter.write_str("postgres://…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_an_absolute_path_or_a_server() {
        assert_eq!(
            "sqlite:///data/orders.db".parse(),
            Ok(DatabaseUrl::Sqlite(PathBuf::from("/data/orders.db")))
        );
        let server = "postgres://shop:hidden@db.example:5432/orders?sslmode=require";
        assert!(matches!(server.parse(), Ok(DatabaseUrl::Postgres(_))));
        for wrong in ["sqlite://orders.db", "/data/orders.db", "mysql://h/o", "postgres://h:x/o"] {
            assert_eq!(wrong.parse::<DatabaseUrl>(), Err(DatabaseUrlError), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url: DatabaseUrl = "postgres://shop:hidden@h/o".parse().unwrap();
        assert!(!format!("{url:?}").contains("hidden"));
    }
}

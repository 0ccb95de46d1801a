//! What the function is told by its environment, checked once at the start.

use std::path::PathBuf;

use thiserror::Error;

use crate::{DatabaseConfig, DatabaseUrl, DatabaseUrlError, Password, PostgresConfig};

/// Everything the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database (`VAZAO_DATABASE`): `sqlite:///path` or `postgres://user@host/name`. With
    /// PostgreSQL the password may be in `VAZAO_DATABASE_PASSWORD`, or in a secret of Secrets
    /// Manager that `VAZAO_DATABASE_SECRET` names, or a token of IAM if `VAZAO_DATABASE_AUTH` is
    /// `iam`, and `VAZAO_DATABASE_CA_FILE` may name
    /// certificates by which the server's is judged.
    pub database: DatabaseConfig,
    /// File of the certificate that signs invoices (`VAZAO_CERTIFICATE`), PKCS#12 or PEM.
    pub certificate: PathBuf,
    /// Its password (`VAZAO_CERTIFICATE_PASSWORD`), which PKCS#12 has.
    pub certificate_password: Secret,
    /// Bucket of the documents (`VAZAO_DOCUMENTS_BUCKET`).
    pub bucket: String,
    /// How to reach AWS.
    pub aws: AwsConfig,
}

/// A text that is not shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// How to reach AWS, from the variables that Lambda sets.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsConfig {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, which the role of a function has.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`: a stand-in for S3.
    pub endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER` or `AWS_ENDPOINT_URL`: a stand-in for Secrets Manager.
    pub secrets_endpoint: Option<String>,
}

impl AwsConfig {
    /// The address of Secrets Manager.
    pub(crate) fn secrets_manager(&self) -> String {
        let region = &self.region;
        let default = || format!("https://secretsmanager.{region}.amazonaws.com");
        self.secrets_endpoint.clone().unwrap_or_else(default)
    }
}

impl std::fmt::Debug for AwsConfig {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { region, endpoint, .. } = self;
        formatter
            .debug_struct("AwsConfig")
            .field("region", region)
            .field("endpoint", endpoint)
            .finish_non_exhaustive()
    }
}

/// An environment in which the function cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Variables that are not set, or empty.
    #[error("set the environment variable(s) {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// A database of a kind or form that is not known.
    #[error("VAZAO_DATABASE: {0}")]
    Database(#[from] DatabaseUrlError),
    /// A way of logging in that is not known.
    #[error("VAZAO_DATABASE_AUTH is iam, or not set: not {0:?}")]
    Authentication(String),
    /// The database is not there or cannot be opened.
    #[error("VAZAO_DATABASE cannot be opened: {0}")]
    Open(String),
    /// The certificate is not there, or cannot sign.
    #[error("VAZAO_CERTIFICATE cannot be used: {0}")]
    Certificate(String),
}

impl Config {
    /// Reads the configuration through `variable`, which looks up an environment variable.
    ///
    /// # Errors
    /// All that is missing at once, or what is wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::read_of(variable, true)
    }

    /// Reads what is needed where nothing is signed: there is no certificate.
    ///
    /// # Errors
    /// All that is missing at once, or what is wrong.
    pub fn read_without_certificate(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read_of(variable, false)
    }

    fn read_of(
        variable: impl Fn(&str) -> Option<String>,
        signs: bool,
    ) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variable);
        let url = environment.required("VAZAO_DATABASE");
        let certificate =
            if signs { environment.required("VAZAO_CERTIFICATE").into() } else { PathBuf::new() };
        let bucket = environment.required("VAZAO_DOCUMENTS_BUCKET");
        let aws = environment.aws();
        environment.complete()?;
        let database = environment.database(&url, Some(&aws))?;
        let password = environment.optional("VAZAO_CERTIFICATE_PASSWORD");
        let certificate_password = Secret(password.unwrap_or_default());
        Ok(Self { database, certificate, certificate_password, bucket, aws })
    }

    /// Reads what is needed where nothing but the database is used. AWS is asked only for a password
    /// that it keeps.
    ///
    /// # Errors
    /// All that is missing at once, or what is wrong.
    pub fn read_database(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<DatabaseConfig, ConfigError> {
        let mut environment = Environment::new(variable);
        let url = environment.required("VAZAO_DATABASE");
        let kept_by_aws = ["VAZAO_DATABASE_SECRET", "VAZAO_DATABASE_AUTH"];
        let asked = kept_by_aws.iter().any(|name| environment.optional(name).is_some());
        let aws = asked.then(|| environment.aws());
        environment.complete()?;
        environment.database(&url, aws.as_ref())
    }
}

/// The variables, and which of them were wanted and are not there.
struct Environment<F> {
    variable: F,
    missing: Vec<&'static str>,
}

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn new(variable: F) -> Self {
        Self { variable, missing: Vec::new() }
    }

    /// An empty one is none.
    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Empty if it is missing, which [`Environment::complete`] says.
    fn required(&mut self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.missing.push(name);
            String::new()
        })
    }

    fn complete(&self) -> Result<(), ConfigError> {
        if self.missing.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Missing(self.missing.clone()))
        }
    }

    fn aws(&mut self) -> AwsConfig {
        let endpoint = |environment: &Self, service: &str| {
            let of_service = environment.optional(&format!("AWS_ENDPOINT_URL_{service}"));
            of_service.or_else(|| environment.optional("AWS_ENDPOINT_URL"))
        };
        AwsConfig {
            region: self.required("AWS_REGION"),
            access_key_id: self.required("AWS_ACCESS_KEY_ID"),
            secret_access_key: self.required("AWS_SECRET_ACCESS_KEY"),
            session_token: self.optional("AWS_SESSION_TOKEN"),
            endpoint: endpoint(self, "S3"),
            secrets_endpoint: endpoint(self, "SECRETS_MANAGER"),
        }
    }

    fn database(&self, url: &str, aws: Option<&AwsConfig>) -> Result<DatabaseConfig, ConfigError> {
        let url = match url.parse()? {
            DatabaseUrl::Sqlite(path) => return Ok(DatabaseConfig::Sqlite(path)),
            DatabaseUrl::Postgres(url) => url,
        };
        let given = self.optional("VAZAO_DATABASE_PASSWORD").map(Password::Given);
        let secret = self.optional("VAZAO_DATABASE_SECRET").zip(aws);
        let managed = secret.map(|(id, aws)| Password::Managed { id, aws: aws.clone() });
        let token = match self.optional("VAZAO_DATABASE_AUTH").as_deref() {
            None => None,
            Some("iam") => aws.cloned().map(Password::Token),
            Some(other) => return Err(ConfigError::Authentication(other.to_owned())),
        };
        let password = given.or(managed).or(token);
        let ca_file = self.optional("VAZAO_DATABASE_CA_FILE").map(PathBuf::from);
        Ok(DatabaseConfig::Postgres(PostgresConfig { url, password, ca_file }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 7] = [
        ("VAZAO_DATABASE", "sqlite:///data/orders.db"),
        ("VAZAO_CERTIFICATE", "/opt/certificate.p12"),
        ("VAZAO_CERTIFICATE_PASSWORD", "hidden too"),
        ("VAZAO_DOCUMENTS_BUCKET", "documents"),
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| {
            let mut all = changes.iter().chain(&COMPLETE);
            all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = read(&[]).unwrap();
        assert!(matches!(&config.database, DatabaseConfig::Sqlite(path)
            if path.to_str() == Some("/data/orders.db")));
        assert_eq!((config.bucket.as_str(), config.aws.endpoint), ("documents", None));
    }

    #[test]
    fn a_database_alone_needs_no_aws_unless_aws_keeps_its_password() {
        let read = |given: &'static [(&str, &str)]| {
            Config::read_database(move |name| {
                given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let password = |config| match config {
            Ok(DatabaseConfig::Postgres(config)) => config.password,
            other => panic!("{other:?}"),
        };
        let none = read(&[("VAZAO_DATABASE", "postgres://owner@db.example/orders")]);
        assert!(password(none).is_none());
        let given = read(&[
            ("VAZAO_DATABASE", "postgres://owner@db.example/orders"),
            ("VAZAO_DATABASE_PASSWORD", "hidden"),
        ]);
        assert!(matches!(password(given), Some(Password::Given(text)) if text == "hidden"));
        let managed = read(&[
            ("VAZAO_DATABASE", "postgres://owner@db.example/orders"),
            ("VAZAO_DATABASE_SECRET", "arn"),
            ("AWS_REGION", "sa-east-1"),
        ]);
        assert_eq!(
            managed.unwrap_err().to_string(),
            "set the environment variable(s) AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
        );
        assert_eq!(read(&[]).unwrap_err(), ConfigError::Missing(vec!["VAZAO_DATABASE"]));
    }

    #[test]
    fn everything_that_is_missing_is_named_in_one_line() {
        let error = read(&[("VAZAO_DATABASE", ""), ("AWS_REGION", "")]).unwrap_err().to_string();
        assert_eq!(error, "set the environment variable(s) VAZAO_DATABASE, AWS_REGION");
    }

    #[test]
    fn who_signs_nothing_needs_no_certificate() {
        let variable = |name: &str| {
            let known =
                COMPLETE.iter().filter(|(known, _)| !known.starts_with("VAZAO_CERTIFICATE"));
            known.clone().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        assert!(
            matches!(Config::read(variable), Err(ConfigError::Missing(names)) if names.len() == 1)
        );
        assert_eq!(Config::read_without_certificate(variable).unwrap().bucket, "documents");
    }

    #[test]
    fn a_database_that_is_none_is_refused() {
        let error = read(&[("VAZAO_DATABASE", "sqlite://orders.db")]).unwrap_err();
        assert_eq!(error, ConfigError::Database(DatabaseUrlError));
    }

    #[test]
    fn a_server_s_password_is_given_or_in_a_secret() {
        let server = ("VAZAO_DATABASE", "postgres://shop@db.example/orders");
        let secret = ("VAZAO_DATABASE_SECRET", "arn:of:the:secret");
        let given = ("VAZAO_DATABASE_PASSWORD", "hidden");
        let password = |changes: &[(&str, &str)]| match read(changes).unwrap().database {
            DatabaseConfig::Postgres(config) => config.password,
            DatabaseConfig::Sqlite(path) => panic!("{path:?}"),
        };
        assert!(password(&[server]).is_none());
        assert!(matches!(password(&[server, given, secret]), Some(Password::Given(_))));
        let managed = password(&[server, secret]);
        assert!(matches!(managed, Some(Password::Managed { id, .. }) if id == secret.1));
        let iam = ("VAZAO_DATABASE_AUTH", "iam");
        assert!(matches!(password(&[server, iam]), Some(Password::Token(_))));
        let other = read(&[server, ("VAZAO_DATABASE_AUTH", "kerberos")]).unwrap_err().to_string();
        assert_eq!(other, "VAZAO_DATABASE_AUTH is iam, or not set: not \"kerberos\"");
    }

    #[test]
    fn the_endpoint_of_s3_goes_before_the_endpoint_of_all() {
        let both = [("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_S3", "http://s3")];
        assert_eq!(read(&both).unwrap().aws.endpoint.as_deref(), Some("http://s3"));
        assert_eq!(read(&both[..1]).unwrap().aws.endpoint.as_deref(), Some("http://all"));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("hidden"));
    }
}

//! How partners say who they are. Secrets come from the environment or from a file and go into
//! requests, and nowhere else: nothing here can be printed or serialised.

use std::fmt;
use std::fs;

use thiserror::Error;

/// How each partner says who it is; the position is the partner's index. A list of one serves every
/// partner.
#[derive(Clone)]
pub enum Credentials {
    /// Not at all.
    None,
    /// An API key a partner, in the header `x-api-key`.
    ApiKeys(Vec<String>),
    /// A token a partner, in the header `authorization: Bearer`.
    Bearer(Vec<String>),
    /// AWS Signature Version 4, signed as each order is sent.
    SigV4(SigV4),
}

/// What it takes to sign.
#[derive(Clone)]
pub struct SigV4 {
    /// The region of the scope, such as `sa-east-1`.
    pub region: String,
    /// The service of the scope: `execute-api` for API Gateway.
    pub service: String,
    /// The user of each partner.
    pub users: Vec<SigV4User>,
    /// The API key that each partner sends beside its signature; empty for none.
    pub api_keys: Vec<String>,
}

/// Who signs.
#[derive(Clone)]
pub struct SigV4User {
    /// Such as `AKIAIOSFODNN7EXAMPLE`; it is sent, and no secret.
    pub access_key_id: String,
    /// What signs.
    pub secret_access_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
}

/// Without the secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::ApiKeys(keys) => write!(formatter, "ApiKeys({} of them)", keys.len()),
            Self::Bearer(tokens) => write!(formatter, "Bearer({} of them)", tokens.len()),
            Self::SigV4(signing) => {
                write!(formatter, "SigV4({}, {} users)", signing.region, signing.users.len())
            }
        }
    }
}

/// Of a list by partner: the one of this partner, or the one for all.
pub(crate) fn of_partner<T>(list: &[T], partner: usize) -> Option<&T> {
    if list.len() == 1 { list.first() } else { list.get(partner) }
}

/// A secret that cannot be had. The message never holds it.
#[derive(Debug, Error)]
pub enum SecretError {
    /// Neither `env:NAME` nor `file:PATH`. What was written is not repeated: it may be the secret.
    #[error("a secret is given as env:NAME or file:PATH, never as itself")]
    Form,
    /// No such variable.
    #[error("the environment has no variable {0}")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("cannot read the secret's file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// Nothing in it.
    #[error("the secret {0} is empty")]
    Empty(String),
}

/// Reads a secret from where `source` says it is: `env:NAME` or `file:PATH`, whose last line end
/// does not count.
///
/// # Errors
/// If it is not there, or is empty.
pub fn read_secret(source: &str) -> Result<String, SecretError> {
    let text = match source.split_once(':') {
        Some(("env", name)) => {
            std::env::var(name).map_err(|_| SecretError::NoVariable(name.to_owned()))?
        }
        Some(("file", path)) => fs::read_to_string(path).map_err(|error| {
            SecretError::Unreadable { path: path.to_owned(), cause: error.to_string() }
        })?,
        Some(_) | None => return Err(SecretError::Form),
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(SecretError::Empty(source.to_owned()));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_a_file_without_its_line_end_and_never_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "s3cr3t\r\n").unwrap();
        assert_eq!(read_secret(&format!("file:{}", path.display())).unwrap(), "s3cr3t");
        let said = read_secret("s3cr3t").unwrap_err().to_string();
        assert!(said.contains("env:") && !said.contains("s3cr3t"), "{said}");
        std::fs::write(&path, "\n").unwrap();
        let said = read_secret(&format!("file:{}", path.display())).unwrap_err().to_string();
        assert!(said.contains("empty"), "{said}");
        let said = read_secret("env:VAZAO_NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert!(said.contains("VAZAO_NO_SUCH_VARIABLE"), "{said}");
    }

    #[test]
    fn credentials_cannot_be_printed() {
        let user = SigV4User {
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: "hush".to_owned(),
            session_token: Some("hush".to_owned()),
        };
        let all = [
            Credentials::None,
            Credentials::ApiKeys(vec!["hush".to_owned()]),
            Credentials::Bearer(vec!["hush".to_owned()]),
            Credentials::SigV4(SigV4 {
                region: "sa-east-1".to_owned(),
                service: "execute-api".to_owned(),
                users: vec![user],
                api_keys: vec!["hush".to_owned()],
            }),
        ];
        assert!(!format!("{all:?}").contains("hush"));
    }

    #[test]
    fn one_credential_serves_every_partner_and_several_their_own() {
        assert_eq!(of_partner(&[7], 3), Some(&7));
        assert_eq!(of_partner(&[7, 8], 1), Some(&8));
        assert_eq!(of_partner(&[7, 8], 2), None);
    }
}

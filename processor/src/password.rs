//! A password: given, or kept by AWS Secrets Manager.

use std::fmt;

use serde_json::{Value, json};

use crate::AwsConfig;
use crate::http::HttpClient;
use crate::signature::{Request, Signer};

/// Where a password is.
#[derive(Clone)]
pub enum Password {
    /// Here.
    Given(String),
    /// In Secrets Manager. It is asked whenever a connection is made, so that a rotated password
    /// is found without a restart.
    Managed {
        /// Name or ARN.
        id: String,
        /// How to reach AWS.
        aws: AwsConfig,
    },
}

impl fmt::Debug for Password {
    /// Without the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => formatter.write_str("Given"),
            Self::Managed { id, .. } => formatter.debug_struct("Managed").field("id", id).finish(),
        }
    }
}

impl Password {
    /// The password.
    ///
    /// # Errors
    /// Why it cannot be had, and which variable to look at.
    pub async fn reveal(&self) -> Result<String, String> {
        match self {
            Self::Given(password) => Ok(password.clone()),
            Self::Managed { id, aws } => managed(id, aws)
                .await
                .map_err(|cause| format!("VAZAO_DATABASE_SECRET {id}: {cause}")),
        }
    }
}

/// One signed request (Secrets Manager API reference, GetSecretValue): the SDK's client for it
/// would weigh more than the rest of the function.
async fn managed(id: &str, aws: &AwsConfig) -> Result<String, String> {
    let endpoint = aws.secrets_manager();
    let body = json!({"SecretId": id}).to_string().into_bytes();
    let mut request = Request::new("POST", &endpoint, "/", body)?;
    request.header("content-type", "application/x-amz-json-1.1");
    request.header("x-amz-target", "secretsmanager.GetSecretValue");
    let signed = Signer::new(aws, "secretsmanager").sign(request);
    let response =
        HttpClient::new(&endpoint).send(signed).await.map_err(|error| error.to_string())?;
    if response.status != 200 {
        return Err(format!("GetSecretValue answered {}", response.status));
    }
    let answer: Value =
        serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
    let text = answer["SecretString"].as_str().ok_or("the secret is no text")?;
    Ok(password(text))
}

/// RDS keeps `{"username": ..., "password": ...}`; a secret may also be the password alone.
fn password(text: &str) -> String {
    let object: Option<Value> = serde_json::from_str(text).ok();
    let field = object.as_ref().and_then(|object| object.get("password")?.as_str());
    field.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_an_object_with_a_password_or_the_password() {
        assert_eq!(password(r#"{"username":"shop","password":"p\"w"}"#), "p\"w");
        assert_eq!(password("p w"), "p w");
        assert_eq!(password("12345"), "12345");
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Password::Given("hidden".to_owned())), "Given");
    }
}

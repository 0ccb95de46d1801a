//! A password: given, kept by AWS Secrets Manager, or a token of IAM.

use std::fmt;

use jiff::Timestamp;
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
    /// A token that says that the function's role may log in (IAM database authentication of RDS
    /// and Aurora). It is made here, whenever a connection is made; nobody is asked.
    Token(AwsConfig),
}

/// Who logs in where: what a token is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// The server's name, as the token's verifier knows it.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// The user.
    pub user: &'a str,
}

impl fmt::Debug for Password {
    /// Without the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => formatter.write_str("Given"),
            Self::Managed { id, .. } => formatter.debug_struct("Managed").field("id", id).finish(),
            Self::Token(_) => formatter.write_str("Token"),
        }
    }
}

impl Password {
    /// The password.
    ///
    /// # Errors
    /// Why it cannot be had, and which variable to look at.
    pub async fn reveal(&self, login: Login<'_>) -> Result<String, String> {
        match self {
            Self::Given(password) => Ok(password.clone()),
            Self::Token(aws) => Ok(token(aws, login, Timestamp::now())),
            Self::Managed { id, aws } => managed(id, aws)
                .await
                .map_err(|cause| format!("VAZAO_DATABASE_SECRET {id}: {cause}")),
        }
    }
}

/// How long a token can be used to log in; RDS takes none that is valid for longer.
const TOKEN_S: u32 = 900;

/// The token of a login: a request to the server that is signed and never sent (Amazon RDS User
/// Guide, "IAM database authentication").
fn token(aws: &AwsConfig, login: Login<'_>, now: Timestamp) -> String {
    let host = format!("{}:{}", login.host, login.port);
    let parameters = [("Action", "connect"), ("DBUser", login.user)];
    let query = Signer::new(aws, "rds-db").presigned(&host, &parameters, TOKEN_S, now);
    format!("{host}/?{query}")
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

    /// The values are those of botocore 1.44.8, `generate_db_auth_token`.
    #[test]
    fn a_token_is_the_one_that_the_sdk_makes() {
        let login = Login {
            host: "orders.abc.sa-east-1.rds.amazonaws.com",
            port: 5432,
            user: "shop_writer",
        };
        let signature = |session_token: Option<&str>| {
            let aws = AwsConfig {
                region: "sa-east-1".to_owned(),
                access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
                secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
                session_token: session_token.map(str::to_owned),
                endpoint: None,
                secrets_endpoint: None,
            };
            let token = token(&aws, login, "2026-11-23T13:15:00Z".parse().unwrap());
            let (request, signature) = token.split_once("&X-Amz-Signature=").unwrap();
            (request.to_owned(), signature.to_owned())
        };
        let (request, plain) = signature(None);
        assert_eq!(
            request,
            "orders.abc.sa-east-1.rds.amazonaws.com:5432/?Action=connect&DBUser=shop_writer\
             &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261123\
             %2Fsa-east-1%2Frds-db%2Faws4_request&X-Amz-Date=20261123T131500Z&X-Amz-Expires=900\
             &X-Amz-SignedHeaders=host"
        );
        assert_eq!(plain, "01dc7f8fbf3c6875abdfac9f45a6b9362c8c77de661d3ede2331e4856329c282");
        let (request, with_token) = signature(Some("AQoEXAMPLEH4aoAH0gNCAPy/=="));
        assert!(request.contains("&X-Amz-Security-Token=AQoEXAMPLEH4aoAH0gNCAPy%2F%3D%3D&"));
        assert_eq!(with_token, "5f5893e038fee14977810160ed5f623de97e255ffea74a31bd282b247cc40084");
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Password::Given("hidden".to_owned())), "Given");
    }
}

//! The answers that are not the integration's: API Gateway's gateway responses.

use http::{HeaderName, HeaderValue, StatusCode};

use crate::config::GatewayResponseConfig;
use crate::error::ConfigError;
use crate::vtl::Template;

use super::route::{headers, mapping_template};

/// The types of API Gateway developer guide, "supported-gateway-response-types", that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ApiConfigurationError,
    BadRequestBody,
    IntegrationFailure,
    IntegrationTimeout,
    InvalidApiKey,
    InvalidSignature,
    MissingAuthenticationToken,
    QuotaExceeded,
    RequestTooLarge,
    Throttled,
    UnsupportedMediaType,
}

/// Type, its name, API Gateway's status, error type and message.
const KINDS: [(Kind, &str, u16, &str, &str); 11] = [
    (
        Kind::ApiConfigurationError,
        "API_CONFIGURATION_ERROR",
        500,
        "InternalServerErrorException",
        "Internal server error",
    ),
    (Kind::BadRequestBody, "BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body"),
    (
        Kind::IntegrationFailure,
        "INTEGRATION_FAILURE",
        504,
        "InternalServerErrorException",
        "Network error communicating with endpoint",
    ),
    (
        Kind::IntegrationTimeout,
        "INTEGRATION_TIMEOUT",
        504,
        "InternalServerErrorException",
        "Endpoint request timed out",
    ),
    (Kind::InvalidApiKey, "INVALID_API_KEY", 403, "ForbiddenException", "Forbidden"),
    (
        Kind::InvalidSignature,
        "INVALID_SIGNATURE",
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    (
        Kind::MissingAuthenticationToken,
        "MISSING_AUTHENTICATION_TOKEN",
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    (Kind::QuotaExceeded, "QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded"),
    (
        Kind::RequestTooLarge,
        "REQUEST_TOO_LARGE",
        413,
        "RequestEntityTooLargeException",
        "Request Too Long",
    ),
    (Kind::Throttled, "THROTTLED", 429, "TooManyRequestsException", "Too Many Requests"),
    (
        Kind::UnsupportedMediaType,
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        "UnsupportedMediaTypeException",
        "Unsupported Media Type",
    ),
];

/// Types that a template may customise although they cannot occur here.
const NEVER: [&str; 11] = [
    "ACCESS_DENIED",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "RESOURCE_NOT_FOUND",
    "UNAUTHORIZED",
    "WAF_FILTERED",
    "INVALID_IDENTITY",
];

impl Kind {
    fn row(self) -> &'static (Kind, &'static str, u16, &'static str, &'static str) {
        &KINDS[self as usize]
    }

    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().2).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Why a request gets no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    /// `x-amzn-ErrorType`
    pub(super) error_type: &'static str,
    /// `$context.error.message`
    pub(super) message: String,
    /// `$context.error.validationErrorString`
    pub(super) validation: Option<String>,
}

impl From<Kind> for Refusal {
    fn from(kind: Kind) -> Self {
        let (_, _, _, error_type, message) = *kind.row();
        Refusal { kind, error_type, message: message.to_owned(), validation: None }
    }
}

impl Refusal {
    pub(super) fn invalid_body(validation: String) -> Self {
        Refusal { validation: Some(validation), ..Kind::BadRequestBody.into() }
    }

    pub(super) fn unreadable() -> Self {
        Refusal { message: "Bad Request".to_owned(), ..Kind::BadRequestBody.into() }
    }
}

/// What an API changed of its gateway responses.
#[derive(Default)]
pub(super) struct GatewayResponses(Vec<(String, Custom)>);

pub(super) struct Custom {
    status: Option<StatusCode>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) template: Option<Template>,
}

impl GatewayResponses {
    pub(super) fn new(configs: &[GatewayResponseConfig]) -> Result<Self, ConfigError> {
        let response = |config: &GatewayResponseConfig| {
            let problem = |problem: String| ConfigError::GatewayResponse {
                kind: config.kind.clone(),
                problem,
            };
            let known = KINDS.iter().any(|row| row.1 == config.kind);
            if !known && !NEVER.contains(&config.kind.as_str()) {
                return Err(problem("API Gateway has no such type".to_owned()));
            }
            let template = config.template.as_ref().map(mapping_template).transpose()?;
            if template.as_ref().is_some_and(Template::has_directives) {
                return Err(problem("its template takes variables only, no directives".to_owned()));
            }
            let status = config.status.map(StatusCode::from_u16).transpose();
            let custom = Custom {
                status: status.map_err(|error| problem(error.to_string()))?,
                headers: headers(&config.headers).map_err(problem)?,
                template,
            };
            Ok((config.kind.clone(), custom))
        };
        configs.iter().map(response).collect::<Result<_, _>>().map(GatewayResponses)
    }

    /// The status of a refusal, and what the API says of it or of its class.
    pub(super) fn of(&self, kind: Kind) -> (StatusCode, Option<&Custom>) {
        let named = |name: &str| self.0.iter().find(|(known, _)| known == name).map(|(_, c)| c);
        let status = kind.status();
        let class = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let custom = named(kind.name()).or_else(|| named(class));
        (custom.and_then(|custom| custom.status).unwrap_or(status), custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_finds_its_own_row() {
        for (kind, name, status, _, _) in KINDS {
            assert_eq!((kind.name(), kind.status().as_u16()), (name, status));
        }
    }

    #[test]
    fn a_class_answers_for_what_has_no_answer_of_its_own() {
        let config = |kind: &str, status| GatewayResponseConfig {
            kind: kind.to_owned(),
            status: Some(status),
            headers: Vec::new(),
            template: None,
        };
        let responses =
            GatewayResponses::new(&[config("DEFAULT_4XX", 418), config("THROTTLED", 420)]).unwrap();
        let status = |kind| responses.of(kind).0.as_u16();
        assert_eq!(status(Kind::Throttled), 420);
        assert_eq!(status(Kind::InvalidApiKey), 418);
        assert_eq!(status(Kind::IntegrationTimeout), 504);
        assert!(GatewayResponses::new(&[config("THROTLED", 420)]).is_err());
    }
}

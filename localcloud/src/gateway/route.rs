//! One method of one resource, compiled at start: its path, its model, its mapping templates.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use regex::Regex;
use serde_json::Value;

use crate::config::{IntegrationResponse, MappingTemplate, RouteConfig};
use crate::error::ConfigError;
use crate::vtl::Template;

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: String,
    segments: Vec<Segment>,
    pub(super) signed: bool,
    pub(super) api_key_required: bool,
    pub(super) model: Option<jsonschema::Validator>,
    pub(super) queue: String,
    pub(super) timeout: std::time::Duration,
    /// By media type, in lower case.
    request_templates: Vec<(String, Template)>,
    responses: Vec<Response>,
}

/// What becomes of a back end's answer.
pub(super) struct Response {
    /// None: whatever no other takes.
    pattern: Option<Regex>,
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) template: Option<Template>,
}

impl Route {
    pub(super) fn new(config: &RouteConfig) -> Result<Self, ConfigError> {
        let route = format!("{} {}", config.method, config.path);
        let integration = &config.integration;
        let request_templates = integration.request_templates.iter();
        let responses =
            integration.responses.iter().map(|response| Response::new(response, &route));
        Ok(Route {
            model: config.request_schema.as_ref().map(|s| compile(s, &route)).transpose()?,
            method: config
                .method
                .parse()
                .map_err(|_| ConfigError::Route { route: route.clone() })?,
            path: config.path.clone(),
            segments: config.path.split('/').skip(1).map(segment).collect(),
            signed: config.signed,
            api_key_required: config.api_key_required,
            queue: integration.queue.clone(),
            timeout: integration.timeout,
            request_templates: request_templates
                .map(|(media_type, text)| Ok((media_type.clone(), mapping_template(text)?)))
                .collect::<Result<_, ConfigError>>()?,
            responses: responses.collect::<Result<_, _>>()?,
        })
    }

    /// The path parameters, if the path is this route's.
    pub(super) fn matches(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let mut parts = path.split('/').skip(1);
        let mut parameters = Vec::new();
        for segment in &self.segments {
            match (segment, parts.next()?) {
                (Segment::Literal(literal), part) if literal == part => {}
                (Segment::Parameter(name), part) if !part.is_empty() => {
                    parameters.push((name.as_str(), percent_decode(part)?))
                }
                (Segment::Literal(_) | Segment::Parameter(_), _) => return None,
            }
        }
        parts.next().is_none().then_some(parameters)
    }

    /// The mapping of a content type; without one, API Gateway takes `application/json`.
    pub(super) fn mapping(&self, content_type: Option<&str>) -> Option<&Template> {
        let media_type = content_type.unwrap_or("application/json");
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let fits = |known: &str| known.eq_ignore_ascii_case(media_type);
        self.request_templates.iter().find(|(known, _)| fits(known)).map(|(_, template)| template)
    }

    /// The response for a back end's status.
    pub(super) fn response(&self, status: u16) -> Option<&Response> {
        let text = status.to_string();
        let matching = |response: &&Response| {
            response.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&text))
        };
        let default = |response: &&Response| response.pattern.is_none();
        self.responses.iter().find(matching).or_else(|| self.responses.iter().find(default))
    }
}

impl Response {
    fn new(config: &IntegrationResponse, route: &str) -> Result<Self, ConfigError> {
        let problem =
            |problem: String| ConfigError::IntegrationResponse { route: route.to_owned(), problem };
        // The whole status must match, as with Java's regular expressions.
        let compiled = |pattern: &String| Regex::new(&format!("^(?:{pattern})$"));
        Ok(Response {
            pattern: config
                .pattern
                .as_ref()
                .map(compiled)
                .transpose()
                .map_err(|error| problem(error.to_string()))?,
            status: StatusCode::from_u16(config.status)
                .map_err(|error| problem(error.to_string()))?,
            headers: headers(&config.headers).map_err(problem)?,
            template: config.template.as_ref().map(mapping_template).transpose()?,
        })
    }
}

pub(super) fn headers(
    pairs: &[(String, String)],
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::try_from(name).map_err(|error| format!("{name}: {error}"))?;
        let value = HeaderValue::try_from(value).map_err(|error| format!("{name}: {error}"))?;
        Ok((name, value))
    };
    pairs.iter().map(header).collect()
}

pub(super) fn mapping_template(template: &MappingTemplate) -> Result<Template, ConfigError> {
    Template::compile(&template.text).map_err(|error| ConfigError::MappingTemplate {
        line: template.line + error.line - 1,
        problem: error.to_string(),
    })
}

fn segment(part: &str) -> Segment {
    match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => Segment::Parameter(name.to_owned()),
        None => Segment::Literal(part.to_owned()),
    }
}

/// API Gateway speaks draft 4.
fn compile(schema: &Value, route: &str) -> Result<jsonschema::Validator, ConfigError> {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
    options.build(schema).map_err(|error| ConfigError::Schema {
        route: route.to_owned(),
        problem: error.to_string(),
    })
}

pub(super) fn percent_decode(part: &str) -> Option<String> {
    if !part.contains('%') {
        return Some(part.to_owned());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SqsIntegration;

    fn route(path: &str) -> Route {
        let config = RouteConfig {
            method: "PUT".to_owned(),
            path: path.to_owned(),
            signed: false,
            api_key_required: false,
            throttle: None,
            request_schema: None,
            integration: SqsIntegration::send_message("q", &[]),
        };
        Route::new(&config).unwrap()
    }

    #[test]
    fn a_parameter_takes_one_whole_segment() {
        let route = route("/v1/orders/{n}");
        assert_eq!(route.matches("/v1/orders/A%2F7"), Some(vec![("n", "A/7".to_owned())]));
        for path in ["/v1/orders/", "/v1/orders", "/v1/orders/1/2", "/v2/orders/1", "/"] {
            assert_eq!(route.matches(path), None, "{path}");
        }
    }

    #[test]
    fn parameters_of_the_media_type_do_not_matter() {
        let route = route("/");
        assert!(route.mapping(Some("application/json")).is_some());
        assert!(route.mapping(Some("Application/JSON; charset=utf-8")).is_some());
        assert!(route.mapping(None).is_some());
        assert!(route.mapping(Some("text/json")).is_none());
        assert!(route.mapping(Some("")).is_none());
    }

    #[test]
    fn a_bad_escape_is_no_path() {
        assert_eq!(percent_decode("a%2"), None);
        assert_eq!(percent_decode("a%zz"), None);
        assert_eq!(percent_decode("%C3%A7"), Some("ç".to_owned()));
        assert_eq!(percent_decode("%FF"), None);
    }

    #[test]
    fn a_pattern_takes_the_whole_status_and_the_default_takes_the_rest() {
        let mut config = RouteConfig {
            method: "PUT".to_owned(),
            path: "/".to_owned(),
            signed: false,
            api_key_required: false,
            throttle: None,
            request_schema: None,
            integration: SqsIntegration::send_message("q", &[]),
        };
        config.integration.responses[0].pattern = Some(r"20\d|4".to_owned());
        let route = Route::new(&config).unwrap();
        let status = |back_end| route.response(back_end).map(|response| response.status.as_u16());
        assert_eq!([status(200), status(204)], [Some(202), Some(202)]);
        assert_eq!([status(400), status(500), status(2000)], [Some(503); 3]);
    }
}

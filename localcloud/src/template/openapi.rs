//! The API: its stage's settings and the OpenAPI 3 body with API Gateway's extensions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::{
    AccessLogConfig, ApiConfig, GatewayResponseConfig, IntegrationResponse, MappingTemplate,
    RouteConfig, SqsIntegration, Throttle,
};
use crate::vtl::Template;

use super::TemplateProblem;
use super::fields::Fields;
use super::intrinsics::Resolver;
use super::unsimulated::Notes;
use super::yaml::Node;

type Read<T> = Result<T, TemplateProblem>;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn api(
    id: &str,
    node: &Node,
    resolver: &Resolver<'_>,
    notes: &mut Notes,
) -> Read<ApiConfig> {
    let fields = Fields::of("AWS::Serverless::Api", node)?;
    fields.optional("Name");
    let settings = match fields.optional("MethodSettings") {
        Some(settings) => method_settings(settings, notes)?,
        None => Vec::new(),
    };
    let variables = match fields.optional("Variables") {
        Some(variables) => variables.entries()?,
        None => &[],
    };
    let body = fields.required("DefinitionBody")?;
    let mut api = ApiConfig {
        name: resolver.name_of(id, "Name", node, 0)?,
        stage: fields.required("StageName")?.text()?,
        stage_variables: variables
            .iter()
            .map(|entry| Ok((entry.name.clone(), entry.value.text()?)))
            .collect::<Read<_>>()?,
        account_throttle: Some(Throttle::ACCOUNT),
        access_log: fields
            .optional("AccessLogSetting")
            .map(|node| access_log(node, notes))
            .transpose()?,
        ..ApiConfig::default()
    };
    Body { root: body, settings, notes }.read(&mut api)?;
    fields.finish(notes)?;
    Ok(api)
}

fn access_log(node: &Node, notes: &mut Notes) -> Read<AccessLogConfig> {
    let fields = Fields::of("AccessLogSetting", node)?;
    let destination = fields.required("DestinationArn")?;
    let arn = destination.text()?;
    let group = arn.split_once(":log-group:").map(|(_, group)| group.trim_end_matches(":*"));
    let group = group.ok_or_else(|| {
        destination.problem(format!("only a log group is imitated as a destination, not {arn}"))
    })?;
    let log =
        AccessLogConfig { log_group: group.to_owned(), format: fields.required("Format")?.text()? };
    fields.finish(notes)?;
    Ok(log)
}

/// The throttle of a method and path; `*` and `/*` stand for all.
struct MethodSetting {
    method: String,
    path: String,
    throttle: Option<Throttle>,
}

fn method_settings(node: &Node, notes: &mut Notes) -> Read<Vec<MethodSetting>> {
    let mut settings = Vec::new();
    for item in node.items()? {
        let fields = Fields::of("MethodSettings", item)?;
        let limit = |name: &str| fields.optional(name).map(Node::number).transpose();
        let (rate, burst) = (limit("ThrottlingRateLimit")?, limit("ThrottlingBurstLimit")?);
        let throttle = match (rate, burst) {
            (Some(rate_per_s), Some(burst)) => Some(Throttle { rate_per_s, burst }),
            (None, None) => None,
            _ => {
                return Err(
                    item.problem("ThrottlingRateLimit and ThrottlingBurstLimit go together")
                );
            }
        };
        fields.only("CachingEnabled", "false")?;
        let text = |name: &str, all: &str| match fields.optional(name) {
            Some(node) => node.text(),
            None => Ok(all.to_owned()),
        };
        settings.push(MethodSetting {
            method: text("HttpMethod", "*")?,
            path: text("ResourcePath", "/*")?,
            throttle,
        });
        fields.finish(notes)?;
    }
    Ok(settings)
}

struct Body<'n, 'o> {
    root: &'n Node,
    settings: Vec<MethodSetting>,
    notes: &'o mut Notes,
}

impl<'n> Body<'n, '_> {
    fn read(mut self, api: &mut ApiConfig) -> Read<()> {
        let fields = Fields::of("OpenAPI", self.root)?;
        let version = fields.required("openapi")?;
        if !version.text()?.starts_with("3.0") {
            return Err(version.problem("only OpenAPI 3.0 is imitated"));
        }
        fields.only("x-amazon-apigateway-api-key-source", "HEADER")?;
        fields.optional("x-amazon-apigateway-request-validators");
        fields.optional("components");
        self.check_components()?;
        if let Some(responses) = fields.optional("x-amazon-apigateway-gateway-responses") {
            for entry in responses.entries()? {
                api.gateway_responses.push(self.gateway_response(&entry.name, &entry.value)?);
            }
        }
        for path in fields.required("paths")?.entries()? {
            for method in path.value.entries()? {
                if !METHODS.contains(&method.name.as_str()) {
                    return Err(TemplateProblem {
                        line: method.line,
                        problem: format!("{} under a path is not imitated", method.name),
                    });
                }
                api.routes.push(self.route(&path.name, &method.name, &method.value)?);
            }
        }
        fields.finish(self.notes)
    }

    fn check_components(&mut self) -> Read<()> {
        let Some(components) = self.root.get("components") else { return Ok(()) };
        let fields = Fields::of("components", components)?;
        fields.optional("schemas");
        if let Some(schemes) = fields.optional("securitySchemes") {
            for entry in schemes.entries()? {
                self.scheme(&entry.name, &entry.value)?;
            }
        }
        fields.finish(self.notes)
    }

    /// Whether a security scheme is a signature; otherwise it is an API key.
    fn scheme(&mut self, name: &str, node: &'n Node) -> Read<bool> {
        let fields = Fields::of("security scheme", node)?;
        fields.only("type", "apiKey")?;
        fields.only("in", "header")?;
        let header = fields.required("name")?;
        let signed = match fields.optional("x-amazon-apigateway-authtype") {
            Some(kind) if kind.text()? == "awsSigv4" => true,
            Some(kind) => return Err(kind.problem("only awsSigv4 is imitated")),
            None => false,
        };
        let wanted = if signed { "authorization" } else { "x-api-key" };
        if !header.text()?.eq_ignore_ascii_case(wanted) {
            return Err(header.problem(format!("the header of {name} must be {wanted}")));
        }
        fields.finish(self.notes)?;
        Ok(signed)
    }

    fn route(&mut self, path: &str, method: &str, node: &'n Node) -> Read<RouteConfig> {
        let fields = Fields::of("method", node)?;
        let validates = match fields.optional("x-amazon-apigateway-request-validator") {
            Some(name) => self.validates_body(name)?,
            None => false,
        };
        let (signed, api_key_required) = match fields.optional("security") {
            Some(security) => self.security(security)?,
            None => (false, false),
        };
        if let Some(parameters) = fields.optional("parameters") {
            self.parameters(path, parameters)?;
        }
        let schema = match fields.optional("requestBody") {
            Some(body) => self.request_schema(body)?,
            None => None,
        };
        let integration = fields.required("x-amazon-apigateway-integration")?;
        let method = method.to_uppercase();
        let route = RouteConfig {
            signed,
            api_key_required,
            throttle: self.throttle_of(&method, path),
            request_schema: schema.filter(|_| validates),
            integration: self.integration(integration)?,
            path: path.to_owned(),
            method,
        };
        fields.finish(self.notes)?;
        Ok(route)
    }

    /// The most particular setting wins.
    fn throttle_of(&self, method: &str, path: &str) -> Option<Throttle> {
        let fits = |setting: &&MethodSetting| {
            (setting.method == "*" || setting.method == method)
                && (setting.path == "/*" || setting.path == path)
        };
        let particular = |setting: &&MethodSetting| {
            u8::from(setting.path != "/*") * 2 + u8::from(setting.method != "*")
        };
        self.settings.iter().filter(fits).max_by_key(particular)?.throttle
    }

    fn validates_body(&mut self, name: &Node) -> Read<bool> {
        let validators = self.root.get("x-amazon-apigateway-request-validators");
        let found = validators.and_then(|all| all.get(&name.text().ok()?));
        let found = found.ok_or_else(|| name.problem("no such request validator"))?;
        let fields = Fields::of("request validator", found)?;
        // Path parameters are always there: without them the path is another.
        fields.optional("validateRequestParameters");
        let body = fields.required("validateRequestBody")?.boolean()?;
        fields.finish(self.notes)?;
        Ok(body)
    }

    /// (signed, with a key)
    fn security(&mut self, node: &Node) -> Read<(bool, bool)> {
        let (mut signed, mut keyed) = (false, false);
        for requirement in node.items()? {
            for entry in requirement.entries()? {
                let schemes = self.root.get("components").and_then(|c| c.get("securitySchemes"));
                let scheme = schemes.and_then(|schemes| schemes.get(&entry.name));
                let scheme = scheme.ok_or_else(|| TemplateProblem {
                    line: entry.line,
                    problem: format!("no security scheme {}", entry.name),
                })?;
                match self.scheme(&entry.name, scheme)? {
                    true => signed = true,
                    false => keyed = true,
                }
            }
        }
        Ok((signed, keyed))
    }

    fn parameters(&mut self, path: &str, node: &Node) -> Read<()> {
        for item in node.items()? {
            let fields = Fields::of("parameter", item)?;
            fields.only("in", "path")?;
            fields.optional("required");
            fields.optional("schema");
            let name = fields.required("name")?;
            if !path.contains(&format!("{{{}}}", name.text()?)) {
                return Err(name.problem(format!("{path} has no such part")));
            }
            fields.finish(self.notes)?;
        }
        Ok(())
    }

    fn request_schema(&mut self, node: &Node) -> Read<Option<Value>> {
        let fields = Fields::of("requestBody", node)?;
        fields.optional("required");
        let mut schema = None;
        for entry in fields.required("content")?.entries()? {
            if entry.name != "application/json" {
                return Err(TemplateProblem {
                    line: entry.line,
                    problem: "only models of application/json are imitated".to_owned(),
                });
            }
            let media = Fields::of("media type", &entry.value)?;
            let found = media.required("schema")?;
            schema = Some(self.schema(found)?);
            media.finish(self.notes)?;
        }
        fields.finish(self.notes)?;
        Ok(schema)
    }

    /// A model with the others beside it, as a schema by itself.
    fn schema(&mut self, node: &Node) -> Read<Value> {
        let mut schema = node.json();
        if let Some(models) = self.root.get("components").and_then(|c| c.get("schemas")) {
            let name = node.get("$ref").map(Node::text).transpose()?;
            let prefix = "#/components/schemas/";
            // A reference to a model alone is the model: the usual case, and quicker to check.
            match name.as_deref().and_then(|name| name.strip_prefix(prefix)) {
                Some(name) => {
                    let model = models.get(name);
                    schema = model.ok_or_else(|| node.problem("no such schema"))?.json();
                }
                None if name.is_some() => {
                    return Err(node.problem("a $ref elsewhere is not imitated"));
                }
                None => {}
            }
            let text = schema.to_string();
            if text.contains(prefix) {
                let moved = |value: &Value| value.to_string().replace(prefix, "#/definitions/");
                let parsed = |text: String| serde_json::from_str(&text).unwrap_or(Value::Null);
                let definitions: Value = parsed(moved(&models.json()));
                schema = parsed(moved(&schema));
                schema["definitions"] = definitions;
            }
        }
        schema["$schema"] = json!("http://json-schema.org/draft-04/schema#");
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
        match options.build(&schema) {
            Ok(_) => Ok(schema),
            Err(error) => Err(node.problem(format!("not JSON Schema draft 4: {error}"))),
        }
    }

    fn gateway_response(&mut self, kind: &str, node: &Node) -> Read<GatewayResponseConfig> {
        let fields = Fields::of("gateway response", node)?;
        let headers = match fields.optional("responseParameters") {
            Some(parameters) => headers(parameters, "gatewayresponse.header.")?,
            None => Vec::new(),
        };
        let response = GatewayResponseConfig {
            kind: kind.to_owned(),
            status: fields.optional("statusCode").map(status).transpose()?,
            headers,
            template: fields
                .optional("responseTemplates")
                .map(json_template)
                .transpose()?
                .flatten(),
        };
        fields.finish(self.notes)?;
        Ok(response)
    }

    fn integration(&mut self, node: &Node) -> Read<SqsIntegration> {
        let fields = Fields::of("x-amazon-apigateway-integration", node)?;
        fields.only("type", "aws")?;
        fields.only("httpMethod", "POST")?;
        fields.only("passthroughBehavior", "never")?;
        fields.required("passthroughBehavior")?;
        if let Some(parameters) = fields.optional("requestParameters") {
            let header = headers(parameters, "integration.request.header.")?;
            let form = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case("content-type") && value == FORM
            };
            if !header.iter().all(form) {
                return Err(parameters.problem(format!("only the Content-Type {FORM} is imitated")));
            }
        } else {
            return Err(fields.problem(format!("SQS takes forms: set the Content-Type to {FORM}")));
        }
        let mut request_templates = BTreeMap::new();
        for entry in fields.required("requestTemplates")?.entries()? {
            request_templates.insert(entry.name.to_lowercase(), template(&entry.value)?);
        }
        let responses = fields.required("responses")?;
        let responses = responses
            .entries()?
            .iter()
            .map(|entry| self.integration_response(&entry.name, &entry.value))
            .collect::<Read<_>>()?;
        let timeout_ms = fields.optional("timeoutInMillis").map_or(Ok(29_000), Node::integer)?;
        let integration = SqsIntegration {
            queue: queue_of_uri(fields.required("uri")?)?,
            timeout: Duration::from_millis(timeout_ms),
            request_templates,
            responses,
        };
        fields.finish(self.notes)?;
        Ok(integration)
    }

    fn integration_response(&mut self, pattern: &str, node: &Node) -> Read<IntegrationResponse> {
        let fields = Fields::of("integration response", node)?;
        if let Err(error) = regex::Regex::new(pattern) {
            return Err(node.problem(format!("the pattern {pattern:?}: {error}")));
        }
        let response = IntegrationResponse {
            pattern: (pattern != "default").then(|| pattern.to_owned()),
            status: status(fields.required("statusCode")?)?,
            headers: match fields.optional("responseParameters") {
                Some(parameters) => headers(parameters, "method.response.header.")?,
                None => Vec::new(),
            },
            template: fields
                .optional("responseTemplates")
                .map(json_template)
                .transpose()?
                .flatten(),
        };
        fields.finish(self.notes)?;
        Ok(response)
    }
}

fn status(node: &Node) -> Read<u16> {
    let status = node.integer()?;
    let fine = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
    fine.ok_or_else(|| node.problem(format!("{status} is not a status")))
}

/// `prefix.Name: "'value'"`: only values written out are imitated.
fn headers(node: &Node, prefix: &str) -> Read<Vec<(String, String)>> {
    let header = |entry: &super::yaml::Entry| {
        let problem = |problem: String| TemplateProblem { line: entry.line, problem };
        let name = entry
            .name
            .strip_prefix(prefix)
            .ok_or_else(|| problem(format!("{} is not imitated: only {prefix}…", entry.name)))?;
        let value = entry.value.text()?;
        let value = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let value =
            value.ok_or_else(|| problem("only a 'value' in quotes is imitated".to_owned()))?;
        http::HeaderName::try_from(name).map_err(|error| problem(error.to_string()))?;
        http::HeaderValue::try_from(value).map_err(|error| problem(error.to_string()))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    node.entries()?.iter().map(header).collect()
}

fn json_template(node: &Node) -> Read<Option<MappingTemplate>> {
    let mut found = None;
    for entry in node.entries()? {
        if entry.name != "application/json" {
            return Err(TemplateProblem {
                line: entry.line,
                problem: "only answers of application/json are imitated".to_owned(),
            });
        }
        found = Some(template(&entry.value)?);
    }
    Ok(found)
}

/// Compiled here only to find its problems where they are written.
fn template(node: &Node) -> Read<MappingTemplate> {
    let text = node.text()?;
    // A block's line is that of its first line of text, below the `|`.
    let line = node.line;
    match Template::compile(&text) {
        Ok(_) => Ok(MappingTemplate { text, line }),
        Err(error) => {
            Err(TemplateProblem { line: line + error.line - 1, problem: error.to_string() })
        }
    }
}

/// `arn:aws:apigateway:REGION:sqs:path/ACCOUNT/QUEUE`
fn queue_of_uri(node: &Node) -> Read<String> {
    let uri = node.text()?;
    let problem = || node.problem(format!("{uri} is not …:sqs:path/ACCOUNT/QUEUE"));
    let path =
        uri.strip_prefix("arn:aws:apigateway:").and_then(|rest| rest.split_once(":sqs:path/"));
    let (_, path) = path.ok_or_else(problem)?;
    let (_, queue) = path.split_once('/').ok_or_else(problem)?;
    Ok(queue.trim_end_matches('/').to_owned())
}

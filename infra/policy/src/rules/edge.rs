//! The API: what it takes, and what it answers.

use serde_json::Value;

use crate::path::Method;
use crate::resolve::text_of;
use crate::stack::{number_of, texts};
use crate::{Finding, Rule, Stack};

/// A partner's client gives up in some ten seconds; API Gateway itself after 29.
const INTEGRATION_MS_MAX: f64 = 10_000.0;

fn of_methods(stack: &Stack, check: impl Fn(&Method<'_>) -> Vec<(String, String)>) -> Vec<Finding> {
    let path = stack.path();
    let found = path.methods.iter().flat_map(|method| {
        let problems = check(method).into_iter();
        problems
            .map(|(rest, problem)| Finding::new(&method.api.id, &method.property(&rest), problem))
    });
    found.collect()
}

fn one(wrong: bool, rest: &str, problem: &str) -> Vec<(String, String)> {
    if wrong { vec![(rest.to_owned(), problem.to_owned())] } else { Vec::new() }
}

pub(super) const LIMITS: Rule = Rule {
    id: "R16",
    demands: "limits for the stage, and a rate, a burst and a quota for each partner, on every method",
    or_else: "one partner's loop uses up what all partners may send",
    check: limits,
};

fn limits(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for api in stack.of("AWS::Serverless::Api") {
        let settings = api.get("/MethodSettings").as_array();
        let all = settings
            .into_iter()
            .flatten()
            .find(|setting| setting["ResourcePath"] == "/*" && setting["HttpMethod"] == "*");
        let limit = |name: &str| all.and_then(|all| number_of(&all[name])).is_some_and(|n| n > 0.0);
        if !limit("ThrottlingRateLimit") || !limit("ThrottlingBurstLimit") {
            found.push(api.finding("MethodSettings", "no rate and burst for /* and *"));
        }
        let plan = stack.of("AWS::ApiGateway::UsagePlan").find(|plan| {
            let stages = plan.get("/ApiStages").as_array();
            stages.into_iter().flatten().any(|stage| {
                text_of(&stage["ApiId"]) == api.id && stage["Stage"] == *api.get("/StageName")
            })
        });
        let set = |pointer| plan.and_then(|plan| plan.number(pointer)).is_some_and(|n| n > 0.0);
        for part in ["/Throttle/RateLimit", "/Throttle/BurstLimit", "/Quota/Limit"] {
            if !set(part) {
                found.push(api.finding("usage plan", format!("no {part} for a partner")));
            }
        }
    }
    found.extend(of_methods(stack, |method| {
        let schemes = security(method);
        let keyed =
            !schemes.is_empty() && schemes.iter().all(|s| s.contains(&"api_key".to_owned()));
        one(!keyed, "security", "without api_key no usage plan applies")
    }));
    found
}

/// The alternatives by which a method lets somebody in, each the schemes that it asks for.
pub(super) fn security(method: &Method<'_>) -> Vec<Vec<String>> {
    let alternatives = method.says["security"].as_array();
    let names = |each: &Value| {
        let schemes = each.as_object().into_iter().flatten();
        schemes.map(|(name, _)| name.clone()).collect()
    };
    alternatives.into_iter().flatten().map(names).collect()
}

pub(super) const ACCEPTED_MEANS_QUEUED: Rule = Rule {
    id: "R18",
    demands: "202 only for a 200 of SQS; all else is 503 and says when to try again",
    or_else: "SQS refuses an order, the partner is told 200, and nobody ever has it",
    check: |stack| of_methods(stack, accepted_means_queued),
};

fn accepted_means_queued(method: &Method<'_>) -> Vec<(String, String)> {
    let responses = &method.integration()["responses"];
    let mut wrong = Vec::new();
    for (pattern, response) in responses.as_object().into_iter().flatten() {
        let status = number_of(&response["statusCode"]).unwrap_or(0.0);
        let success = (200.0..300.0).contains(&status);
        let only_success = matches!(pattern.as_str(), "200" | "2\\d{2}" | "2..");
        if success != only_success {
            wrong.push(("responses".to_owned(), format!("{pattern} of SQS is answered {status}")));
        }
    }
    let accepted = &responses["200"];
    wrong.extend(one(text_of(&accepted["statusCode"]) != "202", "responses", "200 must be 202"));
    let other = &responses["default"];
    let status = number_of(&other["statusCode"]).unwrap_or(0.0);
    wrong.extend(one(status < 500.0, "responses", "default must be 503: all that is not a 200"));
    let header = "method.response.header.Retry-After";
    let told = !other["responseParameters"][header].is_null();
    wrong.extend(one(!told, "responses", "default must say Retry-After"));
    wrong
}

pub(super) const NOTHING_PASSES_UNMAPPED: Rule = Rule {
    id: "R20",
    demands: "passthroughBehavior is never",
    or_else: "a body of another content type is the request to SQS: its sender writes it",
    check: |stack| {
        of_methods(stack, |method| {
            let behaviour = text_of(&method.integration()["passthroughBehavior"]);
            one(behaviour != "never", "passthroughBehavior", "must be never")
        })
    },
};

pub(super) const JSON_ONLY: Rule = Rule {
    id: "R37",
    demands: "application/json is the only content type, in the model and in the mapping",
    or_else: "the model looks at one content type, and an order comes by another",
    check: |stack| {
        of_methods(stack, |method| {
            let keys = |value: &Value| -> Vec<String> {
                value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
            };
            let mapped = keys(&method.integration()["requestTemplates"]) == ["application/json"];
            let modelled = keys(&method.says["requestBody"]["content"]) == ["application/json"];
            let mut wrong = one(!mapped, "requestTemplates", "must be for application/json only");
            wrong.extend(one(!modelled, "requestBody", "must be for application/json only"));
            wrong
        })
    },
};

pub(super) const VALIDATED: Rule = Rule {
    id: "R21",
    demands: "body and parameters are validated against a model that is closed and bounded",
    or_else: "what nobody can read is accepted, and becomes a dead letter instead of a 400",
    check: validated,
};

fn validated(stack: &Stack) -> Vec<Finding> {
    of_methods(stack, |method| {
        let body = method.api.get("/DefinitionBody");
        let name = text_of(&method.says["x-amazon-apigateway-request-validator"]);
        let validator = &body["x-amazon-apigateway-request-validators"][&name];
        let on = |what: &str| validator[what] == true;
        let off = !on("validateRequestBody") || !on("validateRequestParameters");
        let mut wrong = one(off, "request-validator", "must validate body and parameters");
        let required = method.says["requestBody"]["required"] == true;
        wrong.extend(one(!required, "requestBody", "must be required"));
        let model = &method.says["requestBody"]["content"]["application/json"]["schema"];
        let reference = text_of(&model["$ref"]);
        let named = reference.strip_prefix("#/components/schemas/");
        let model = named.map_or(model, |name| &body["components"]["schemas"][name]);
        wrong.extend(one(!model.is_object(), "requestBody", "has no model"));
        let open = open_ends(model, "");
        wrong.extend(open.into_iter().map(|(at, problem)| (format!("model{at}"), problem)));
        wrong
    })
}

/// Parts of a model that anything could be put into.
fn open_ends(schema: &Value, at: &str) -> Vec<(String, String)> {
    let lacks = |name: &str| schema[name].is_null();
    let mut open = match schema["type"].as_str() {
        Some("object") => one(schema["additionalProperties"] != false, at, "is not closed"),
        Some("array") => one(lacks("maxItems"), at, "has no maxItems"),
        Some("string") => one(lacks("maxLength"), at, "has no maxLength"),
        Some("integer" | "number") => one(lacks("maximum"), at, "has no maximum"),
        Some("boolean") | None => Vec::new(),
        Some(_) => one(true, at, "is of no known type"),
    };
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        open.extend(open_ends(property, &format!("{at}/{name}")));
    }
    if schema["items"].is_object() {
        open.extend(open_ends(&schema["items"], &format!("{at}/items")));
    }
    open
}

pub(super) const ANSWERS_IN_TIME: Rule = Rule {
    id: "R36",
    demands: "the partner is answered within ten seconds",
    or_else: "a partner that gave up does not know whether it was accepted",
    check: |stack| {
        of_methods(stack, |method| {
            // API Gateway's default.
            let timeout = number_of(&method.integration()["timeoutInMillis"]).unwrap_or(29_000.0);
            let problem = format!("{timeout} ms; at most {INTEGRATION_MS_MAX}");
            one(timeout > INTEGRATION_MS_MAX, "timeoutInMillis", &problem)
        })
    },
};

pub(super) const REFUSALS_SAY_WHEN: Rule = Rule {
    id: "R38",
    demands: "429 and 504 say Retry-After, no refusal looks like success, and a 400 says why",
    or_else: "a partner that may try again does not, or takes a refusal for an answer",
    check: refusals_say_when,
};

const RETRIED: [&str; 4] =
    ["THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"];

fn refusals_say_when(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for api in stack.of("AWS::Serverless::Api") {
        let all = &api.get("/DefinitionBody")["x-amazon-apigateway-gateway-responses"];
        for (kind, response) in all.as_object().into_iter().flatten() {
            let status = number_of(&response["statusCode"]);
            if status.is_some_and(|status| status < 400.0) {
                found.push(api.finding(kind, "a refusal that is answered as a success"));
            }
        }
        for kind in RETRIED {
            let header = "gatewayresponse.header.Retry-After";
            if all[kind]["responseParameters"][header].is_null() {
                found.push(api.finding(kind, "says no Retry-After"));
            }
        }
        let why = text_of(&all["BAD_REQUEST_BODY"]["responseTemplates"]["application/json"]);
        if !why.contains("$context.error.validationErrorString") {
            found.push(api.finding("BAD_REQUEST_BODY", "does not say what is wrong"));
        }
    }
    found
}

pub(super) const SENT_AGAIN_SAFELY: Rule = Rule {
    id: "R39",
    demands: "an order is PUT under its number, and nothing else is offered",
    or_else: "a partner whose answer was lost may not send again, or sends a second order",
    check: |stack| {
        of_methods(stack, |method| {
            let numbered = method.path.trim_end_matches('/').ends_with("/{orderNumber}");
            one(method.verb != "put" || !numbered, "", "must be put …/{orderNumber}")
        })
    },
};

pub(super) const RECEIPT: Rule = Rule {
    id: "R52",
    demands: "the 202 carries the message's id, its MD5 and the request's id",
    or_else: "a partner cannot check that what the queue has is what it sent, nor ask for it",
    check: |stack| {
        of_methods(stack, |method| {
            let templates = &method.integration()["responses"]["200"]["responseTemplates"];
            let answer = texts(&templates["application/json"]).concat();
            let parts = ["SendMessageResult.MessageId", "MD5OfMessageBody", "$context.requestId"];
            let missing = parts.iter().filter(|part| !answer.contains(**part));
            let told = |part: &&str| ("responses 200".to_owned(), format!("no {part}"));
            missing.map(told).collect()
        })
    },
};

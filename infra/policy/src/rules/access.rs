//! Who may do what.

use serde_json::Value;

use super::edge::security;
use crate::path::{bucket_arn, queue_arn, statements_of};
use crate::resolve::text_of;
use crate::stack::{list, texts};
use crate::{Finding, Resource, Rule, Stack};

/// What a role allows: (actions, resources) of each statement.
fn allowed(role: &Resource) -> Vec<(Vec<String>, Vec<String>)> {
    let policies = role.get("/Policies").as_array();
    let statements = policies
        .into_iter()
        .flatten()
        .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    let allow = statements.filter(|statement| statement["Effect"] == "Allow");
    allow.map(|s| (texts(&s["Action"]), texts(&s["Resource"]))).collect()
}

/// The role of this ARN.
fn role_of<'s>(stack: &'s Stack, arn: &str) -> Option<&'s Resource> {
    stack.of("AWS::IAM::Role").find(|role| arn.rsplit('/').next() == Some(role.id.as_str()))
}

pub(super) const GATEWAY_SENDS_ONLY: Rule = Rule {
    id: "R10",
    demands: "the gateway's role may send to the one queue, and nothing else",
    or_else: "with PurgeQueue or ReceiveMessage the door can take orders out, or all of them away",
    check: gateway_sends_only,
};

fn gateway_sends_only(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let Some(queue) = path.queue else { return Vec::new() };
    let mut found = Vec::new();
    for method in &path.methods {
        let arn = text_of(&method.integration()["credentials"]);
        let Some(role) = role_of(stack, &arn) else {
            found
                .push(method.api.finding(&method.property("credentials"), "no role of this stack"));
            continue;
        };
        let wanted = [(vec!["sqs:SendMessage".to_owned()], vec![queue_arn(queue)])];
        if allowed(role) != wanted || !role.get("/ManagedPolicyArns").is_null() {
            found.push(role.finding("Policies", "must allow sqs:SendMessage to the queue, alone"));
        }
    }
    found
}

pub(super) const TLS_ONLY: Rule = Rule {
    id: "R13",
    demands: "queues and bucket refuse whoever does not use TLS",
    or_else: "orders and invoices can be read, and changed, on their way",
    check: tls_only,
};

fn tls_only(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for queue in stack.of("AWS::SQS::Queue") {
        if !denies_plain(stack, "AWS::SQS::QueuePolicy", "sqs:*", &[queue_arn(queue)]) {
            found.push(queue.finding("queue policy", "must deny sqs:* without TLS"));
        }
    }
    for bucket in stack.of("AWS::S3::Bucket") {
        let arn = bucket_arn(bucket);
        let both = [arn.clone(), format!("{arn}/*")];
        if !denies_plain(stack, "AWS::S3::BucketPolicy", "s3:*", &both) {
            found.push(bucket.finding("bucket policy", "must deny s3:* without TLS, objects too"));
        }
    }
    found
}

fn denies_plain(stack: &Stack, kind: &'static str, action: &str, arns: &[String]) -> bool {
    statements_of(stack, kind).into_iter().any(|statement| {
        let transport = text_of(&statement["Condition"]["Bool"]["aws:SecureTransport"]);
        let resources = texts(&statement["Resource"]);
        denies_everybody(statement)
            && texts(&statement["Action"]).iter().any(|a| a == action)
            && transport == "false"
            && arns.iter().all(|arn| resources.contains(arn))
    })
}

/// Whether a statement is a refusal that nobody is excepted from.
pub(super) fn denies_everybody(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    statement["Effect"] == "Deny" && (*principal == "*" || principal["AWS"] == "*")
}

pub(super) const NOBODY_EMPTIES_A_QUEUE: Rule = Rule {
    id: "R30",
    demands: "nobody may purge or delete a queue before taking the policy away",
    or_else: "one call erases every order that waits",
    check: nobody_empties_a_queue,
};

fn nobody_empties_a_queue(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for queue in stack.of("AWS::SQS::Queue") {
        for action in ["sqs:PurgeQueue", "sqs:DeleteQueue"] {
            let denied = statements_of(stack, "AWS::SQS::QueuePolicy").into_iter().any(|s| {
                denies_everybody(s)
                    && s["Condition"].is_null()
                    && texts(&s["Action"]).iter().any(|a| a == action)
                    && texts(&s["Resource"]).contains(&queue_arn(queue))
            });
            if !denied {
                found.push(queue.finding("queue policy", format!("must deny {action}")));
            }
        }
    }
    found
}

pub(super) const PARTNERS_PROVE_WHO_THEY_ARE: Rule = Rule {
    id: "R17",
    demands: "a partner signs, or shows its certificate; a key alone only in development",
    or_else: "anybody who has seen a key, or the address, orders in a partner's name",
    check: partners_prove_who_they_are,
};

fn partners_prove_who_they_are(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in &stack.path().methods {
        let schemes = security(method);
        let anybody = schemes.is_empty() || schemes.iter().any(Vec::is_empty);
        let signed = |schemes: &Vec<String>| {
            schemes.iter().any(|scheme| {
                let scheme = &method.api.get("/DefinitionBody/components/securitySchemes")[scheme];
                scheme["x-amazon-apigateway-authtype"] == "awsSigv4"
            })
        };
        let proven = schemes.iter().all(signed) || certified(stack, method.api);
        let development = stack.parameter("Environment") == "development"
            && stack.parameter("RequestAuthorization") == "API_KEY";
        if anybody || !(proven || development) {
            found.push(
                method.api.finding(&method.property("security"), "lets in who proves nothing"),
            );
        }
    }
    found
}

/// Whether the API is behind a domain that asks for a client's certificate.
fn certified(stack: &Stack, api: &Resource) -> bool {
    stack.of("AWS::ApiGateway::BasePathMapping").any(|mapping| {
        let domain = stack.resources.get(&mapping.text("/DomainName"));
        let asks = domain.is_some_and(|domain| {
            !domain.text("/MutualTlsAuthentication/TruststoreUri").is_empty()
        });
        mapping.text("/RestApiId") == api.id && asks
    })
}

pub(super) const NO_BACK_DOOR: Rule = Rule {
    id: "R48",
    demands: "with a domain the API's own endpoint is off, and the domain takes TLS 1.2 and no less",
    or_else: "who has no certificate comes in by the execute-api address",
    check: no_back_door,
};

fn no_back_door(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for mapping in stack.of("AWS::ApiGateway::BasePathMapping") {
        let api = stack.resources.get(&mapping.text("/RestApiId"));
        if let Some(api) = api.filter(|api| api.get("/DisableExecuteApiEndpoint") != true) {
            found.push(api.finding("DisableExecuteApiEndpoint", "must be true with a domain"));
        }
    }
    for domain in stack.of("AWS::ApiGateway::DomainName") {
        if domain.text("/SecurityPolicy") != "TLS_1_2" {
            found.push(domain.finding("SecurityPolicy", "must be TLS_1_2"));
        }
    }
    found
}

pub(super) const FUNCTIONS_DO_WHAT_THEY_MUST: Rule = Rule {
    id: "R34",
    demands: "a function may do what it must, and no more: take orders, put and compare documents, or look for them",
    or_else: "without GetObject an order that comes again is never settled; with more, a bug deletes documents",
    check: functions_do_what_they_must,
};

fn functions_do_what_they_must(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let (Some(queue), Some(bucket)) = (path.queue, path.bucket) else { return Vec::new() };
    let objects = format!("{}/*", bucket_arn(bucket));
    let compare = vec![("s3:PutObject", objects.clone()), ("s3:GetObject", objects.clone())];
    let look = vec![("s3:GetObject", objects), ("s3:ListBucket", bucket_arn(bucket))];
    let take = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let take = take.map(|action| (action, queue_arn(queue))).to_vec();
    let settle = [compare.clone(), take].concat();
    let mut found = Vec::new();
    for (function, wanted) in
        [(path.processor, settle), (path.sweeper, compare), (path.reconciler, look)]
    {
        let Some(function) = function else { continue };
        let Some(role) = role_of(stack, &function.text("/Role")) else {
            found.push(function.finding("Role", "must be a role of this stack"));
            continue;
        };
        found.extend(compared(stack, function, role, &wanted));
    }
    found
}

/// What a role lacks, and what it has too much.
fn compared(
    stack: &Stack,
    function: &Resource,
    role: &Resource,
    wanted: &[(&str, String)],
) -> Vec<Finding> {
    let group = function.text("/LoggingConfig/LogGroup");
    let logs = format!("arn:aws:logs:sa-east-1:111122223333:log-group:{group}:*");
    let mut wanted: Vec<(&str, String)> = wanted.to_vec();
    wanted.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(|a| (a, logs.clone())));
    // How the database is logged in to.
    let secret = function.text("/Environment/Variables/VAZAO_DATABASE_SECRET");
    if !secret.is_empty() {
        wanted.push(("secretsmanager:GetSecretValue", secret));
    }
    let has: Vec<(String, String)> = allowed(role)
        .into_iter()
        .flat_map(|(actions, resources)| {
            let pair = move |action: String| {
                resources.clone().into_iter().map(move |resource| (action.clone(), resource))
            };
            actions.into_iter().flat_map(pair)
        })
        .collect();
    let by_token = function.text("/Environment/Variables/VAZAO_DATABASE_AUTH") == "iam";
    let proxy = |resource: &str| {
        let proxies = stack.of("AWS::RDS::DBProxy").next();
        let prefix = proxies.map(|proxy| format!(":dbuser:prx-{}/", proxy.id.to_lowercase()));
        prefix.is_some_and(|prefix| resource.contains(&prefix) && !resource.ends_with("/*"))
    };
    let token = |(action, resource): &(String, String)| {
        by_token && action == "rds-db:connect" && proxy(resource)
    };
    let known = |(action, resource): &(String, String)| {
        wanted.iter().any(|(a, r)| a == action && r == resource)
    };
    let mut found = Vec::new();
    for (action, resource) in &wanted {
        if !has.iter().any(|(a, r)| a == action && r == resource) {
            found.push(role.finding("Policies", format!("lacks {action} on {resource}")));
        }
    }
    if by_token && !has.iter().any(token) {
        found.push(role.finding("Policies", "lacks rds-db:connect to the proxy, as one user"));
    }
    for pair in has.iter().filter(|pair| !known(pair) && !token(pair)) {
        found.push(role.finding("Policies", format!("{} on {} is too much", pair.0, pair.1)));
    }
    found
}

pub(super) const ONE_ROLE_AN_ACTOR: Rule = Rule {
    id: "R35",
    demands: "every actor has a role of its own, that one service may take, without wildcards",
    or_else: "what one may do, the other may too: the sweeper takes orders, a console user is the function",
    check: one_role_an_actor,
};

/// Managed policies that name no resource because what they allow has none.
const MANAGED: [&str; 2] = ["AWSLambdaENIManagementAccess", "AmazonAPIGatewayPushToCloudWatchLogs"];

fn one_role_an_actor(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for role in stack.of("AWS::IAM::Role") {
        let trusted = list(role.get("/AssumeRolePolicyDocument/Statement"));
        let services: Vec<String> =
            trusted.iter().flat_map(|s| texts(&s["Principal"]["Service"])).collect();
        let others =
            trusted.iter().any(|s| !s["Principal"]["AWS"].is_null() || s["Principal"] == "*");
        if services.len() != 1 || others {
            found.push(role.finding("AssumeRolePolicyDocument", "must trust one service"));
        }
        for (actions, resources) in allowed(role) {
            let wild = actions.iter().any(|a| a.contains('*'));
            if wild || resources.iter().any(|r| r == "*") {
                found.push(role.finding("Policies", format!("a wildcard: {}", actions.join(", "))));
            }
        }
        let managed = texts(role.get("/ManagedPolicyArns"));
        for arn in managed.iter().filter(|arn| !MANAGED.iter().any(|known| arn.ends_with(known))) {
            found.push(
                role.finding("ManagedPolicyArns", format!("{arn} allows more than is named")),
            );
        }
        let holders = stack
            .of("AWS::Serverless::Function")
            .filter(|function| function.text("/Role").rsplit('/').next() == Some(role.id.as_str()));
        if holders.count() > 1 {
            found.push(role.finding("Role", "two functions have it"));
        }
    }
    found
}

//! The way to the database, and secrets.

use serde_json::Value;

use crate::resolve::text_of;
use crate::stack::{list, number_of};
use crate::{Finding, Rule, Stack};

pub(super) const PROXY: Rule = Rule {
    id: "R49",
    demands: "a proxy demands TLS and IAM, reads its secret, and refuses before the function's time is up",
    or_else: "whoever is in the VPC logs in; or every invocation is cut off and nobody knows why",
    check: proxy,
};

fn proxy(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let timeout = stack.path().processor.and_then(|function| function.number("/Timeout"));
    for proxy in stack.of("AWS::RDS::DBProxy") {
        if proxy.get("/RequireTLS") != true {
            found.push(proxy.finding("RequireTLS", "must be true"));
        }
        for auth in list(proxy.get("/Auth")) {
            if auth["IAMAuth"] != "REQUIRED" {
                found.push(proxy.finding("IAMAuth", "must be REQUIRED"));
            }
            if text_of(&auth["SecretArn"]).is_empty() {
                found.push(proxy.finding("SecretArn", "no secret"));
            }
        }
    }
    for target in stack.of("AWS::RDS::DBProxyTargetGroup") {
        // RDS's default.
        let wait = "/ConnectionPoolConfigurationInfo/ConnectionBorrowTimeout";
        let wait = target.number(wait).unwrap_or(120.0);
        if timeout.is_some_and(|timeout| wait >= timeout) {
            found.push(
                target.finding("ConnectionBorrowTimeout", "not less than the function's time"),
            );
        }
    }
    found
}

pub(super) const SECRETS: Rule = Rule {
    id: "R50",
    demands: "the database's address is never shown, and no password is written here",
    or_else: "whoever may look at the stack can log in to the database",
    check: secrets,
};

fn secrets(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, declared) in &stack.declared {
        let secret = name.ends_with("Url") || name.contains("Password");
        if secret && declared["NoEcho"] != true {
            found.push(Finding::new("Parameters", name, "must be NoEcho"));
        }
        if secret && !text_of(&declared["Default"]).is_empty() {
            found.push(Finding::new("Parameters", name, "must have no default"));
        }
    }
    let hidden = stack.declared.iter().filter(|(_, declared)| declared["NoEcho"] == true);
    let hidden: Vec<&str> = hidden.map(|(name, _)| stack.parameter(name)).collect();
    for function in stack.of("AWS::Serverless::Function") {
        let variables = function.get("/Environment/Variables").as_object().into_iter().flatten();
        for (name, value) in variables.filter(|(name, _)| name.contains("PASSWORD")) {
            let value = text_of(value);
            if !hidden.contains(&value.as_str()) && !value.starts_with("{{resolve:") {
                found.push(function.finding(name, "a password in plain text"));
            }
        }
    }
    found
}

pub(super) const NARROW_NETWORK: Rule = Rule {
    id: "R54",
    demands: "in a VPC, nobody reaches function or proxy from outside, and they reach only their ports",
    or_else: "the way to the database is a way for others too",
    check: narrow_network,
};

fn narrow_network(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for group in stack.of("AWS::EC2::SecurityGroup") {
        if !list(group.get("/SecurityGroupIngress")).is_empty() {
            found.push(group.finding("SecurityGroupIngress", "nobody calls a function"));
        }
        for rule in list(group.get("/SecurityGroupEgress")) {
            if !is_narrow(rule) {
                found.push(group.finding("SecurityGroupEgress", "not one port of TCP"));
            }
        }
        if list(group.get("/SecurityGroupEgress")).is_empty() {
            found.push(group.finding("SecurityGroupEgress", "none said is all allowed"));
        }
    }
    for kind in ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"] {
        for rule in stack.of(kind) {
            let open = !rule.get("/CidrIp").is_null() || !rule.get("/CidrIpv6").is_null();
            if open || !is_narrow(&rule.properties) {
                found.push(rule.finding(kind, "must be one port, between two groups"));
            }
        }
    }
    found
}

fn is_narrow(rule: &Value) -> bool {
    let port = number_of(&rule["FromPort"]);
    rule["IpProtocol"] == "tcp" && port.is_some() && port == number_of(&rule["ToPort"])
}

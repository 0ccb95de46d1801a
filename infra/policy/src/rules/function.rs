//! The functions.

use serde_json::Value;

use crate::resolve::text_of;
use crate::stack::list;
use crate::{Finding, Resource, Rule, Stack};

pub(super) const CANARY: Rule = Rule {
    id: "R22",
    demands: "a new version gets a part of the orders first, and goes back by itself",
    or_else: "a bad version fails every order at once, and somebody has to be woken to stop it",
    check: canary,
};

fn canary(stack: &Stack) -> Vec<Finding> {
    let Some(function) = stack.path().processor else { return Vec::new() };
    let mut found = Vec::new();
    if function.text("/AutoPublishAlias").is_empty() {
        found.push(function.finding("AutoPublishAlias", "no alias to move"));
    }
    let kind = function.text("/DeploymentPreference/Type");
    if !kind.starts_with("Canary") && !kind.starts_with("Linear") {
        found.push(function.finding("DeploymentPreference", format!("{kind:?} is all at once")));
    }
    if list(function.get("/DeploymentPreference/Alarms")).is_empty() {
        found.push(function.finding("DeploymentPreference", "no alarm that rolls back"));
    }
    found
}

pub(super) const SWEPT: Rule = Rule {
    id: "R44",
    demands: "a schedule documents what is owed, within the hour, and ends before it begins again",
    or_else: "an order that was billed, and whose message is gone, never gets its invoice",
    check: swept,
};

fn swept(stack: &Stack) -> Vec<Finding> {
    let Some(sweeper) = stack.path().sweeper else {
        let problem = "no function has VAZAO_ENTRY=sweep";
        return vec![Finding::new("Resources", "the sweeper", problem)];
    };
    let events = sweeper.get("/Events").as_object().into_iter().flatten();
    let minutes = events
        .filter(|(_, event)| event["Properties"]["State"] != "DISABLED")
        .find_map(|(_, event)| minutes(&text_of(&event["Properties"]["ScheduleExpression"])));
    match minutes {
        None => vec![sweeper.finding("Events", "no schedule of rate(N minutes)")],
        Some(minutes) if minutes > 60.0 => vec![sweeper.finding("Events", "less than hourly")],
        Some(minutes) if minutes * 60.0 <= sweeper.number("/Timeout").unwrap_or(3.0) => {
            vec![sweeper.finding("Timeout", "two sweeps at once")]
        }
        Some(_) => Vec::new(),
    }
}

/// Of `rate(15 minutes)`.
fn minutes(expression: &str) -> Option<f64> {
    let inside = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inside.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    match unit.trim_end_matches('s') {
        "minute" => Some(number),
        "hour" => Some(number * 60.0),
        "day" => Some(number * 1440.0),
        _ => None,
    }
}

pub(super) const RECONCILED: Rule = Rule {
    id: "R56",
    demands: "every day, orders that were settled are compared with what is in the bucket",
    or_else: "a document that is gone is found by the tax office, or by whoever needs it",
    check: reconciled,
};

fn reconciled(stack: &Stack) -> Vec<Finding> {
    let Some(reconciler) = stack.path().reconciler else {
        let problem = "no function has VAZAO_ENTRY=reconcile";
        return vec![Finding::new("Resources", "the reconciler", problem)];
    };
    let events = reconciler.get("/Events").as_object().into_iter().flatten();
    let daily = events
        .filter(|(_, event)| event["Properties"]["State"] != "DISABLED")
        .any(|(_, event)| is_daily(&text_of(&event["Properties"]["ScheduleExpression"])));
    if daily { Vec::new() } else { vec![reconciler.finding("Events", "no daily schedule")] }
}

/// `cron(minute hour * * ? *)` at one time, or `rate(1 day)`: each invocation looks at 25 hours.
fn is_daily(expression: &str) -> bool {
    if let Some(minutes) = minutes(expression) {
        return minutes <= 1_440.0;
    }
    let inside = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    let fields: Vec<&str> = inside.unwrap_or_default().split(' ').collect();
    let [minute, hour, "*", "*", "?", "*"] = fields[..] else { return false };
    [minute, hour].iter().all(|field| field.parse::<u32>().is_ok())
}

pub(super) const ONE_PROGRAM: Rule = Rule {
    id: "R55",
    demands: "function, sweeper and reconciler are the same program, see the same database and bucket, run it natively",
    or_else: "the sweeper renders by other rules than the function billed, or looks elsewhere",
    check: one_program,
};

fn one_program(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let Some(processor) = path.processor else { return Vec::new() };
    let mut found = Vec::new();
    // Who signs nothing has no certificate.
    let others = [(path.sweeper, true), (path.reconciler, false)];
    for (other, signs) in others.into_iter().filter_map(|(other, signs)| Some((other?, signs))) {
        for property in ["CodeUri", "Handler", "Runtime", "Architectures", "VpcConfig"] {
            if processor.get(&format!("/{property}")) != other.get(&format!("/{property}")) {
                found.push(other.finding(property, "differs from the function's"));
            }
        }
        if variables(processor, signs) != variables(other, true) {
            found.push(other.finding("Environment", "differs from the function's"));
        }
    }
    if !processor.text("/Environment/Variables/VAZAO_ENTRY").is_empty() {
        found.push(processor.finding("VAZAO_ENTRY", "takes no orders then"));
    }
    found
}

/// The environment of a function but for what it is there for, and perhaps without the certificate.
fn variables(function: &Resource, with_certificate: bool) -> Vec<(String, Value)> {
    let all = function.get("/Environment/Variables").as_object().cloned().unwrap_or_default();
    all.into_iter()
        .filter(|(name, _)| name != "VAZAO_ENTRY")
        .filter(|(name, _)| with_certificate || !name.starts_with("VAZAO_CERTIFICATE"))
        .collect()
}

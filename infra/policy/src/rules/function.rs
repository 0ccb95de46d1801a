//! The functions.

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

pub(super) const ONE_PROGRAM: Rule = Rule {
    id: "R55",
    demands: "function and sweeper are the same program, see the same database and bucket, run it natively",
    or_else: "the sweeper renders by other rules than the function billed, or looks elsewhere",
    check: one_program,
};

fn one_program(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let (Some(processor), Some(sweeper)) = (path.processor, path.sweeper) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for property in ["CodeUri", "Handler", "Runtime", "Architectures", "VpcConfig"] {
        if processor.get(&format!("/{property}")) != sweeper.get(&format!("/{property}")) {
            found.push(sweeper.finding(property, "differs from the function's"));
        }
    }
    let variables = |function: &Resource| {
        let all = function.get("/Environment/Variables").as_object().cloned().unwrap_or_default();
        all.into_iter().filter(|(name, _)| name != "VAZAO_ENTRY").collect::<Vec<_>>()
    };
    if variables(processor) != variables(sweeper) {
        found.push(sweeper.finding("Environment", "differs from the function's"));
    }
    if !processor.text("/Environment/Variables/VAZAO_ENTRY").is_empty() {
        found.push(processor.finding("VAZAO_ENTRY", "takes no orders then"));
    }
    found
}

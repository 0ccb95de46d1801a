//! What infra/idle.toml counts is what the template deploys, and what alarms and dashboard look at
//! is what the function writes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use policy::{Resource, Stack, Template};
use serde_json::Value;

const TEMPLATE: &str = include_str!("../../template.yaml");
const IDLE: &str = include_str!("../../idle.toml");
const METRICS: &str = include_str!("../../../processor/src/metrics.rs");

fn deployed() -> Stack {
    let template = Template::parse(TEMPLATE).unwrap();
    let scenario = template.scenarios().into_iter().find(|s| s.to_string() == "the defaults");
    template.stack(&scenario.unwrap())
}

/// The number of a line `key = number`.
fn idle(key: &str) -> usize {
    let line = IDLE.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
    line.unwrap().replace('_', "").parse().unwrap()
}

fn of<'s>(stack: &'s Stack, kind: &str) -> Vec<&'s Resource> {
    stack.resources.values().filter(|resource| resource.kind == kind).collect()
}

/// CloudWatch bills an alarm by the metrics that it looks at.
#[test]
fn alarms_and_dashboards_are_counted() {
    let stack = deployed();
    let metrics = |alarm: &&Resource| match alarm.properties["Metrics"].as_array() {
        Some(metrics) => metrics.iter().filter(|metric| metric["MetricStat"].is_object()).count(),
        None => 1,
    };
    let alarms = of(&stack, "AWS::CloudWatch::Alarm");
    assert_eq!(alarms.iter().map(metrics).sum::<usize>(), idle("alarms"));
    assert_eq!(of(&stack, "AWS::CloudWatch::Dashboard").len(), idle("dashboards"));
}

/// Four sweeps an hour and a reconciliation a day in 720 hours, on the processors and with the memory of
/// the template.
#[test]
fn what_schedules_start_is_counted() {
    let stack = deployed();
    let functions = of(&stack, "AWS::Serverless::Function");
    let sweeper = functions.iter().find(|function| function.id == "OrderSweeper").unwrap();
    let schedule = &sweeper.properties["Events"]["Sweep"]["Properties"]["ScheduleExpression"];
    assert_eq!(schedule, "rate(15 minutes)");
    let reconciler = functions.iter().find(|function| function.id == "OrderReconciler").unwrap();
    let daily = &reconciler.properties["Events"]["Reconcile"]["Properties"]["ScheduleExpression"];
    assert_eq!(daily, "cron(0 6 * * ? *)");
    assert_eq!(idle("requests"), idle("month_hours") * 4 + idle("month_hours") / 24);
    for function in [sweeper, reconciler] {
        assert_eq!(function.properties["MemorySize"], idle("memory_mb"));
        assert_eq!(function.properties["Architectures"][0], "arm64");
    }
    assert!(IDLE.contains("architecture = \"arm64\""));
}

/// Metrics of the namespace `Vazao` that alarms and dashboard name.
fn named(stack: &Stack) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for alarm in of(stack, "AWS::CloudWatch::Alarm") {
        let own = std::iter::once(&alarm.properties);
        let metrics = alarm.properties["Metrics"].as_array().into_iter().flatten();
        for metric in own.chain(metrics.map(|metric| &metric["MetricStat"]["Metric"])) {
            if metric["Namespace"] == "Vazao" {
                names.insert(metric["MetricName"].as_str().unwrap().to_owned());
            }
        }
    }
    let dashboard = of(stack, "AWS::CloudWatch::Dashboard")[0];
    let body: Value =
        serde_json::from_str(dashboard.properties["DashboardBody"].as_str().unwrap()).unwrap();
    for widget in body["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            if metric[0] == "Vazao" {
                names.insert(metric[1].as_str().unwrap().to_owned());
            }
        }
    }
    names
}

#[test]
fn the_function_writes_every_metric_that_is_looked_at() {
    let names = named(&deployed());
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(METRICS.contains(&format!("(\"{name}\", ")), "the function writes no {name}");
    }
    assert!(METRICS.contains("\"Namespace\": \"Vazao\""));
    assert!(METRICS.contains("\"service\": \"processor\""));
}

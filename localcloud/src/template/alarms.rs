//! Alarms of a template: what they look at, for whoever wants to know whether one would have fired.
//! Nothing here evaluates them.

use crate::config::{AlarmConfig, Comparison};

use super::TemplateProblem;
use super::fields::Fields;
use super::unsimulated::Notes;
use super::yaml::Node;

/// CloudWatch's default, PutMetricAlarm API reference.
const EVALUATION_PERIODS: u64 = 1;

/// An alarm on one metric; none, with a note, of one that is computed from several.
pub(super) fn alarm(
    id: &str,
    node: &Node,
    notes: &mut Notes,
) -> Result<Option<AlarmConfig>, TemplateProblem> {
    let fields = Fields::of("AWS::CloudWatch::Alarm", node)?;
    if node.get("Metrics").is_some() {
        notes.add(
            node.line,
            format!("{id}, AWS::CloudWatch::Alarm"),
            "it is computed from several metrics",
        );
        return Ok(None);
    }
    let number =
        |name: &str, default: u64| fields.optional(name).map_or(Ok(default), Node::integer);
    let periods = number("EvaluationPeriods", EVALUATION_PERIODS)?;
    let statistic = match fields.optional("ExtendedStatistic") {
        Some(percentile) => percentile,
        None => fields.required("Statistic")?,
    };
    let alarm = AlarmConfig {
        id: id.to_owned(),
        namespace: fields.required("Namespace")?.text()?,
        metric: fields.required("MetricName")?.text()?,
        dimensions: dimensions(fields.optional("Dimensions"), notes)?,
        statistic: statistic.text()?,
        period_s: fields.required("Period")?.integer()?,
        evaluation_periods: periods,
        datapoints_to_alarm: number("DatapointsToAlarm", periods)?,
        threshold: fields.required("Threshold")?.number()?,
        comparison: comparison(fields.required("ComparisonOperator")?)?,
    };
    fields.finish(notes)?;
    Ok(Some(alarm))
}

fn dimensions(
    node: Option<&Node>,
    notes: &mut Notes,
) -> Result<Vec<(String, String)>, TemplateProblem> {
    let mut dimensions = Vec::new();
    for dimension in node.map_or(Ok(&[][..]), Node::items)? {
        let fields = Fields::of("Dimensions", dimension)?;
        dimensions.push((fields.required("Name")?.text()?, fields.required("Value")?.text()?));
        fields.finish(notes)?;
    }
    Ok(dimensions)
}

fn comparison(node: &Node) -> Result<Comparison, TemplateProblem> {
    match node.text()?.as_str() {
        "GreaterThanThreshold" => Ok(Comparison::Above),
        "GreaterThanOrEqualToThreshold" => Ok(Comparison::AtLeast),
        "LessThanThreshold" => Ok(Comparison::Below),
        "LessThanOrEqualToThreshold" => Ok(Comparison::AtMost),
        other => Err(node.problem(format!("the comparison {other} is not imitated"))),
    }
}

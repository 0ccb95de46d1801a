//! The log group of a function, and the embedded metrics in it.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::clock::now_s;
use crate::log_group::LogGroup;
use crate::metric_store::{MetricId, MetricStore};

/// The log of one function.
pub(crate) struct FunctionLog {
    group: LogGroup,
    metrics: Arc<MetricStore>,
}

impl FunctionLog {
    pub(crate) fn open(
        directory: &Path,
        function: &str,
        metrics: Arc<MetricStore>,
    ) -> std::io::Result<Self> {
        let file = format!("{function}.log");
        let group = LogGroup::open(directory, &file, &log_group(function), &metrics)?;
        Ok(FunctionLog { group, metrics })
    }

    /// Takes one or more whole lines, each ended by a line feed.
    pub(crate) fn write(&self, lines: &[u8]) {
        self.group.write(lines);
    }

    /// Takes one line of the function's own output.
    pub(crate) fn write_output(&self, line: &[u8]) {
        self.write(line);
        // Most lines are not metrics, and parsing JSON is dear.
        if line.starts_with(b"{") && contains(line, b"\"_aws\"") {
            self.record_embedded(line);
        }
    }

    fn record_embedded(&self, line: &[u8]) {
        let Ok(document) = serde_json::from_slice::<Value>(line) else { return };
        for (id, value) in embedded_metrics(&document) {
            self.metrics.series(id).record(embedded_second(&document), value);
        }
    }
}

pub(crate) fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn embedded_second(document: &Value) -> i64 {
    document["_aws"]["Timestamp"].as_i64().map_or_else(now_s, |ms| ms.div_euclid(1000))
}

/// CloudWatch user guide, "Specification: Embedded metric format": each directive names its
/// metrics and dimension sets; their values are members of the document itself.
fn embedded_metrics(document: &Value) -> Vec<(MetricId, f64)> {
    let mut found = Vec::new();
    for directive in array(&document["_aws"]["CloudWatchMetrics"]) {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        for set in array(&directive["Dimensions"]) {
            let dimensions: Vec<(String, String)> =
                array(set).filter_map(|name| dimension(document, name)).collect();
            for metric in array(&directive["Metrics"]) {
                let Some(name) = metric["Name"].as_str() else { continue };
                let id = MetricId::new(namespace, name, dimensions.clone());
                found.extend(values(&document[name]).map(|value| (id.clone(), value)));
            }
        }
    }
    found
}

fn array(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or([].iter(), |items| items.iter())
}

fn dimension(document: &Value, name: &Value) -> Option<(String, String)> {
    let name = name.as_str()?;
    Some((name.to_owned(), document[name].as_str()?.to_owned()))
}

fn values(value: &Value) -> impl Iterator<Item = f64> {
    let items = if value.is_array() { array(value) } else { std::slice::from_ref(value).iter() };
    items.filter_map(Value::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_embedded_metric_takes_its_values_from_the_document() {
        let document = json!({
            "_aws": {"Timestamp": 1_700_000_000_123_i64, "CloudWatchMetrics": [
                {"Namespace": "Shop", "Dimensions": [["Partner"], []], "Metrics": [{"Name": "Took", "Unit": "Milliseconds"}]}]},
            "Partner": "acme", "Took": [3, 4.5],
        });
        let with = MetricId::new("Shop", "Took", vec![("Partner".to_owned(), "acme".to_owned())]);
        let without = MetricId::new("Shop", "Took", vec![]);
        let expected =
            vec![(with.clone(), 3.0), (with, 4.5), (without.clone(), 3.0), (without, 4.5)];
        assert_eq!(embedded_metrics(&document), expected);
        assert_eq!(embedded_second(&document), 1_700_000_000);
    }
}

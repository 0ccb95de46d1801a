//! What the gates hold a run against: defaults, and a file that says otherwise.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Every limit. A file needs only those that are to be different: docs/gates.md.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How fast and how sure.
    pub service_level: ServiceLevelLimits,
    /// How soon the queue is empty.
    pub drain: DrainLimits,
    /// What counts as growing.
    pub leak: LeakLimits,
    /// What counts as worse than before.
    pub regression: RegressionLimits,
    /// What it may cost.
    pub cost: CostLimits,
}

/// Quantiles, from the intended instant to the answer and from acceptance to the stored documents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceLevelLimits {
    /// Half of the answers come within this, ms; not asked by default.
    pub accept_p50_ms_max: Option<f64>,
    /// 90 of 100 answers come within this, ms; not asked by default.
    pub accept_p90_ms_max: Option<f64>,
    /// 99 of 100 answers come within this, ms; by default what the profile says.
    pub accept_p99_ms_max: Option<f64>,
    /// Half of the documents are stored within this, ms; not asked by default.
    pub end_to_end_p50_ms_max: Option<f64>,
    /// 99 of 100 orders' documents are stored within this, ms.
    pub end_to_end_p99_ms_max: f64,
    /// So many of 100 orders may be throttled, fail or remain without an answer.
    pub error_percent_max: f64,
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrainLimits {
    /// From the last answer to empty queues, s.
    pub drain_s_max: f64,
    /// Greatest age of the oldest message, s.
    pub queue_age_s_max: f64,
}

/// When a series counts as growing: both conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeakLimits {
    /// Mann-Kendall's chance of such a rise without a trend is below this.
    pub p_max: f64,
    /// Theil-Sen's line rises by at least this over the soak, % of its start.
    pub rise_percent_min: f64,
    /// So much of the load's time is left out at its begin, %, and half of it at its end.
    pub warmup_percent: f64,
}

/// When a night counts as worse than those before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionLimits {
    /// A change smaller than this is none, %.
    pub change_percent_min: f64,
    /// The test of a change point is below this.
    pub p_max: f64,
    /// A change point fails on so many nights, its own included.
    pub recent_nights: usize,
    /// With fewer nights before, nothing is said.
    pub nights_min: usize,
}

/// The budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostLimits {
    /// A thousand orders cost at most this, list prices, USD; no budget by default.
    pub usd_per_1000_max: Option<f64>,
}

impl Default for ServiceLevelLimits {
    /// 5 s to the documents is what `vazao simulate` asks by default; 0.1 % of errors is what the
    /// claim "scales" allows.
    fn default() -> Self {
        Self {
            accept_p50_ms_max: None,
            accept_p90_ms_max: None,
            accept_p99_ms_max: None,
            end_to_end_p50_ms_max: None,
            end_to_end_p99_ms_max: 5_000.0,
            error_percent_max: 0.1,
        }
    }
}

impl Default for DrainLimits {
    /// A minute: more than a batch window and a cold start, less than what a person waits.
    fn default() -> Self {
        Self { drain_s_max: 60.0, queue_age_s_max: 60.0 }
    }
}

impl Default for LeakLimits {
    /// The rates of false alarms and of leaks seen with these are in docs/gates.md.
    fn default() -> Self {
        Self { p_max: 0.01, rise_percent_min: 3.0, warmup_percent: 10.0 }
    }
}

impl Default for RegressionLimits {
    /// The rates of false alarms and of steps caught with these are in docs/gates.md.
    fn default() -> Self {
        Self { change_percent_min: 5.0, p_max: 0.01, recent_nights: 5, nights_min: 7 }
    }
}

/// A file of limits that is none. The message names the file, the line and the key.
#[derive(Debug, Error)]
#[error("gates {path}: {cause}")]
pub struct LimitsError {
    path: String,
    cause: String,
}

impl Limits {
    /// Reads limits; `path` is for messages.
    ///
    /// # Errors
    /// If it is not TOML, has a key that does not exist, or a number that makes no sense.
    pub fn parse(text: &str, path: &str) -> Result<Self, LimitsError> {
        let error = |cause| LimitsError { path: path.to_owned(), cause };
        let limits: Self =
            toml::from_str(text).map_err(|wrong| error(on_one_line(text, &wrong)))?;
        let problems = limits.problems();
        if problems.is_empty() { Ok(limits) } else { Err(error(problems.join("; "))) }
    }

    fn problems(&self) -> Vec<String> {
        let Self { service_level, drain, leak, regression, cost } = self;
        let at_least_0 = [
            ("service_level.accept_p50_ms_max", service_level.accept_p50_ms_max),
            ("service_level.accept_p90_ms_max", service_level.accept_p90_ms_max),
            ("service_level.accept_p99_ms_max", service_level.accept_p99_ms_max),
            ("service_level.end_to_end_p50_ms_max", service_level.end_to_end_p50_ms_max),
            ("service_level.end_to_end_p99_ms_max", Some(service_level.end_to_end_p99_ms_max)),
            ("service_level.error_percent_max", Some(service_level.error_percent_max)),
            ("drain.drain_s_max", Some(drain.drain_s_max)),
            ("drain.queue_age_s_max", Some(drain.queue_age_s_max)),
            ("leak.rise_percent_min", Some(leak.rise_percent_min)),
            ("regression.change_percent_min", Some(regression.change_percent_min)),
            ("cost.usd_per_1000_max", cost.usd_per_1000_max),
        ];
        let mut problems: Vec<String> = at_least_0
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .filter(|(_, value)| !(value.is_finite() && *value >= 0.0))
            .map(|(key, value)| format!("{key} must be at least 0, not {value}"))
            .collect();
        for (key, p) in [("leak.p_max", leak.p_max), ("regression.p_max", regression.p_max)] {
            if !(p > 0.0 && p < 0.05) {
                problems.push(format!("{key} must be above 0 and below 0.05, not {p}"));
            }
        }
        if !(0.0..50.0).contains(&leak.warmup_percent) {
            let warmup = leak.warmup_percent;
            problems.push(format!("leak.warmup_percent must be 0 to 50, not {warmup}"));
        }
        if regression.nights_min < 3 {
            let nights = regression.nights_min;
            problems.push(format!("regression.nights_min must be at least 3, not {nights}"));
        }
        problems
    }
}

/// toml's own message has several lines; one line with the line's number is what a terminal wants.
fn on_one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', " ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_the_default() {
        let text = "[drain]\ndrain_s_max = 7\n[cost]\nusd_per_1000_max = 0.031\n";
        let limits = Limits::parse(text, "limits.toml").unwrap();
        assert_eq!((limits.drain.drain_s_max, limits.drain.queue_age_s_max), (7.0, 60.0));
        assert_eq!(limits.cost.usd_per_1000_max, Some(0.031));
        assert_eq!(limits.leak, LeakLimits::default());
        assert_eq!(Limits::parse("", "limits.toml").unwrap(), Limits::default());
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused_with_its_line() {
        let error =
            Limits::parse("[leak]\np_max = 0.01\nrise_min = 3\n", "limits.toml").unwrap_err();
        let error = error.to_string();
        for part in ["limits.toml", "line 3", "rise_min", "rise_percent_min"] {
            assert!(error.contains(part), "{error}");
        }
        let error = Limits::parse("\n[leaks]\n", "limits.toml").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("leaks"), "{error}");
    }

    #[test]
    fn every_number_that_makes_no_sense_is_named_at_once() {
        let text = "[drain]\ndrain_s_max = -1\n[leak]\np_max = 0.05\nwarmup_percent = 50\n[regression]\nnights_min = 2\np_max = 0.0\n[cost]\nusd_per_1000_max = nan\n";
        let error = Limits::parse(text, "limits.toml").unwrap_err().to_string();
        for key in [
            "drain_s_max",
            "leak.p_max",
            "warmup_percent",
            "nights_min",
            "regression.p_max",
            "usd_per_1000_max",
        ] {
            assert!(error.contains(key), "{key}: {error}");
        }
    }
}

//! A load profile: the file in which a person says what load they want.

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AbortRule, ArrivalSchedule, Curve, Retries};

/// Highest number of orders in one run: the number of an order has seven base-36 digits for it.
const ORDERS_MAX: u64 = 36_u64.pow(7);

/// Most orders in flight at the same time, unless the profile says otherwise.
fn default_in_flight_max() -> u64 {
    500
}

fn default_speed() -> f64 {
    1.0
}

/// How the rate goes over the time of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// The same rate all the time.
    Constant {
        /// How long, s.
        duration_s: f64,
    },
    /// A Brazilian business-to-business day, 24 hours from midnight.
    BusinessDay {},
}

/// Where within its share of the curve an arrival falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At a place that the seed chooses, one arrival in each N-th of the curve.
    #[default]
    Stratified,
    /// In the middle of each N-th.
    Uniform,
}

/// A load profile, as written in `profiles/*.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadProfile {
    /// The profile's name.
    pub name: String,
    /// One sentence on what it is for.
    pub description: String,
    /// How many orders, exactly.
    pub orders: u64,
    /// Everything random comes from this.
    pub seed: u64,
    /// Time compression: seconds of the profile per second of the clock.
    #[serde(default = "default_speed")]
    pub speed: f64,
    /// Most orders in flight at the same time; the others wait and keep their intended instant.
    #[serde(default = "default_in_flight_max")]
    pub in_flight_max: u64,
    /// 99 of 100 accepted orders must be answered within this, ms, from the intended instant.
    pub accept_p99_ms_max: u64,
    /// Where within its share of the curve an arrival falls.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// How the rate goes over time.
    pub shape: Shape,
    /// Whether an order is sent again; without it none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// When the load ends before its time; without it it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<AbortRule>,
}

/// A profile that cannot be run. Every message names the file, key or flag to change.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// The file is not there.
    #[error("cannot read profile {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// Not TOML, an unknown key, a key of the wrong type.
    #[error("profile {path}: {cause}")]
    Malformed {
        /// The file.
        path: String,
        /// The line, the key and what is wrong with it.
        cause: String,
    },
    /// Values that make no run, all of them.
    #[error("{}", .0.join("; "))]
    Impossible(Vec<String>),
}

/// What flags say over the profile.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProfileOverrides {
    /// `--orders`.
    pub orders: Option<i64>,
    /// `--per-day`.
    pub per_day: Option<f64>,
    /// `--speed`.
    pub speed: Option<f64>,
    /// `--seed`.
    pub seed: Option<u64>,
}

impl LoadProfile {
    /// Reads a profile file.
    ///
    /// # Errors
    /// If it cannot be read or is no profile.
    pub fn read(path: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(path).map_err(|error| ProfileError::Unreadable {
            path: path.display().to_string(),
            cause: error.to_string(),
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses a profile; `path` is for messages.
    ///
    /// # Errors
    /// If it is no profile.
    pub fn parse(text: &str, path: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(|error: toml::de::Error| ProfileError::Malformed {
            path: path.to_owned(),
            cause: on_one_line(text, &error),
        })
    }

    /// The profile with the flags over it.
    ///
    /// # Errors
    /// Everything that makes it no run, at once.
    pub fn resolve(mut self, flags: ProfileOverrides) -> Result<Self, ProfileError> {
        let mut wrong = Vec::new();
        self.speed = flags.speed.unwrap_or(self.speed);
        self.seed = flags.seed.unwrap_or(self.seed);
        if !(self.speed.is_finite() && self.speed > 0.0) {
            wrong.push(format!("--speed must be above 0, not {}", self.speed));
        }
        match (flags.orders, flags.per_day) {
            (Some(_), Some(_)) => {
                wrong.push("--orders and --per-day exclude each other: give one".to_owned());
            }
            (Some(orders), None) if orders < 1 => {
                wrong.push(format!("--orders must be at least 1, not {orders}"));
            }
            (Some(orders), None) => self.orders = orders.unsigned_abs(),
            (None, Some(rate)) if !(rate.is_finite() && rate > 0.0) => {
                wrong.push(format!("--per-day must be above 0 orders a day, not {rate}"));
            }
            (None, Some(rate)) => self.orders = orders_at(rate, self.shape.duration_s()),
            (None, None) => {}
        }
        self.check(&mut wrong);
        if wrong.is_empty() { Ok(self) } else { Err(ProfileError::Impossible(wrong)) }
    }

    fn check(&self, wrong: &mut Vec<String>) {
        if self.orders == 0 && wrong.is_empty() {
            wrong.push(format!("profile {}: orders must be at least 1", self.name));
        }
        if self.orders > ORDERS_MAX {
            wrong.push(format!(
                "{} orders are more than the {ORDERS_MAX} that one run can number: lower --orders",
                self.orders
            ));
        }
        if self.in_flight_max == 0 {
            wrong.push(format!("profile {}: in_flight_max must be at least 1", self.name));
        }
        if self.accept_p99_ms_max == 0 {
            wrong.push(format!("profile {}: accept_p99_ms_max must be at least 1", self.name));
        }
        let rules = [
            self.retries.as_ref().and_then(Retries::problem),
            self.abort.as_ref().and_then(AbortRule::problem),
        ];
        wrong
            .extend(rules.into_iter().flatten().map(|why| format!("profile {}: {why}", self.name)));
        let duration_s = self.shape.duration_s();
        if !(duration_s.is_finite() && duration_s > 0.0) {
            wrong.push(format!("profile {}: shape.duration_s must be above 0", self.name));
        }
    }

    /// The instants of this profile's arrivals.
    pub fn schedule(&self) -> ArrivalSchedule {
        let jitter_seed = match self.arrivals {
            Arrivals::Stratified => Some(self.seed),
            Arrivals::Uniform => None,
        };
        ArrivalSchedule::new(self.shape.curve(), self.orders, self.speed, jitter_seed)
    }
}

impl Shape {
    /// How long the shape lasts in its own time, s.
    pub fn duration_s(&self) -> f64 {
        match self {
            Self::Constant { duration_s } => *duration_s,
            Self::BusinessDay {} => Curve::business_day().duration_s(),
        }
    }

    fn curve(&self) -> Curve {
        match self {
            Self::Constant { duration_s } => Curve::constant(*duration_s),
            Self::BusinessDay {} => Curve::business_day(),
        }
    }
}

/// Orders of a run at this rate, orders per 24 h; at least one, or there were nothing to run.
fn orders_at(per_day: f64, duration_s: f64) -> u64 {
    // Rounds half up; a float above u64::MAX saturates and is refused by `check`.
    ((per_day * duration_s / 86_400.0).round() as u64).max(1)
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

    const PROFILE: &str = r#"
name = "test"
description = "for tests"
orders = 1000
seed = 7
accept_p99_ms_max = 300
shape = { kind = "constant", duration_s = 43200 }
"#;

    fn profile() -> LoadProfile {
        LoadProfile::parse(PROFILE, "test.toml").unwrap()
    }

    fn resolved(flags: ProfileOverrides) -> Result<LoadProfile, String> {
        profile().resolve(flags).map_err(|error| error.to_string())
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let text = PROFILE.replace("seed = 7", "seed = 7\nsped = 2");
        let error = LoadProfile::parse(&text, "test.toml").unwrap_err().to_string();
        assert!(error.contains("test.toml: line 6") && error.contains("sped"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn an_unknown_key_of_the_shape_is_an_error_too() {
        let text = PROFILE.replace("duration_s = 43200", "duration_s = 1, durations = 2");
        let error = LoadProfile::parse(&text, "test.toml").unwrap_err().to_string();
        assert!(error.contains("durations"), "{error}");
    }

    #[test]
    fn a_rate_a_day_makes_as_many_orders_as_fall_into_the_shapes_time() {
        let per_day = |rate| ProfileOverrides { per_day: Some(rate), ..<_>::default() };
        // Half a day.
        assert_eq!(resolved(per_day(2_001.0)).unwrap().orders, 1_001);
        assert_eq!(resolved(per_day(0.1)).unwrap().orders, 1);
    }

    #[test]
    fn every_impossible_value_is_named_at_once() {
        let flags =
            ProfileOverrides { orders: Some(0), speed: Some(-2.0), ..ProfileOverrides::default() };
        let error = resolved(flags).unwrap_err();
        assert!(error.contains("--orders") && error.contains("--speed"), "{error}");
        assert!(!error.contains('\n'));
    }

    #[test]
    fn a_negative_rate_is_refused() {
        let flags = ProfileOverrides { per_day: Some(-5.0), ..<_>::default() };
        assert!(resolved(flags).unwrap_err().contains("--per-day"));
    }

    #[test]
    fn a_profile_may_ask_for_retries_and_say_when_to_give_up() {
        let rules = "\n[retries]\nattempts = 4\non = [\"throttled\"]\n\n[abort]\nerror_share_max = 0.25\nfor_s = 7\n";
        let profile = LoadProfile::parse(&format!("{PROFILE}{rules}"), "test.toml").unwrap();
        let abort = profile.abort.unwrap();
        assert_eq!((abort.error_share_max, abort.for_s), (0.25, 7));
        let retries = profile.retries.clone().unwrap();
        assert_eq!((retries.attempts, retries.backoff_ms), (4, 200));
        let written = toml::to_string(&profile).unwrap();
        assert_eq!(LoadProfile::parse(&written, "written").unwrap(), profile);
        for (right, wrong) in [("attempts = 4", "attempts = 0"), ("0.25", "1.5")] {
            let text = format!("{PROFILE}{}", rules.replace(right, wrong));
            let profile = LoadProfile::parse(&text, "test.toml").unwrap();
            let error = profile.resolve(ProfileOverrides::default()).unwrap_err().to_string();
            assert!(error.contains("attempts") || error.contains("error_share_max"), "{error}");
        }
    }

    #[test]
    fn flags_that_exclude_each_other_are_refused() {
        let flags = ProfileOverrides { orders: Some(5), per_day: Some(5.0), ..<_>::default() };
        assert!(resolved(flags).unwrap_err().contains("exclude"));
    }

    #[test]
    fn the_most_orders_that_can_be_numbered_are_accepted_and_one_more_is_not() {
        let orders =
            |orders: u64| ProfileOverrides { orders: Some(orders.cast_signed()), ..<_>::default() };
        assert!(resolved(orders(ORDERS_MAX)).is_ok());
        assert!(resolved(orders(ORDERS_MAX + 1)).is_err());
    }

    #[test]
    fn every_shipped_profile_parses_and_resolves() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let profile = LoadProfile::read(&path).unwrap();
            assert_eq!(path.file_stem().unwrap().to_str(), Some(profile.name.as_str()));
            profile.resolve(ProfileOverrides::default()).unwrap();
            count += 1;
        }
        assert!(count >= 2);
    }
}

//! A load profile: the file in which a person says what load they want. Every key is in
//! docs/profiles.md.

mod batches;
mod partners;
mod replay;
mod shape;

#[cfg(test)]
mod tests;

use std::path::Path;

use orders::OrderMix;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AbortRule, ArrivalSchedule, Placement, Retries};

pub use batches::BatchRow;
pub use partners::{MixShares, PartnerShare};
pub use replay::{ReplayFileError, ReplayFormat, read_replay};
pub use shape::{DayOfWeek, Shape, Stair};

/// Highest number of orders in one run: the number of an order has seven base-36 digits for it.
const ORDERS_MAX: u64 = 36_u64.pow(7);

/// Most orders in flight at the same time, unless the profile says otherwise.
fn default_in_flight_max() -> u64 {
    500
}

fn default_speed() -> f64 {
    1.0
}

/// Where within its share of the shape an arrival falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At a place that the seed chooses, one arrival in each N-th of the shape.
    #[default]
    Stratified,
    /// In the middle of each N-th.
    Uniform,
    /// As N independent partners would: a Poisson process that has exactly N arrivals.
    Poisson,
}

/// A load profile, as written in `profiles/*.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadProfile {
    /// The profile's name.
    pub name: String,
    /// One sentence on what it is for.
    pub description: String,
    /// How many orders, exactly. Only a replay may leave it out: as many as the file has.
    #[serde(default)]
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
    /// Where within its share of the shape an arrival falls.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// How the rate goes over time.
    pub shape: Shape,
    /// Orders that come together, by how many and how often; each alone if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<BatchRow>,
    /// Who sends, and what share; if empty all partners do, the first the most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<PartnerShare>,
    /// Orders that are deliberately not right, and orders that come again.
    #[serde(default, skip_serializing_if = "MixShares::is_none")]
    pub mix: MixShares,
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
        let mut profile = Self::parse(&text, &path.display().to_string())?;
        if let Some(folder) = path.parent() {
            profile.shape.look_in(folder);
        }
        Ok(profile)
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

    /// The profile with the flags over it. A file to be replayed is read here.
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
        let shape_is_fine = self.resolve_shape(&mut wrong);
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
            (None, Some(_)) if matches!(self.shape, Shape::AfterIdle { .. }) => wrong.push(
                "--per-day says nothing to a shape of gaps: give --orders, or change shape.idle_s"
                    .to_owned(),
            ),
            (None, Some(rate)) if shape_is_fine => {
                self.orders = orders_at(rate, self.shape.days(self.orders));
            }
            (None, Some(_) | None) => {}
        }
        self.check(&mut wrong);
        if wrong.is_empty() { Ok(self) } else { Err(ProfileError::Impossible(wrong)) }
    }

    /// Checks the shape and reads what it needs; whether it has a duration.
    fn resolve_shape(&mut self, wrong: &mut Vec<String>) -> bool {
        let before = wrong.len();
        let named = |cause: String| format!("profile {}: {cause}", self.name);
        match self.shape.load() {
            Ok(()) => wrong.extend(self.shape.problems().into_iter().map(named)),
            Err(cause) => wrong.push(named(cause)),
        }
        if let (Some(arrivals), 0) = (self.shape.replayed_arrivals(), self.orders) {
            self.orders = arrivals;
        }
        wrong.len() == before
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
            batches::sizes(&self.batches).err(),
            partners::problem(&self.partners),
            self.mix.problem(),
            self.retries.as_ref().and_then(Retries::problem),
            self.abort.as_ref().and_then(AbortRule::problem),
        ];
        let named = |cause| format!("profile {}: {cause}", self.name);
        wrong.extend(rules.into_iter().flatten().map(named));
    }

    /// The instants of this profile's arrivals.
    pub fn schedule(&self) -> ArrivalSchedule {
        let placement = match self.arrivals {
            Arrivals::Stratified => Placement::Stratified,
            Arrivals::Uniform => Placement::Middle,
            Arrivals::Poisson => Placement::Poisson,
        };
        let schedule = self.shape.schedule(self.orders, self.speed, placement, self.seed);
        match batches::sizes(&self.batches) {
            Ok(Some(sizes)) => schedule.in_batches(sizes),
            // Resolved, so that an error would have been said.
            Ok(None) | Err(_) => schedule,
        }
    }

    /// Orders per 24 hours of the profile's time: of a day that is cut short, those of the whole day.
    /// None for a replay whose file has not been read.
    pub fn per_day(&self) -> Option<f64> {
        let days = self.shape.days(self.orders);
        let per_day = self.orders as f64 / days;
        match self.shape {
            // Orders are whole, so that the last digits of the whole day's are not known.
            Shape::BusinessDay { hours: Some(_), .. } => {
                let step = 10_f64.powf((1.0 / days).log10().ceil()).min(per_day);
                Some((per_day / step).round() * step)
            }
            _ => (days > 0.0).then_some(per_day),
        }
    }

    /// What its arrivals are: orders, wrong ones, repeats.
    pub fn order_mix(&self) -> OrderMix {
        self.mix.order_mix(self.seed)
    }
}

/// Orders of a run at this rate, orders a day; at least one, or there were nothing to run.
fn orders_at(per_day: f64, days: f64) -> u64 {
    // Rounds half up; a float above u64::MAX saturates and is refused by `check`.
    ((per_day * days).round() as u64).max(1)
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

//! `shape` of a profile: how the rate goes over time. Rates are relative: `orders` says how high
//! they are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::replay::{ReplayFormat, read_replay};
use crate::{ArrivalSchedule, Curve, Placement, Replay, Spike, Weekday};

/// How the rate goes over the time of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// The same rate all the time.
    Constant {
        /// How long, s.
        duration_s: f64,
    },
    /// From one rate to another in a straight line.
    Ramp {
        /// How long, s.
        duration_s: f64,
        /// The rate at the start.
        from: f64,
        /// The rate at the end.
        to: f64,
    },
    /// One rate after another, each held.
    Steps {
        /// The stairs, in order.
        steps: Vec<Stair>,
    },
    /// A peak over a base.
    Spike {
        /// How long the whole, s.
        duration_s: f64,
        /// The rate before and after.
        base: f64,
        /// The rate of the peak.
        peak: f64,
        /// When it begins, s.
        at_s: f64,
        /// How long it is held, s.
        hold_s: f64,
        /// How long it rises, and falls, s.
        #[serde(default)]
        rise_s: f64,
    },
    /// The same rate for hours, reached and left slowly.
    Soak {
        /// How long, s.
        duration_s: f64,
        /// How long the start and the end of it, s.
        #[serde(default)]
        ramp_s: f64,
    },
    /// A Brazilian business-to-business day, 24 hours from midnight.
    BusinessDay {
        /// Which day; an ordinary one where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weekday: Option<DayOfWeek>,
        /// Only its first so many hours; all of it where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<f64>,
    },
    /// A Brazilian business-to-business week, from Monday's midnight.
    BusinessWeek {},
    /// One order after each gap, in which environments, connections and caches may grow cold.
    AfterIdle {
        /// The gap, s.
        idle_s: f64,
    },
    /// Arrivals as they once were, from a file.
    Replay {
        /// The file; a relative path begins at the profile's folder.
        file: PathBuf,
        /// What kind of file; by its name's end where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<ReplayFormat>,
        /// The column or field with the instant; docs/profiles.md has the names that are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// What was read.
        #[serde(skip)]
        arrivals: Option<Replay>,
    },
}

/// One rate that is held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stair {
    /// The rate.
    pub rate: f64,
    /// How long, s.
    pub duration_s: f64,
}

/// A day of the week, as a profile writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each says its own name")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<DayOfWeek> for Weekday {
    fn from(day: DayOfWeek) -> Self {
        match day {
            DayOfWeek::Monday => Self::Monday,
            DayOfWeek::Tuesday => Self::Tuesday,
            DayOfWeek::Wednesday => Self::Wednesday,
            DayOfWeek::Thursday => Self::Thursday,
            DayOfWeek::Friday => Self::Friday,
            DayOfWeek::Saturday => Self::Saturday,
            DayOfWeek::Sunday => Self::Sunday,
        }
    }
}

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

fn business_day(weekday: Option<DayOfWeek>) -> Curve {
    weekday.map_or_else(Curve::business_day, |day| Curve::business_day_of(day.into()))
}

impl Shape {
    /// How long the shape lasts in its own time, s, with so many orders.
    pub fn duration_s(&self, orders: u64) -> f64 {
        match self {
            Self::Replay { arrivals, .. } => arrivals.as_ref().map_or(0.0, Replay::duration_s),
            Self::Constant { .. }
            | Self::Ramp { .. }
            | Self::Steps { .. }
            | Self::Spike { .. }
            | Self::Soak { .. }
            | Self::BusinessDay { .. }
            | Self::BusinessWeek {}
            | Self::AfterIdle { .. } => self.curve(orders).duration_s(),
        }
    }

    /// How many days' orders the shape has: of a day that is cut short, the share that comes before.
    pub(super) fn days(&self, orders: u64) -> f64 {
        match self {
            Self::BusinessDay { weekday, hours: Some(hours) } => {
                business_day(*weekday).cumulative(hours * HOUR_S)
            }
            Self::Constant { .. }
            | Self::Ramp { .. }
            | Self::Steps { .. }
            | Self::Spike { .. }
            | Self::Soak { .. }
            | Self::BusinessDay { hours: None, .. }
            | Self::BusinessWeek {}
            | Self::AfterIdle { .. }
            | Self::Replay { .. } => self.duration_s(orders) / DAY_S,
        }
    }

    /// The gap before each order, where that is what the shape is about, s.
    pub fn idle_s(&self) -> Option<f64> {
        match self {
            Self::AfterIdle { idle_s } => Some(*idle_s),
            Self::Constant { .. }
            | Self::Ramp { .. }
            | Self::Steps { .. }
            | Self::Spike { .. }
            | Self::Soak { .. }
            | Self::BusinessDay { .. }
            | Self::BusinessWeek {}
            | Self::Replay { .. } => None,
        }
    }

    /// A relative file is looked for in this folder.
    pub(super) fn look_in(&mut self, folder: &Path) {
        if let Self::Replay { file, .. } = self {
            *file = folder.join(&*file);
        }
    }

    /// Reads what the shape needs from a file.
    pub(super) fn load(&mut self) -> Result<(), String> {
        let Self::Replay { file, format, column, arrivals } = self else { return Ok(()) };
        if arrivals.is_none() {
            let read = read_replay(file, *format, column.as_deref());
            *arrivals = Some(read.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// How many arrivals the file has that is replayed.
    pub(super) fn replayed_arrivals(&self) -> Option<u64> {
        match self {
            Self::Replay { arrivals, .. } => arrivals.as_ref().map(Replay::arrivals),
            Self::Constant { .. }
            | Self::Ramp { .. }
            | Self::Steps { .. }
            | Self::Spike { .. }
            | Self::Soak { .. }
            | Self::BusinessDay { .. }
            | Self::BusinessWeek {}
            | Self::AfterIdle { .. } => None,
        }
    }

    /// Everything that makes it no shape, by its key.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut time = |key: &str, value: f64, least: bool| {
            let fine = value.is_finite() && (value > 0.0 || !least && value == 0.0);
            if !fine {
                let bound = if least { "above 0" } else { "at least 0" };
                wrong.push(format!("shape.{key} must be {bound}, not {value}"));
            }
        };
        match self {
            Self::Constant { duration_s } => time("duration_s", *duration_s, true),
            Self::Ramp { duration_s, from, to } => {
                time("duration_s", *duration_s, true);
                time("from", *from, false);
                time("to", *to, *from == 0.0);
            }
            Self::Steps { steps } => {
                let most = steps.iter().map(|stair| stair.rate).fold(0.0, f64::max);
                for stair in steps {
                    time("steps.duration_s", stair.duration_s, true);
                    time("steps.rate", stair.rate, false);
                }
                time("steps.rate of one step", most, true);
            }
            Self::Spike { duration_s, base, peak, at_s, hold_s, rise_s } => {
                time("duration_s", *duration_s, true);
                time("base", *base, false);
                time("peak", *peak, true);
                time("at_s", *at_s, false);
                time("rise_s", *rise_s, false);
                time("hold_s", *hold_s, *rise_s == 0.0);
                time(
                    "duration_s less the peak's end",
                    duration_s - at_s - 2.0 * rise_s - hold_s,
                    false,
                );
            }
            Self::Soak { duration_s, ramp_s } => {
                time("duration_s", *duration_s, true);
                time("ramp_s", *ramp_s, false);
                time("duration_s less twice ramp_s", duration_s - 2.0 * ramp_s, false);
            }
            Self::AfterIdle { idle_s } => time("idle_s", *idle_s, true),
            Self::BusinessDay { hours: Some(hours), .. } => {
                if !(hours.is_finite() && *hours > 0.0 && *hours <= 24.0) {
                    wrong.push(format!("shape.hours must be above 0 and at most 24, not {hours}"));
                }
            }
            Self::BusinessDay { hours: None, .. } | Self::BusinessWeek {} | Self::Replay { .. } => {
            }
        }
        wrong
    }

    pub(super) fn schedule(
        &self,
        orders: u64,
        speed: f64,
        placement: Placement,
        seed: u64,
    ) -> ArrivalSchedule {
        match self {
            Self::Replay { arrivals: Some(replay), .. } => {
                ArrivalSchedule::replayed(replay.clone(), orders, speed, placement, seed)
            }
            // Gaps are gaps: chance would make some of them short.
            Self::AfterIdle { .. } => {
                ArrivalSchedule::placed(self.curve(orders), orders, speed, Placement::Middle, seed)
            }
            Self::Constant { .. }
            | Self::Ramp { .. }
            | Self::Steps { .. }
            | Self::Spike { .. }
            | Self::Soak { .. }
            | Self::BusinessDay { .. }
            | Self::BusinessWeek {}
            | Self::Replay { arrivals: None, .. } => {
                ArrivalSchedule::placed(self.curve(orders), orders, speed, placement, seed)
            }
        }
    }

    fn curve(&self, orders: u64) -> Curve {
        match self {
            Self::Constant { duration_s } => Curve::constant(*duration_s),
            Self::Ramp { duration_s, from, to } => Curve::ramp(*from, *to, *duration_s),
            Self::Steps { steps } => {
                let stairs: Vec<_> =
                    steps.iter().map(|stair| (stair.rate, stair.duration_s)).collect();
                Curve::steps(&stairs)
            }
            Self::Spike { duration_s, base, peak, at_s, hold_s, rise_s } => Curve::spike(Spike {
                base: *base,
                peak: *peak,
                at_s: *at_s,
                rise_s: *rise_s,
                hold_s: *hold_s,
                duration_s: *duration_s,
            }),
            Self::Soak { duration_s, ramp_s } => Curve::soak(*duration_s, *ramp_s),
            Self::BusinessDay { weekday, hours: None } => business_day(*weekday),
            Self::BusinessDay { weekday, hours: Some(hours) } => {
                business_day(*weekday).first(hours * HOUR_S)
            }
            Self::BusinessWeek {} => Curve::business_week(),
            Self::AfterIdle { idle_s } => Curve::constant(idle_s * orders.max(1) as f64),
            // Only until the file is read, which `resolve` does.
            Self::Replay { .. } => Curve::constant(1.0),
        }
    }
}

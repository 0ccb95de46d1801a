//! The run second by second, as `timeline.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::RunFileError;

/// One period of the run. An empty field is a meter that said nothing for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TimelinePoint {
    /// Start of the period, s from the start of the run.
    pub second: u64,
    /// Arrivals that the schedule wanted in this period.
    pub offered: u64,
    /// Orders that the gateway took in this period, by the time of its answer.
    pub accepted: u64,
    /// Orders whose documents were stored in this period.
    pub documented: u64,
    /// Messages waiting in the queue.
    pub visible: Option<f64>,
    /// Messages handed to the function and not yet deleted.
    pub in_flight: Option<f64>,
    /// Age of the oldest message, s.
    pub oldest_age_s: Option<f64>,
    /// Concurrent invocations.
    pub concurrency: Option<f64>,
    /// Mean duration of the invocations that ended, ms.
    #[serde(default)]
    pub function_ms: Option<f64>,
    /// Orders that ended throttled, failed or without an answer, by the time of that end.
    #[serde(default)]
    pub failed: u64,
    /// Resident memory of the largest function process, MB.
    #[serde(default)]
    pub function_memory_mb: Option<f64>,
    /// Resident memory of the process that generates the load, MB.
    #[serde(default)]
    pub generator_memory_mb: Option<f64>,
}

/// Writes the timeline.
///
/// # Errors
/// If the file cannot be written; the message names it.
pub fn write_timeline(path: &Path, points: &[TimelinePoint]) -> Result<(), RunFileError> {
    let broken = |error: csv::Error| RunFileError::unwritable(path, &error);
    let mut writer = csv::Writer::from_path(path).map_err(broken)?;
    for point in points {
        writer.serialize(point).map_err(broken)?;
    }
    writer.flush().map_err(|error| RunFileError::unwritable(path, &error))
}

/// Reads a timeline back.
///
/// # Errors
/// If the file cannot be read; the message names it.
pub fn read_timeline(path: &Path) -> Result<Vec<TimelinePoint>, RunFileError> {
    let broken = |error: csv::Error| RunFileError::unreadable(path, &error);
    let mut reader = csv::Reader::from_path(path).map_err(broken)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_of_before_has_nothing_in_the_columns_that_came_later() {
        let path = tempfile::tempdir().unwrap().keep().join("timeline.csv");
        let text = "second,offered,accepted,documented,visible,in_flight,oldest_age_s,concurrency\n4,3,2,1,,,,9.0\n";
        std::fs::write(&path, text).unwrap();
        let point = TimelinePoint {
            second: 4,
            offered: 3,
            accepted: 2,
            documented: 1,
            concurrency: Some(9.0),
            ..<_>::default()
        };
        assert_eq!(read_timeline(&path).unwrap(), [point]);
    }

    #[test]
    fn a_meter_that_said_nothing_comes_back_as_nothing_not_as_zero() {
        let path = tempfile::tempdir().unwrap().keep().join("timeline.csv");
        let points = [
            TimelinePoint { second: 0, offered: 3, accepted: 2, documented: 1, ..<_>::default() },
            TimelinePoint {
                second: 1,
                offered: 5,
                accepted: 6,
                documented: 4,
                visible: Some(0.0),
                in_flight: Some(7.0),
                oldest_age_s: Some(0.5),
                concurrency: Some(2.0),
                function_ms: Some(3.25),
                failed: 8,
                function_memory_mb: Some(15.5),
                generator_memory_mb: Some(97.25),
            },
        ];
        write_timeline(&path, &points).unwrap();
        assert_eq!(read_timeline(&path).unwrap(), points);
    }
}

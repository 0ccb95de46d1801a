//! The cloud's own view of a run over time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runlog::TimelinePoint;

use crate::meters::read_series;
use crate::{Cloud, MetersOf, ObserveError};

/// The stretch of time to read, and in what steps.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// From here: second 0 of the timeline.
    pub from: Timestamp,
    /// To here.
    pub to: Timestamp,
    /// Length of a step, s: 60 on AWS, where these metrics have one-minute resolution.
    pub step_s: u32,
}

/// Reads what the meters said in each step. `offered` and `accepted` are the sender's to fill in.
///
/// # Errors
/// If CloudWatch does not answer.
pub async fn read_cloud_timeline(
    cloud: &Cloud,
    of: &MetersOf,
    period: Period,
) -> Result<Vec<TimelinePoint>, ObserveError> {
    let series = [
        of.processor("OrdersDocumented"),
        of.sqs("ApproximateNumberOfMessagesVisible", "Maximum"),
        of.sqs("ApproximateNumberOfMessagesNotVisible", "Maximum"),
        of.sqs("ApproximateAgeOfOldestMessage", "Maximum"),
        of.lambda("ConcurrentExecutions", "Maximum"),
        of.lambda("Duration", "Average"),
    ];
    let step_s = i32::try_from(period.step_s).unwrap_or(60);
    let values = read_series(cloud, &series, (period.from, period.to), step_s).await?;
    let mut points = empty_timeline(period);
    for (position, series) in values.iter().enumerate() {
        for (time, value) in series {
            let second = time - period.from.as_second();
            let Ok(second) = u64::try_from(second) else { continue };
            let start = second / u64::from(period.step_s) * u64::from(period.step_s);
            if let Some(point) = points.get_mut(&start) {
                put(point, position, *value);
            }
        }
    }
    Ok(points.into_values().collect())
}

fn empty_timeline(period: Period) -> BTreeMap<u64, TimelinePoint> {
    let length_s = (period.to.as_second() - period.from.as_second()).max(0).unsigned_abs();
    (0..=length_s)
        .step_by(period.step_s as usize)
        .map(|second| (second, TimelinePoint { second, ..TimelinePoint::default() }))
        .collect()
}

/// The series in the order in which they were asked for.
fn put(point: &mut TimelinePoint, position: usize, value: f64) {
    match position {
        0 => point.documented += value.round().max(0.0) as u64,
        1 => point.visible = Some(value),
        2 => point.in_flight = Some(value),
        3 => point.oldest_age_s = Some(value),
        4 => point.concurrency = Some(value),
        _ => point.function_ms = Some(value),
    }
}

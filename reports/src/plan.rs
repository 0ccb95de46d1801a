//! The curve of a run that has not been run: a chart that stands alone.

use crate::ReportError;
use crate::charts::{self, BLUE, Line, ORANGE};

/// The arrivals of a plan over the clock, as SVG: the (second, orders a second) that it offers, and
/// the peak at which the first of its limits binds, with that limit's name. The time axis says how often time is compressed.
///
/// # Errors
/// If it cannot be drawn.
pub fn plan_chart(
    offered: &[(f64, f64)],
    limit: Option<(&str, f64)>,
    speed: f64,
) -> Result<String, ReportError> {
    let mut lines =
        vec![Line { name: "offered", color: BLUE, points: offered.to_vec(), filled: true }];
    let end = offered.last().map_or(1.0, |point| point.0);
    let named = limit.map(|(name, rate)| (format!("{name} binds at {rate:.0}/s"), rate));
    if let Some((name, rate)) = &named {
        let points = vec![(0.0, *rate), (end, *rate)];
        lines.push(Line { name, color: ORANGE, points, filled: false });
    }
    charts::over(&time_axis(speed), "orders/s", &lines)
        .map_err(|cause| ReportError { file: "the plan's chart", cause })
}

/// Never that compressed time is time.
fn time_axis(speed: f64) -> String {
    if (speed - 1.0).abs() < f64::EPSILON {
        "seconds of the run, in real time (--speed 1)".to_owned()
    } else {
        format!("seconds of the run: time compressed {speed} times (--speed {speed})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_says_how_often_time_is_compressed_and_which_limit_it_shows() {
        let offered = [(0.0, 3.0), (1.0, 7.0)];
        let svg = plan_chart(&offered, Some(("usage plan of partner-03", 9.0)), 2_160.0).unwrap();
        assert!(svg.contains("compressed 2160 times") && svg.contains("partner-03 binds at 9/s"));
        let real = plan_chart(&offered, None, 1.0).unwrap();
        assert!(real.contains("real time"), "{real}");
    }
}

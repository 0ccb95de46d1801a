//! What a schedule asks for, second by second, and its picture in a terminal.

use loadgen::ArrivalSchedule;
use serde::Serialize;

/// Schedules of at most this many orders are counted, order by order; of larger ones the shape
/// itself says the rate.
const COUNTED_MAX: u64 = 500_000;
/// Points of the curve.
const POINTS: usize = 400;
/// Size of the picture, characters.
const WIDTH: usize = 76;
const HEIGHT: usize = 8;
/// Eighths of a block, from none to a whole one.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What a schedule asks for.
#[derive(Debug, Serialize)]
pub(crate) struct Demand {
    /// How long it lasts on the clock, s.
    pub(crate) duration_s: f64,
    /// Orders a second of the clock, on average.
    pub(crate) mean_per_s: f64,
    /// Orders in the fullest second of the clock.
    pub(crate) peak_per_s: f64,
    /// Orders in an hour of the clock, on average.
    pub(crate) per_hour: f64,
    /// The most orders that are due at one instant.
    pub(crate) largest_batch: u64,
    /// Whether the peak was counted, order by order; otherwise it is the shape's.
    pub(crate) is_counted: bool,
    /// (second of the clock, orders a second).
    pub(crate) curve: Vec<(f64, f64)>,
}

impl Demand {
    pub(crate) fn of(schedule: &ArrivalSchedule) -> Self {
        let duration_s = schedule.duration().as_secs_f64();
        let mean_per_s = schedule.orders() as f64 / duration_s;
        let is_counted = schedule.orders() <= COUNTED_MAX;
        let (peak_per_s, curve) = if is_counted {
            count(schedule, duration_s)
        } else {
            (schedule.peak_rate_per_s(), rates(schedule, duration_s))
        };
        Self {
            duration_s,
            mean_per_s,
            peak_per_s,
            per_hour: mean_per_s * 3_600.0,
            largest_batch: schedule.largest_batch(),
            is_counted,
            curve,
        }
    }
}

/// The most arrivals in any second that begins with one, and the rate in each of [`POINTS`] bins.
fn count(schedule: &ArrivalSchedule, duration_s: f64) -> (f64, Vec<(f64, f64)>) {
    let bins = POINTS.min((duration_s.ceil() as usize).max(20));
    let width_s = duration_s / bins as f64;
    let mut counts = vec![0_u64; bins];
    let mut recent = std::collections::VecDeque::new();
    let mut peak = 0;
    for m in 0..schedule.orders() {
        let at = schedule.at(m);
        let bin = ((at.as_secs_f64() / width_s) as usize).min(bins - 1);
        counts[bin] += 1;
        recent.push_back(at);
        while recent.front().is_some_and(|first| at.saturating_sub(*first).as_secs() >= 1) {
            recent.pop_front();
        }
        peak = peak.max(recent.len());
    }
    let curve = (0..)
        .zip(&counts)
        .map(|(bin, count)| ((f64::from(bin) + 0.5) * width_s, *count as f64 / width_s));
    (peak as f64, curve.collect())
}

fn rates(schedule: &ArrivalSchedule, duration_s: f64) -> Vec<(f64, f64)> {
    (0..POINTS)
        .map(|point| {
            let second = (point as f64 + 0.5) * duration_s / POINTS as f64;
            (second, schedule.rate_at(std::time::Duration::from_secs_f64(second)))
        })
        .collect()
}

/// The curve in block characters, with its scale and how often time is compressed.
pub(crate) fn drawing(curve: &[(f64, f64)], speed: f64) -> String {
    let columns = columns(curve);
    let most = columns.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut text = String::new();
    for row in (0..HEIGHT).rev() {
        let label = if row == HEIGHT - 1 { format!("{most:.0}/s") } else { String::new() };
        text.push_str(&format!("  {label:>8} |"));
        for rate in &columns {
            let eighths = (rate / most * (HEIGHT * 8) as f64).round() as usize;
            text.push(BLOCKS[eighths.saturating_sub(row * 8).min(8)]);
        }
        text.push('\n');
    }
    let end = curve.last().map_or(0.0, |point| point.0);
    let compressed =
        if (speed - 1.0).abs() < f64::EPSILON { String::new() } else { format!(", time x{speed}") };
    let right = format!("{}{compressed}", super::clock(end));
    text.push_str(&format!("  {:>8} +{}\n", 0, "-".repeat(columns.len())));
    text.push_str(&format!("  {:>8}  0{right:>width$}\n", "", width = columns.len() - 1));
    text
}

/// The mean rate of each column.
fn columns(curve: &[(f64, f64)]) -> Vec<f64> {
    let width = WIDTH.min(curve.len()).max(1);
    (0..width)
        .map(|column| {
            let from = column * curve.len() / width;
            let to = ((column + 1) * curve.len() / width).max(from + 1).min(curve.len());
            let rates = curve.get(from..to).unwrap_or_default();
            rates.iter().map(|point| point.1).sum::<f64>() / rates.len().max(1) as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use loadgen::{BatchSizes, Curve, Placement};

    use super::*;

    #[test]
    fn the_peak_is_that_of_the_fullest_second_and_not_of_the_average() {
        let sizes = BatchSizes::new(&[(30, 1)]).unwrap();
        let schedule =
            ArrivalSchedule::placed(Curve::constant(100.0), 300, 1.0, Placement::Middle, 1)
                .in_batches(sizes);
        let demand = Demand::of(&schedule);
        assert_eq!((demand.mean_per_s, demand.peak_per_s, demand.largest_batch), (3.0, 30.0, 30));
        assert_eq!(demand.per_hour, 10_800.0);
    }

    #[test]
    fn speed_makes_the_same_orders_come_in_less_time() {
        let day = ArrivalSchedule::new(Curve::business_day(), 86_400, 3_600.0, Some(1));
        let demand = Demand::of(&day);
        assert_eq!((demand.duration_s, demand.mean_per_s), (24.0, 3_600.0));
        // The busiest hour, now a second, has about a tenth of the day.
        assert!((7_000.0..9_600.0).contains(&demand.peak_per_s), "{}", demand.peak_per_s);
    }

    #[test]
    fn the_area_under_the_curve_is_every_order() {
        let schedule = ArrivalSchedule::new(Curve::ramp(0.0, 1.0, 50.0), 4_321, 1.0, Some(2));
        let demand = Demand::of(&schedule);
        let width_s = demand.curve[1].0 - demand.curve[0].0;
        let area: f64 = demand.curve.iter().map(|point| point.1 * width_s).sum();
        assert!((area - 4_321.0).abs() < 1e-6, "{area}");
    }

    #[test]
    fn a_ramp_is_drawn_as_a_ramp() {
        let curve: Vec<_> = (0..76).map(|x| (f64::from(x), f64::from(x))).collect();
        let drawing = drawing(&curve, 60.0);
        let rows: Vec<&str> = drawing.lines().collect();
        assert!(rows[0].trim_start().starts_with("75/s |") && rows[0].ends_with('█'), "{drawing}");
        assert!(rows[7].chars().filter(|c| *c == '█').count() > 60, "{drawing}");
        assert!(drawing.contains("time x60"), "{drawing}");
    }
}

//! When did a series of nights change? E-divisive with Student's test, as Hunter does it (Fleming
//! and others, ICPE 2023, doi 10.1145/3578244.3583719; E-divisive: Matteson and James, JASA 109,
//! 2014): in sliding windows, candidates are split off where the energy distance of what is before
//! and what is after is greatest, as long as a lenient test calls them different; then the weakest
//! are taken away until each passes the strict test and is large enough.
//!
//! It is what Apache Otava 0.8.0 computes, but for two things: the spread of a group is that of a
//! sample (Otava hands the population's to a test that expects the sample's, so that its p is too
//! small for short groups), and when a point is taken away both neighbours are tested anew (Otava
//! forgets the one before). `tests/otava.rs` holds both against Otava.

use std::ops::Range;

use super::{TTest, t_test};

/// Nights in a window, as in Otava.
const WINDOW: usize = 50;

/// How much more lenient the first test is, as in Otava.
const LENIENCE: f64 = 10.0;

/// A night from which on a series is different.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// The first night that is different, counted from 0.
    pub index: usize,
    /// What was before and after, up to the neighbouring change points.
    pub test: TTest,
}

impl ChangePoint {
    /// The change as a share of the mean before: 0.1 is ten percent more. 0 where that is 0.
    pub fn change(&self) -> f64 {
        relative(self.test.mean_before, self.test.mean_after)
    }

    /// The greater of the shares by which one mean is off the other.
    fn magnitude(&self) -> f64 {
        let back = relative(self.test.mean_after, self.test.mean_before);
        self.change().abs().max(back.abs())
    }
}

fn relative(from: f64, to: f64) -> f64 {
    if from == 0.0 { 0.0 } else { to / from - 1.0 }
}

/// The change points of a series that pass the test at `p_max` (below 0.05) and change the mean by
/// more than the share `change_min`, in order.
pub fn change_points(series: &[f64], p_max: f64, change_min: f64) -> Vec<ChangePoint> {
    let mut places = split(series, p_max * LENIENCE);
    loop {
        let points = tested(series, &places);
        let Some(weakest) = weakest(&points, p_max, change_min) else { return points };
        places.remove(weakest);
    }
}

/// The first of the points that must go.
fn weakest(points: &[ChangePoint], p_max: f64, change_min: f64) -> Option<usize> {
    let by = |key: fn(&ChangePoint) -> f64| {
        points.iter().enumerate().min_by(|a, b| key(a.1).total_cmp(&key(b.1)))
    };
    let (position, least_sure) = by(|point| -point.test.p)?;
    if least_sure.test.p >= p_max {
        return Some(position);
    }
    let (position, smallest) = by(ChangePoint::magnitude)?;
    (smallest.magnitude() <= change_min).then_some(position)
}

/// Each place with the test of what lies between it and its neighbours.
fn tested(series: &[f64], places: &[usize]) -> Vec<ChangePoint> {
    let end_after = |position: usize| places.get(position + 1).copied().unwrap_or(series.len());
    let start_before = |position: usize| if position == 0 { 0 } else { places[position - 1] };
    let points = places.iter().enumerate().filter_map(|(position, &index)| {
        let before = &series[start_before(position)..index];
        let after = &series[index..end_after(position)];
        Some(ChangePoint { index, test: t_test(before, after)? })
    });
    points.collect()
}

/// The union of what every window splits, in order.
fn split(series: &[f64], p_max: f64) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::new();
    let mut start = 0;
    while start < series.len() {
        let window = start..(start + WINDOW).min(series.len());
        let found = split_window(&series[window], p_max);
        let last = found.last().map_or(0, |place| place + start);
        places.extend(found.into_iter().map(|place| place + start));
        start = last.max(start + WINDOW / 2);
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Splits one window again and again where its parts differ most, until they are alike.
fn split_window(window: &[f64], p_max: f64) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::new();
    loop {
        let ends = places.iter().copied().chain([window.len()]);
        let starts = [0].into_iter().chain(places.iter().copied());
        let parts = starts.zip(ends).map(|(start, end)| start..end);
        // The first of the greatest.
        let best = parts.filter_map(|part| Some((most_different(window, &part)?, part))).fold(
            None,
            |best: Option<((usize, f64), Range<usize>)>, next| match best {
                Some(best) if next.0.1 <= best.0.1 => Some(best),
                Some(_) | None => Some(next),
            },
        );
        let Some(((place, _), part)) = best else { return places };
        match t_test(&window[part.start..place], &window[place..part.end]) {
            Some(test) if test.p <= p_max => places.push(place),
            Some(_) | None => return places,
        }
        places.sort_unstable();
    }
}

/// The place t that maximizes, with any end k, the energy distance of `part.start..t` and `t..k`;
/// and that distance. `None` for a part of one night.
fn most_different(series: &[f64], part: &Range<usize>) -> Option<(usize, f64)> {
    let values = &series[part.clone()];
    let n = values.len();
    // before[j][t]: distances from value j to the first t values.
    let before: Vec<Vec<f64>> = values
        .iter()
        .map(|one| {
            let mut sum = 0.0;
            let sums = values.iter().map(|other| {
                sum += (one - other).abs();
                sum
            });
            [0.0].into_iter().chain(sums).collect()
        })
        .collect();
    let mut best: Option<(usize, f64)> = None;
    let mut within_before = 0.0;
    for t in 1..n {
        within_before += before[t - 1][t - 1];
        let (mut between, mut within_after) = (0.0, 0.0);
        for (last, sums) in before.iter().enumerate().skip(t) {
            between += sums[t];
            within_after += sums[last] - sums[t];
            let distance = energy([t, last + 1 - t], between, within_before, within_after);
            if best.is_none_or(|best| distance > best.1) {
                best = Some((part.start + t, distance));
            }
        }
    }
    best
}

/// The distance of two groups of these sizes, from the sums of the distances of all pairs between
/// them and within each, scaled by their sizes (Matteson and James, equation 7).
fn energy([n, m]: [usize; 2], between: f64, within_n: f64, within_m: f64) -> f64 {
    let (n, m) = (n as f64, m as f64);
    let mean_within = |size: f64, sum: f64| if size > 1.0 { sum / (size - 1.0) } else { 0.0 };
    2.0 / (n + m) * (between - m * mean_within(n, within_n) - n * mean_within(m, within_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_at_its_first_night() {
        // 20 nights around 100 and 5 around 120: the mean rises from 100 to 120 on night 20.
        let mut nights: Vec<f64> = (0..20).map(|n| 100.0 + f64::from(n % 3) - 1.0).collect();
        nights.extend([119.0, 120.0, 121.0, 120.5, 119.5]);
        let points = change_points(&nights, 0.01, 0.05);
        assert_eq!(points.iter().map(|point| point.index).collect::<Vec<_>>(), [20]);
        assert!((points[0].change() - 0.2).abs() < 0.002 && points[0].test.p < 1e-9);
    }

    #[test]
    fn a_step_that_is_too_small_is_none_however_sure() {
        let nights: Vec<f64> =
            (0..40).map(|n| if n < 25 { 100.0 } else { 104.0 } + 0.1 * f64::from(n % 2)).collect();
        assert_eq!(change_points(&nights, 0.01, 0.05), []);
        assert_eq!(change_points(&nights, 0.01, 0.03).len(), 1);
    }

    #[test]
    fn nothing_changes_in_what_stays_or_is_not_there() {
        assert_eq!(change_points(&[7.0; 60], 0.01, 0.05), []);
        assert_eq!(change_points(&[7.0], 0.01, 0.05), []);
        assert_eq!(change_points(&[], 0.01, 0.05), []);
    }

    #[test]
    fn up_and_down_are_two_changes() {
        let level = |n: i32| if (30..60).contains(&n) { 150.0 } else { 100.0 };
        let nights: Vec<f64> = (0..90).map(|n| level(n) + f64::from(n * 7 % 5)).collect();
        let points = change_points(&nights, 0.01, 0.05);
        assert_eq!(points.iter().map(|point| point.index).collect::<Vec<_>>(), [30, 60]);
        assert!(points[0].change() > 0.4 && points[1].change() < -0.25);
    }
}

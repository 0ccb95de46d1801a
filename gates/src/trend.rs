//! One metric over the nights: is tonight worse than those before?

use crate::RegressionLimits;
use crate::statistics::{ChangePoint, Trailing, change_points, trailing};

/// Nights that a change must have lasted before it counts: a single bad night, in one of fifty half
/// as slow again, would otherwise fail by its own test.
const NIGHTS_AFTER_MIN: usize = 2;

/// What the nights of one metric say of the last of them. Less is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The line that the last night is held against; none with too few nights before.
    pub line: Option<Trailing>,
    /// The last night is over its line.
    pub warns: bool,
    /// So was the night before, over its own line.
    pub twice: bool,
    /// The latest change for the worse, if it is of the last nights.
    pub recent_change: Option<ChangePoint>,
    /// Every change point, for the better and the worse.
    pub changes: Vec<ChangePoint>,
}

impl Trend {
    /// Two nights running over the line, or a change that is recent.
    pub fn fails(&self) -> bool {
        self.twice || self.recent_change.is_some()
    }
}

/// Examines the nights, the last of which is tonight. A difference below `floor`, in the metric's
/// unit, is none whatever its share.
pub fn trend(nights: &[f64], limits: &RegressionLimits, floor: f64) -> Trend {
    let share = limits.change_percent_min / 100.0;
    let over = |night: Option<usize>| {
        let (night, before) = (nights.get(night?)?, &nights[..night?]);
        let line = trailing(before, share, floor).filter(|_| before.len() >= limits.nights_min)?;
        Some((line, *night > line.limit))
    };
    let tonight = over(nights.len().checked_sub(1));
    let last_night = over(nights.len().checked_sub(2));
    let enough = nights.len() > limits.nights_min;
    let mut changes = if enough { change_points(nights, limits.p_max, share) } else { Vec::new() };
    changes.retain(|change| (change.test.mean_after - change.test.mean_before).abs() >= floor);
    // One night that is different is a bad night; with the next it may be a change.
    let is_recent = |change: &ChangePoint| {
        (NIGHTS_AFTER_MIN..=limits.recent_nights).contains(&(nights.len() - change.index))
    };
    let warns = tonight.is_some_and(|(_, over)| over);
    Trend {
        line: tonight.map(|(line, _)| line),
        warns,
        twice: warns && last_night.is_some_and(|(_, over)| over),
        recent_change: changes.last().copied().filter(|c| is_recent(c) && c.change() > 0.0),
        changes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 98, 99, 100, 101, 102 again and again: median 100, 3 MAD = 4.45, so that 5 % decide.
    fn quiet(nights: usize) -> Vec<f64> {
        (0..nights).map(|night| 98.0 + (night * 2 % 5) as f64).collect()
    }

    fn of(nights: &[f64]) -> Trend {
        trend(nights, &RegressionLimits::default(), 0.5)
    }

    #[test]
    fn one_night_over_the_line_warns_and_two_fail() {
        let mut nights = quiet(14);
        nights.push(105.0);
        assert!(!of(&nights).warns, "at the line is not over it");
        nights[14] = 105.1;
        let once = of(&nights);
        assert!(once.warns && !once.twice);
        nights.push(105.2);
        assert!(of(&nights).twice);
        nights[14] = 104.0;
        assert!(!of(&nights).twice);
    }

    #[test]
    fn too_few_nights_say_nothing() {
        let mut nights = quiet(6);
        nights.extend([150.0]);
        assert_eq!(
            (of(&nights).line, of(&nights).warns, of(&nights).changes.len()),
            (None, false, 0)
        );
        nights.insert(0, 100.0);
        assert!(of(&nights).warns);
    }

    #[test]
    fn a_change_fails_for_five_nights_and_then_is_how_it_is() {
        for (after, recent) in [(1, false), (2, true), (5, true), (6, false)] {
            let mut nights = quiet(30);
            nights.extend(quiet(after).iter().map(|night| night * 1.2));
            let trend = of(&nights);
            assert_eq!(trend.changes.iter().map(|c| c.index).collect::<Vec<_>>(), [30]);
            assert_eq!(trend.recent_change.is_some(), recent, "{after} nights after");
        }
    }

    #[test]
    fn what_gets_better_does_not_fail() {
        let mut nights = quiet(30);
        nights.extend(quiet(3).iter().map(|night| night * 0.8));
        let trend = of(&nights);
        assert!(!trend.fails() && trend.changes.len() == 1);
    }

    #[test]
    fn a_difference_below_the_floor_is_none() {
        // 20 % of 0.1 ms is nothing.
        let nights: Vec<f64> = quiet(30)
            .iter()
            .chain(&quiet(3))
            .enumerate()
            .map(|(night, value)| value / 1_000.0 * if night < 30 { 1.0 } else { 1.2 })
            .collect();
        let trend = of(&nights);
        assert!(!trend.warns && trend.changes.is_empty());
        assert!(super::trend(&nights, &RegressionLimits::default(), 0.001).fails());
    }
}

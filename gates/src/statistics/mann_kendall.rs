//! Does a series rise? Kendall's S over all pairs, which asks only which of two values is greater.

use super::normal_above;

/// What the test of Mann and Kendall says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// The chance that a series without a trend rises as much; 1 where nothing rises.
    pub p_rising: f64,
}

/// Tests whether the series rises, with the correction of the variance for ties and of 1 for
/// continuity (Kendall, Rank Correlation Methods, 4th edition, 1970, section 4.9). Values must be independent of one
/// another, or nearly: minutes of a run are not, their medians over 20 minutes are almost.
pub fn mann_kendall(values: &[f64]) -> MannKendall {
    let n = values.len() as f64;
    let mut s = 0_i64;
    for (place, earlier) in values.iter().enumerate() {
        for later in &values[place + 1..] {
            s += i64::from(later > earlier) - i64::from(later < earlier);
        }
    }
    let term = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let variance = (term(n) - ties(values).iter().copied().map(term).sum::<f64>()) / 18.0;
    let p_rising = if s <= 0 || variance <= 0.0 {
        1.0
    } else {
        normal_above((s - 1) as f64 / variance.sqrt())
    };
    MannKendall { s, p_rising }
}

/// How many values are the same, for each value that is there more than once.
fn ties(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let groups = sorted.chunk_by(|one, other| one == other);
    groups.filter(|group| group.len() > 1).map(|group| group.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_only_rises_has_every_pair() {
        // n = 10: S = 45, variance 10*9*25/18 = 125, z = 44/sqrt(125) = 3.9355, p = 4.15e-5.
        let test = mann_kendall(&(0..10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(test.s, 45);
        assert!((test.p_rising - 4.151e-5).abs() < 2e-8, "{}", test.p_rising);
    }

    #[test]
    fn ties_lower_the_variance() {
        // 1 2 2 3: S = 5; variance (4*3*13 - 2*1*9)/18 = 7.6667; z = 4/2.7689 = 1.4446, p = 0.0743.
        let test = mann_kendall(&[1.0, 2.0, 2.0, 3.0]);
        assert_eq!(test.s, 5);
        assert!((test.p_rising - 0.07428).abs() < 1e-4, "{}", test.p_rising);
    }

    #[test]
    fn what_falls_or_stays_does_not_rise() {
        assert_eq!(mann_kendall(&[3.0, 2.0, 1.0]), MannKendall { s: -3, p_rising: 1.0 });
        assert_eq!(mann_kendall(&[4.0; 30]), MannKendall { s: 0, p_rising: 1.0 });
        assert_eq!(mann_kendall(&[]).p_rising, 1.0);
    }
}

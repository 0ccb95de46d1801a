//! Are two groups of nights alike?

use super::student_two_sided;

/// What Student's test of two groups says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Mean of the first.
    pub mean_before: f64,
    /// Mean of the second.
    pub mean_after: f64,
    /// The chance of means so far apart if both groups are of one kind.
    pub p: f64,
}

/// Student's two-sided test of two independent groups with one variance. `None` if one is empty; of
/// one value each, or of values that are all the same, `p` is 1 where the means are equal, and 0 or 1
/// by whether there is a spread to hold the difference against.
pub fn t_test(before: &[f64], after: &[f64]) -> Option<TTest> {
    let (n, m) = (before.len() as f64, after.len() as f64);
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let squares =
        |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let (mean_before, mean_after) = (mean(before), mean(after));
    let df = n + m - 2.0;
    let pooled = (squares(before, mean_before) + squares(after, mean_after)) / df;
    let error = (pooled * (1.0 / n + 1.0 / m)).sqrt();
    let t = (mean_after - mean_before) / error;
    Some(TTest { mean_before, mean_after, p: student_two_sided(t, df) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_is_that_of_scipy() {
        // Means 3 and 6.5; squares 10 and 5; df 7; pooled 15/7; error sqrt(15/7 * 9/20) = 0.98198;
        // t = 3.56423. scipy 1.16.3 ttest_ind: p = 0.009167452294336178.
        let test = t_test(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0]).unwrap();
        assert_eq!((test.mean_before, test.mean_after), (3.0, 6.5));
        assert!((test.p - 0.009167452294336178).abs() < 1e-12, "{}", test.p);
    }

    #[test]
    fn no_spread_decides_by_the_means_alone() {
        assert_eq!(t_test(&[4.0, 4.0], &[4.0]).unwrap().p, 1.0);
        assert_eq!(t_test(&[4.0, 4.0], &[5.0]).unwrap().p, 0.0);
        assert_eq!(t_test(&[4.0], &[5.0]).unwrap().p, 1.0);
        assert_eq!(t_test(&[], &[5.0]), None);
    }
}

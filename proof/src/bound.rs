//! What zero losses show.

/// The 95 % upper bound of the rate at which orders are lost, when `trials` orders were accepted
/// and none was lost: 3/N, the rule of three (Hanley and Lippman-Hand, JAMA 1983). It is exact to
/// -ln(0.05) = 2.9957, and says nothing of faults that were not tried.
pub fn loss_rate_bound(trials: u64) -> f64 {
    if trials == 0 { 1.0 } else { (3.0 / trials as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_losses_of_a_million_bound_the_rate_by_three_in_a_million() {
        assert!((loss_rate_bound(1_000_000) - 0.000_003).abs() < 1e-12);
    }

    #[test]
    fn few_orders_bound_nothing() {
        assert_eq!([0, 1, 3].map(loss_rate_bound), [1.0, 1.0, 1.0]);
        assert!((loss_rate_bound(4) - 0.75).abs() < 1e-12);
    }
}

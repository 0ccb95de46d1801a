//! Cohorts of documents that age: where those of all months are, month by month.

use serde::Serialize;

use super::{AgeGrid, LAGS, ReadPattern};

/// Order-months in each access tier in one month: GB-months by the GB of an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TierMonths {
    /// Frequent Access.
    pub frequent: f64,
    /// Infrequent Access.
    pub infrequent: f64,
    /// Archive Instant Access.
    pub archive: f64,
}

/// Ages the orders of each month, spread evenly over its days, through the access tiers of
/// Intelligent-Tiering: exact expectations, whatever the number of orders. Objects hold
/// `orders_per_object` orders, are large enough to be tiered, and are deleted after `kept_months`
/// months (at most 132, as are the months of intake).
pub fn cohorts(
    intake: &[f64],
    reads: &ReadPattern,
    orders_per_object: f64,
    kept_months: usize,
) -> Vec<TierMonths> {
    let mut grid = AgeGrid::daily(kept_months.min(LAGS - 1), reads);
    let kept = *grid.kept_all();
    let (infrequent, archive) = grid.tiers(reads, orders_per_object);
    let months = intake.len().min(LAGS);
    (0..months)
        .map(|month| {
            let sum = |kernel: &[f64; LAGS]| -> f64 {
                let ages = kernel[..=month].iter().rev();
                intake[..=month].iter().zip(ages).map(|(orders, left)| orders * left).sum()
            };
            let (all, infrequent, archive) = (sum(&kept), sum(&infrequent), sum(&archive));
            TierMonths { frequent: all - infrequent - archive, infrequent, archive }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody reads: a month's 10 orders are 30 days in Frequent, 60 in Infrequent Access, then in
    /// the archive, until they are deleted after 12 months.
    #[test]
    fn an_unread_month_of_orders_spends_30_days_60_days_and_the_rest() {
        let mut intake = [0.0; 20];
        intake[2] = 10.0;
        let months = cohorts(&intake, &ReadPattern::NEVER, 1.0, 12);
        let sum = |of: fn(&TierMonths) -> f64| months.iter().map(of).sum::<f64>();
        let day = 12.0 / 365.0;
        assert_eq!(months[1], TierMonths::default());
        assert!((months[2].frequent - 5.0).abs() < 0.01, "{:?}", months[2]);
        assert!((sum(|m| m.frequent) - 300.0 * day).abs() < 1e-9);
        assert!((sum(|m| m.infrequent) - 600.0 * day).abs() < 1e-9);
        assert!((sum(|m| m.archive) - (120.0 - 900.0 * day)).abs() < 1e-9);
        assert!(months[15].archive.abs() < 1e-9);
    }
}

//! The interval of a share.

/// The 95 % interval of a share of which `hits` of `n` were seen (Wilson 1927); everything for
/// `n` = 0.
pub fn wilson(hits: u64, n: u64) -> [f64; 2] {
    const Z: f64 = 1.96;
    if n == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let below = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / below;
    let half = Z / below * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_statsmodels() {
        // statsmodels proportion_confint(8, 1000, method="wilson"), z 1.95996: 0.0040593, 0.0157065.
        let [low, high] = wilson(8, 1_000);
        assert!((low - 0.004059).abs() < 2e-6 && (high - 0.015707).abs() < 2e-6, "{low} {high}");
    }

    #[test]
    fn nothing_seen_still_has_an_upper_end() {
        // z^2 / (n + z^2) = 3.8416 / 403.8416.
        let [low, high] = wilson(0, 400);
        assert!(low == 0.0 && (high - 0.0095126).abs() < 1e-6, "{low} {high}");
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
}

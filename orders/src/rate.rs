//! A percentage, as tax law writes it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Cents;
use crate::text::write_fixed_point;

/// A percentage in units of 10^-4 percent: 12 % is 120,000. An NF-e writes four places: 12.0000.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Rate(pub u32);

impl Rate {
    /// 100 %.
    pub const WHOLE: Self = Self(1_000_000);

    /// This part of an amount, half up to the cent.
    pub fn of(self, amount: Cents) -> Cents {
        amount.percent_1e4(u64::from(self.0))
    }

    /// What remains of this rate after a reduction of itself, half up: 0.9 % less 60 % is 0.36 %.
    pub fn reduced_by(self, reduction: Self) -> Self {
        let rest = u64::from(Self::WHOLE.0.saturating_sub(reduction.0));
        let whole = u64::from(Self::WHOLE.0);
        let units = (u64::from(self.0) * rest + whole / 2) / whole;
        // At most the rate itself, which fits.
        Self(units as u32)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed_point(formatter, u64::from(self.0), 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_with_four_places() {
        assert_eq!(Rate(120_000).to_string(), "12.0000");
        assert_eq!(Rate(400).to_string(), "0.0400");
    }

    #[test]
    fn the_rates_of_medicines_in_2026_are_two_fifths_of_the_full_ones() {
        // LC 214/2025, article 133: 60 % off 0.1 % and off 0.9 %.
        assert_eq!(Rate(1_000).reduced_by(Rate(600_000)), Rate(400));
        assert_eq!(Rate(9_000).reduced_by(Rate(600_000)), Rate(3_600));
        assert_eq!(Rate(9_000).reduced_by(Rate::WHOLE), Rate(0));
        assert_eq!(Rate(9_000).reduced_by(Rate(0)), Rate(9_000));
    }

    #[test]
    fn half_a_cent_goes_up() {
        // 12 % of 238.49 is 28.6188; 18 % of 883.48 is 159.0264; 0.5 % of 1.00 is half a cent.
        assert_eq!(Rate(120_000).of(Cents(23_849)), Cents(2_862));
        assert_eq!(Rate(180_000).of(Cents(88_348)), Cents(15_903));
        assert_eq!(Rate(5_000).of(Cents(100)), Cents(1));
        assert_eq!(Rate(5_000).of(Cents(99)), Cents(0));
    }
}

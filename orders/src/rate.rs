//! A percentage, as tax law writes it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Cents;
use crate::text::{fixed_point, write_fixed_point};

/// A percentage in units of 10^-4 percent: 12 % is 120,000. An NF-e writes four places: 12.0000,
/// and so does JSON, as a text.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(pub u32);

/// A text that is no percentage.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a rate is a percentage with at most four places such as \"12.0000\", not {0:?}")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let units = fixed_point(text, 3, 4).and_then(|units| u32::try_from(units).ok());
        units.map(Self).ok_or_else(|| RateError(text.to_owned()))
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(text: String) -> Result<Self, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

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
        assert_eq!("0.04".parse(), Ok(Rate(400)));
        assert_eq!("100".parse(), Ok(Rate::WHOLE));
        assert!(["", "-1", "1,5", "0.00001"].iter().all(|text| text.parse::<Rate>().is_err()));
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

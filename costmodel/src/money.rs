//! US dollars, exact. Rounded only when shown.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount in US dollars, before tax.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Usd(Decimal);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Of a decimal number of dollars.
    pub const fn new(dollars: Decimal) -> Self {
        Self(dollars)
    }

    /// The exact number of dollars.
    pub const fn exact(self) -> Decimal {
        self.0
    }
}

impl From<u32> for Usd {
    fn from(dollars: u32) -> Self {
        Self(dollars.into())
    }
}

impl fmt::Display for Usd {
    /// To the cent from a dollar on, to three significant digits below.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.is_zero() {
            "$0".to_owned()
        } else {
            let short = self.0.round_sf(3).unwrap_or(self.0);
            if short.abs() >= Decimal::ONE {
                format!("${:.2}", self.0.round_dp(2))
            } else {
                format!("${}", short.normalize())
            }
        };
        formatter.pad(&text)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_to_the_cent_and_below_a_dollar_to_three_digits() {
        let shown = |text: &str| Usd::new(text.parse().unwrap()).to_string();
        assert_eq!(shown("12.9149"), "$12.91");
        assert_eq!(shown("1"), "$1.00");
        assert_eq!(shown("0.99996"), "$1.00");
        assert_eq!(shown("0.012345"), "$0.0123");
        assert_eq!(shown("0.0000042519"), "$0.00000425");
        assert_eq!(shown("0.00"), "$0");
    }
}

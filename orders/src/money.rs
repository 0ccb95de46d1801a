//! Prices, quantities and amounts, as integers of their last decimal place. Rounding is half up,
//! as NF-e implementers do and SEFAZ accepts within a cent (rejections 629, 630).

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::{fixed_point, write_fixed_point};

/// An amount in BRL cents.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cents(pub i64);

impl fmt::Display for Cents {
    /// As an NF-e writes it: 1234.50.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        write_fixed_point(formatter, self.0.unsigned_abs(), 2)
    }
}

/// Sums stop at the largest amount: it is beyond any credit limit, whereas a sum that went round
/// to a negative amount would pass every one.
impl Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Cents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), Add::add)
    }
}

impl Cents {
    /// A rate, in units of 10^-4 percent, of this amount, half up: 12.55 is 5 % of 251.04.
    pub fn percent_1e4(self, rate_1e4: u64) -> Self {
        let product = i128::from(self.0) * i128::from(rate_1e4);
        Self(half_up(product, 1_000_000))
    }
}

/// A non-negative quotient, half up.
fn half_up(product: i128, divisor: i128) -> i64 {
    i64::try_from((product + divisor / 2).div_euclid(divisor)).unwrap_or(i64::MAX)
}

/// A text that is no price, or no percentage.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} is a decimal text such as {example:?}, not {text:?}")]
pub struct MoneyError {
    what: &'static str,
    example: &'static str,
    text: String,
}

/// A unit price in units of 10^-4 BRL; in JSON a decimal text with at most four places, never a
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitPrice(u64);

impl UnitPrice {
    /// Of this many 10^-4 BRL; at most eleven digits before the point are kept.
    pub const fn from_1e4(units: u64) -> Self {
        Self(units % 1_000_000_000_000_000)
    }

    /// In units of 10^-4 BRL.
    pub const fn as_1e4(self) -> u64 {
        self.0
    }

    /// The price of a quantity, half up to the cent.
    pub fn times(self, quantity: Quantity) -> Cents {
        Cents(half_up(i128::from(self.0) * i128::from(quantity.get()), 100))
    }
}

impl FromStr for UnitPrice {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        fixed_point(text, 11, 4).map(Self).ok_or_else(|| MoneyError {
            what: "unit_price",
            example: "5.2300",
            text: text.to_owned(),
        })
    }
}

impl TryFrom<String> for UnitPrice {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed_point(formatter, self.0, 4)
    }
}

impl From<UnitPrice> for String {
    fn from(price: UnitPrice) -> Self {
        price.to_string()
    }
}

/// A discount in hundredths of a percent, 0.00 to 100.00; in JSON a decimal text.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Discount(u64);

impl Discount {
    /// In hundredths of a percent.
    pub const fn as_1e2(self) -> u64 {
        self.0
    }

    /// The part of an amount that is taken off, half up to the cent.
    pub fn of(self, amount: Cents) -> Cents {
        amount.percent_1e4(self.0 * 100)
    }
}

impl FromStr for Discount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        fixed_point(text, 3, 2).filter(|units| *units <= 10_000).map(Self).ok_or_else(|| {
            MoneyError { what: "discount_pct", example: "5.00", text: text.to_owned() }
        })
    }
}

impl TryFrom<String> for Discount {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl fmt::Display for Discount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed_point(formatter, self.0, 2)
    }
}

impl From<Discount> for String {
    fn from(discount: Discount) -> Self {
        discount.to_string()
    }
}

/// How many of a product: 1 to 99,999,999 (a lot's quantity in an NF-e has eight digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// A number that is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("qty is 1 to 99999999, not {0}")]
pub struct QuantityError(u32);

impl Quantity {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;

    fn try_from(number: u32) -> Result<Self, QuantityError> {
        if (1..=99_999_999).contains(&number) {
            Ok(Self(number))
        } else {
            Err(QuantityError(number))
        }
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use super::*;

    fn line(quantity: u32, price: &str, discount: &str) -> (Cents, Cents) {
        let price: UnitPrice = price.parse().unwrap();
        let total = price.times(quantity.try_into().unwrap());
        (total, discount.parse::<Discount>().unwrap().of(total))
    }

    #[test]
    fn lines_round_half_up_to_the_cent() {
        assert_eq!(line(48, "5.2300", "5.00"), (Cents(251_04), Cents(12_55)));
        assert_eq!(line(120, "8.3750", "0.00"), (Cents(1_005_00), Cents(0)));
        // 24 x 38.7490 = 929.976; 5 % of 929.98 = 46.499.
        assert_eq!(line(24, "38.7490", "5.00"), (Cents(929_98), Cents(46_50)));
        // Exactly half a cent goes up, just below it does not.
        assert_eq!(line(1, "0.0050", "0").0, Cents(1));
        assert_eq!(line(1, "0.0049", "0").0, Cents(0));
    }

    #[test]
    fn prices_are_decimal_texts_of_at_most_eleven_and_four_places() {
        for fine in ["0", "5", "5.2", "99999999999.9999"] {
            assert!(fine.parse::<UnitPrice>().is_ok(), "{fine}");
        }
        for wrong in ["", ".5", "5.", "-1", "1e3", "1.00000", "999999999999", "1,5", " 1"] {
            assert!(wrong.parse::<UnitPrice>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_discount_is_at_most_all_of_it() {
        assert!("100.00".parse::<Discount>().is_ok());
        assert!("100.01".parse::<Discount>().is_err());
        assert_eq!("100".parse::<Discount>().unwrap().of(Cents(7)), Cents(7));
    }

    #[test]
    fn a_quantity_has_one_to_eight_digits_and_is_not_nothing() {
        assert!(Quantity::try_from(0).is_err() && Quantity::try_from(1).is_ok());
        assert!(Quantity::try_from(99_999_999).is_ok() && Quantity::try_from(100_000_000).is_err());
    }

    #[test]
    fn the_largest_prices_and_quantities_do_not_go_round_to_a_negative_sum() {
        let (largest, _) = line(99_999_999, "99999999999.9999", "0");
        assert_eq!(largest + largest, Cents(i64::MAX));
    }

    #[test]
    fn amounts_are_written_with_two_places() {
        assert_eq!(Cents(5).to_string(), "0.05");
        assert_eq!(Cents(-123_450).to_string(), "-1234.50");
    }
}

//! The month of a usage file: how many hours it has, and lines that know whose numbers they are.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{UsageFileError, positive, value};
use crate::Provenance;
use crate::bill::Used;

/// A month of 365 / 12 days, as AWS's calculator takes it.
pub(super) const TYPICAL_HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);

/// What every meter needs to know besides its own keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Month {
    pub(super) hours: Decimal,
    pub(super) provenance: Provenance,
}

/// A line to be: nothing of it is computed while its quantity is zero.
impl Month {
    pub(super) fn line(
        self,
        (service, item): (&'static str, &str),
        (offer, usage_type, operation): (&'static str, impl Into<Cow<'static, str>>, &'static str),
        (quantity, unit): (Decimal, &'static str),
        formula: impl FnOnce() -> String,
    ) -> Option<Used> {
        (!quantity.is_zero()).then(|| Used {
            service,
            item: item.to_owned(),
            offer,
            usage_type: usage_type.into(),
            operation,
            quantity,
            unit,
            provenance: self.provenance,
            formula: formula(),
        })
    }
}

/// Hours, such as `730`, or those of a calendar month, such as `2026-02`.
pub(super) fn hours(key: &str, text: &str) -> Result<Decimal, UsageFileError> {
    let wrong = || value(key, "hours, such as 730, or a calendar month, such as 2026-02");
    let Some((year, month)) = text.split_once('-') else {
        return positive(key, text.parse().map_err(|_| wrong())?);
    };
    let (Ok(year), Ok(month)) = (year.parse::<u32>(), month.parse::<u32>()) else {
        return Err(wrong());
    };
    let days = days(year, month).ok_or_else(wrong)?;
    Ok(Decimal::from(24 * days))
}

fn days(year: u32, month: u32) -> Option<u32> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap { 29 } else { 28 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_hours_or_a_calendar_month() {
        for (text, expected) in [
            ("730", "730"),
            ("2026-02", "672"),
            ("2028-02", "696"),
            ("2100-02", "672"),
            ("2000-02", "696"),
            ("2026-04", "720"),
            ("2026-12", "744"),
        ] {
            assert_eq!(hours("month", text).unwrap(), expected.parse().unwrap(), "{text}");
        }
        for text in ["0", "-5", "2026-13", "2026-00", "february", "2026-x", ""] {
            assert!(hours("month", text).is_err(), "{text}");
        }
    }
}

//! Numbers as people read them.

use rust_decimal::{Decimal, RoundingStrategy};

/// With a comma between thousands, whatever the decimals: `1,234,567.5`.
pub(crate) fn grouped(number: Decimal) -> String {
    let text = number.normalize().to_string();
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = rest.split_once('.').unwrap_or((rest, ""));
    let mut out = String::with_capacity(text.len() * 4 / 3);
    for (k, digit) in whole.chars().enumerate() {
        if k > 0 && (whole.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let dot = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{out}{dot}{decimals}")
}

/// With so many decimals at most.
pub(crate) fn grouped_to(number: Decimal, decimals: u32) -> String {
    grouped(number.round_dp(decimals))
}

/// To the cent, halves away from zero, with thousands: `1,234.50`.
pub(crate) fn cents(number: Decimal) -> String {
    let text = grouped(number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero));
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((_, decimals)) if decimals.len() == 1 => format!("{text}0"),
        Some(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_and_decimals_are_not() {
        for (number, grouped_is, cents_is) in [
            ("0", "0", "0.00"),
            ("123", "123", "123.00"),
            ("1234", "1,234", "1,234.00"),
            ("-1234567.50", "-1,234,567.5", "-1,234,567.50"),
            ("0.0000166667", "0.0000166667", "0.00"),
            ("999999.999", "999,999.999", "1,000,000.00"),
        ] {
            let number: Decimal = number.parse().unwrap();
            assert_eq!(grouped(number), grouped_is);
            assert_eq!(cents(number), cents_is);
        }
    }
}

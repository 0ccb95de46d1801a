//! In which language, and beside which currency, finance reads: how numbers are written in a text.
//! A workbook has its numbers as numbers, and only their formats from here.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A language of the finance reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Brazilian Portuguese.
    Portuguese,
}

/// A language that the reports do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("en or pt-BR, not {0:?}")]
pub struct LanguageError(String);

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        match text {
            "en" => Ok(Self::English),
            "pt-BR" => Ok(Self::Portuguese),
            other => Err(LanguageError(other.to_owned())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        })
    }
}

/// How a reader reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Locale {
    /// The language.
    pub language: Language,
    /// How many reais a dollar is, as somebody stated it; none shows dollars alone.
    pub brl_per_usd: Option<Decimal>,
}

impl Locale {
    /// A number with so many decimals: 1,234.50 or 1.234,50.
    pub(crate) fn number(self, number: Decimal, decimals: u32) -> String {
        let rounded = number
            .round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        let text = format!("{:.*}", decimals as usize, rounded.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (group, point) = match self.language {
            Language::English => (',', '.'),
            Language::Portuguese => ('.', ','),
        };
        let mut out = String::new();
        if rounded.is_sign_negative() && !rounded.is_zero() {
            out.push('-');
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                out.push(group);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push(point);
            out.push_str(fraction);
        }
        out
    }

    /// A float likewise; what is no number is a dash.
    pub(crate) fn float(self, number: f64, decimals: u32) -> String {
        Decimal::try_from(number).map_or_else(|_| "-".to_owned(), |n| self.number(n, decimals))
    }

    /// Dollars: to the cent from a dollar on, to three significant digits below.
    pub(crate) fn usd(self, usd: Decimal) -> String {
        let sign = match self.language {
            Language::English => "$",
            Language::Portuguese => "US$\u{a0}",
        };
        with_sign(sign, &self.number(usd, decimals_of(usd)))
    }

    /// The same in reais, if their rate was stated.
    pub(crate) fn brl(self, usd: Decimal) -> Option<String> {
        let brl = usd * self.brl_per_usd?;
        Some(with_sign("R$\u{a0}", &self.number(brl, decimals_of(brl))))
    }

    /// Dollars, and reais in brackets.
    pub(crate) fn both(self, usd: Decimal) -> String {
        match self.brl(usd) {
            Some(brl) => format!("{} ({brl})", self.usd(usd)),
            None => self.usd(usd),
        }
    }
}

fn with_sign(sign: &str, number: &str) -> String {
    match number.strip_prefix('-') {
        Some(rest) => format!("-{sign}{rest}"),
        None => format!("{sign}{number}"),
    }
}

/// Cents from one on; below, three significant digits.
fn decimals_of(amount: Decimal) -> u32 {
    let short = amount.round_sf(3).unwrap_or(amount).normalize();
    if short.is_zero() || short.abs() >= Decimal::ONE { 2 } else { short.scale().max(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: Language) -> Locale {
        Locale { language, brl_per_usd: Some("5.40".parse().unwrap()) }
    }

    #[test]
    fn numbers_are_grouped_as_the_reader_groups_them() {
        let written =
            |language, text: &str, decimals| of(language).number(text.parse().unwrap(), decimals);
        assert_eq!(written(Language::English, "1234567.895", 2), "1,234,567.90");
        assert_eq!(written(Language::Portuguese, "1234567.895", 2), "1.234.567,90");
        assert_eq!(written(Language::Portuguese, "999", 0), "999");
        assert_eq!(written(Language::English, "-1000", 0), "-1,000");
        assert_eq!(written(Language::English, "-0.001", 2), "0.00");
    }

    /// 12.5 x 5.40 = 67.5; below a dollar three significant digits stay.
    #[test]
    fn money_has_its_sign_and_the_other_currency_at_the_stated_rate() {
        let number = |text: &str| -> Decimal { text.parse().unwrap() };
        assert_eq!(of(Language::English).both(number("12.5")), "$12.50 (R$\u{a0}67.50)");
        assert_eq!(
            of(Language::Portuguese).both(number("-12.5")),
            "-US$\u{a0}12,50 (-R$\u{a0}67,50)"
        );
        assert_eq!(of(Language::English).usd(number("0.000028174")), "$0.0000282");
        assert_eq!(Locale::default().both(number("0.5")), "$0.50");
    }

    #[test]
    fn a_language_is_read_as_it_is_written_and_others_are_refused() {
        for language in [Language::English, Language::Portuguese] {
            assert_eq!(language.to_string().parse(), Ok(language));
        }
        assert!("pt".parse::<Language>().is_err());
    }
}

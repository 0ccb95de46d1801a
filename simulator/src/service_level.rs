//! A service level, as it is written: `p99<=60s`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A share of the orders that must be documented within a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceLevel {
    /// The share, in (0, 1).
    pub quantile: f64,
    /// The time from acceptance to document, µs.
    pub us_max: u64,
}

/// A text that is no service level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a service level is written p99<=60s, p99.9<=500ms or p50<=2min, not {0:?}")]
pub struct ServiceLevelError(String);

impl FromStr for ServiceLevel {
    type Err = ServiceLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ServiceLevelError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<ServiceLevel> {
    let (share, time) = text.split_once("<=")?;
    let percent: f64 = share.trim().strip_prefix('p')?.parse().ok()?;
    let time = time.trim();
    let unit_at = time.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = time.split_at(unit_at);
    let us = match unit {
        "ms" => 1e3,
        "s" => 1e6,
        "min" => 60e6,
        "h" => 3_600e6,
        _ => return None,
    };
    let us_max = number.trim().parse::<f64>().ok()? * us;
    let sound = percent > 0.0 && percent < 100.0 && (1.0..1e15).contains(&us_max);
    sound.then(|| ServiceLevel { quantile: percent / 100.0, us_max: us_max.round() as u64 })
}

impl fmt::Display for ServiceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (self.quantile * 1e8).round() / 1e6;
        let us = self.us_max as f64;
        match self.us_max {
            0..1_000_000 => write!(f, "p{percent}<={}ms", us / 1e3),
            1_000_000..120_000_000 => write!(f, "p{percent}<={}s", us / 1e6),
            _ => write!(f, "p{percent}<={}min", us / 60e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for (text, quantile, us_max, back) in [
            ("p99<=60s", 0.99, 60_000_000, "p99<=60s"),
            ("p99.9 <= 500ms", 0.999, 500_000, "p99.9<=500ms"),
            ("p50<=2min", 0.5, 120_000_000, "p50<=2min"),
            ("p90<=1h", 0.9, 3_600_000_000, "p90<=60min"),
        ] {
            let level: ServiceLevel = text.parse().unwrap();
            assert!((level.quantile - quantile).abs() < 1e-12 && level.us_max == us_max, "{text}");
            assert_eq!(level.to_string(), back);
        }
    }

    #[test]
    fn what_says_no_share_or_no_time_is_refused() {
        for text in ["99<=60s", "p99<60s", "p100<=1s", "p0<=1s", "p99<=60", "p99<=0s", "p99<=1d"] {
            assert!(text.parse::<ServiceLevel>().is_err(), "{text}");
        }
    }
}

//! When documents are read, and the access tier that Intelligent-Tiering has them in therefore.
//!
//! The reads of one order are a Poisson process whose rate falls with age. With `L(a)` reads
//! expected by age `a`, nobody reads it in the `w` days before age `a` with probability
//! `E(L(a) - L(a - w))`, where `E(x) = e^-x` if all orders are alike, and the Laplace transform of
//! the mixture otherwise. An object of `n` orders is unread if none of them is: `E^n`.

use serde::{Deserialize, Serialize};

/// Days without a read after which an object moves to Infrequent Access (S3 user guide).
pub(crate) const INFREQUENT_AFTER_DAYS: f64 = 30.0;
/// And to Archive Instant Access.
pub(crate) const ARCHIVE_AFTER_DAYS: f64 = 90.0;

/// How the early reads of an order fall off with age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// The rate falls by e every so many days.
    Exponential {
        /// Days, above 0.
        days: f64,
    },
    /// The rate falls as `(age + offset)^-exponent`.
    PowerLaw {
        /// Days, above 0.
        offset_days: f64,
        /// Above 1, so that the reads have a sum.
        exponent: f64,
    },
}

impl Decay {
    /// The part of the early reads that is over by this age, 0 to 1.
    pub(crate) fn by(self, age_days: f64) -> f64 {
        let age = age_days.max(0.0);
        match self {
            Self::Exponential { days } => -(-age / days).exp_m1(),
            Self::PowerLaw { offset_days, exponent } => {
                1.0 - (1.0 + age / offset_days).powf(1.0 - exponent)
            }
        }
    }

    /// The part of the early reads that falls on a day of this age.
    pub(crate) fn per_day(self, age_days: f64) -> f64 {
        match self {
            Self::Exponential { days } => (-age_days / days).exp() / days,
            Self::PowerLaw { offset_days, exponent } => {
                (exponent - 1.0) / offset_days * (1.0 + age_days / offset_days).powf(-exponent)
            }
        }
    }
}

/// How orders differ in how often they are read; the mean is 1 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// Not at all.
    Alike,
    /// A gamma distribution of this shape: below 1, few orders have most of the reads.
    Gamma {
        /// Above 0.
        shape: f64,
    },
    /// A share of the orders has another share of the reads.
    HotCold {
        /// Of the orders, 0 to 1.
        hot_share: f64,
        /// Of the reads, 0 to 1.
        hot_reads_share: f64,
    },
}

impl Mix {
    /// The probability that none of `orders` orders of a mixed object is read, if each expects
    /// `reads` on average.
    pub(crate) fn unread(self, reads: f64, orders: f64) -> f64 {
        match self {
            Self::Alike => (-reads * orders).exp(),
            Self::Gamma { shape } => (-orders * shape * (reads / shape).ln_1p()).exp(),
            Self::HotCold { hot_share, hot_reads_share } => {
                let cold_share = 1.0 - hot_share;
                let part = |share: f64, of_reads: f64| {
                    if share > 0.0 { share * (-reads * of_reads / share).exp() } else { 0.0 }
                };
                (part(hot_share, hot_reads_share) + part(cold_share, 1.0 - hot_reads_share))
                    .powf(orders)
            }
        }
    }
}

/// How often the documents of one order are read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReadPattern {
    /// Reads that an order has in its first time, all together.
    pub early_reads: f64,
    /// How they fall off.
    pub decay: Decay,
    /// Reads a day that go on for ever.
    pub later_reads_per_day: f64,
    /// How orders differ.
    pub mix: Mix,
    /// The age at which an audit comes, days.
    pub audit_age_days: f64,
    /// The share of the orders that it reads, 0 to 1; 0 is no audit.
    pub audit_share: f64,
}

/// Where an object is, as probabilities; their sum is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TierShares {
    /// Frequent Access.
    pub frequent: f64,
    /// Infrequent Access.
    pub infrequent: f64,
    /// Archive Instant Access.
    pub archive: f64,
}

impl ReadPattern {
    /// An order that nobody reads.
    pub const NEVER: Self = Self {
        early_reads: 0.0,
        decay: Decay::Exponential { days: 15.0 },
        later_reads_per_day: 0.0,
        mix: Mix::Alike,
        audit_age_days: 365.0,
        audit_share: 0.0,
    };

    /// The shares of the access tiers at an age, days, of an object that holds so many orders and
    /// is large enough to be tiered (128 KB).
    pub fn tiers(&self, orders: f64, age_days: f64) -> TierShares {
        let before = |days: f64| self.decay.by(age_days) - self.decay.by(age_days - days);
        let shapes = (before(INFREQUENT_AFTER_DAYS), before(ARCHIVE_AFTER_DAYS));
        self.tiers_of(orders, age_days, shapes)
    }

    /// The same, from the parts of the early reads that fall into the last 30 and 90 days.
    #[inline]
    pub(crate) fn tiers_of(&self, orders: f64, age_days: f64, early: (f64, f64)) -> TierShares {
        let unread = |early: f64, days: f64| {
            if age_days < days {
                return 0.0;
            }
            let reads = self.early_reads * early + self.later_reads_per_day * days;
            let quiet = self.mix.unread(reads, orders);
            let audited = age_days - days < self.audit_age_days && self.audit_age_days <= age_days;
            if audited && self.audit_share > 0.0 {
                quiet * (1.0 - self.audit_share).powf(orders)
            } else {
                quiet
            }
        };
        let not_frequent = unread(early.0, INFREQUENT_AFTER_DAYS);
        let archive = unread(early.1, ARCHIVE_AFTER_DAYS);
        TierShares { frequent: 1.0 - not_frequent, infrequent: not_frequent - archive, archive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERN: ReadPattern = ReadPattern {
        early_reads: 0.3,
        decay: Decay::Exponential { days: 15.0 },
        later_reads_per_day: 0.002 / 30.0,
        mix: Mix::Alike,
        audit_age_days: 0.0,
        audit_share: 0.0,
    };

    /// Age 120 days, one order: windows (90, 120] and (30, 120].
    /// 0.3 (e^-6 - e^-8) + 0.002 = 0.00264298..., 0.3 (e^-2 - e^-8) + 0.006 = 0.04649994...
    #[test]
    fn shares_at_120_days_are_those_worked_by_hand() {
        let shares = PATTERN.tiers(1.0, 120.0);
        assert!((shares.archive - 0.954_564_6).abs() < 1e-6, "{shares:?}");
        assert!((shares.frequent - 0.002_639_5).abs() < 1e-6, "{shares:?}");
        assert!((shares.infrequent - 0.042_795_9).abs() < 1e-6, "{shares:?}");
    }

    #[test]
    fn an_object_moves_at_30_and_at_90_days_and_not_before() {
        let at = |age| ReadPattern::NEVER.tiers(1.0, age);
        assert_eq!((at(29.999).frequent, at(30.0).infrequent), (1.0, 1.0));
        assert_eq!((at(89.999).infrequent, at(90.0).archive), (1.0, 1.0));
    }

    #[test]
    fn a_read_of_one_order_keeps_the_whole_bundle_warm() {
        let (one, ten) = (PATTERN.tiers(1.0, 500.0), PATTERN.tiers(10.0, 500.0));
        assert!((ten.archive - one.archive.powi(10)).abs() < 1e-12);
    }

    /// A gamma of a huge shape is no mixture, and so are hot orders with their own share of reads.
    #[test]
    fn mixtures_of_equals_are_alike() {
        for mix in
            [Mix::Gamma { shape: 1e9 }, Mix::HotCold { hot_share: 0.3, hot_reads_share: 0.3 }]
        {
            let mixed = ReadPattern { mix, ..PATTERN }.tiers(7.0, 200.0);
            let alike = PATTERN.tiers(7.0, 200.0);
            assert!((mixed.archive - alike.archive).abs() < 1e-8, "{mix:?}");
        }
    }

    /// E(x) = (1 + x/k)^-k: shape 2 and reads of 0.5 give 1.25^-2 = 0.64.
    #[test]
    fn a_gamma_mixture_is_its_laplace_transform() {
        assert!((Mix::Gamma { shape: 2.0 }.unread(0.5, 1.0) - 0.64).abs() < 1e-12);
        assert!((Mix::Gamma { shape: 2.0 }.unread(0.5, 3.0) - 0.262_144).abs() < 1e-12);
    }

    #[test]
    fn an_audit_brings_its_share_back_for_30_and_for_90_days() {
        let pattern =
            ReadPattern { audit_age_days: 400.0, audit_share: 0.25, ..ReadPattern::NEVER };
        assert_eq!(pattern.tiers(1.0, 399.9).archive, 1.0);
        assert_eq!(pattern.tiers(1.0, 400.0).frequent, 0.25);
        assert_eq!(pattern.tiers(1.0, 430.0).infrequent, 0.25);
        assert_eq!(pattern.tiers(1.0, 490.0).archive, 1.0);
        // None of two orders: 0.75^2.
        assert_eq!(pattern.tiers(2.0, 400.0).archive, 0.5625);
    }
}

//! Months of documents, month by month: of what came in one month, evenly, how much is there so
//! many months later, in the mean of that month.
//!
//! Between the orders of one month and the days of another `lag` months later lie all ages from
//! `lag - 1` to `lag + 1` months, as a triangle. So a month's storage of a cohort is the integral of
//! its share over that triangle, which a grid of ages holds as Gauss-Legendre points.

use super::reads::{ARCHIVE_AFTER_DAYS, INFREQUENT_AFTER_DAYS};
use super::{Decay, MONTH_DAYS, MONTHS_MAX, ReadPattern};

/// Lags from a month to itself up to the longest forecast.
pub(crate) const LAGS: usize = MONTHS_MAX + 1;

/// What is left of a month's documents, by the months that have passed since; for one order.
pub(crate) type Kernel = [f64; LAGS];

/// Points and weights of Gauss and Legendre on [0, 1]: two points, four points.
const TWO: [(f64, f64); 2] = [(0.211_324_865_405_187_1, 0.5), (0.788_675_134_594_812_9, 0.5)];
const FOUR: [(f64, f64); 4] = [
    (0.069_431_844_202_973_7, 0.173_927_422_568_726_9),
    (0.330_009_478_207_571_9, 0.326_072_577_431_273_1),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_1),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_9),
];

/// Months of age in which shares change fast, so that a coarse grid needs more points.
const YOUNG_MONTHS: f64 = 8.0;

/// One age.
#[derive(Debug, Clone, Copy)]
struct Point {
    age_days: f64,
    /// The lag below, of whose triangle this age is on the falling side.
    lag: usize,
    /// Its weight there, and at the lag above, months.
    falling: f64,
    rising: f64,
    /// The parts of the early reads in the 30 and 90 days before.
    early: (f64, f64),
    /// The part of the early reads that falls on a day here.
    early_per_day: f64,
}

/// Ages at which shares are looked up.
#[derive(Debug, Clone)]
pub(crate) struct AgeGrid {
    points: Vec<Point>,
    kept_months: usize,
    /// What it was made for.
    reads: ReadPattern,
    /// The tiers that were asked for last: alternatives of one draw share them.
    last_tiers: Option<(ReadPattern, f64, Kernel, Kernel)>,
    /// All that is kept, and all early reads: of every plan, so summed once.
    kept_all: Kernel,
    early_all: Kernel,
}

impl AgeGrid {
    /// Two points a day: what a forecast uses.
    pub(crate) fn daily(kept_months: usize, reads: &ReadPattern) -> Self {
        let days = (kept_months as f64 * MONTH_DAYS).floor() as usize;
        let mut edges: Vec<f64> = (0..=days).map(|day| day as f64 / MONTH_DAYS).collect();
        edges.extend((1..=kept_months).map(|month| month as f64));
        Self::new(kept_months, reads, edges, |_| &TWO)
    }

    /// A handful of points a month: what ten thousand draws use.
    pub(crate) fn coarse(kept_months: usize, reads: &ReadPattern) -> Self {
        let edges = (0..=kept_months).map(|month| month as f64).collect();
        let audited = (reads.audit_share > 0.0).then_some(reads.audit_age_days / MONTH_DAYS);
        Self::new(kept_months, reads, edges, |from| {
            let after_audit = audited.is_some_and(|at| (at..at + 4.0).contains(&from));
            if from < YOUNG_MONTHS || after_audit { &FOUR } else { &TWO }
        })
    }

    fn new(
        kept_months: usize,
        reads: &ReadPattern,
        mut edges: Vec<f64>,
        rule: impl Fn(f64) -> &'static [(f64, f64)],
    ) -> Self {
        let moves = [0.0, INFREQUENT_AFTER_DAYS, ARCHIVE_AFTER_DAYS];
        edges.extend(moves.map(|days| days / MONTH_DAYS));
        if reads.audit_share > 0.0 {
            edges.extend(moves.map(|days| (reads.audit_age_days + days) / MONTH_DAYS));
        }
        edges.retain(|edge| *edge <= kept_months as f64);
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
        let mut points = Vec::new();
        for pair in edges.windows(2) {
            let (from, width) = (pair[0], pair[1] - pair[0]);
            points.extend(
                rule(from)
                    .iter()
                    .map(|(at, weight)| Point::at(from + at * width, weight * width, reads.decay)),
            );
        }
        let zero = [0.0; LAGS];
        let mut grid = Self {
            points,
            kept_months,
            reads: *reads,
            last_tiers: None,
            kept_all: zero,
            early_all: zero,
        };
        grid.kept_all = grid.sum(|_| 1.0);
        grid.early_all = grid.sum(|point| point.early_per_day * MONTH_DAYS);
        grid
    }

    /// Whether this grid is one for these reads and this retention.
    pub(crate) fn fits(&self, kept_months: usize, reads: &ReadPattern) -> bool {
        let ages = |reads: &ReadPattern| {
            (reads.decay, (reads.audit_share > 0.0).then_some(reads.audit_age_days))
        };
        self.kept_months == kept_months && ages(&self.reads) == ages(reads)
    }

    /// All that is kept.
    pub(crate) fn kept_all(&self) -> &Kernel {
        &self.kept_all
    }

    /// All that is kept and is between two ages, days.
    pub(crate) fn kept(&self, from_days: f64, to_days: f64) -> Kernel {
        self.sum(|point| f64::from((from_days..to_days).contains(&point.age_days)))
    }

    /// What is in Infrequent and what in Archive Instant Access, of objects of so many orders.
    pub(crate) fn tiers(&mut self, reads: &ReadPattern, orders: f64) -> (Kernel, Kernel) {
        if let Some((of, by, infrequent, archive)) = &self.last_tiers
            && (of, by) == (reads, &orders)
        {
            return (*infrequent, *archive);
        }
        let (mut infrequent, mut archive) = ([0.0; LAGS], [0.0; LAGS]);
        for point in &self.points {
            if point.age_days < INFREQUENT_AFTER_DAYS {
                continue;
            }
            let shares = reads.tiers_of(orders, point.age_days, point.early);
            point.add(&mut infrequent, shares.infrequent);
            point.add(&mut archive, shares.archive);
        }
        self.last_tiers = Some((*reads, orders, infrequent, archive));
        (infrequent, archive)
    }

    /// All reads of one order.
    pub(crate) fn reads_all(&self, reads: &ReadPattern) -> Kernel {
        let later = reads.later_reads_per_day * MONTH_DAYS;
        let mut kernel = self.early_all;
        for (sum, kept) in kernel.iter_mut().zip(&self.kept_all) {
            *sum = *sum * reads.early_reads + kept * later;
        }
        self.add_audit(&mut kernel, reads);
        kernel
    }

    /// Reads between two ages, days, of one order.
    pub(crate) fn reads(&self, reads: &ReadPattern, from_days: f64, to_days: f64) -> Kernel {
        let within = |age: f64| (from_days..to_days).contains(&age);
        let mut kernel = self.sum(|point| {
            let rate = reads.early_reads * point.early_per_day + reads.later_reads_per_day;
            if within(point.age_days) { rate * MONTH_DAYS } else { 0.0 }
        });
        if within(reads.audit_age_days) {
            self.add_audit(&mut kernel, reads);
        }
        kernel
    }

    fn add_audit(&self, kernel: &mut Kernel, reads: &ReadPattern) {
        let age_months = reads.audit_age_days / MONTH_DAYS;
        if reads.audit_share > 0.0 && age_months < self.kept_months as f64 {
            Point::at(age_months, 1.0, reads.decay).add(kernel, reads.audit_share);
        }
    }

    /// What happens once, at this age, days: a month's orders have it so many months later.
    pub(crate) fn once(&self, age_days: f64) -> Kernel {
        let mut kernel = [0.0; LAGS];
        if age_days < self.kept_months as f64 * MONTH_DAYS {
            Point::at(age_days / MONTH_DAYS, 1.0, self.reads.decay).add(&mut kernel, 1.0);
        }
        kernel
    }

    fn sum(&self, share: impl Fn(&Point) -> f64) -> Kernel {
        let mut kernel = [0.0; LAGS];
        for point in &self.points {
            point.add(&mut kernel, share(point));
        }
        kernel
    }
}

impl Point {
    fn at(age_months: f64, weight: f64, decay: Decay) -> Self {
        let age_days = age_months * MONTH_DAYS;
        let lag = age_months.floor();
        let before = |days: f64| decay.by(age_days) - decay.by(age_days - days);
        Self {
            age_days,
            lag: lag as usize,
            falling: weight * (1.0 - (age_months - lag)),
            rising: weight * (age_months - lag),
            early: (before(INFREQUENT_AFTER_DAYS), before(ARCHIVE_AFTER_DAYS)),
            early_per_day: decay.per_day(age_days),
        }
    }

    #[inline]
    fn add(&self, kernel: &mut Kernel, share: f64) {
        kernel[self.lag] += self.falling * share;
        if let Some(above) = kernel.get_mut(self.lag + 1) {
            *above += self.rising * share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Mix;

    const READS: ReadPattern = ReadPattern {
        early_reads: 0.3,
        decay: Decay::Exponential { days: 15.0 },
        later_reads_per_day: 0.002 / 30.0,
        mix: Mix::Alike,
        audit_age_days: 400.0,
        audit_share: 0.0,
    };

    #[test]
    fn half_of_a_month_is_there_in_the_mean_of_its_own_month_and_all_of_it_later() {
        for grid in [AgeGrid::daily(60, &READS), AgeGrid::coarse(60, &READS)] {
            let kept = grid.kept_all();
            assert!((kept[0] - 0.5).abs() < 1e-12 && (kept[17] - 1.0).abs() < 1e-12);
            // Deleted in the course of the sixtieth month after.
            assert!((kept[60] - 0.5).abs() < 1e-12 && kept[61].abs() < 1e-12);
        }
    }

    /// 0.3 early reads, and 0.002 in 30 days for 60 months of 365/12 days.
    #[test]
    fn all_reads_of_an_order_are_in_its_kernel() {
        let all = 0.3 + 60.0 * MONTH_DAYS * 0.002 / 30.0;
        for grid in [AgeGrid::daily(60, &READS), AgeGrid::coarse(60, &READS)] {
            let [sum, parts]: [f64; 2] =
                [grid.reads_all(&READS), grid.reads(&READS, 0.0, f64::INFINITY)]
                    .map(|k| k.iter().sum());
            assert!((sum - all).abs() < 1e-7, "{sum} {all}");
            assert!((sum - parts).abs() < 1e-12);
        }
    }

    #[test]
    fn an_audit_at_400_days_is_read_in_the_months_around_it() {
        let reads = ReadPattern { audit_share: 0.5, ..ReadPattern::NEVER };
        let reads = ReadPattern { audit_age_days: 400.0, ..reads };
        let kernel = AgeGrid::daily(24, &reads).reads(&reads, 0.0, f64::INFINITY);
        // 400 / (365/12) = 13.1507 months.
        assert!((kernel[13] - 0.5 * (1.0 - 0.150_684_93)).abs() < 1e-8);
        assert!((kernel[14] - 0.5 * 0.150_684_93).abs() < 1e-8);
        assert!((kernel.iter().sum::<f64>() - 0.5).abs() < 1e-12);
    }

    /// A handful of points a month say what two a day say, to 0.0002 of a month's documents.
    #[test]
    fn the_coarse_grid_agrees_with_the_daily_one() {
        for (mix, audit_share, orders) in [
            (Mix::Alike, 0.0, 1.0),
            (Mix::Alike, 0.3, 3.0),
            (Mix::Gamma { shape: 0.4 }, 0.0, 30.0),
            (Mix::HotCold { hot_share: 0.1, hot_reads_share: 0.8 }, 0.2, 100.0),
        ] {
            let reads = ReadPattern { mix, audit_share, ..READS };
            let (fine, fine_archive) = AgeGrid::daily(60, &reads).tiers(&reads, orders);
            let (rough, rough_archive) = AgeGrid::coarse(60, &reads).tiers(&reads, orders);
            for lag in 0..LAGS {
                assert!((fine[lag] - rough[lag]).abs() < 2e-4, "{mix:?} {lag}");
                assert!((fine_archive[lag] - rough_archive[lag]).abs() < 2e-4, "{mix:?} {lag}");
            }
        }
    }
}

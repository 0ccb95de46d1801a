//! Two runs: what is the same, better, worse, or cannot be told.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::metric::{COST, METRICS, Metric};
use crate::nights::incomparable;
use crate::samples::Samples;
use crate::statistics::wilson;
use crate::{RegressionLimits, RunFacts};

/// Blocks of a run that are drawn with replacement, and how often. Orders within a block depend on
/// one another, as in a stall; blocks hardly do.
const BLOCKS: usize = 40;
const DRAWS: usize = 400;

/// The seed of the draws, so that the same two runs always compare alike.
const SEED: u64 = 34;

/// How one run's number is to the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole interval of the difference is within what is no difference.
    Same,
    /// The whole interval is below nothing, and not within.
    Better,
    /// The whole interval is above nothing, and not within.
    Worse,
    /// The interval is too wide, or there is none.
    CannotTell,
}

/// One number of two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The column in `history.csv`.
    pub metric: String,
    /// In words.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// In the first run.
    pub a: f64,
    /// In the second.
    pub b: f64,
    /// `b` less `a`: lower end, itself, upper end; 95 %. The ends are absent where one run tells no
    /// spread.
    pub difference: f64,
    /// Lower and upper end of the difference.
    pub interval: Option<[f64; 2]>,
    /// Where the interval comes from.
    pub interval_by: String,
    /// A difference of at most this is none.
    pub margin: f64,
    /// What follows.
    pub outcome: Outcome,
}

/// Two runs compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Version of this format.
    pub version: u32,
    /// The first run.
    pub a: String,
    /// The second.
    pub b: String,
    /// What keeps them from being compared, in words; empty if nothing does.
    pub incomparable: Vec<String>,
    /// Every number that both have.
    pub metrics: Vec<Compared>,
    /// 0 nothing is worse; 12 something is; 21 they are incomparable.
    pub exit_code: u8,
}

/// Compares run `b` with run `a`. A difference of less than `change_percent_min` of `a`, or the
/// metric's floor, is none.
pub fn compare(a: &RunFacts<'_>, b: &RunFacts<'_>, limits: &RegressionLimits) -> Comparison {
    let rows = [a.row(0), b.row(0)];
    let incomparable = incomparable(&rows[0], &rows[1]);
    let metrics: Vec<Compared> = METRICS
        .iter()
        .filter_map(|metric| {
            let [of_a, of_b] = [(metric.of)(&rows[0])?, (metric.of)(&rows[1])?];
            let margin = (limits.change_percent_min / 100.0 * of_a.abs()).max(metric.floor);
            let (interval, by) = interval(metric, (a, b), of_b - of_a);
            Some(Compared {
                metric: metric.column.to_owned(),
                name: metric.name.to_owned(),
                unit: metric.unit.to_owned(),
                a: of_a,
                b: of_b,
                difference: of_b - of_a,
                interval,
                interval_by: by.to_owned(),
                margin,
                outcome: outcome(interval, margin),
            })
        })
        .collect();
    let is_worse = metrics.iter().any(|metric| metric.outcome == Outcome::Worse);
    let exit_code = match (incomparable.is_empty(), is_worse) {
        (false, _) => 21,
        (true, true) => 12,
        (true, false) => 0,
    };
    let [a, b] = rows.map(|row| row.run);
    Comparison { version: 1, a, b, incomparable, metrics, exit_code }
}

/// Where the interval of the difference lies.
fn outcome(interval: Option<[f64; 2]>, margin: f64) -> Outcome {
    match interval {
        Some([low, high]) if -margin <= low && high <= margin => Outcome::Same,
        Some([low, _]) if low > 0.0 => Outcome::Worse,
        Some([_, high]) if high < 0.0 => Outcome::Better,
        Some(_) | None => Outcome::CannotTell,
    }
}

/// The interval of a difference, and where it comes from.
fn interval(
    metric: &Metric,
    (a, b): (&RunFacts<'_>, &RunFacts<'_>),
    difference: f64,
) -> (Option<[f64; 2]>, &'static str) {
    const BOOTSTRAP: &str = "bootstrap of 40 blocks of each run";
    let of = |a: &Samples, b: &Samples, q| (bootstrap(a, b, q), BOOTSTRAP);
    match metric.column {
        "accept_p50_ms" => of(a.response, b.response, 0.5),
        "accept_p99_ms" => of(a.response, b.response, 0.99),
        "end_to_end_p50_ms" => of(a.end_to_end, b.end_to_end, 0.5),
        "end_to_end_p99_ms" => of(a.end_to_end, b.end_to_end, 0.99),
        "error_percent" => (shares(a, b), "Wilson intervals of both shares (Newcombe)"),
        column if column == COST.column => {
            (Some([difference; 2]), "none: a count times a price, without error")
        }
        _ => (None, "one number a run tells no spread: history.csv does"),
    }
}

/// The difference of two shares of errors, % (Newcombe 1998, method 10).
fn shares(a: &RunFacts<'_>, b: &RunFacts<'_>) -> Option<[f64; 2]> {
    let ((errors_a, n_a), (errors_b, n_b)) = (a.errors()?, b.errors()?);
    let (share_a, share_b) = (errors_a as f64 / n_a as f64, errors_b as f64 / n_b as f64);
    let ([low_a, high_a], [low_b, high_b]) = (wilson(errors_a, n_a), wilson(errors_b, n_b));
    let difference = share_b - share_a;
    let low = difference - ((share_b - low_b).powi(2) + (high_a - share_a).powi(2)).sqrt();
    let high = difference + ((high_b - share_b).powi(2) + (share_a - low_a).powi(2)).sqrt();
    Some([100.0 * low, 100.0 * high])
}

/// The interval of the difference of a quantile: the middle 95 % of what it is when the blocks of
/// each run are drawn anew, with replacement (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, section 8.6). `None` where a run has too few latencies for blocks.
fn bootstrap(a: &Samples, b: &Samples, q: f64) -> Option<[f64; 2]> {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let (a, b) = (Blocks::of(a)?, Blocks::of(b)?);
    let mut differences: Vec<f64> =
        (0..DRAWS).map(|_| b.drawn(q, &mut chance) - a.drawn(q, &mut chance)).collect();
    differences.sort_by(f64::total_cmp);
    let at = |share: f64| differences[(share * (DRAWS - 1) as f64).round() as usize];
    Some([at(0.025), at(0.975)])
}

/// Latencies sorted, each with its block of the run.
struct Blocks(Vec<(f64, usize)>);

impl Blocks {
    fn of(samples: &Samples) -> Option<Self> {
        if samples.len() < 10 * BLOCKS {
            return None;
        }
        let mut by_second = samples.to_vec();
        by_second.sort_by(|one, other| one.0.total_cmp(&other.0));
        let n = by_second.len();
        let in_block = by_second.iter().enumerate().map(|(k, sample)| (sample.1, k * BLOCKS / n));
        let mut sorted: Vec<(f64, usize)> = in_block.collect();
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
        Some(Self(sorted))
    }

    /// The quantile when each block is there as often as it was drawn.
    fn drawn(&self, q: f64, chance: &mut Xoshiro256PlusPlus) -> f64 {
        let mut times = [0_u64; BLOCKS];
        for _ in 0..BLOCKS {
            times[(chance.next_u64() % BLOCKS as u64) as usize] += 1;
        }
        let total: u64 = self.0.iter().map(|(_, block)| times[*block]).sum();
        let rank = (total as f64 * q).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (ms, block) in &self.0 {
            seen += times[*block];
            if seen >= rank {
                return *ms;
            }
        }
        self.0.last().map_or(0.0, |last| last.0)
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution as _, LogNormal};

    use super::*;
    use crate::samples::{quantile, sorted};

    fn quantile_of(samples: &Samples, q: f64) -> f64 {
        quantile(&sorted(samples), q).unwrap().ms
    }

    #[test]
    fn the_interval_decides_and_not_the_difference() {
        for (interval, outcome_is) in [
            (Some([-4.0, 5.0]), Outcome::Same),
            (Some([-4.0, 5.1]), Outcome::CannotTell),
            (Some([0.1, 5.1]), Outcome::Worse),
            (Some([0.1, 5.0]), Outcome::Same),
            (Some([-5.1, -0.1]), Outcome::Better),
            (Some([-5.1, 0.0]), Outcome::CannotTell),
            (None, Outcome::CannotTell),
        ] {
            assert_eq!(outcome(interval, 5.0), outcome_is, "{interval:?}");
        }
    }

    fn run(seed: u64, factor: f64) -> Vec<(f64, f64)> {
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
        let times = LogNormal::new(1.0, 0.5).unwrap();
        (0..4_000).map(|k| (f64::from(k) / 50.0, factor * times.sample(&mut chance))).collect()
    }

    #[test]
    fn the_interval_holds_the_true_difference_as_often_as_it_says() {
        // Lognormal(1, 0.5): the medians are e and 1.1 e, so that the difference is 0.27183. Of 200
        // intervals of 95 % at least 180 hold it: fewer have a chance of one in 500.
        let held = (0..200).filter(|seed| {
            let [low, high] = bootstrap(&run(*seed, 1.0), &run(1_000 + seed, 1.1), 0.5).unwrap();
            (low..=high).contains(&0.27183)
        });
        let held = held.count();
        assert!((180..=200).contains(&held), "{held} of 200");
    }

    #[test]
    fn the_interval_is_around_the_difference_of_the_quantiles() {
        let (a, b) = (run(1, 1.0), run(2, 1.5));
        let [low, high] = bootstrap(&a, &b, 0.99).unwrap();
        let difference = quantile_of(&b, 0.99) - quantile_of(&a, 0.99);
        assert!(low < difference && difference < high && low > 0.0, "{low} {difference} {high}");
        assert_eq!(bootstrap(&a[..399], &b, 0.5), None);
    }
}

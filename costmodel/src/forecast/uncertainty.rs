//! What a forecast is worth when its inputs are not known: draws of all of them, the same for
//! every alternative, and how much each of them matters alone.

use rand::{Rng as _, SeedableRng as _};
use rand_distr::{Distribution as _, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::alternatives::Change;
use super::assumptions::Assumptions;
use super::fast::FastSheet;
use super::inputs::{INPUTS, Input};
use super::plan::{Intake, Plan};
use crate::storage::{AgeGrid, LAGS};
use crate::{PriceSheet, Terms};

/// The 90th percentile of the standard normal distribution.
const Z90: f64 = 1.281_551_565_544_600_4;

/// Draws whose months are kept: 10,000 x 132 months are 10 MB, and percentiles do not move any more.
const KEPT_DRAWS: usize = 10_000;

/// Inputs that are whole numbers of something, and cannot be drawn.
const WHOLE: &[&str] = &["storage.retention_months", "function.batch_size"];

/// What is known of a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// Anything between.
    Uniform {
        /// The least.
        from: f64,
        /// The most.
        to: f64,
    },
    /// Between, most likely near the mode.
    Triangular {
        /// The least.
        low: f64,
        /// The most likely.
        mode: f64,
        /// The most.
        high: f64,
    },
    /// Lognormal on both sides of the median, each with its own width.
    Lognormal {
        /// One in ten is below.
        p10: f64,
        /// One in two.
        p50: f64,
        /// Nine in ten.
        p90: f64,
    },
}

impl Spread {
    /// What makes no sense of it.
    pub(crate) fn wrong(&self, input: &Input) -> Vec<String> {
        let ordered = match *self {
            Self::Uniform { from, to } => from < to,
            Self::Triangular { low, mode, high } => low <= mode && mode <= high && low < high,
            Self::Lognormal { p10, p50, p90 } => 0.0 < p10 && p10 < p50 && p50 < p90,
        };
        let (low, high) = input.range;
        let within = [0.1, 0.5, 0.9].iter().all(|p| (low..=high).contains(&self.quantile(*p)));
        let mut wrong = Vec::new();
        if WHOLE.contains(&input.key) {
            wrong.push(format!("uncertain.{:?}: a whole number cannot be drawn", input.key));
        } else if !ordered {
            wrong.push(format!("uncertain.{:?}: numbers must rise", input.key));
        } else if !within {
            wrong.push(format!("uncertain.{:?}: from {low} to {high}", input.key));
        }
        wrong
    }

    /// Its 10th, 50th or 90th percentile.
    pub fn quantile(&self, p: f64) -> f64 {
        match *self {
            Self::Uniform { from, to } => from + p * (to - from),
            Self::Triangular { low, mode, high } => {
                let (below, width) = ((mode - low) / (high - low), high - low);
                if p < below {
                    low + (p * width * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - p) * width * (high - mode)).sqrt()
                }
            }
            Self::Lognormal { p10, p50, p90 } => match p {
                ..0.3 => p10,
                0.3..0.7 => p50,
                _ => p90,
            },
        }
    }

    fn draw(&self, random: &mut Xoshiro256PlusPlus) -> f64 {
        match *self {
            Self::Uniform { .. } | Self::Triangular { .. } => {
                self.quantile((random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
            }
            Self::Lognormal { p10, p50, p90 } => {
                let z: f64 = StandardNormal.sample(random);
                let side = if z < 0.0 { p50 / p10 } else { p90 / p50 };
                p50 * (z / Z90 * side.ln()).exp()
            }
        }
    }
}

/// A number that is not known.
#[derive(Clone, Copy)]
pub struct Uncertain {
    /// Which.
    pub input: Input,
    /// What is known of it.
    pub spread: Spread,
}

/// Spreads where nobody stated any: factors of the value by which it is lower in one of ten cases,
/// and higher in one of ten. Judgement, not measurement.
const DEFAULT_FACTORS: &[(&str, f64, f64)] = &[
    ("orders.per_day", 0.5, 2.0),
    ("orders.items", 0.6, 1.8),
    ("documents.xml_bytes", 0.7, 1.5),
    ("documents.pdf_bytes", 0.6, 1.6),
    ("function.wait_ms_per_order", 0.6, 2.0),
    ("function.cpu_ms_per_order", 0.7, 1.5),
    ("logs.bytes_per_order", 0.5, 4.0),
    ("queue.retries_percent", 0.3, 10.0),
    ("reads.early_per_order", 0.3, 3.0),
    ("reads.later_per_order_in_30_days", 0.25, 4.0),
];

impl Uncertain {
    /// What is not known of a system that nobody has measured, around these values. A value of 0
    /// stays 0.
    pub fn defaults(a: &Assumptions) -> Vec<Self> {
        let mut a = *a;
        let find = |key: &str| INPUTS.iter().find(|input| input.key == key);
        DEFAULT_FACTORS
            .iter()
            .filter_map(|(key, low, high)| {
                let input = *find(key)?;
                let value = *(input.of)(&mut a);
                let (p10, p50, p90) = (value * low, value, value * high);
                let spread = Spread::Lognormal { p10, p50, p90 };
                spread.wrong(&input).is_empty().then_some(Self { input, spread })
            })
            .collect()
    }

    fn put(&self, a: &mut Assumptions, value: f64) {
        let (low, high) = self.input.range;
        *(self.input.of)(a) = value.clamp(low, high);
    }
}

/// What the draws of one alternative came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    /// The alternative.
    pub name: String,
    /// All months, USD.
    pub p10: f64,
    /// All months, USD.
    pub p50: f64,
    /// All months, USD.
    pub p90: f64,
    /// The same less the first alternative's of the same draw, USD.
    pub difference_p10: f64,
    /// USD.
    pub difference_p50: f64,
    /// USD.
    pub difference_p90: f64,
    /// The share of the draws in which it is cheaper than the first, 0 to 1.
    pub cheaper: f64,
}

/// How much one input matters: everything else at its median.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swing {
    /// The input.
    pub key: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Its 10th percentile, and the total there, USD.
    pub low: (f64, f64),
    /// Its 90th percentile, and the total there, USD.
    pub high: (f64, f64),
}

/// What the draws of the base came to in a time: one in ten is below p10, one in ten above p90.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// USD.
    pub p10: f64,
    /// USD.
    pub p50: f64,
    /// USD.
    pub p90: f64,
}

/// Draws of all uncertain inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draws {
    /// How many.
    pub draws: usize,
    /// Of the random numbers.
    pub seed: u64,
    /// The total with every input at its median, USD.
    pub median_inputs: f64,
    /// The alternatives, the first of them the base.
    pub alternatives: Vec<Drawn>,
    /// Each month of the base, from the first draws, 10,000 at most.
    pub months: Vec<Band>,
    /// Twelve months each, of the same draws; the last may have fewer.
    pub years: Vec<Band>,
    /// By falling effect: a tornado.
    pub swings: Vec<Swing>,
}

/// What is drawn, and how often.
#[derive(Clone, Copy)]
pub struct DrawPlan<'a> {
    /// The base.
    pub assumptions: &'a Assumptions,
    /// What is not known.
    pub uncertain: &'a [Uncertain],
    /// The alternatives, on the same draws; the first is what the others are compared with.
    pub changes: &'a [Change],
    /// Months of the forecast.
    pub months: usize,
    /// How many draws, at least 1.
    pub draws: usize,
    /// Of the random numbers.
    pub seed: u64,
    /// The result is the same with any number.
    pub threads: usize,
}

impl Draws {
    /// Draws. A price that the list does not have makes a total that is no number: price the
    /// alternatives exactly before.
    pub fn of(plan: &DrawPlan<'_>, sheet: &PriceSheet, terms: Terms) -> Self {
        let fast = FastSheet::of(sheet, terms);
        let (totals, monthly) = draw_all(plan, &fast);
        let yearly: Vec<f64> = monthly
            .chunks(plan.months)
            .flat_map(|draw| draw.chunks(12).map(|year| year.iter().sum()))
            .collect();
        let alternatives =
            plan.changes.iter().enumerate().map(|(index, change)| {
                drawn(change.to_string(), &totals, index, plan.changes.len())
            });
        let (median_inputs, swings) = swings(plan, &fast);
        Self {
            draws: plan.draws,
            seed: plan.seed,
            median_inputs,
            alternatives: alternatives.collect(),
            months: bands(&monthly, plan.months),
            years: bands(&yearly, plan.months.div_ceil(12)),
            swings,
        }
    }
}

/// The total of every draw and alternative, draw after draw; and the months of the base, likewise,
/// of as many draws as are kept.
fn draw_all(plan: &DrawPlan<'_>, fast: &FastSheet) -> (Vec<f64>, Vec<f64>) {
    let width = plan.changes.len();
    let mut totals = vec![0.0; plan.draws * width];
    let mut monthly = vec![0.0; plan.draws.min(KEPT_DRAWS) * plan.months];
    let each = plan.draws.div_ceil(plan.threads.max(1));
    std::thread::scope(|scope| {
        let none = std::iter::repeat_with(Default::default);
        let kept = monthly.chunks_mut(each * plan.months).chain(none);
        for (part, (chunk, kept)) in totals.chunks_mut(each * width).zip(kept).enumerate() {
            let mut work = move || {
                let mut worker = Worker::new(plan);
                let mut kept = kept.chunks_mut(plan.months);
                for (row, totals) in chunk.chunks_mut(width).enumerate() {
                    worker.draw(plan, fast, part * each + row, totals, kept.next());
                }
            };
            if plan.threads <= 1 { work() } else { drop(scope.spawn(work)) }
        }
    });
    (totals, monthly)
}

/// The bands of each column.
fn bands(rows: &[f64], width: usize) -> Vec<Band> {
    let band = |column: usize| {
        let mut values: Vec<f64> = rows.chunks(width).map(|row| row[column]).collect();
        let mut at = |share| quantile(&mut values, share);
        Band { p10: at(0.1), p50: at(0.5), p90: at(0.9) }
    };
    (0..width).map(band).collect()
}

/// The memory of one thread.
struct Worker {
    plans: Vec<Plan>,
    /// Of all alternatives: none of them changes reads or retention.
    grid: AgeGrid,
    out: [f64; LAGS],
}

impl Worker {
    fn new(plan: &DrawPlan<'_>) -> Self {
        Self {
            plans: vec![Plan::empty(); plan.changes.len()],
            grid: coarse_grid(plan.assumptions),
            out: [0.0; LAGS],
        }
    }

    fn draw(
        &mut self,
        plan: &DrawPlan<'_>,
        fast: &FastSheet,
        draw: usize,
        totals: &mut [f64],
        mut kept: Option<&mut [f64]>,
    ) {
        // A stream for each draw: the same numbers whatever thread makes them.
        let stream = (draw as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(plan.seed ^ stream);
        let mut a = *plan.assumptions;
        for uncertain in plan.uncertain {
            uncertain.put(&mut a, uncertain.spread.draw(&mut random));
        }
        for (index, change) in plan.changes.iter().enumerate() {
            totals[index] = self.total(index, &change.of(&a), plan.months, fast);
            // Of the base, which is the first.
            if let Some(kept) = kept.take() {
                kept.copy_from_slice(&self.out[..plan.months]);
            }
        }
    }

    fn total(&mut self, index: usize, a: &Assumptions, months: usize, fast: &FastSheet) -> f64 {
        if !self.grid.fits(a.storage.retention_months as usize, &a.read_pattern()) {
            self.grid = coarse_grid(a);
        }
        let plan = &mut self.plans[index];
        plan.rebuild(a, &mut self.grid, months, Intake::Growing);
        fast.totals(plan, &mut self.out);
        self.out[..months].iter().sum()
    }
}

fn coarse_grid(a: &Assumptions) -> AgeGrid {
    AgeGrid::coarse(a.storage.retention_months as usize, &a.read_pattern())
}

fn drawn(name: String, totals: &[f64], index: usize, width: usize) -> Drawn {
    let mut all: Vec<f64> = totals.chunks(width).map(|row| row[index]).collect();
    let mut differences: Vec<f64> = totals.chunks(width).map(|row| row[index] - row[0]).collect();
    let cheaper = differences.iter().filter(|difference| **difference < 0.0).count();
    let count = differences.len() as f64;
    Drawn {
        name,
        p10: quantile(&mut all, 0.1),
        p50: quantile(&mut all, 0.5),
        p90: quantile(&mut all, 0.9),
        difference_p10: quantile(&mut differences, 0.1),
        difference_p50: quantile(&mut differences, 0.5),
        difference_p90: quantile(&mut differences, 0.9),
        cheaper: cheaper as f64 / count,
    }
}

/// The value that this share of the others does not exceed.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1;
    *values.select_nth_unstable_by(rank, f64::total_cmp).1
}

/// The total at the medians, and at the 10th and 90th percentile of each input alone.
fn swings(plan: &DrawPlan<'_>, fast: &FastSheet) -> (f64, Vec<Swing>) {
    let mut worker = Worker::new(plan);
    let mut medians = *plan.assumptions;
    for uncertain in plan.uncertain {
        uncertain.put(&mut medians, uncertain.spread.quantile(0.5));
    }
    let base = plan.changes.first().copied().unwrap_or(Change::AsIs);
    let mut total = |a: &Assumptions| worker.total(0, &base.of(a), plan.months, fast);
    let median = total(&medians);
    let mut swings: Vec<Swing> = plan
        .uncertain
        .iter()
        .map(|uncertain| {
            let mut at = |p| {
                let value = uncertain.spread.quantile(p);
                let mut a = medians;
                uncertain.put(&mut a, value);
                (value, total(&a))
            };
            let (low, high) = (at(0.1), at(0.9));
            Swing { key: uncertain.input.key, unit: uncertain.input.unit, low, high }
        })
        .collect();
    let effect = |swing: &Swing| (swing.high.1 - swing.low.1).abs();
    swings.sort_by(|a, b| effect(b).total_cmp(&effect(a)));
    (median, swings)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform from 2 to 4: p10 is 2.2. Triangular 0, 3, 4: p50 is sqrt(0.5 x 4 x 3), p90 is
    /// 4 - sqrt(0.1 x 4 x 1).
    #[test]
    fn quantiles_are_those_worked_by_hand() {
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        close(Spread::Uniform { from: 2.0, to: 4.0 }.quantile(0.1), 2.2);
        let triangle = Spread::Triangular { low: 0.0, mode: 3.0, high: 4.0 };
        close(triangle.quantile(0.5), 6.0_f64.sqrt());
        close(triangle.quantile(0.9), 4.0 - 0.4_f64.sqrt());
        let lognormal = Spread::Lognormal { p10: 3.0, p50: 5.0, p90: 20.0 };
        close(lognormal.quantile(0.9), 20.0);
    }

    #[test]
    fn draws_have_the_percentiles_that_they_were_asked_for() {
        for spread in [
            Spread::Uniform { from: 2.0, to: 4.0 },
            Spread::Triangular { low: 0.0, mode: 3.0, high: 4.0 },
            Spread::Lognormal { p10: 3.0, p50: 5.0, p90: 20.0 },
        ] {
            let seed = 20_261_127;
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let draws: Vec<f64> = (0..100_000).map(|_| spread.draw(&mut random)).collect();
            for p in [0.1, 0.5, 0.9] {
                let at = spread.quantile(p);
                let below = draws.iter().filter(|draw| **draw <= at).count() as f64 / 1e5;
                // Four standard errors of 100,000 draws.
                assert!((below - p).abs() < 0.0064, "{spread:?} {p} {below}, seed {seed}");
            }
        }
    }

    fn drawn_over(months: usize, threads: usize) -> Draws {
        let a = Assumptions::default();
        let plan = DrawPlan {
            assumptions: &a,
            uncertain: &Uncertain::defaults(&a),
            changes: &[Change::AsIs, Change::MemoryMb(512.0)],
            months,
            draws: 101,
            seed: 5,
            threads,
        };
        let sheet = PriceSheet::snapshot(crate::Region::SaEast1).unwrap();
        Draws::of(&plan, &sheet, Terms { free_tier: false })
    }

    #[test]
    fn the_bands_of_one_month_are_those_of_all_months() {
        let draws = drawn_over(1, 1);
        let base = &draws.alternatives[0];
        let all = Band { p10: base.p10, p50: base.p50, p90: base.p90 };
        assert_eq!((draws.months.as_slice(), draws.years.as_slice()), (&[all][..], &[all][..]));
    }

    /// 14 months are a year and two months; documents pile up, so that later months cost more.
    #[test]
    fn bands_are_of_each_month_and_year_whatever_the_threads() {
        let draws = drawn_over(14, 1);
        assert_eq!((draws.months.len(), draws.years.len()), (14, 2));
        assert!(draws.months.windows(2).all(|pair| pair[0].p50 < pair[1].p50));
        let [first, second] = [draws.years[0], draws.years[1]];
        assert!(first.p10 < first.p50 && first.p50 < first.p90 && second.p90 < first.p90);
        for threads in [3, 200] {
            assert_eq!(drawn_over(14, threads), draws, "{threads} threads");
        }
    }
}

//! Nights and soaks that are made up, and what the gates say of them. Shared by the test, which
//! asserts the rates, and the example, which prints them.

use gates::statistics::{block_medians, change_points, mann_kendall, median};
use gates::{LeakLimits, RegressionLimits, Rise, Trend, rise, trend};
use rand::{Rng as _, SeedableRng as _};
use rand_distr::{Distribution as _, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A share that was counted, as hits of tries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) hits: u32,
    pub(crate) tries: u32,
}

impl Rate {
    pub(crate) fn percent(self) -> f64 {
        100.0 * f64::from(self.hits) / f64::from(self.tries)
    }
}

/// The rules over nights, in the order of the table.
pub(crate) const RULES: [&str; 6] = [
    "last night +10 %",
    "first 5 nights' median +10 %",
    "trailing 14: warn",
    "trailing 14, two nights running",
    "change point not older than 5 nights",
    "fail: either of the last two",
];

/// Nights before the one at which a step comes.
const NIGHTS_BEFORE: usize = 30;

/// Nights within which a step has to be caught.
const NIGHTS_AFTER: usize = 5;

struct Chance(Xoshiro256PlusPlus);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A night: lognormal around 100 with this coefficient of variation; one in fifty is half as
    /// slow again.
    fn night(&mut self, cv: f64) -> f64 {
        let spread = (cv * cv).ln_1p().sqrt();
        let bad = (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let night = 100.0 * (spread * self.normal()).exp();
        if bad < 0.02 { night * 1.5 } else { night }
    }
}

/// What each of [`RULES`] says of the last of these nights.
fn said(nights: &[f64]) -> [bool; 6] {
    let (before, tonight) = nights.split_at(nights.len() - 1);
    let tonight = tonight[0];
    let Trend { warns, twice, recent_change, .. } =
        trend(nights, &RegressionLimits::default(), 0.0);
    [
        tonight > before[before.len() - 1] * 1.1,
        tonight > median(&before[..5]).unwrap_or(f64::INFINITY) * 1.1,
        warns,
        twice,
        recent_change.is_some(),
        twice || recent_change.is_some(),
    ]
}

/// False alarms of each rule in quiet nights of this noise, night by night.
pub(crate) fn false_alarms(cv: f64, series: u32, seed: u64) -> [Rate; 6] {
    let mut chance = Chance::new(seed);
    let mut rates = [Rate { hits: 0, tries: 0 }; 6];
    for _ in 0..series {
        let nights: Vec<f64> = (0..NIGHTS_BEFORE + 20).map(|_| chance.night(cv)).collect();
        for night in NIGHTS_BEFORE..nights.len() {
            for (rate, alarm) in rates.iter_mut().zip(said(&nights[..=night])) {
                rate.hits += u32::from(alarm);
                rate.tries += 1;
            }
        }
    }
    rates
}

/// How often a step of this share is caught within 5 nights.
pub(crate) fn caught(cv: f64, step: f64, series: u32, seed: u64) -> [Rate; 6] {
    let mut chance = Chance::new(seed);
    let mut rates = [Rate { hits: 0, tries: series }; 6];
    for _ in 0..series {
        let mut nights: Vec<f64> =
            (0..NIGHTS_BEFORE + NIGHTS_AFTER).map(|_| chance.night(cv)).collect();
        nights[NIGHTS_BEFORE..].iter_mut().for_each(|night| *night *= 1.0 + step);
        let mut caught = [false; 6];
        for night in NIGHTS_BEFORE..nights.len() {
            let said = said(&nights[..=night]);
            caught.iter_mut().zip(said).for_each(|(caught, said)| *caught |= said);
        }
        rates.iter_mut().zip(caught).for_each(|(rate, caught)| rate.hits += u32::from(caught));
    }
    rates
}

/// The tests of a leak, in the order of the table.
pub(crate) const LEAK_TESTS: [&str; 3] = [
    "Mann-Kendall, raw minutes",
    "Mann-Kendall, 20-minute medians",
    "the same and Theil-Sen >= 3 %",
];

/// How often each test sees a rise in 480 minutes: AR(1) noise of 5 % around a level of 100 that
/// rises by `drift` of itself.
pub(crate) fn leaks(phi: f64, drift: f64, soaks: u32, seed: u64) -> [Rate; 3] {
    const MINUTES: usize = 480;
    let limits = LeakLimits::default();
    let mut chance = Chance::new(seed);
    let mut rates = [Rate { hits: 0, tries: soaks }; 3];
    for _ in 0..soaks {
        let mut noise = chance.normal();
        let points: Vec<(f64, f64)> = (0..MINUTES)
            .map(|minute| {
                noise = phi * noise + (1.0 - phi * phi).sqrt() * chance.normal();
                let risen = drift * minute as f64 / MINUTES as f64;
                (60.0 * minute as f64, 100.0 * (1.0 + risen) + 5.0 * noise)
            })
            .collect();
        let raw: Vec<f64> = points.iter().map(|point| point.1).collect();
        let blocks = block_medians(&points, 0.0, 28_800.0, 1_200.0);
        let medians: Vec<f64> = blocks.iter().map(|block| block.1).collect();
        let said = [
            mann_kendall(&raw).p_rising < limits.p_max,
            mann_kendall(&medians).p_rising < limits.p_max,
            rise(&points, (0.0, 28_800.0), 1_200.0, &limits, 0.0)
                .is_some_and(|Rise { leaks, .. }| leaks),
        ];
        rates.iter_mut().zip(said).for_each(|(rate, said)| rate.hits += u32::from(said));
    }
    rates
}

/// False alarms of change points alone, at another strictness.
pub(crate) fn change_point_alarms(cv: f64, p_max: f64, series: u32, seed: u64) -> Rate {
    let mut chance = Chance::new(seed);
    let mut rate = Rate { hits: 0, tries: 0 };
    for _ in 0..series {
        let nights: Vec<f64> = (0..NIGHTS_BEFORE + 20).map(|_| chance.night(cv)).collect();
        for night in NIGHTS_BEFORE..nights.len() {
            let points = change_points(&nights[..=night], p_max, 0.05);
            let recent = points.iter().any(|p| p.index + NIGHTS_AFTER > night && p.change() > 0.0);
            rate.hits += u32::from(recent);
            rate.tries += 1;
        }
    }
    rate
}

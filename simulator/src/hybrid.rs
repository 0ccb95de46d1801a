//! Long horizons in seconds: steady minutes read a table that the event simulation made, and only
//! the minutes around a jump of the rate are simulated. That a queue whose rate changes slowly is
//! at each instant as if its rate had always been so is Whitt's pointwise stationary approximation
//! (Management Science 37(3), 1991); where the rate jumps or nears the capacity it does not hold.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Forecast, MinuteRates, PipelineSettings, simulate};

/// Rates in the table, evenly spaced in their logarithm.
const GRID: usize = 32;
/// Orders behind each row of the table.
const ORDERS_PER_ROW: f64 = 150_000.0;
/// A change from one minute to the next by more than this is a jump.
const JUMP: f64 = 0.25;
/// Minutes simulated before a jump and after it.
const BEFORE: usize = 3;
const AFTER: usize = 12;
/// Minutes simulated ahead of those, and not counted, so that environments are warm.
const LEAD: usize = 5;
/// Above this share of the capacity nothing is steady.
const STEADY_LOAD_MAX: f64 = 0.85;

/// The share of the orders by which the account of all minutes may be off.
const ACCOUNT_OFF_MAX: f64 = 0.005;

/// A forecast, and how much of it was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct HybridForecast {
    /// The forecast. It has no minutes of its own.
    pub forecast: Forecast,
    /// Orders that were simulated one by one, those of the table too.
    pub simulated: u64,
}

/// Forecasts long rates. Where a minute is too near the capacity, everything is simulated.
///
/// # Panics
/// If orders are lost or made: more than 0.5 % of them, which is the precision of the table.
pub fn simulate_long(
    settings: &PipelineSettings,
    rates: &MinuteRates,
    seed: u64,
) -> HybridForecast {
    let (capacity, _) = settings.capacity();
    if rates.0.iter().any(|rate| *rate > capacity * STEADY_LOAD_MAX) {
        let forecast = simulate(settings, rates.arrivals(seed), seed);
        return HybridForecast { simulated: forecast.arrivals, forecast };
    }
    let jumps = transients(&rates.0);
    let mut whole = Forecast::default();
    let mut simulated = 0;
    let mut known: BTreeMap<Vec<u64>, (Forecast, f64)> = BTreeMap::new();
    for jump in &jumps {
        let from = jump.start.saturating_sub(LEAD);
        let window = &rates.0[from..jump.end];
        let pattern: Vec<u64> = window.iter().map(|rate| rate.to_bits()).collect();
        let entry = known.entry(pattern).or_insert_with(|| {
            let forecast = after_lead(settings, window, jump.start - from, seed);
            simulated += forecast.arrivals;
            (forecast, 0.0)
        });
        entry.1 += 1.0;
    }
    for (forecast, times) in known.values() {
        whole.add(forecast, *times);
    }
    let table = Table::new(settings, &rates.0, seed);
    simulated += table.rows.iter().map(|row| row.arrivals).sum::<u64>();
    table.add_steady_minutes(&rates.0, &jumps, &mut whole);
    // Windows begin and end with orders in the system, and counts of minutes are rounded.
    whole.check_account_within(ACCOUNT_OFF_MAX);
    whole.ended_us = rates.0.len() as u64 * 60_000_000;
    HybridForecast { forecast: whole, simulated }
}

/// The minutes around each jump, joined where they overlap.
fn transients(rates: &[f64]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for minute in 1..rates.len() {
        let (before, now) = (rates[minute - 1], rates[minute]);
        if (now - before).abs() <= JUMP * before.max(now) {
            continue;
        }
        let around = minute.saturating_sub(BEFORE)..(minute + AFTER).min(rates.len());
        match all.last_mut() {
            Some(last) if around.start <= last.end => last.end = around.end,
            Some(_) | None => all.push(around),
        }
    }
    all
}

/// What happens in a window after its first `lead` minutes: the same seed does the same up to
/// there, so that part can be taken off.
fn after_lead(settings: &PipelineSettings, window: &[f64], lead: usize, seed: u64) -> Forecast {
    let run =
        |minutes: &[f64]| simulate(settings, MinuteRates(minutes.to_vec()).arrivals(seed), seed);
    let mut whole = run(window);
    whole.take_off(&run(&window[..lead]));
    whole
}

/// What an order costs and takes at steady rates.
struct Table {
    lowest: f64,
    /// Step of the natural logarithm of the rate.
    step: f64,
    rows: Vec<Forecast>,
}

impl Table {
    fn new(settings: &PipelineSettings, rates: &[f64], seed: u64) -> Self {
        let positive = || rates.iter().copied().filter(|rate| *rate > 0.0);
        let lowest = positive().fold(f64::INFINITY, f64::min);
        let highest = positive().fold(0.0, f64::max);
        if highest <= 0.0 {
            return Self { lowest: 1.0, step: 0.0, rows: Vec::new() };
        }
        let flat = highest / lowest < 1.0 + 1e-9;
        let step = if flat { 0.0 } else { (highest / lowest).ln() / (GRID - 1) as f64 };
        let rows = (0..if flat { 1 } else { GRID }).map(|row| {
            let rate = lowest * (step * row as f64).exp();
            let minutes = (ORDERS_PER_ROW / rate / 60.0).ceil().max(4.0) as usize;
            let lead = (minutes / 5).max(1);
            after_lead(settings, &vec![rate; minutes + lead], lead, seed ^ (row as u64 + 1))
        });
        Self { lowest, step, rows: rows.collect() }
    }

    /// Adds every minute outside the jumps, each between the two rows around its rate.
    fn add_steady_minutes(&self, rates: &[f64], jumps: &[Range<usize>], whole: &mut Forecast) {
        let mut orders = vec![0.0; self.rows.len()];
        let mut jumps = jumps.iter().peekable();
        for (minute, rate) in rates.iter().enumerate() {
            while jumps.peek().is_some_and(|jump| jump.end <= minute) {
                jumps.next();
            }
            if *rate <= 0.0 || jumps.peek().is_some_and(|jump| jump.contains(&minute)) {
                continue;
            }
            let place = if self.step > 0.0 { (rate / self.lowest).ln() / self.step } else { 0.0 };
            let row = (place as usize).min(self.rows.len().saturating_sub(2));
            let part = (place - row as f64).clamp(0.0, 1.0);
            orders[row] += rate * 60.0 * (1.0 - part);
            if let Some(next) = orders.get_mut(row + 1) {
                *next += rate * 60.0 * part;
            }
        }
        for (row, orders) in self.rows.iter().zip(orders) {
            whole.add(row, orders / row.arrivals.max(1) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minutes_around_a_jump_are_found_and_joined() {
        let mut rates = vec![10.0; 60];
        rates[20..30].fill(40.0);
        assert_eq!(transients(&rates), vec![17..42; 1]);
        assert!(transients(&[1.0, 1.2, 1.0, 0.8]).is_empty());
    }
}

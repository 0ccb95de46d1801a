//! How long a month's bill, eleven years of cohorts and ten thousand draws take, and how well the
//! fast bill agrees with the exact one, in one run on one thread.
//!
//! `cargo run --release -p costmodel --example forecast_speed`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::Instant;

use costmodel::forecast::{
    Assumptions, Change, DrawPlan, Draws, Forecast, Uncertain, compare_layouts, month_cost,
};
use costmodel::storage::{Layout, StorageClass, cohorts};
use costmodel::{PriceError, PriceSheet, Region, Terms};

const LIST: Terms = Terms { free_tier: false };

fn main() -> Result<(), PriceError> {
    let sheet = PriceSheet::snapshot(Region::SaEast1)?;
    let a = Assumptions::default();
    let tiered =
        a.with_layout(Layout::Bundles { class: StorageClass::IntelligentTiering, orders: 30.0 });
    let reads = tiered.read_pattern();
    for years in [5, 11] {
        let intake = vec![a.orders_per_month(); years * 12];
        let us = least_us(20, || cohorts(black_box(&intake), &reads, 30.0, years * 12));
        println!("{years} years of daily cohorts, bundles of 30: {us:.0} us");
    }
    let us = least_us(50, || month_cost(black_box(&a), &sheet, LIST));
    println!("a month's bill from assumptions, exact: {us:.0} us");
    let us = least_us(10, || Forecast::of(black_box(&a), 60, &sheet, LIST));
    println!("a forecast of 60 months, every line exact: {us:.0} us");
    let us = least_us(3, || compare_layouts(black_box(&a), 60, &sheet, LIST));
    println!("13 layouts over 60 months, exact, the best bundle searched: {us:.0} us");
    draws("as it is, two small objects an order", &a, &sheet);
    draws("bundles of 30 in Intelligent-Tiering", &tiered, &sheet);
    Ok(())
}

fn draws(name: &str, a: &Assumptions, sheet: &PriceSheet) {
    let uncertain = Uncertain::defaults(a);
    let plan = DrawPlan {
        assumptions: a,
        uncertain: &uncertain,
        changes: &Change::DEFAULTS,
        months: 60,
        draws: 10_000,
        seed: 1,
        threads: 1,
    };
    let us = least_us(3, || Draws::of(black_box(&plan), sheet, LIST));
    println!(
        "10,000 draws of {} inputs, 60 months, {} alternatives ({name}): {:.0} ms, {:.0} ns a month's bill",
        uncertain.len(),
        plan.changes.len(),
        us / 1e3,
        us * 1e3 / (10_000 * 60 * plan.changes.len()) as f64,
    );
}

/// The least of some runs: the machine may be busy with something else.
fn least_us<T>(times: u32, work: impl Fn() -> T) -> f64 {
    let once = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..times).map(once).fold(f64::INFINITY, f64::min)
}

//! Prints how often each rule of the gates gives a false alarm, and how often it sees what it
//! should: the tables of docs/gates.md. `cargo run --release -p gates --example error_rates`
#![expect(clippy::print_stdout, reason = "it prints tables")]

#[path = "../tests/error_rates/simulation.rs"]
mod simulation;

use simulation::{LEAK_TESTS, RULES, Rate, caught, change_point_alarms, false_alarms, leaks};

/// Series of nights and soaks that each rate is counted from.
const SERIES: u32 = 1_000;

fn main() {
    let row = |rates: Vec<Rate>| {
        rates.iter().map(|rate| format!(" {:.1} |", rate.percent())).collect::<String>()
    };
    println!("| rule | CV 3 %: false | +10 % | +20 % | CV 8 %: false | +10 % | +20 % | +30 % |");
    println!("|---|---|---|---|---|---|---|---|");
    let columns = [
        false_alarms(0.03, SERIES, 1),
        caught(0.03, 0.1, SERIES, 2),
        caught(0.03, 0.2, SERIES, 3),
        false_alarms(0.08, SERIES, 4),
        caught(0.08, 0.1, SERIES, 5),
        caught(0.08, 0.2, SERIES, 6),
        caught(0.08, 0.3, SERIES, 7),
    ];
    for (place, rule) in RULES.iter().enumerate() {
        println!("| {rule} |{}", row(columns.iter().map(|column| column[place]).collect()));
    }
    for p_max in [0.001, 0.01] {
        let rates = [0.03, 0.08].map(|cv| change_point_alarms(cv, p_max, SERIES, 8));
        println!("change points, p < {p_max}: false at CV 3 % and 8 %:{}", row(rates.to_vec()));
    }
    println!();
    println!("| test | phi 0, 0.6, 0.9: false | | | +5 % | | | +10 % | | |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let cases =
        [0.0, 0.05, 0.1].into_iter().flat_map(|drift| [0.0, 0.6, 0.9].map(|phi| (phi, drift)));
    let columns: Vec<_> =
        (11..).zip(cases).map(|(seed, (phi, drift))| leaks(phi, drift, SERIES, seed)).collect();
    for (place, test) in LEAK_TESTS.iter().enumerate() {
        println!("| {test} |{}", row(columns.iter().map(|column| column[place]).collect()));
    }
}

//! How often each rule of the gates is wrong, by simulation: false alarms in quiet nights and steady
//! soaks, and steps and leaks that are seen. The rates are those of docs/gates.md, which
//! `--example error_rates` prints from other seeds and more series; here each must lie within four
//! standard deviations of what so many series leave to chance.

#[path = "error_rates/simulation.rs"]
mod simulation;

use simulation::{LEAK_TESTS, RULES, Rate, caught, change_point_alarms, false_alarms, leaks};

const SERIES: u32 = 250;

/// Asserts a rate, %; `per_series` are the tries that depend on one another.
fn close(what: &str, rate: Rate, percent: f64, per_series: f64) {
    let (p, n) = (percent / 100.0, f64::from(rate.tries) / per_series);
    // Half a hit more, so that 0 and 100 % leave room for one.
    let room = 100.0 * (4.0 * (p * (1.0 - p) / n).sqrt() + 1.5 / n);
    let found = rate.percent();
    assert!((found - percent).abs() <= room, "{what}: {found:.1} %, not {percent} +/- {room:.1}");
}

fn all(what: &str, rates: &[Rate], percents: &[f64], names: &[&str], per_series: f64) {
    assert_eq!(rates.len(), percents.len());
    for ((rate, percent), name) in rates.iter().zip(percents).zip(names) {
        close(&format!("{what}, {name}"), *rate, *percent, per_series);
    }
}

#[test]
fn quiet_nights_give_few_false_alarms() {
    // A change that is seen stays for some nights: up to four tries are one.
    for (cv, percents, seed) in
        [(0.03, [3.3, 2.3, 3.3, 0.1, 3.0, 3.0], 101), (0.08, [21.0, 15.3, 3.8, 0.2, 3.1, 3.2], 102)]
    {
        all(&format!("CV {cv}"), &false_alarms(cv, SERIES, seed), &percents, &RULES, 4.0);
    }
}

#[test]
fn steps_are_caught_within_five_nights() {
    for (cv, step, percents, seed) in [
        (0.03, 0.1, [54.4, 90.7, 81.8, 49.8, 71.3, 84.5], 103),
        (0.03, 0.2, [96.6, 100.0, 100.0, 98.4, 95.4, 100.0], 104),
        (0.08, 0.1, [87.3, 91.3, 41.4, 7.5, 43.1, 44.2], 105),
        (0.08, 0.2, [95.7, 99.6, 70.4, 30.0, 84.0, 85.7], 106),
        (0.08, 0.3, [98.5, 99.9, 89.4, 59.8, 97.2, 97.8], 107),
    ] {
        let what = format!("CV {cv}, step {step}");
        all(&what, &caught(cv, step, SERIES, seed), &percents, &RULES, 1.0);
    }
}

#[test]
fn a_change_of_a_single_night_would_double_the_false_alarms() {
    close("one night is enough, CV 3 %", change_point_alarms(0.03, 0.01, SERIES, 108), 7.1, 4.0);
    close("one night is enough, CV 8 %", change_point_alarms(0.08, 0.01, SERIES, 109), 5.5, 4.0);
}

#[test]
fn a_steady_soak_rarely_leaks_and_a_leak_is_seen() {
    for (phi, drift, percents, seed) in [
        (0.0, 0.0, [0.6, 1.1, 0.1], 111),
        (0.6, 0.0, [11.5, 1.1, 1.1], 112),
        (0.9, 0.0, [29.3, 3.3, 3.3], 113),
        (0.0, 0.05, [100.0, 98.7, 96.6], 114),
        (0.6, 0.05, [97.1, 64.0, 63.5], 115),
        (0.9, 0.05, [82.0, 26.7, 26.7], 116),
        (0.0, 0.1, [100.0, 100.0, 100.0], 117),
        (0.6, 0.1, [100.0, 99.9, 99.9], 118),
        (0.9, 0.1, [99.4, 76.1, 76.1], 119),
    ] {
        let what = format!("phi {phi}, drift {drift}");
        all(&what, &leaks(phi, drift, SERIES, seed), &percents, &LEAK_TESTS, 1.0);
    }
}

//! `vazao ladder`: the same day at four volumes, one after the other, and one page of them.
//!
//! Each rung is a `vazao run` of its own process, so that none finds the caches, the memory or the
//! signal handlers of another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use claims::words::grouped;
use jiff::Timestamp;
use loadgen::{Curve, LoadProfile, ProfileOverrides, Shape};
use runlog::{RunDirectory, RunManifest};
use serde::Serialize;

use crate::args::LadderArguments;
use crate::failure::Failure;
use crate::{profiles, rungs};

/// A volume: orders a day, and the seconds into which its day is compressed.
const RUNGS: [(u64, f64); 4] = [(1, 10.0), (100, 20.0), (10_000, 40.0), (1_000_000, 720.0)];
const DAY_S: f64 = 86_400.0;
const PROFILE: &str = "business-day";

/// A day that does not fit ends no earlier: its highest rate is at ten.
const HOURS_MIN: u32 = 11;
const HOURS_OF_A_DAY: u32 = 24;

/// What is sent to see how long a larger day will take.
const PROBE_ORDERS: u64 = 10_000;

/// By what factor an order of a larger day takes longer: database, bucket and queue have grown. Of half
/// a million 1.20 was measured.
const GROWN: f64 = 1.25;

/// What a run does besides sending and settling, s: it starts, reads meters, accounts, and reports.
const BESIDES_S: f64 = 20.0;

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    page: String,
    exit_code: u8,
    runs: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    per_day: f64,
    orders: u64,
    /// Of the day, if not all were run.
    hours: Option<f64>,
    speed: f64,
    peak_per_s: f64,
    accept_p99_us: Option<u64>,
    document_p99_us: Option<u64>,
    usd_per_order: f64,
    lost: u64,
    /// That still waited when the run ended.
    owed: u64,
    duplicated: u64,
    exit_code: u8,
}

pub(crate) fn execute(arguments: &LadderArguments) -> Result<u8, Failure> {
    if !(arguments.within.is_finite() && arguments.within > 0.0) {
        let message = format!("--within must be above 0 minutes, not {}", arguments.within);
        return Err(Failure::usage(message));
    }
    let begun = Instant::now();
    let stopped = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stopped);
    // The run hears the signal too, ends its load and accounts for it; no other is begun.
    ctrlc::set_handler(move || heard.store(true, Ordering::Relaxed)).map_err(Failure::internal)?;
    let folder =
        arguments.out.join(format!("{}-ladder", Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::usage(format!("--out {}: {error}", folder.display())))?;
    let volumes = RUNGS.iter().filter(|(per_day, _)| *per_day <= arguments.up_to);
    let count = volumes.clone().count();
    for (n, &(per_day, seconds)) in volumes.enumerate() {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let mut day = Day { per_day, seconds, order_s: None };
        if !arguments.whole_day && per_day > PROBE_ORDERS {
            day.order_s = Some(probe(&folder, &day)?);
            if stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        let left_s = arguments.within * 60.0 - begun.elapsed().as_secs_f64();
        let hours = if arguments.whole_day { HOURS_OF_A_DAY } else { day.hours_within(left_s) };
        eprintln!("== {} of {count}: {}", n + 1, day.in_words(hours));
        run(&folder, &day, hours)?;
    }
    if stopped.load(Ordering::Relaxed) {
        eprintln!("stopped: what was run is kept");
    }
    report(&folder, arguments.json, stopped.load(Ordering::Relaxed))
}

/// A day to be run.
struct Day {
    per_day: u64,
    /// Into which all of it is compressed.
    seconds: f64,
    /// How long this machine works on an order, s; none where it does not matter.
    order_s: Option<f64>,
}

impl Day {
    /// The day as a load, as far as these hours of it.
    fn profile(&self, hours: u32) -> Result<LoadProfile, Failure> {
        let mut profile = profiles::find(PROFILE).map_err(Failure::internal)?;
        profile.description =
            format!("{} orders a day, compressed into {} s", grouped(self.per_day), self.seconds);
        if hours < HOURS_OF_A_DAY {
            profile.shape = Shape::BusinessDay { weekday: None, hours: Some(f64::from(hours)) };
            profile.name = format!("{PROFILE}-{hours}h");
            profile.description = format!("The first {hours} hours of {}", profile.description);
        }
        let flags = ProfileOverrides {
            per_day: Some(self.per_day as f64),
            speed: Some(DAY_S / self.seconds),
            ..ProfileOverrides::default()
        };
        profile.resolve(flags).map_err(Failure::internal)
    }

    /// The orders of its first hours.
    fn orders(&self, hours: u32) -> f64 {
        self.per_day as f64 * Curve::business_day().cumulative(f64::from(hours) * 3_600.0)
    }

    /// How long this machine takes for so many hours of it, s: since the last hour that began with
    /// nothing waiting it has worked without a pause, and before that it could go no faster than orders
    /// came. Whichever hour that is makes the longest time.
    fn takes_s(&self, hours: u32) -> f64 {
        let order_s = self.order_s.unwrap_or(0.0);
        let ends_s = |hour: u32| {
            let sent_s = self.seconds * f64::from(hour) / f64::from(HOURS_OF_A_DAY);
            sent_s + order_s * (self.orders(hours) - self.orders(hour))
        };
        (0..=hours).map(ends_s).fold(0.0, f64::max) + BESIDES_S
    }

    /// The most hours that are settled in this time.
    fn hours_within(&self, left_s: f64) -> u32 {
        let fits = |hours: &u32| self.takes_s(*hours) <= left_s;
        (HOURS_MIN..=HOURS_OF_A_DAY).rev().find(fits).unwrap_or(HOURS_MIN)
    }

    fn in_words(&self, hours: u32) -> String {
        let minutes = |hours| (self.takes_s(hours) / 60.0).ceil();
        let whole = format!("{} orders a day, in {} s", grouped(self.per_day), self.seconds);
        if hours < HOURS_OF_A_DAY {
            format!(
                "{whole}; of it the first {hours} hours, {} orders: this machine needs some {} min \
                 for these, and {} for all (--whole-day)",
                grouped(self.orders(hours).round() as u64),
                minutes(hours),
                minutes(HOURS_OF_A_DAY)
            )
        } else if self.takes_s(hours) > self.seconds + BESIDES_S {
            format!("{whole}; this machine needs some {} min", minutes(hours))
        } else {
            whole
        }
    }
}

/// How long the processors of this machine work on an order of this day, s: some are sent as fast as the
/// day's, because batches that are full take less an order. The run is kept, and is no volume.
fn probe(folder: &Path, day: &Day) -> Result<f64, Failure> {
    let orders = grouped(PROBE_ORDERS);
    eprintln!("== {orders} orders at the rates of the next day: how long does this machine need?");
    let folder = folder.join("probe");
    std::fs::create_dir_all(&folder).map_err(Failure::internal)?;
    let seconds = day.seconds * PROBE_ORDERS as f64 / day.per_day as f64;
    run(&folder, &Day { per_day: PROBE_ORDERS, seconds, order_s: None }, HOURS_OF_A_DAY)?;
    let run = recorded(&folder)?.pop();
    let run = run.ok_or_else(|| Failure::internal("the probe has no verdict"))?;
    let run: RunManifest =
        RunDirectory::read_json(&RunDirectory::open(run).manifest()).map_err(Failure::internal)?;
    let cpu_ms: u64 = run.processes.iter().map(|group| group.cpu_ms).sum();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Ok(GROWN * cpu_ms as f64 / 1_000.0 / run.planned as f64 / processors as f64)
}

/// Runs so many hours of a day; how it ended is in its folder, and beside it what was asked for.
fn run(folder: &Path, day: &Day, hours: u32) -> Result<(), Failure> {
    let profile = day.profile(hours)?;
    let file = folder.join(format!("{}-{}.toml", profile.name, day.per_day));
    let text = toml::to_string(&profile).map_err(Failure::internal)?;
    RunDirectory::write(&file, text.as_bytes()).map_err(Failure::usage)?;
    let program = std::env::current_exe().map_err(Failure::internal)?;
    let status = Command::new(program)
        .arg("run")
        .arg(&file)
        .args(["--json", "--out"])
        .arg(folder)
        .stdout(Stdio::null())
        .status()
        .map_err(Failure::internal)?;
    let failed = || format!("the run of {} orders a day failed", day.per_day);
    match status.code() {
        Some(1 | 2) => Err(Failure::internal(failed())),
        Some(_) | None => Ok(()),
    }
}

fn report(folder: &Path, json: bool, stopped: bool) -> Result<u8, Failure> {
    let runs = recorded(folder)?;
    if runs.is_empty() {
        let message = format!("stopped before the first run ended: {}", folder.display());
        return Err(Failure { exit_code: 130, message });
    }
    let page = folder.join("ladder.html");
    let rungs = rungs::write(&runs, &page)?;
    // A stopped ladder whose runs hold is just stopped.
    let exit_code = match rungs::worst(&rungs) {
        0 if stopped => 130,
        code => code,
    };
    if json {
        let runs = rungs.iter().map(line).collect();
        let answer = Answer { page: page.display().to_string(), exit_code, runs };
        println!("{}", serde_json::to_string_pretty(&answer).map_err(Failure::internal)?);
    } else {
        println!("{}", rungs::text(&rungs).trim_end());
        println!("\n  report   {}\n  exit {exit_code}", page.display());
    }
    Ok(exit_code)
}

/// The folders below this one that hold a whole run.
fn recorded(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot =
        |error: std::io::Error| Failure::internal(format!("{}: {error}", folder.display()));
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.join(crate::reporting::VERDICT).exists() {
            runs.push(path);
        }
    }
    runs.sort();
    Ok(runs)
}

fn line(rung: &reports::Rung) -> Run<'_> {
    Run {
        id: &rung.id,
        per_day: rung.per_day,
        orders: rung.orders,
        hours: rung.hours,
        speed: rung.speed,
        peak_per_s: rung.peak_per_s,
        accept_p99_us: rung.accept_p99_us,
        document_p99_us: rung.document_p99_us,
        usd_per_order: rung.usd_per_order,
        lost: rung.lost,
        owed: rung.owed,
        duplicated: rung.duplicated,
        exit_code: rung.exit_code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million(order_s: f64) -> Day {
        Day { per_day: 1_000_000, seconds: 720.0, order_s: Some(order_s) }
    }

    /// At 1.5 ms an order nothing waits before 7 h, 210 s and 35,192 orders on. The first 14 hours have
    /// 501,371 orders: 210 + 466,179 x 0.0015 = 909.3 s; 15 hours 581,353: 1,029.2 s. And 20 s besides.
    #[test]
    fn a_day_ends_with_the_last_hour_that_fits_and_never_before_its_highest_rate() {
        assert_eq!(million(0.001_5).hours_within(929.5), 14);
        assert_eq!(million(0.001_5).hours_within(929.0), 13);
        assert_eq!(million(0.001_5).hours_within(1_049.5), 15);
        assert_eq!(million(0.001_5).hours_within(60.0), HOURS_MIN);
        // Sending alone takes 720 s.
        assert_eq!(million(0.000_1).hours_within(740.5), 24);
        assert_eq!(million(0.000_1).hours_within(739.5), 23);
    }

    #[test]
    fn a_volume_of_which_nothing_is_known_is_run_whole() {
        let day = Day { order_s: None, ..million(0.0) };
        assert_eq!(day.hours_within(740.5), 24);
        assert_eq!(day.profile(24).unwrap().orders, 1_000_000);
        assert_eq!(day.profile(14).unwrap().name, "business-day-14h");
    }

    #[test]
    fn a_day_that_is_cut_short_says_how_much_of_it_is_run() {
        let words = million(0.001_5).in_words(14);
        assert!(words.contains("the first 14 hours, 501,371 orders"), "{words}");
        assert!(words.contains("16 min") && words.contains("28 for all"), "{words}");
    }
}

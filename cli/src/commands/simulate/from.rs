//! `vazao simulate --from`: a run's own orders again, measured against simulated.

use std::path::Path;

use runlog::{RunDirectory, RunManifest};
use serde::Serialize;
use simulator::{Compared, PipelineSettings, Validation, validate};

use super::{from_run, print_json, settings, threads};
use crate::args::SimulateArguments;
use crate::failure::Failure;
use reports::Recorded;

/// Not enough evidence, as of a run.
const EXIT_NOT_VALID: u8 = 21;
/// The page in the run's folder.
const PAGE: &str = "simulation.html";

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    run: &'a str,
    profile: &'a str,
    target: &'a runlog::Target,
    seed: u64,
    calibrated: Calibrated,
    #[serde(flatten)]
    validation: &'a Validation,
}

/// What the run said of the pipeline.
#[derive(Debug, Serialize)]
struct Calibrated {
    invocations: usize,
    batch_max: usize,
    /// Invocations at once up to which there are tables.
    at_once_max: usize,
    one_order_ms: f64,
    full_batch_ms: f64,
    cold_start_ms: f64,
    handover_ms: f64,
    poll_ms: f64,
    wake_ms: f64,
    order_failure_probability: f64,
    crash_probability: f64,
    duplicate_probability: f64,
    /// The least and the greatest factor of a half second's pace.
    pace: [f64; 2],
}

pub(super) fn execute(run: &Path, arguments: &SimulateArguments) -> Result<u8, Failure> {
    if settings::says_deployed(arguments) {
        return Err(Failure::usage(
            "--from simulates the run's own settings: leave out --template, --parameter, \
             --concurrency, --batch-size and --pollers, or add --per-day",
        ));
    }
    let recorded = Recorded::read(run).map_err(from_run)?;
    let settings = settings::replay(arguments, &recorded.deployed, &recorded.calibration)?;
    // What was recorded was accepted: the gateway has done its part.
    let settings = PipelineSettings { gateway_rate_per_s: 1e9, gateway_burst: 1e9, ..settings };
    let seed = arguments.seed.unwrap_or(1);
    let validation = validate(&settings, &recorded.observed, seed, threads(arguments));
    let calibrated = calibrated(&recorded, &settings);
    let page = arguments.page.clone().unwrap_or_else(|| run.join(PAGE));
    let html = reports::simulation_page(&recorded.manifest, &validation, &facts(&calibrated))
        .map_err(Failure::internal)?;
    RunDirectory::write(&page, html.as_bytes()).map_err(Failure::usage)?;
    if arguments.json {
        print_json(&Answer {
            run: &recorded.manifest.id,
            profile: &recorded.manifest.profile,
            target: &recorded.manifest.target,
            seed,
            calibrated,
            validation: &validation,
        })?;
    } else {
        print(&recorded.manifest, &calibrated, &validation, &page);
    }
    Ok(if validation.valid { 0 } else { EXIT_NOT_VALID })
}

fn calibrated(recorded: &Recorded, settings: &PipelineSettings) -> Calibrated {
    let calibration = &recorded.calibration;
    let batch = u32::try_from(calibration.batch_max).unwrap_or(1);
    let ms = |us: u64| us as f64 / 1e3;
    Calibrated {
        invocations: calibration.invocations,
        batch_max: calibration.batch_max,
        at_once_max: calibration.at_once_max,
        one_order_ms: settings.function.service.mean_us(1) / 1e3,
        full_batch_ms: settings.function.service.mean_us(batch) / 1e3,
        cold_start_ms: calibration.cold_start.mean_us() / 1e3,
        handover_ms: ms(calibration.handover_us),
        poll_ms: ms(calibration.poll_us),
        wake_ms: ms(calibration.wake_us),
        order_failure_probability: calibration.order_failure_probability,
        crash_probability: calibration.crash.as_ref().map_or(0.0, |crash| crash.probability),
        duplicate_probability: calibration.duplicate_probability,
        pace: pace(&calibration.paced.1.factors),
    }
}

fn pace(factors: &[f64]) -> [f64; 2] {
    let least = factors.iter().copied().fold(f64::INFINITY, f64::min);
    [least, factors.iter().copied().fold(0.0, f64::max)]
}

/// The calibration in words.
fn facts(calibrated: &Calibrated) -> Vec<(String, String)> {
    let ms = |value: f64| format!("{value:.2} ms");
    let share = |value: f64| format!("{:.3} %", value * 100.0);
    [
        ("pace of half a second, fastest and slowest", {
            let [fastest, slowest] = calibrated.pace;
            format!("{fastest:.2} and {slowest:.2} of the usual time")
        }),
        ("invocations recorded", calibrated.invocations.to_string()),
        ("most invocations at once with times of their own", calibrated.at_once_max.to_string()),
        ("mean of an invocation of one order, the most at once", ms(calibrated.one_order_ms)),
        (
            "mean of the largest batch, the most at once",
            format!("{} of {}", ms(calibrated.full_batch_ms), calibrated.batch_max),
        ),
        ("cold start", ms(calibrated.cold_start_ms)),
        ("from arrival to a poller that waits", ms(calibrated.wake_ms)),
        ("handing over, not billed", ms(calibrated.handover_ms)),
        ("from a deletion to the next batch", ms(calibrated.poll_ms)),
        ("orders that failed and came back", share(calibrated.order_failure_probability)),
        ("invocations that died", share(calibrated.crash_probability)),
        ("deleted and delivered again", share(calibrated.duplicate_probability)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn print(manifest: &RunManifest, calibrated: &Calibrated, validation: &Validation, page: &Path) {
    println!("\nvazao simulate --from {}   simulated 12 times\n", manifest.id);
    println!("  taken from the run");
    for (name, value) in facts(calibrated) {
        println!("    {name:<52} {value}");
    }
    println!(
        "\n  {:<32} {:>12} {:>12} {:>9}  {:>8}",
        "", "measured", "simulated", "off", "allowed"
    );
    for number in &validation.compared {
        println!("  {}", line(number));
    }
    println!();
    if validation.valid {
        println!("  the model is valid for this run");
    } else {
        println!("  the model is NOT valid for this run:");
        validation.reasons.iter().for_each(|reason| println!("    - {reason}"));
    }
    println!("  page     {}", page.display());
}

fn line(number: &Compared) -> String {
    let name = if number.unit.is_empty() {
        number.name.to_owned()
    } else {
        format!("{}, {}", number.name, number.unit)
    };
    let value = |value: f64| {
        if number.unit.is_empty() { format!("{value:.0}") } else { format!("{value:.2}") }
    };
    let off = number.off.map_or("-".to_owned(), |off| format!("{:+.1} %", off * 100.0));
    let allowed = number.tolerance.map_or(String::new(), |most| format!("{:.0} %", most * 100.0));
    let mark = if number.is_within() { "" } else { "  <- off" };
    format!(
        "{name:<32} {:>12} {:>12} {off:>9}  {allowed:>8}{mark}",
        value(number.measured),
        value(number.simulated)
    )
}

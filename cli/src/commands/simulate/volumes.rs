//! `vazao simulate --per-day`: the scaling curve, its limits and what an order costs along it.

use std::time::Instant;

use costmodel::{PriceSheet, Region, Terms, bill};
use runlog::RunDirectory;
use simulator::{
    ASSUMPTIONS, CurvePoint, HeatMap, Limit, OrderFootprint, PipelineSettings, ScalingCurve,
    Sensitivity, SensitivityLine, ServiceLevel, Volume, VolumeForecast, heat_map, largest_volume,
    sensitivity, volumes,
};

use super::{print_json, settings, threads};
use crate::args::SimulateArguments;
use crate::failure::Failure;
use reports::Recorded;

/// Days in the month that is priced, so that tiers are those of a month.
const DAYS: u64 = 30;
/// Widest bar of the drawing.
const BAR_MAX: usize = 24;
/// Columns of the map.
const CONCURRENCIES: [u32; 9] = [2, 4, 8, 16, 32, 64, 128, 400, 1_000];
/// Rows of the map, orders a second.
const RATES_PER_S: [f64; 8] = [3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0];
/// The largest day on which the assumptions are tried, orders: it is simulated seventeen times.
const SENSITIVITY_PER_DAY_MAX: f64 = 1e6;
/// A p99 or a cost that moves by less than this does not depend on an assumption.
const MOVES_MIN: f64 = 0.01;

pub(crate) fn execute(arguments: &SimulateArguments) -> Result<u8, Failure> {
    let level = check(arguments)?;
    let recorded =
        arguments.from.as_deref().map(Recorded::read).transpose().map_err(super::from_run)?;
    let deployed = match &recorded {
        Some(recorded) if !settings::says_deployed(arguments) => recorded.deployed.clone(),
        Some(_) | None => settings::deployed(arguments)?,
    };
    let calibration = recorded.as_ref().map(|recorded| &recorded.calibration);
    let settings = settings::pipeline(arguments, &deployed, calibration)?;
    let region: Region = arguments
        .region
        .parse()
        .map_err(|_| Failure::usage(format!("--region {}: not known", arguments.region)))?;
    if arguments.per_day.iter().copied().sum::<f64>() > 2e7 {
        eprintln!("simulating; volumes of tens of millions take some seconds each");
    }
    let started = Instant::now();
    let curve = curve(arguments, &settings, recorded.as_ref(), (level, region))?;
    let page = arguments
        .page
        .clone()
        .or_else(|| arguments.from.as_ref().map(|run| run.join("scaling.html")));
    if let Some(page) = &page {
        let html = reports::scaling_page(&curve).map_err(Failure::internal)?;
        RunDirectory::write(page, html.as_bytes()).map_err(Failure::usage)?;
    }
    if arguments.json {
        print_json(&curve)?;
    } else {
        print(&curve);
        if let Some(page) = page {
            println!("\npage {}", page.display());
        }
        println!("simulated in {:.1} s", started.elapsed().as_secs_f64());
    }
    Ok(0)
}

/// The service level, after all flags of volumes are checked.
fn check(arguments: &SimulateArguments) -> Result<ServiceLevel, Failure> {
    if arguments.per_day.iter().any(|n| !(n.is_finite() && (1.0..=1e10).contains(n))) {
        return Err(Failure::usage("--per-day must be from 1 to 1e10"));
    }
    arguments.keep.parse().map_err(|error| Failure::usage(format!("--keep: {error}")))
}

fn curve(
    arguments: &SimulateArguments,
    settings: &PipelineSettings,
    recorded: Option<&Recorded>,
    (level, region): (ServiceLevel, Region),
) -> Result<ScalingCurve, Failure> {
    let (seed, threads) = (arguments.seed.unwrap_or(1), threads(arguments));
    let all = volumes(settings, &arguments.per_day, seed, threads);
    let measured = measured_up_to(recorded);
    let points = all
        .iter()
        .map(|volume| point(volume, settings, region, measured))
        .collect::<Result<_, _>>()?;
    let map = heat_map(settings, &RATES_PER_S, &CONCURRENCIES, seed, threads);
    let day = arguments.per_day.iter().copied().fold(1.0, f64::max).min(SENSITIVITY_PER_DAY_MAX);
    let lines = sensitivity(settings, day, seed, threads);
    Ok(ScalingCurve {
        provenance: "simulated",
        measured_up_to_per_day: measured,
        assumptions: assumptions(settings, recorded),
        seed,
        region: region.to_string(),
        service_level: level.to_string(),
        volumes: points,
        largest_per_day: largest_volume(settings, level, seed),
        sensitivity_per_day: day,
        sensitivity: lines.iter().map(line).collect(),
        heat_map: HeatMap {
            rates_per_s: RATES_PER_S.to_vec(),
            maximum_concurrency: CONCURRENCIES.to_vec(),
            p99_ms: map
                .into_iter()
                .map(|row| row.into_iter().map(|us| us.map(ms)).collect())
                .collect(),
        },
    })
}

/// The volume of a day, on average, whose busiest second is the run's. A smaller volume lies within
/// what was measured, a larger one is extrapolated.
fn measured_up_to(recorded: Option<&Recorded>) -> Option<f64> {
    let recorded = recorded?;
    let share = arrivals::Curve::business_day().peak_share_per_s();
    Some((recorded.manifest.peak_rate_per_s / share).round())
}

fn assumptions(settings: &PipelineSettings, recorded: Option<&Recorded>) -> Vec<String> {
    let function = &settings.function;
    let batch = settings.mapping.batch_size;
    let provenance = match recorded {
        Some(recorded) => format!(
            "measured in run {}, up to {} invocations at once, on the machine of that run",
            recorded.manifest.id, recorded.calibration.at_once_max
        ),
        None => "assumed".to_owned(),
    };
    let mut all = vec![
        format!(
            "an invocation of one order takes {:.1} ms and one of {batch} takes {:.1} ms ({provenance})",
            function.service.mean_us(1) / 1e3,
            function.service.mean_us(batch) / 1e3
        ),
        format!(
            "an idle environment lives {} s, and the mapping scales in by {} a second: AWS does \
             not document either",
            function.idle_lifetime_us / 1_000_000,
            settings.mapping.scale_in_per_s
        ),
    ];
    if function.order_failure_probability > 0.0 {
        all.push(format!(
            "one order in {:.0} fails once",
            1.0 / function.order_failure_probability
        ));
    }
    if settings.database.is_none() {
        all.push("the database is no bottleneck of its own; --database makes it one".to_owned());
    }
    all.push("each order leaves 12 KiB of XML and 50 KiB of PDF for one month".to_owned());
    all
}

fn point(
    volume: &VolumeForecast,
    settings: &PipelineSettings,
    region: Region,
    measured: Option<f64>,
) -> Result<CurvePoint, Failure> {
    let (capacity_per_s, bound) = volume.capacity_per_s;
    let (limit, share) = match &volume.forecast {
        Some(forecast) => match forecast.bottleneck() {
            Some((limit, share)) => (Some(limit), Some(share)),
            None => (None, None),
        },
        None => (Some(bound), None),
    };
    Ok(CurvePoint {
        per_day: volume.per_day,
        peak_per_s: volume.peak_per_s,
        capacity_per_s,
        extrapolated: measured.is_some_and(|measured| volume.per_day > measured),
        exact: volume.exact,
        outcome: volume.forecast.as_ref().map(|forecast| Volume {
            orders: forecast.arrivals,
            refused: forecast.refused,
            dead_letters: forecast.dead_letters,
            p50_ms: ms(forecast.quantile_us(0.5)),
            p99_ms: ms(forecast.quantile_us(0.99)),
            oldest_s: forecast.oldest_us as f64 / 1e6,
            backlog_max: forecast.backlog_max,
            concurrency_max: forecast.concurrency_max,
            cold_starts: forecast.cold_starts,
            throttles: forecast.throttles,
            invocations: forecast.invocations,
            gb_s: forecast.gb_s(settings.function.memory_mb),
        }),
        usd_per_order: usd_per_order(volume, settings, region)?,
        bottleneck: limit,
        bottleneck_share: share,
        now: limit.map(|limit| now(limit, settings)),
        to_change: limit.map(Limit::remedy),
    })
}

/// What a month of such days costs, by the orders. By the simulation's usage and the price sheet.
fn usd_per_order(
    volume: &VolumeForecast,
    settings: &PipelineSettings,
    region: Region,
) -> Result<Option<String>, Failure> {
    let Some(usage) = volume.usage(settings, &OrderFootprint::ASSUMED) else { return Ok(None) };
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let month = usage.scaled_to(usage.orders * DAYS);
    let bill = bill(&month, &sheet, Terms { free_tier: false }).map_err(Failure::internal)?;
    Ok(bill.per_order().map(|usd| format!("{:.8}", usd.exact())))
}

/// What the limit is set to.
fn now(limit: Limit, settings: &PipelineSettings) -> String {
    let mapping = &settings.mapping;
    match limit {
        Limit::GatewayThrottle => format!("{} requests/s", settings.gateway_rate_per_s),
        Limit::MappingRamp => {
            format!("{} at the start, +{} a minute", mapping.start, mapping.ramp_per_min)
        }
        Limit::MaximumConcurrency => {
            format!("MaximumConcurrency {}", mapping.maximum_concurrency.unwrap_or(0))
        }
        Limit::MappingCeiling => format!("{} invocations at once", mapping.ceiling),
        Limit::AccountConcurrency => {
            format!("{} concurrent executions", settings.function.concurrency_max)
        }
        Limit::FunctionScaling => {
            format!("{} environments in 10 s", settings.function.environments_per_10_s)
        }
        Limit::InFlight => format!("{} messages", settings.in_flight_max),
        Limit::Database => settings.database.map_or_else(String::new, |database| {
            format!(
                "{} connections, {} ms an order",
                database.connections,
                database.order_us as f64 / 1e3
            )
        }),
        Limit::BatchWindow => format!("{} ms", mapping.batch_window_us / 1_000),
    }
}

fn line(of: &Sensitivity) -> SensitivityLine {
    let p99_ms = of.p99_us.map(|us| (us != u64::MAX).then(|| ms(us)));
    let about = ASSUMPTIONS.iter().find(|one| one.name == of.name).map_or("", |one| one.about);
    SensitivityLine {
        name: of.name,
        about,
        value: of.values[0],
        range: [of.values[1], of.values[2]],
        p99_ms,
        billed_ms_per_order: of.billed_ms_per_order,
        invocations_per_order: of.invocations_per_order,
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}

fn print(curve: &ScalingCurve) {
    println!("Simulated, not measured; seed {}, prices of {}.", curve.seed, curve.region);
    for assumption in &curve.assumptions {
        println!("  - {assumption}");
    }
    println!(
        "\n{:>9} {:>8} {:>9} {:>10} {:>9} {:>6} {:>11}  p99, each bar x2",
        "per day", "peak/s", "p50 ms", "p99 ms", "backlog", "conc.", "USD/order"
    );
    curve.volumes.iter().for_each(print_point);
    println!();
    for point in &curve.volumes {
        println!("{:e} a day: {}", point.per_day, point.bottleneck_in_words());
    }
    println!();
    match curve.largest_per_day {
        Some(largest) => println!(
            "largest business day that keeps {}, nothing refused or throttled: {largest:.3e} orders",
            curve.service_level
        ),
        None => println!("no volume keeps {}", curve.service_level),
    }
    if let Some(measured) = curve.measured_up_to_per_day {
        println!("measured up to {measured:.3e} orders a day; beyond, marked *, extrapolated");
    }
    print_sensitivity(curve);
    print_map(&curve.heat_map);
}

fn print_point(point: &CurvePoint) {
    let mark = if point.extrapolated { "*" } else { "" };
    let per_day = format!("{mark}{:e}", point.per_day);
    let Some(volume) = &point.outcome else {
        println!(
            "{per_day:>9} {:>8.1}  more than the {:.0}/s of which it is capable: the backlog only grows",
            point.peak_per_s, point.capacity_per_s
        );
        return;
    };
    println!(
        "{per_day:>9} {:>8.1} {:>9.1} {:>10.1} {:>9} {:>6} {:>11}  {}{}",
        point.peak_per_s,
        volume.p50_ms,
        volume.p99_ms,
        volume.backlog_max,
        volume.concurrency_max,
        point.usd_per_order.as_deref().unwrap_or("-"),
        bar(volume.p99_ms),
        if point.exact { "" } else { " (steady minutes from a table)" },
    );
}

fn bar(p99_ms: f64) -> String {
    "#".repeat((p99_ms.max(1.0).log2().round() as usize).clamp(1, BAR_MAX))
}

fn print_sensitivity(curve: &ScalingCurve) {
    println!(
        "\nwhat it depends on, at {:e} a day: p99 ms (billed ms an order) with the others as they are",
        curve.sensitivity_per_day
    );
    let mut without = Vec::new();
    for line in &curve.sensitivity {
        if line.moves() < MOVES_MIN {
            without.push(line.name);
            continue;
        }
        let at = |index: usize| {
            let p99 = line.p99_ms[index].map_or("beyond".to_owned(), |p99| format!("{p99:.1}"));
            format!("{p99} ({:.2})", line.billed_ms_per_order[index])
        };
        println!(
            "  {:<26} {:>9} {:>16}   {:>7} {:>16}   {:>7} {:>16}",
            line.name,
            line.value,
            at(0),
            line.range[0],
            at(1),
            line.range[1],
            at(2)
        );
    }
    if !without.is_empty() {
        println!("  less than 1 %: {}", without.join(", "));
    }
}

fn print_map(map: &HeatMap) {
    println!("\np99 ms by orders/s (rows) and maximum concurrency (columns); - is beyond capacity");
    let heads: Vec<String> = map.maximum_concurrency.iter().map(|n| format!("{n:>8}")).collect();
    println!("{:>8}{}", "", heads.concat());
    for (rate, row) in map.rates_per_s.iter().zip(&map.p99_ms) {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| cell.map_or(format!("{:>8}", "-"), |p99| format!("{p99:>8.0}")))
            .collect();
        println!("{rate:>8}{}", cells.concat());
    }
}

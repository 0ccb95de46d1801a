//! `vazao simulate --per-day`: the scaling curve, its limits and what an order costs along it.

use costmodel::{PriceSheet, Region, Terms, bill};
use serde::Serialize;
use simulator::{
    EventSourceMapping, Limit, OrderFootprint, PipelineSettings, Quotas, VolumeForecast, heat_map,
    largest_volume, volumes,
};

use super::{print_json, threads};
use crate::args::SimulateArguments;
use crate::failure::Failure;

/// Days in the month that is priced, so that tiers are those of a month.
const DAYS: u64 = 30;
/// Widest bar of the drawing.
const BAR_MAX: usize = 24;
/// Columns of the map.
const CONCURRENCIES: [u32; 7] = [2, 5, 10, 30, 100, 300, 1_000];
/// Rows of the map, orders a second.
const RATES_PER_S: [f64; 6] = [10.0, 50.0, 200.0, 1_000.0, 3_000.0, 10_000.0];

/// All that is printed, or written as JSON.
#[derive(Debug, Serialize)]
struct ScalingCurve {
    provenance: &'static str,
    assumptions: Vec<String>,
    seed: u64,
    region: String,
    document_p99_ms_max: u64,
    volumes: Vec<Point>,
    /// Orders a day of a business day whose busiest minutes keep the service level.
    largest_per_day: Option<f64>,
    heat_map: HeatMap,
}

#[derive(Debug, Serialize)]
struct Point {
    per_day: f64,
    peak_per_s: f64,
    /// Every order simulated; otherwise most minutes are from a table.
    exact: bool,
    orders: u64,
    refused: u64,
    dead_letters: u64,
    p50_ms: f64,
    p99_ms: f64,
    backlog_max: u64,
    concurrency_max: u64,
    cold_starts: u64,
    invocations: u64,
    gb_s: f64,
    usd_per_order: String,
    bottleneck: Option<Limit>,
    /// The share of the time, or of the orders or batches, that it held back.
    bottleneck_share: Option<f64>,
    to_change: Option<&'static str>,
}

/// p99 in ms by rate (rows) and maximum concurrency (columns); null beyond the capacity.
#[derive(Debug, Serialize)]
struct HeatMap {
    rates_per_s: Vec<f64>,
    maximum_concurrency: Vec<u32>,
    p99_ms: Vec<Vec<Option<f64>>>,
}

pub(crate) fn execute(arguments: &SimulateArguments) -> Result<u8, Failure> {
    let settings = settings(arguments)?;
    let region: Region = arguments
        .region
        .parse()
        .map_err(|_| Failure::usage(format!("--region {}: not known", arguments.region)))?;
    let seed = arguments.seed.unwrap_or(1);
    if arguments.per_day.iter().copied().sum::<f64>() > 2e7 {
        eprintln!("simulating; volumes of tens of millions take some seconds each");
    }
    let all = volumes(&settings, &arguments.per_day, seed, threads(arguments));
    let volumes =
        all.iter().map(|volume| point(volume, &settings, region)).collect::<Result<_, _>>()?;
    let map = heat_map(&settings, &RATES_PER_S, &CONCURRENCIES, seed, threads(arguments));
    let curve = ScalingCurve {
        provenance: "simulated",
        assumptions: assumptions(&settings),
        seed,
        region: region.to_string(),
        document_p99_ms_max: arguments.document_p99_ms,
        volumes,
        largest_per_day: largest_volume(&settings, arguments.document_p99_ms * 1_000, seed),
        heat_map: HeatMap {
            rates_per_s: RATES_PER_S.to_vec(),
            maximum_concurrency: CONCURRENCIES.to_vec(),
            p99_ms: map
                .into_iter()
                .map(|row| row.into_iter().map(|us| us.map(ms)).collect())
                .collect(),
        },
    };
    if arguments.json {
        print_json(&curve)?;
    } else {
        print(&curve);
    }
    Ok(0)
}

/// The pipeline that the flags describe.
fn settings(arguments: &SimulateArguments) -> Result<PipelineSettings, Failure> {
    let mut wrong = Vec::new();
    if arguments.per_day.iter().any(|n| !(n.is_finite() && (1.0..=1e10).contains(n))) {
        wrong.push("--per-day must be from 1 to 1e10".to_owned());
    }
    if arguments.concurrency.is_some_and(|n| !(2..=1_000).contains(&n)) {
        wrong.push("--concurrency must be from 2 to 1000".to_owned());
    }
    if !(1..=10).contains(&arguments.batch_size) {
        wrong.push("--batch-size must be from 1 to 10".to_owned());
    }
    if arguments.document_p99_ms == 0 {
        wrong.push("--document-p99-ms must be at least 1".to_owned());
    }
    let quotas = Quotas::defaults();
    let mapping = match arguments.pollers.as_slice() {
        [] => Some(EventSourceMapping::standard(&quotas)),
        [least, most] if (2..=200).contains(least) && least <= most && *most <= 2_000 => {
            Some(EventSourceMapping::provisioned(&quotas, *least, *most))
        }
        _ => None,
    };
    if mapping.is_none() {
        wrong.push("--pollers must be MIN,MAX with MIN from 2 to 200 and MAX to 2000".to_owned());
    }
    let (Some(mapping), true) = (mapping, wrong.is_empty()) else {
        return Err(Failure::usage(wrong.join("; ")));
    };
    let mut settings = PipelineSettings::assumed(&quotas);
    settings.mapping = EventSourceMapping {
        maximum_concurrency: arguments.concurrency,
        batch_size: arguments.batch_size,
        ..mapping
    };
    Ok(settings)
}

fn assumptions(settings: &PipelineSettings) -> Vec<String> {
    let function = &settings.function;
    vec![
        format!(
            "an invocation of one order takes {:.0} ms and one of {} takes {:.0} ms (assumed)",
            function.service.mean_us(1) / 1e3,
            settings.mapping.batch_size,
            function.service.mean_us(settings.mapping.batch_size) / 1e3
        ),
        format!(
            "an idle environment lives {} s, and the mapping scales in by {} a second: AWS does \
             not document either",
            function.idle_lifetime_us / 1_000_000,
            settings.mapping.scale_in_per_s
        ),
        format!("one order in {:.0} fails once", 1.0 / function.order_failure_probability),
        "each order leaves 12 KiB of XML and 50 KiB of PDF for one month".to_owned(),
    ]
}

fn point(
    volume: &VolumeForecast,
    settings: &PipelineSettings,
    region: Region,
) -> Result<Point, Failure> {
    let forecast = &volume.forecast;
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let usage = volume.usage(settings, &OrderFootprint::ASSUMED);
    let month = usage.scaled_to(usage.orders * DAYS);
    let bill = bill(&month, &sheet, Terms { free_tier: false }).map_err(Failure::internal)?;
    let bottleneck = forecast.bottleneck();
    Ok(Point {
        per_day: volume.per_day,
        peak_per_s: volume.peak_per_s,
        exact: volume.exact,
        orders: forecast.arrivals,
        refused: forecast.refused,
        dead_letters: forecast.dead_letters,
        p50_ms: ms(forecast.quantile_us(0.5)),
        p99_ms: ms(forecast.quantile_us(0.99)),
        backlog_max: forecast.backlog_max,
        concurrency_max: forecast.concurrency_max,
        cold_starts: forecast.cold_starts,
        invocations: forecast.invocations,
        gb_s: forecast.gb_s(settings.function.memory_mb),
        usd_per_order: bill
            .per_order()
            .map_or_else(|| "0".to_owned(), |usd| format!("{:.8}", usd.exact())),
        bottleneck: bottleneck.map(|(limit, _)| limit),
        bottleneck_share: bottleneck.map(|(_, share)| share),
        to_change: bottleneck.map(|(limit, _)| limit.remedy()),
    })
}

fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}

fn print(curve: &ScalingCurve) {
    println!("Simulated, not measured; seed {}, prices of {}. Assumed:", curve.seed, curve.region);
    for assumption in &curve.assumptions {
        println!("  - {assumption}");
    }
    println!();
    println!(
        "{:>9} {:>8} {:>9} {:>10} {:>9} {:>6} {:>11}  p99, each bar x2",
        "per day", "peak/s", "p50 ms", "p99 ms", "backlog", "conc.", "USD/order"
    );
    for point in &curve.volumes {
        println!(
            "{:>9} {:>8.1} {:>9.1} {:>10.1} {:>9} {:>6} {:>11}  {}{}",
            format!("{:e}", point.per_day),
            point.peak_per_s,
            point.p50_ms,
            point.p99_ms,
            point.backlog_max,
            point.concurrency_max,
            point.usd_per_order,
            bar(point.p99_ms),
            if point.exact { "" } else { " (steady minutes from a table)" },
        );
    }
    println!();
    for point in &curve.volumes {
        match (point.bottleneck, point.bottleneck_share, point.to_change) {
            (Some(limit), Some(share), Some(change)) => println!(
                "{:e} a day: held back by {limit:?}, {:.2} %: {change}",
                point.per_day,
                share * 100.0
            ),
            _ => println!("{:e} a day: nothing held an order back", point.per_day),
        }
    }
    println!();
    match curve.largest_per_day {
        Some(largest) => println!(
            "largest business day with p99 within {} ms, nothing refused or throttled: {largest:.3e} orders",
            curve.document_p99_ms_max
        ),
        None => println!("no volume keeps p99 within {} ms", curve.document_p99_ms_max),
    }
    print_map(&curve.heat_map);
}

fn bar(p99_ms: f64) -> String {
    "#".repeat((p99_ms.max(1.0).log2().round() as usize).clamp(1, BAR_MAX))
}

fn print_map(map: &HeatMap) {
    println!("\np99 ms by orders/s (rows) and maximum concurrency (columns); - is beyond capacity");
    let heads: Vec<String> = map.maximum_concurrency.iter().map(|n| format!("{n:>9}")).collect();
    println!("{:>9}{}", "", heads.concat());
    for (rate, row) in map.rates_per_s.iter().zip(&map.p99_ms) {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| cell.map_or(format!("{:>9}", "-"), |p99| format!("{p99:>9.0}")))
            .collect();
        println!("{rate:>9}{}", cells.concat());
    }
}

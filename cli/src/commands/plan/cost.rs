//! What a run is expected to use and to cost: simulated where the run is small enough, else the
//! most that it can be.

use costmodel::{PriceSheet, Terms, Usage, Usd, bill};
use loadgen::{ArrivalSchedule, LoadProfile};
use serde::Serialize;
use simulator::{
    EventSourceMapping, Forecast, OrderFootprint, PipelineSettings, Quotas, VolumeForecast,
    simulate,
};

use super::{Demand, clock};
use crate::failure::Failure;
use crate::system::System;

/// Runs of at most this many orders are simulated, order by order.
const SIMULATED_MAX: u64 = 500_000;

/// What is expected of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Expected {
    /// `simulated`, or `upper bound`: an invocation for every order.
    provenance: &'static str,
    region: String,
    prices_published: String,
    #[serde(skip)]
    pub(crate) total: Usd,
    usd: String,
    usd_per_million_orders: String,
    invocations: u64,
    /// 99 of 100 orders documented within this, ms; absent where nothing was simulated.
    document_p99_ms: Option<f64>,
    /// The longest queue, messages.
    backlog_max: Option<u64>,
    /// What the function can do with full batches, orders a second.
    function_capacity_per_s: f64,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    service: String,
    item: String,
    usd: String,
}

pub(crate) fn expect(
    profile: &LoadProfile,
    schedule: &ArrivalSchedule,
    system: &System,
    demand: &Demand,
) -> Result<Expected, Failure> {
    let settings = settings(system);
    let simulated = (schedule.orders() <= SIMULATED_MAX).then(|| {
        let arrivals =
            (0..schedule.orders()).map(|m| u64::try_from(schedule.at(m).as_micros()).unwrap_or(0));
        simulate(&settings, arrivals, profile.seed)
    });
    let usage = usage(simulated.as_ref(), &settings, schedule, demand)
        .ok_or_else(|| Failure::internal("a forecast without usage"))?;
    let sheet = PriceSheet::snapshot(system.region).map_err(Failure::internal)?;
    let priced =
        |usage: &Usage| bill(usage, &sheet, Terms { free_tier: false }).map_err(Failure::internal);
    let run = priced(&usage)?;
    let lines = run.lines.iter().map(|line| Line {
        service: line.service.clone(),
        item: line.item.clone(),
        usd: line.amount.to_string(),
    });
    Ok(Expected {
        provenance: if simulated.is_some() { "simulated" } else { "upper bound" },
        region: system.region.to_string(),
        prices_published: run.prices_published.clone(),
        total: run.total,
        usd: run.total.to_string(),
        usd_per_million_orders: priced(&usage.scaled_to(1_000_000))?.total.to_string(),
        invocations: usage.lambda.invocations.amount,
        document_p99_ms: simulated.as_ref().map(|run| run.quantile_us(0.99) as f64 / 1e3),
        backlog_max: simulated.as_ref().map(|run| run.backlog_max),
        function_capacity_per_s: settings.capacity().0,
        lines: lines.collect(),
    })
}

/// The pipeline with what the template says of it, and an assumed function.
fn settings(system: &System) -> PipelineSettings {
    let quotas = Quotas::defaults();
    let mut settings = PipelineSettings::assumed(&quotas);
    let deployed = system.deployment();
    settings.mapping = EventSourceMapping {
        maximum_concurrency: Some(deployed.maximum_concurrency),
        batch_size: deployed.batch_size,
        ..EventSourceMapping::standard(&quotas)
    };
    settings.function.memory_mb = deployed.memory_mb;
    settings
}

fn usage(
    simulated: Option<&Forecast>,
    settings: &PipelineSettings,
    schedule: &ArrivalSchedule,
    demand: &Demand,
) -> Option<Usage> {
    let forecast = match simulated {
        Some(forecast) => forecast.clone(),
        None => one_invocation_each(settings, schedule.orders()),
    };
    let volume = VolumeForecast {
        per_day: demand.mean_per_s * 86_400.0,
        forecast: Some(forecast),
        exact: simulated.is_some(),
        peak_per_s: demand.peak_per_s,
        capacity_per_s: settings.capacity(),
    };
    let mut usage = volume.usage(settings, &OrderFootprint::ASSUMED)?;
    // The forecast of a volume polls for a day; this run does for as long as it lasts.
    let share = demand.duration_s / 86_400.0;
    let empty = &mut usage.sqs.empty_receive_requests.amount;
    *empty = (*empty as f64 * share).ceil() as u64;
    Some(usage)
}

/// The most that so many orders can use.
fn one_invocation_each(settings: &PipelineSettings, orders: u64) -> Forecast {
    let mut forecast = simulate(settings, [0], 1);
    let each_ms = (settings.function.service.mean_us(1) / 1e3).ceil() as u64;
    forecast.arrivals = orders;
    forecast.done = orders;
    forecast.invocations = orders;
    forecast.billed_ms = orders * each_ms;
    forecast
}

pub(crate) fn print(expected: &Expected, explain: bool) {
    let what = match expected.provenance {
        "simulated" => "simulated, order by order",
        _ => "at most: an invocation for every order",
    };
    println!(
        "  cost       {} in {} for the run, {} per million orders ({what}; {} list prices)",
        expected.usd, expected.region, expected.usd_per_million_orders, expected.prices_published
    );
    if let (Some(p99), Some(backlog)) = (expected.document_p99_ms, expected.backlog_max) {
        println!(
            "  documents  99 of 100 within {}, longest queue {} (simulated; an assumed function of {:.0} orders/s)",
            clock(p99 / 1e3),
            super::grouped(backlog),
            expected.function_capacity_per_s
        );
    }
    if explain {
        for line in &expected.lines {
            println!(
                "             {:<52} {:>12}",
                format!("{}: {}", line.service, line.item),
                line.usd
            );
        }
    }
}

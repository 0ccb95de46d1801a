//! The pipeline over volumes: a day at each, the largest that keeps a service level, and the map of
//! rate against maximum concurrency.

use ::arrivals::Curve;
use costmodel::{
    ApiGatewayUsage, Architecture, LambdaUsage, LogsUsage, Metered, Provenance, S3Usage, SqsUsage,
    Usage,
};

use crate::hybrid::simulate_long;
use crate::{
    ASSUMPTIONS, Assumption, Forecast, Limit, MinuteRates, PipelineSettings, ServiceLevel,
    parallel, simulate,
};

/// Days of more orders than this are forecast by the hybrid.
const EXACT_ORDERS_MAX: f64 = 2e7;
/// Rates beyond this are not looked for, orders a second.
const RATE_MAX_PER_S: f64 = 1e6;

/// A business day at one volume.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeForecast {
    /// Orders a day, on average.
    pub per_day: f64,
    /// What became of them; none where more come than the pipeline can ever do, so that the
    /// backlog only grows.
    pub forecast: Option<Forecast>,
    /// Whether every order was simulated, or most were looked up.
    pub exact: bool,
    /// Orders a second in the busiest minute.
    pub peak_per_s: f64,
    /// Orders a second with full batches and every place busy, and what bounds them.
    pub capacity_per_s: (f64, Limit),
}

/// What an order leaves behind, for the bill. Assumed unless a run measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderFootprint {
    /// The NF-e's bytes.
    pub xml_bytes: u64,
    /// The confirmation's bytes.
    pub pdf_bytes: u64,
    /// Log bytes of an order: the gateway's access log.
    pub log_bytes: u64,
    /// Log bytes of an invocation: START, END, REPORT and the function's metrics.
    pub invocation_log_bytes: u64,
}

impl OrderFootprint {
    /// 12 KiB of XML, 50 KiB of PDF, 300 bytes of access log an order and 1,200 of log an invocation:
    /// those of the reference system, rounded.
    pub const ASSUMED: Self = Self {
        xml_bytes: 12 * 1_024,
        pdf_bytes: 50 * 1_024,
        log_bytes: 300,
        invocation_log_bytes: 1_200,
    };
}

/// A business day at each volume, on several threads; the result does not depend on how many.
pub fn volumes(
    settings: &PipelineSettings,
    per_day: &[f64],
    seed: u64,
    threads: usize,
) -> Vec<VolumeForecast> {
    parallel::map(per_day, threads, |orders| business_day(settings, *orders, seed))
}

fn business_day(settings: &PipelineSettings, per_day: f64, seed: u64) -> VolumeForecast {
    let rates = MinuteRates::of_curve(&Curve::business_day(), per_day);
    let peak_per_s = rates.0.iter().copied().fold(0.0, f64::max);
    let capacity_per_s = settings.capacity();
    let at =
        |forecast, exact| VolumeForecast { per_day, forecast, exact, peak_per_s, capacity_per_s };
    if (per_day / 86_400.0).min(settings.gateway_rate_per_s) > capacity_per_s.0 {
        return at(None, false);
    }
    // A day of one order has one order: a Poisson day may have none, and says nothing then.
    if per_day < 1_000.0 {
        let orders = per_day.round().max(1.0) as u64;
        let day = ::arrivals::ArrivalSchedule::new(Curve::business_day(), orders, 1.0, Some(seed));
        let arrivals = (0..orders).map(|k| day.at(k).as_micros() as u64);
        return at(Some(simulate(settings, arrivals, seed)), true);
    }
    // A fault has a time of day, which a table of steady minutes does not know.
    if per_day <= EXACT_ORDERS_MAX || !settings.faults.is_empty() {
        return at(Some(simulate(settings, rates.arrivals(seed), seed)), true);
    }
    let hybrid = simulate_long(settings, &rates, seed);
    let exact = hybrid.simulated == hybrid.forecast.arrivals;
    at(Some(hybrid.forecast), exact)
}

/// How a rate is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    /// Minutes at the rate.
    pub(crate) minutes: usize,
    /// The first of them, that are not counted.
    pub(crate) lead: usize,
    /// The largest rate is found up to this factor.
    pub(crate) within: f64,
}

/// The busiest 15 minutes of a day, after 5 at the same rate.
const BUSIEST: Probe = Probe { minutes: 20, lead: 5, within: 1.02 };

/// The largest volume, orders a day, at which the busiest 15 minutes of a business day still keep
/// the service level, and refuse and give up none; within 2 %. None if even one order a second is
/// too many.
pub fn largest_volume(settings: &PipelineSettings, level: ServiceLevel, seed: u64) -> Option<f64> {
    let rate = largest_rate(settings, level, BUSIEST, seed)?;
    Some(rate / Curve::business_day().peak_share_per_s())
}

/// The largest rate, orders a second.
pub(crate) fn largest_rate(
    settings: &PipelineSettings,
    level: ServiceLevel,
    probe: Probe,
    seed: u64,
) -> Option<f64> {
    let settings = PipelineSettings { faults: Vec::new(), ..settings.clone() };
    let keeps = |rate: f64| keeps(&settings, rate, level, probe, seed);
    let (mut good, mut bad) = (1.0, RATE_MAX_PER_S);
    if !keeps(good) {
        return None;
    }
    // First by doubling, so that no volume far beyond the limit is ever simulated.
    while good * 2.0 < bad {
        if keeps(good * 2.0) {
            good *= 2.0;
        } else {
            bad = good * 2.0;
            break;
        }
    }
    while bad / good > probe.within {
        let middle = (good * bad).sqrt();
        if keeps(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}

/// Whether the service level is kept at a rate.
fn keeps(
    settings: &PipelineSettings,
    rate_per_s: f64,
    level: ServiceLevel,
    probe: Probe,
    seed: u64,
) -> bool {
    if rate_per_s > settings.capacity().0 {
        return false;
    }
    let run = |minutes| {
        simulate(settings, MinuteRates::constant(rate_per_s, minutes).arrivals(seed), seed)
    };
    let mut forecast = run(probe.minutes);
    forecast.take_off(&run(probe.lead));
    forecast.share_within(level.us_max) >= level.quantile
        && forecast.refused == 0
        && forecast.throttles == 0
}

/// The 99th percentile, µs, at each rate (rows, orders a second) and maximum concurrency (columns),
/// in 10 minutes that begin with an empty system; none where the backlog only grows.
pub fn heat_map(
    settings: &PipelineSettings,
    rates_per_s: &[f64],
    concurrencies: &[u32],
    seed: u64,
    threads: usize,
) -> Vec<Vec<Option<u64>>> {
    let cells: Vec<(f64, u32)> = rates_per_s
        .iter()
        .flat_map(|rate| concurrencies.iter().map(|concurrency| (*rate, *concurrency)))
        .collect();
    let values = parallel::map(&cells, threads, |(rate, concurrency)| {
        let mut settings = settings.clone();
        settings.mapping.maximum_concurrency = Some(*concurrency);
        settings.faults.clear();
        if *rate > settings.capacity().0 {
            return None;
        }
        let rates = MinuteRates::constant(*rate, 10);
        Some(simulate(&settings, rates.arrivals(seed), seed).quantile_us(0.99))
    });
    values.chunks(concurrencies.len().max(1)).map(<[_]>::to_vec).collect()
}

/// How results at a volume change with one assumption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// The assumption's name.
    pub name: &'static str,
    /// The values assumed: as it is, and the ends of its range.
    pub values: [f64; 3],
    /// The 99th percentile from acceptance to document with each, µs.
    pub p99_us: [u64; 3],
    /// Invocations an order with each.
    pub invocations_per_order: [f64; 3],
    /// Billed milliseconds of an order with each, initialization included.
    pub billed_ms_per_order: [f64; 3],
}

/// A business day with each assumption at either end of its range, the others as they are; the
/// same arrivals each time, so that differences are not chance.
pub fn sensitivity(
    settings: &PipelineSettings,
    per_day: f64,
    seed: u64,
    threads: usize,
) -> Vec<Sensitivity> {
    let rates = MinuteRates::of_curve(&Curve::business_day(), per_day);
    let work: Vec<Option<(&Assumption, f64)>> = std::iter::once(None)
        .chain(ASSUMPTIONS.iter().flat_map(|one| one.range.map(|value| Some((one, value)))))
        .collect();
    let forecasts = parallel::map(&work, threads, |change| {
        let mut settings = settings.clone();
        if let Some((assumption, value)) = change {
            (assumption.set)(&mut settings, *value);
        }
        let beyond = per_day / 86_400.0 > settings.capacity().0;
        (!beyond).then(|| simulate(&settings, rates.arrivals(seed), seed))
    });
    let (base, ends) = (&forecasts[0], &forecasts[1..]);
    ASSUMPTIONS
        .iter()
        .zip(ends.chunks(2))
        .map(|(assumption, ends)| {
            let three = [base, &ends[0], &ends[1]].map(Option::as_ref);
            let value = (assumption.get)(settings);
            Sensitivity {
                name: assumption.name,
                values: [value, assumption.range[0], assumption.range[1]],
                p99_us: three.map(|f| f.map_or(u64::MAX, |f| f.quantile_us(0.99))),
                invocations_per_order: three.map(|f| per_order(f, |f| f.invocations as f64)),
                billed_ms_per_order: three
                    .map(|f| per_order(f, |f| f.billed_ms as f64 + f.init_us as f64 / 1e3)),
            }
        })
        .collect()
}

fn per_order(forecast: Option<&Forecast>, of: impl Fn(&Forecast) -> f64) -> f64 {
    forecast.map_or(f64::INFINITY, |forecast| of(forecast) / forecast.done.max(1) as f64)
}

impl VolumeForecast {
    /// What the day uses, for the bill. Empty receives are those of so many pollers that wait 20 s
    /// for messages that come at random: `pollers T r e^(-20 r) / (1 - e^(-20 r))` at a rate of `r`
    /// a poller.
    ///
    /// None where there is no forecast.
    pub fn usage(&self, settings: &PipelineSettings, footprint: &OrderFootprint) -> Option<Usage> {
        let forecast = self.forecast.as_ref()?;
        let receives = forecast.invocations;
        let small = forecast.done * 2;
        let bytes = forecast.done * (footprint.xml_bytes + footprint.pdf_bytes);
        let logs = forecast.done * footprint.log_bytes
            + forecast.invocations * footprint.invocation_log_bytes;
        Some(Usage {
            orders: forecast.done,
            api_gateway: ApiGatewayUsage { rest_requests: simulated(forecast.arrivals) },
            sqs: SqsUsage {
                send_requests: simulated(forecast.arrivals - forecast.refused),
                receive_requests: simulated(receives),
                empty_receive_requests: simulated(self.empty_receives(settings)),
                delete_requests: simulated(forecast.invocations),
            },
            lambda: LambdaUsage {
                architecture: Architecture::Arm64,
                memory_mb: settings.function.memory_mb,
                invocations: simulated(forecast.invocations),
                billed_ms: simulated(forecast.billed_ms),
                init_ms: simulated(forecast.init_us.div_ceil(1_000)),
            },
            s3: S3Usage {
                put_requests: simulated(small),
                small_objects: Metered::assumed(small),
                small_bytes: Metered::assumed(bytes),
                large_objects: Metered::assumed(0),
                large_bytes: Metered::assumed(0),
                months_kept: Metered::assumed(1),
            },
            logs: LogsUsage { ingested_bytes: Metered::assumed(logs) },
        })
    }

    fn empty_receives(&self, settings: &PipelineSettings) -> u64 {
        let pollers = f64::from(settings.mapping.start.min(settings.mapping.most()));
        let rates = MinuteRates::of_curve(&Curve::business_day(), self.per_day);
        let empty = rates.0.iter().map(|rate| {
            let each = rate / pollers;
            if each < 1e-9 {
                return 60.0 / 20.0 * pollers;
            }
            let none = (-20.0 * each).exp();
            60.0 * pollers * each * none / (1.0 - none)
        });
        empty.sum::<f64>().round() as u64
    }
}

/// A number that the simulation said.
const fn simulated(amount: u64) -> Metered {
    Metered { amount, provenance: Provenance::Simulated }
}

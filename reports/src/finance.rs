//! What the finance reports show: the bill that was measured or assumed, the months that follow
//! from it, and the prices behind both. One value, of which workbook, PDF and FOCUS are views.
//!
//! Nothing is decided here but which numbers belong together. A run says what one order uses; its
//! months are a forecast at the rate that it offered, by the price lists that vazao ships.

use claims::{Evidence, Judgement, RunVerdict};
use costmodel::forecast::{Drawing, ForecastFile, Study};
use costmodel::{BilledLine, LineItem, PriceSheet, Region};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::ReportError;
use crate::locale::Locale;
use crate::rate::{Rate, rates};

/// Draws of a run's forecast: over three seeds, percentiles of so many were within 4 % of those of
/// 10,000, and they take a fifth of the time.
const DRAWS: usize = 2_000;

/// What a recorded run says beside its numbers.
#[derive(Debug, Clone)]
pub(crate) struct RunFacts {
    pub(crate) id: String,
    pub(crate) software: String,
    pub(crate) started_at: Timestamp,
    pub(crate) verdict: RunVerdict,
    /// Objects under 128 KB, and all.
    pub(crate) small_of_objects: (u64, u64),
    /// Mean bytes of an object.
    pub(crate) object_bytes: u64,
}

/// What the finance reports show.
#[derive(Debug, Clone)]
pub struct Finance {
    pub(crate) locale: Locale,
    /// None of a forecast, in which all is assumed.
    pub(crate) run: Option<RunFacts>,
    /// The months.
    pub(crate) study: Study,
    /// Other scenarios beside it.
    pub(crate) others: Vec<Study>,
    /// The lines that are calculated and reconciled: the run's, or the first month's.
    pub(crate) bill: Vec<LineItem>,
    /// Orders of that bill.
    pub(crate) bill_orders: Decimal,
    /// Of that bill, what would be there without orders and is not part of a unit cost, USD.
    pub(crate) fixed: Decimal,
    /// What an order costs after its own month, until its documents are deleted, USD.
    pub(crate) retention_per_order: Decimal,
    /// Every price that the bill or a month uses.
    pub(crate) rates: Vec<Rate>,
    /// What AWS billed for it, if that was given.
    pub(crate) actual: Option<Vec<BilledLine>>,
}

impl Finance {
    /// Of a recorded run: its bill as it is, and its months at the rate that it offered.
    ///
    /// # Errors
    /// If the run has no bill, or something that it used has no price any more.
    pub fn of_run(
        evidence: &Evidence<'_>,
        judgement: &Judgement,
        locale: Locale,
    ) -> Result<Self, ReportError> {
        let wrong = |cause: &dyn std::fmt::Display| ReportError {
            file: "the finance reports",
            cause: cause.to_string(),
        };
        let (manifest, usage) = (evidence.manifest, evidence.usage);
        let cost = evidence.cost.regions.first().ok_or_else(|| wrong(&"the run has no bill"))?;
        let region: Region = cost.region.parse().map_err(|error| wrong(&error))?;
        let sheet = PriceSheet::snapshot(region).map_err(|error| wrong(&error))?;
        let file = ForecastFile::of_run(&manifest.id, usage, region, per_day(evidence));
        let drawing = Drawing { draws: DRAWS, seed: manifest.seed, threads: 1 };
        let study = Study::of(&file, &sheet, drawing).map_err(|error| wrong(&error))?;
        let s3 = &usage.s3;
        let objects = s3.small_objects.amount + s3.large_objects.amount;
        let run = RunFacts {
            id: manifest.id.clone(),
            software: manifest.software.clone(),
            started_at: manifest.started_at,
            verdict: judgement.verdict,
            small_of_objects: (s3.small_objects.amount, objects),
            object_bytes: (s3.small_bytes.amount + s3.large_bytes.amount) / objects.max(1),
        };
        let million = Decimal::from(1_000_000);
        let retained = cost
            .pays_for_use
            .as_ref()
            .map_or(Decimal::ZERO, |pays| pays.retained_per_million.exact() / million);
        let bill = cost.run.lines.clone();
        Ok(Self {
            locale,
            run: Some(run),
            rates: rates(bill.iter().chain(study.forecast.lines.iter().flatten()), &sheet, false),
            study,
            others: Vec::new(),
            bill,
            bill_orders: cost.run.orders.into(),
            fixed: Decimal::ZERO,
            retention_per_order: retained,
            actual: None,
        })
    }

    /// Of forecasts: the first, and the others beside it as scenarios. The bill is that of the
    /// first month.
    ///
    /// # Errors
    /// If there is no forecast.
    pub fn of_forecast(
        studies: &[Study],
        sheet: &PriceSheet,
        locale: Locale,
    ) -> Result<Self, ReportError> {
        let Some((study, others)) = studies.split_first() else {
            return Err(ReportError { file: "the finance reports", cause: "no forecast".into() });
        };
        let forecast = &study.forecast;
        let orders = forecast.months.first().map_or(0.0, |month| month.orders);
        Ok(Self {
            locale,
            run: None,
            rates: rates(forecast.lines.iter().flatten(), sheet, study.free_tier),
            bill: forecast.first_month.clone(),
            bill_orders: Decimal::try_from(orders).unwrap_or(Decimal::ZERO),
            fixed: forecast.floor.exact(),
            retention_per_order: forecast.retention_per_order.unwrap_or_default().exact(),
            study: study.clone(),
            others: others.to_vec(),
            actual: None,
        })
    }

    /// The same, with what AWS billed beside it.
    #[must_use]
    pub fn beside(mut self, billed: Vec<BilledLine>) -> Self {
        self.actual = Some(billed);
        self
    }

    /// The sum of the bill, USD.
    pub(crate) fn bill_total(&self) -> Decimal {
        self.bill.iter().map(|line| line.amount.exact()).sum()
    }

    /// What an order costs in its own month, USD; none without orders.
    pub(crate) fn per_order(&self) -> Option<Decimal> {
        (self.bill_total() - self.fixed).checked_div(self.bill_orders)
    }

    /// An input of the forecast.
    pub(crate) fn assumed(&self, key: &str) -> f64 {
        let all = &self.study.assumptions;
        all.iter().find(|input| input.key == key).map_or(0.0, |input| input.value)
    }

    /// The price of a line.
    pub(crate) fn rate(&self, line: &LineItem) -> Option<&Rate> {
        self.rates.iter().find(|rate| rate.is_of(line))
    }
}

/// Orders a day, as the run offered them in the time of its profile.
fn per_day(evidence: &Evidence<'_>) -> f64 {
    let manifest = evidence.manifest;
    let days = manifest.schedule_ms as f64 * manifest.speed / 86_400_000.0;
    if days > 0.0 { manifest.planned as f64 / days } else { 0.0 }
}

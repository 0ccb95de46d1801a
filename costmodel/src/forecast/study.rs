//! Everything that a forecast file has to say: the bill over the months, the alternatives, the
//! layouts, where ways cross, what would save most, and how sure that is.

use serde::Serialize;

use super::alternatives::{Change, Saving, savings, total};
use super::assumptions::{Api, Assumptions, Hosting, Network};
use super::break_even::{CostCurve, Crossing, crossings, curves};
use super::layouts::{LayoutCost, Layouts, compare_layouts};
use super::uncertainty::{DrawPlan, Draws, Uncertain};
use super::{Assumed, Decimal, Forecast, ForecastError, ForecastFile};
use crate::{Architecture, PriceSheet, Usd};

/// Changes that are named as saving most.
const SAVINGS: usize = 3;

/// One way of doing it, by its bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Which.
    pub name: String,
    /// Of all months.
    pub total: Usd,
    /// In the mean of the months.
    pub per_month: Usd,
    /// Less than the assumptions as they are if negative, in the mean of the months.
    pub difference_per_month: Usd,
    /// What it costs besides money.
    pub costs_besides: String,
}

/// A forecast and what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// The scenario.
    pub name: String,
    /// The region.
    pub region: String,
    /// The publication date of the oldest price list used.
    pub prices_published: String,
    /// Whether the free tier is taken off.
    pub free_tier: bool,
    /// Gateway, hosting, network and layout.
    pub choices: String,
    /// Every number that it rests on.
    pub assumptions: Vec<Assumed>,
    /// What they cost.
    pub forecast: Forecast,
    /// The same with one thing changed.
    pub alternatives: Vec<Alternative>,
    /// Changes that have no price in the region: name and reason.
    pub left_out: Vec<(String, String)>,
    /// Ways to keep the documents, the best first.
    pub layouts: Layouts,
    /// A month's bill over volumes.
    pub curves: Vec<CostCurve>,
    /// Where those cross.
    pub crossings: Vec<Crossing>,
    /// The changes that save most.
    pub savings: Vec<Saving>,
    /// Whether the file says what is uncertain, or the defaults stand for it.
    pub uncertainty_stated: bool,
    /// The draws.
    pub uncertainty: Draws,
}

/// How many draws, and how.
#[derive(Debug, Clone, Copy)]
pub struct Drawing {
    /// Draws, at least 1.
    pub draws: usize,
    /// Of the random numbers.
    pub seed: u64,
    /// The result is the same with any number.
    pub threads: usize,
}

impl Study {
    /// Does all of it.
    ///
    /// # Errors
    /// If the system as it is assumed has no price; a change without one is left out and named.
    pub fn of(
        file: &ForecastFile,
        sheet: &PriceSheet,
        drawing: Drawing,
    ) -> Result<Self, ForecastError> {
        let (a, months, terms) = (file.assumptions(), file.months, file.terms());
        let forecast = Forecast::of(&a, months, sheet, terms)?;
        let layouts = compare_layouts(&a, months, sheet, terms)?;
        let best = layouts.costs.first().map(|cost| Change::Layout(cost.layout));
        let mut left_out = Vec::new();
        let mut alternatives = Vec::new();
        for change in changes(&a, best) {
            match total(&change.of(&a), months, sheet, terms) {
                Ok(total) => alternatives.push(alternative(change, &a, total, &forecast)),
                Err(missing) => left_out.push((change.to_string(), missing.to_string())),
            }
        }
        let priced =
            |change: &Change| !left_out.iter().any(|(name, _)| *name == change.to_string());
        let drawn: Vec<Change> =
            Change::DEFAULTS.into_iter().chain(best).filter(|change| priced(change)).collect();
        let shown: Vec<Change> = ways(&a).into_iter().filter(|change| priced(change)).collect();
        let mut crossed = Vec::new();
        for other in shown.iter().filter(|change| matches!(change, Change::Hosting(_))) {
            crossed.extend(crossings(&a, (Change::AsIs, *other), sheet, terms)?);
        }
        let stated = file.uncertain();
        let uncertain = if stated.is_empty() { Uncertain::defaults(&a) } else { stated.clone() };
        let plan = DrawPlan {
            assumptions: &a,
            uncertain: &uncertain,
            changes: &drawn,
            months,
            draws: drawing.draws,
            seed: drawing.seed,
            threads: drawing.threads,
        };
        let mut savings = savings(&a, months, sheet, terms)?;
        savings.truncate(SAVINGS);
        Ok(Self {
            name: file.name.clone().unwrap_or_else(|| "forecast".to_owned()),
            region: sheet.region().to_string(),
            prices_published: sheet.published().to_owned(),
            free_tier: file.free_tier,
            choices: choices(&a),
            assumptions: file.assumed(),
            alternatives,
            left_out,
            layouts,
            curves: curves(&a, &shown, sheet, terms)?,
            crossings: crossed,
            savings,
            uncertainty_stated: !stated.is_empty(),
            uncertainty: Draws::of(&plan, sheet, terms),
            forecast,
        })
    }

    /// The layout with the least cost.
    pub fn best_layout(&self) -> Option<&LayoutCost> {
        self.layouts.costs.first()
    }
}

fn choices(a: &Assumptions) -> String {
    let architecture = Change::Architecture(a.function.architecture);
    format!(
        "{}, {}, {architecture}, {} MB, {}; {}",
        Change::Api(a.api),
        Change::Hosting(a.hosting),
        a.function.memory_mb,
        Change::Network(a.platform.network),
        a.layout()
    )
}

/// Changes that change something.
fn changes(a: &Assumptions, best: Option<Change>) -> Vec<Change> {
    let mut all = vec![
        Change::Api(Api::Rest),
        Change::Api(Api::Http),
        Change::Architecture(Architecture::Arm64),
        Change::Architecture(Architecture::X86_64),
        Change::MemoryMb(128.0),
        Change::MemoryMb(256.0),
        Change::MemoryMb(512.0),
        Change::MemoryMb(1_769.0),
        Change::BatchWindow(0.0),
        Change::BatchWindow(1.0),
        Change::BatchWindow(5.0),
        Change::Network(Network::None),
        Change::Network(Network::Nat),
        Change::Network(Network::Endpoints),
        Change::Hosting(Hosting::Lambda),
        Change::Hosting(Hosting::Fargate),
        Change::Hosting(Hosting::Ec2),
    ];
    all.extend(best);
    all.retain(|change| change.of(a) != *a);
    all
}

/// The ways whose bills are drawn over volumes.
fn ways(a: &Assumptions) -> Vec<Change> {
    let mut all = vec![
        Change::AsIs,
        Change::Api(Api::Http),
        Change::Network(Network::Nat),
        Change::Hosting(Hosting::Fargate),
        Change::Hosting(Hosting::Ec2),
        Change::Hosting(Hosting::Lambda),
    ];
    all.retain(|change| *change == Change::AsIs || change.of(a) != *a);
    all
}

fn alternative(change: Change, a: &Assumptions, total: Usd, base: &Forecast) -> Alternative {
    let months = Decimal::from(base.months.len() as u64);
    let per_month = |usd: Usd| Usd::new(usd.exact() / months);
    Alternative {
        name: change.to_string(),
        total,
        per_month: per_month(total),
        difference_per_month: per_month(total - base.total),
        costs_besides: change.price_in_kind(a),
    }
}

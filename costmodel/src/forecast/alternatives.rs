//! Changes that one could make to the system, and what each would save. Every saving is the
//! difference of two bills.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::assumptions::{Api, Assumptions, Hosting, Network};
use super::layouts::compare_layouts;
use super::plan::{Intake, Plan};
use super::{Decimal, Priced, daily_grid};
use crate::storage::Layout;
use crate::{Architecture, PriceError, PriceSheet, Terms, Usd};

/// Memory sizes that are tried, MB.
const MEMORY_MB: [f64; 5] = [128.0, 256.0, 512.0, 1_024.0, 1_769.0];
/// Batch windows that are tried, s.
const WINDOWS_S: [f64; 4] = [0.0, 1.0, 5.0, 20.0];

/// One thing that could be otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Change {
    /// Nothing: the assumptions as they are.
    #[default]
    AsIs,
    /// Another front.
    Api(Api),
    /// Another processor.
    Architecture(Architecture),
    /// Another memory size, MB.
    MemoryMb(f64),
    /// Another batch window, s.
    BatchWindow(f64),
    /// Another way to the world.
    Network(Network),
    /// Another layout of documents.
    Layout(Layout),
    /// Servers instead, or functions.
    Hosting(Hosting),
}

impl Change {
    /// Those that are shown side by side if nobody asks for others: gateway, architecture, batch
    /// window, network, servers.
    pub const DEFAULTS: [Self; 6] = [
        Self::AsIs,
        Self::Api(Api::Http),
        Self::Architecture(Architecture::X86_64),
        Self::BatchWindow(5.0),
        Self::Network(Network::Nat),
        Self::Hosting(Hosting::Fargate),
    ];

    /// The assumptions with this change.
    pub fn of(self, a: &Assumptions) -> Assumptions {
        let mut changed = *a;
        match self {
            Self::AsIs => {}
            Self::Api(api) => changed.api = api,
            Self::Architecture(architecture) => changed.function.architecture = architecture,
            Self::MemoryMb(mb) => changed.function.memory_mb = mb,
            Self::BatchWindow(s) => changed.function.batch_window_s = s,
            Self::Network(network) => changed.platform.network = network,
            Self::Layout(layout) => return changed.with_layout(layout),
            Self::Hosting(hosting) => changed.hosting = hosting,
        }
        changed
    }

    /// What it costs besides money.
    pub fn price_in_kind(self, a: &Assumptions) -> String {
        match self {
            Self::AsIs | Self::Architecture(_) => "none".to_owned(),
            Self::Api(Api::Http) => {
                "no usage plans, API keys, schema validation or body templates: partners' limits and \
                 validation move into the function"
                    .to_owned()
            }
            Self::Api(Api::Rest) => "none: usage plans and validation come with it".to_owned(),
            Self::MemoryMb(_) => {
                let now = a.ms_per_order();
                let then = self.of(a).ms_per_order();
                format!("an order takes {then:.1} ms instead of {now:.1} ms")
            }
            Self::BatchWindow(0.0) => "none".to_owned(),
            Self::BatchWindow(s) => format!("an order waits up to {s} s before it is processed"),
            Self::Network(Network::None) => "no way to a database in a VPC".to_owned(),
            Self::Network(Network::Nat) => "documents go through the NAT gateway".to_owned(),
            Self::Network(Network::Endpoints) => {
                "no way to the internet: AWS services only".to_owned()
            }
            Self::Layout(layout) => {
                format!(
                    "latency: {}; complexity: {}",
                    layout.latency(a.orders.per_day / 86_400.0),
                    layout.complexity()
                )
            }
            Self::Hosting(Hosting::Lambda) => "none".to_owned(),
            Self::Hosting(Hosting::Fargate | Hosting::Ec2) => {
                "servers to size for the peak, patch and scale".to_owned()
            }
        }
    }

    /// Changes of one dimension exclude one another.
    fn dimension(self) -> u8 {
        match self {
            Self::AsIs => 0,
            Self::Api(_) => 1,
            Self::Architecture(_) => 2,
            Self::MemoryMb(_) => 3,
            Self::BatchWindow(_) => 4,
            Self::Network(_) => 5,
            Self::Layout(_) => 6,
            Self::Hosting(_) => 7,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsIs => formatter.write_str("as it is"),
            Self::Api(Api::Rest) => formatter.write_str("REST API"),
            Self::Api(Api::Http) => formatter.write_str("HTTP API"),
            Self::Architecture(Architecture::Arm64) => formatter.write_str("arm64"),
            Self::Architecture(Architecture::X86_64) => formatter.write_str("x86"),
            Self::MemoryMb(mb) => write!(formatter, "{mb} MB of memory"),
            Self::BatchWindow(0.0) => formatter.write_str("no batch window"),
            Self::BatchWindow(s) => write!(formatter, "batch window of {s} s"),
            Self::Network(Network::None) => formatter.write_str("no VPC"),
            Self::Network(Network::Nat) => formatter.write_str("VPC with NAT"),
            Self::Network(Network::Endpoints) => formatter.write_str("VPC with endpoints"),
            Self::Layout(layout) => write!(formatter, "{layout}"),
            Self::Hosting(Hosting::Lambda) => formatter.write_str("Lambda"),
            Self::Hosting(Hosting::Fargate) => formatter.write_str("Fargate and load balancer"),
            Self::Hosting(Hosting::Ec2) => formatter.write_str("EC2 and load balancer"),
        }
    }
}

/// What a change saves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saving {
    /// The change.
    #[serde(skip)]
    pub change: Change,
    /// Its name.
    pub name: String,
    /// Saved each month, in the mean of the forecast.
    pub per_month: Usd,
    /// Of the bill, percent.
    pub percent: Decimal,
    /// What it costs besides money.
    pub costs_besides: String,
}

/// Every change that saves, the best of each dimension, by falling saving: each is the difference
/// of two bills over the same months.
///
/// # Errors
/// If the system as it is has no price.
pub fn savings(
    a: &Assumptions,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Vec<Saving>, PriceError> {
    let before = total(a, months, sheet, terms)?;
    let best_layout = compare_layouts(a, months, sheet, terms)?.costs.first().map(|c| c.layout);
    let mut found: Vec<Saving> = candidates(best_layout)
        .into_iter()
        // A change to something without a price is no finding.
        .filter_map(|change| {
            let after = total(&change.of(a), months, sheet, terms).ok()?;
            (after < before).then(|| saving(change, a, (before, after), months))
        })
        .collect();
    found.sort_by_key(|saving| std::cmp::Reverse(saving.per_month));
    let mut seen = [false; 8];
    found.retain(|saving| !std::mem::replace(&mut seen[saving.change.dimension() as usize], true));
    Ok(found)
}

fn candidates(best_layout: Option<Layout>) -> Vec<Change> {
    let mut all = vec![
        Change::Api(Api::Rest),
        Change::Api(Api::Http),
        Change::Architecture(Architecture::Arm64),
        Change::Architecture(Architecture::X86_64),
        Change::Network(Network::None),
        Change::Network(Network::Endpoints),
        Change::Hosting(Hosting::Lambda),
        Change::Hosting(Hosting::Fargate),
        Change::Hosting(Hosting::Ec2),
    ];
    all.extend(MEMORY_MB.map(Change::MemoryMb));
    all.extend(WINDOWS_S.map(Change::BatchWindow));
    all.extend(best_layout.map(Change::Layout));
    all
}

fn saving(change: Change, a: &Assumptions, (before, after): (Usd, Usd), months: usize) -> Saving {
    let saved = (before - after).exact();
    Saving {
        change,
        name: change.to_string(),
        per_month: Usd::new(saved / Decimal::from(months as u64)),
        percent: (saved / before.exact() * Decimal::ONE_HUNDRED).round_dp(1),
        costs_besides: change.price_in_kind(a),
    }
}

/// The bill of all months.
pub(super) fn total(
    a: &Assumptions,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Usd, PriceError> {
    let plan = Plan::of(a, &mut daily_grid(a), months, Intake::Growing);
    Ok(Priced::of(&plan, sheet, terms)?.total())
}

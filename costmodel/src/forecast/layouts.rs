//! Every layout in which an order's documents could be kept, priced: the best one is the first.

use serde::Serialize;

use super::assumptions::Assumptions;
use super::fast::FastSheet;
use super::meter::Meter;
use super::plan::Plan;
use super::{Decimal, Priced, daily_grid};
use crate::storage::{AgeGrid, LAGS, Layout, StorageClass};
use crate::{LineItem, PriceError, PriceSheet, Terms, Usd};

/// A read from Deep Archive takes 12 hours, or 48 in bulk (S3 user guide); this is bulk.
const DEEP_ARCHIVE_HOURS: f64 = 48.0;
/// Larger bundles are never the best of Intelligent-Tiering: one read warms them all.
const BUNDLE_MAX: f64 = 100_000.0;

/// Until a bundle is full, its orders wait: hours of orders that one may hold.
const FILL_HOURS_MAX: f64 = 1.0;

/// What a layout costs over the months of a forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayoutCost {
    /// The layout.
    #[serde(skip)]
    pub layout: Layout,
    /// Its name.
    pub name: String,
    /// GB-months.
    pub storage: Usd,
    /// PUT requests and transitions.
    pub puts: Usd,
    /// Monitoring and automation.
    pub monitoring: Usd,
    /// GET requests, retrieval and restores.
    pub reads: Usd,
    /// The function's time, to render again or to compact.
    pub compute: Usd,
    /// All of it.
    pub total: Usd,
    /// For a million orders of those that came; none without orders.
    pub per_million_orders: Option<Usd>,
    /// What it costs besides: time.
    pub latency: String,
    /// What it costs besides: work.
    pub complexity: &'static str,
}

/// What can be told of the layouts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layouts {
    /// By rising cost.
    pub costs: Vec<LayoutCost>,
    /// Layouts that were left out: name and reason.
    pub left_out: Vec<(String, String)>,
}

/// Prices every layout that the reads allow, the best first, and says why others are not there.
///
/// # Errors
/// If the layout of the assumptions has no price; another without one is left out and named.
pub fn compare_layouts(
    a: &Assumptions,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Layouts, PriceError> {
    let mut grid = daily_grid(a);
    let candidates = candidates(a, &mut grid, months, sheet, terms);
    let mut cost = |layout| LayoutCost::of(&a.with_layout(layout), &mut grid, months, sheet, terms);
    let mut costs = vec![cost(a.layout())?];
    let mut left_out = Vec::new();
    for layout in candidates {
        if layout == a.layout() {
            continue;
        }
        if a.storage.reads_may_wait_hours < DEEP_ARCHIVE_HOURS && waits(layout) {
            let reason = format!(
                "a read waits up to {DEEP_ARCHIVE_HOURS} hours, and storage.reads_may_wait_hours is {}",
                a.storage.reads_may_wait_hours
            );
            left_out.push((layout.to_string(), reason));
            continue;
        }
        if matches!(layout, Layout::Bundles { .. }) && layout.orders_per_object() > bundle_max(a) {
            let reason = format!("a bundle would take more than {FILL_HOURS_MAX} hour to fill");
            left_out.push((layout.to_string(), reason));
            continue;
        }
        match cost(layout) {
            Ok(cost) => costs.push(cost),
            Err(missing) => left_out.push((layout.to_string(), missing.to_string())),
        }
    }
    costs.sort_by_key(|cost| cost.total);
    Ok(Layouts { costs, left_out })
}

/// Prices the layout of the assumptions alone.
///
/// # Errors
/// If something is used that has no price.
pub fn layout_cost(
    a: &Assumptions,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<LayoutCost, PriceError> {
    LayoutCost::of(a, &mut daily_grid(a), months, sheet, terms)
}

/// Orders that come while a bundle may wait to be full.
fn bundle_max(a: &Assumptions) -> f64 {
    (a.orders.per_day / 24.0 * FILL_HOURS_MAX).clamp(2.0, BUNDLE_MAX)
}

fn waits(layout: Layout) -> bool {
    matches!(layout, Layout::Compacted { class: StorageClass::GlacierDeepArchive, .. })
}

fn candidates(
    a: &Assumptions,
    grid: &mut AgeGrid,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Vec<Layout> {
    use StorageClass::{
        GlacierDeepArchive, GlacierInstantRetrieval, IntelligentTiering, Standard, StandardIa,
    };
    let after_days = a.storage.compact_after_days;
    let best = best_bundle(a, grid, months, sheet, terms);
    let compacted = |class| Layout::Compacted { class, orders: 1_000.0, after_days };
    vec![
        Layout::AS_SPECIFIED,
        Layout::Separate { class: Standard },
        Layout::Separate { class: StandardIa },
        Layout::Combined { class: IntelligentTiering },
        Layout::Combined { class: GlacierInstantRetrieval },
        Layout::Bundles { class: IntelligentTiering, orders: best },
        Layout::Bundles { class: GlacierInstantRetrieval, orders: 100.0 },
        Layout::Bundles { class: GlacierInstantRetrieval, orders: 1_000.0 },
        compacted(GlacierInstantRetrieval),
        compacted(GlacierDeepArchive),
        Layout::XmlOnly { class: Standard },
        Layout::XmlOnly { class: GlacierInstantRetrieval },
    ]
}

/// The number of orders in a bundle at which Intelligent-Tiering costs least: every one up to 40,
/// then steps of 5 %.
fn best_bundle(
    a: &Assumptions,
    grid: &mut AgeGrid,
    months: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> f64 {
    let fast = FastSheet::of(sheet, terms);
    let mut out = [0.0; LAGS];
    let mut cost = |orders: f64| {
        let layout = Layout::Bundles { class: StorageClass::IntelligentTiering, orders };
        fast.totals(&Plan::of_storage(&a.with_layout(layout), grid, months), &mut out);
        out.iter().sum::<f64>()
    };
    let (mut best, mut least, mut orders) = (2.0, f64::INFINITY, 2.0_f64);
    while orders <= bundle_max(a) {
        let this = cost(orders);
        if this < least {
            (best, least) = (orders, this);
        } else if this > 2.0 * least {
            break;
        }
        orders = (orders + 1.0).max((orders * 1.05).floor());
    }
    best
}

impl LayoutCost {
    fn of(
        a: &Assumptions,
        grid: &mut AgeGrid,
        months: usize,
        sheet: &PriceSheet,
        terms: Terms,
    ) -> Result<Self, PriceError> {
        let plan = Plan::of_storage(a, grid, months);
        let priced = Priced::of(&plan, sheet, terms)?;
        let parts = Kind::ALL.map(|kind| priced.part(kind));
        let orders: f64 = plan.series(super::Base::Orders).iter().sum();
        let layout = a.layout();
        let total = priced.total();
        let million = Decimal::from(1_000_000);
        Ok(Self {
            layout,
            name: layout.to_string(),
            storage: parts[0],
            puts: parts[1],
            monitoring: parts[2],
            reads: parts[3],
            compute: parts[4],
            total,
            per_million_orders: super::each(total, orders)
                .map(|each| Usd::new(each.exact() * million)),
            latency: layout.latency(a.orders.per_day / 86_400.0),
            complexity: layout.complexity(),
        })
    }
}

/// What a line of a layout's bill is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Storage,
    Puts,
    Monitoring,
    Reads,
    Compute,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Storage, Self::Puts, Self::Monitoring, Self::Reads, Self::Compute];

    /// By the names that meters give to lines.
    fn of(line: &LineItem) -> Self {
        let item = line.item.as_str();
        if line.service != "S3" {
            Self::Compute
        } else if item == Meter::Monitoring.rate().item {
            Self::Monitoring
        } else if item.starts_with("PUT") || item.starts_with("transitions") {
            Self::Puts
        } else if item.starts_with("GET") || item.starts_with("re") {
            Self::Reads
        } else {
            Self::Storage
        }
    }
}

impl Priced {
    fn part(&self, kind: Kind) -> Usd {
        let lines = self.months.iter().flatten();
        lines.filter(|line| Kind::of(line) == kind).map(|line| line.amount).sum()
    }
}

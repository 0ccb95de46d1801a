//! Claim: you pay strictly for what you use. A month without orders has a price, documents that
//! are kept go on costing, servers may be cheaper, and Intelligent-Tiering earns nothing on small
//! documents; the finding says how much of each, and what would save most.

use costmodel::{PaysForUse, Usd};
use runlog::RegionCost;

use crate::words::grouped;
use crate::{Evidence, Finding, Standing, Summary};

const PROMISE: &str = "you pay for what you use";

/// A month without a single order may cost at most this, list prices, for the claim to hold.
const FLOOR_USD_MAX: u32 = 1;

pub(crate) fn examine(evidence: &Evidence<'_>) -> Finding {
    let Some(region) = evidence.cost.regions.first() else {
        let reason = "the run has no bill".to_owned();
        return Finding::new("pays-for-use", PROMISE, Standing::NotShown, reason);
    };
    let floor: Usd = region.floor.iter().map(|item| item.amount).sum();
    let floor_free: Usd = region.floor_free_tier.iter().map(|item| item.amount).sum();
    let (standing, reason) = decide(evidence, region, floor);
    let finding = Finding::new("pays-for-use", PROMISE, standing, reason)
        .summed_up(summary(evidence, region, floor))
        .fact("this run", region.run.total, "priced")
        .fact("this run, free tier taken off", region.run_free_tier.total, "priced")
        .fact("per million orders", region.per_million.total, "priced")
        .fact("a month without orders", floor, "assumed")
        .fact("a month without orders, free tier taken off", floor_free, "assumed")
        .fact("price list published", &region.run.prices_published, "priced");
    let finding = match &region.pays_for_use {
        Some(pays) => what_it_comes_to(finding, pays),
        None => finding,
    };
    let finding = watching(finding, region);
    small_documents(finding, evidence, region)
}

fn summary(evidence: &Evidence<'_>, region: &RegionCost, floor: Usd) -> Summary {
    Summary {
        value: format!(
            "{} per million orders, {floor} a month without any",
            region.per_million.total
        ),
        interval: format!("exact, at list prices of {}", region.run.prices_published),
        threshold: format!("at most ${FLOOR_USD_MAX} a month without orders"),
        tested: format!("the usage of {} orders", grouped(evidence.usage.orders)),
        simulated: "not at all: usage is measured, and priced".to_owned(),
    }
}

/// What is deployed also watches itself, whether orders come or not.
fn watching(finding: Finding, region: &RegionCost) -> Finding {
    let Some(pays) = &region.pays_for_use else { return finding };
    let (Some(stack), Some(free)) = (pays.idle_stack, pays.idle_stack_free_tier) else {
        return finding;
    };
    finding.caveat(format!(
        "a month without orders costs {} only without what watches the deployed stack: with its alarms, dashboard and \
         sweeper {stack}, or {free} in an account that uses nothing else (infra/README.md)",
        pays.floor
    ))
}

/// What is fixed, what is kept, when servers would be cheaper, and what would save most.
fn what_it_comes_to(finding: Finding, pays: &PaysForUse) -> Finding {
    let shares: Vec<String> = pays
        .fixed_shares
        .iter()
        .map(|share| {
            format!("{} % at {} orders a month", share.percent, grouped(share.orders_per_month))
        })
        .collect();
    let kept = format!(
        "{} in the {} months after their own: {} a million orders",
        pays.retained_per_million,
        pays.retention_months,
        pays.retained_per_million + pays.marginal_per_million
    );
    let mut finding = finding.fact("fixed share of the bill", shares.join(", "), "derived").fact(
        "documents of a million orders, kept",
        kept,
        "priced",
    );
    for servers in &pays.always_on {
        let from = match servers.cheaper_from_per_day {
            Some(per_day) => format!("cheaper from {} orders a day on", grouped(per_day)),
            None => "not cheaper up to a billion orders a day".to_owned(),
        };
        finding = finding.fact(&format!("{}, always on", servers.name), from, "assumed");
    }
    let per_day = grouped(pays.savings_per_day.into());
    for (place, saving) in pays.savings.iter().enumerate() {
        let value = format!(
            "{} a month ({} %) at {per_day} orders a day; {}",
            saving.per_month, saving.percent, saving.costs_besides
        );
        let label = format!("saves most: {}, {}", place + 1, saving.name);
        finding = finding.fact(&label, value, "priced");
    }
    finding
}

fn decide(evidence: &Evidence<'_>, region: &RegionCost, floor: Usd) -> (Standing, String) {
    if evidence.usage.orders == 0 {
        return (Standing::NotShown, "no order was carried".to_owned());
    }
    let each = region.per_million.total;
    let kept = region.pays_for_use.as_ref().map_or_else(String::new, |pays| {
        format!(
            ", and {} more until a million orders' documents are deleted after being kept {} months",
            pays.retained_per_million, pays.retention_months
        )
    });
    let terms = format!(
        "{each} per million orders{kept}, {floor} in a month without any ({})",
        region.region
    );
    if floor > Usd::from(FLOOR_USD_MAX) {
        (Standing::Broken, terms)
    } else {
        (Standing::Holds, terms)
    }
}

/// What Intelligent-Tiering makes of documents of this size, with the arithmetic and the remedy.
fn small_documents(finding: Finding, evidence: &Evidence<'_>, region: &RegionCost) -> Finding {
    let s3 = &evidence.usage.s3;
    let objects = s3.small_objects.amount + s3.large_objects.amount;
    if s3.small_objects.amount == 0 {
        return finding;
    }
    let mean_kb = s3.small_bytes.amount as f64 / s3.small_objects.amount as f64 / 1_024.0;
    finding.caveat(format!(
        "S3 Intelligent-Tiering saves nothing here: {} of {} objects are under 128 KB (mean {mean_kb:.1} KB) and are \
         never moved to a cheaper tier. {}",
        grouped(s3.small_objects.amount),
        grouped(objects),
        region.small_documents,
    ))
}

//! The account of a run, taken when the queues are empty: who got what, what was used, what that
//! costs.

use std::time::Duration;

use costmodel::{Architecture, Region, Usage};
use jiff::{SignedDuration, Timestamp};
use loadgen::LoadResult;
use observe::{
    Cloud, Inventory, LedgerCounts, MetersOf, Period, Readings, UsageContext, read_cloud_timeline,
    read_inventory, read_meters, usage,
};
use orders::{OrderMix, RunTag};
use runlog::{CostRecord, Delivery, Reconciliation, TimelinePoint, reconcile_mixed};

use crate::database::RunDatabase;
use crate::failure::Failure;
use crate::pricing;

/// What is to be accounted for.
pub(crate) struct Question<'a> {
    pub(crate) observer: &'a Cloud,
    pub(crate) meters: MetersOf,
    /// Resolution of the meters, s.
    pub(crate) step_s: u32,
    pub(crate) database: &'a RunDatabase,
    pub(crate) tag: RunTag,
    pub(crate) planned: u64,
    pub(crate) mix: OrderMix,
    pub(crate) load: &'a LoadResult,
    pub(crate) started_at: Timestamp,
    /// Since then, by a clock that nobody sets.
    pub(crate) elapsed: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) region: Region,
    pub(crate) dead_letters: u64,
    pub(crate) undrained: u64,
}

/// What was found.
pub(crate) struct Account {
    pub(crate) reconciliation: Reconciliation,
    pub(crate) ledger: LedgerCounts,
    pub(crate) readings: Readings,
    pub(crate) usage: Usage,
    pub(crate) cost: CostRecord,
    pub(crate) timeline: Vec<TimelinePoint>,
    pub(crate) sample_keys: Vec<String>,
}

/// Reads every meter and compares every set.
pub(crate) async fn take(question: Question<'_>) -> Result<Account, Failure> {
    let Question { observer, tag, planned, load, started_at, elapsed, step_s, .. } = question;
    let mut delivery = Delivery::new(tag, planned);
    let ledger = question.database.read(&mut delivery).await?;
    let inventory = read_inventory(observer, &question.meters.bucket, &tag, planned, |_| ())
        .await
        .map_err(Failure::internal)?;
    delivery.nfe = inventory.nfe.clone();
    delivery.confirmations = inventory.confirmations.clone();
    delivery.statuses = inventory.statuses.clone();
    delivery.dead_letters = question.dead_letters;
    delivery.undrained = question.undrained;
    let outcome = |k| load.outcomes.get(k);
    let reconciliation = reconcile_mixed(&tag, planned, &question.mix, outcome, &delivery);

    // The cloud was up a little before the first order and is a little after the last.
    let from = started_at - SignedDuration::from_secs(5);
    let to = started_at + elapsed + Duration::from_secs(1);
    let period_s = i32::try_from(step_s).unwrap_or(1);
    let readings = read_meters(observer, &question.meters, (from, to), period_s)
        .await
        .map_err(Failure::internal)?;
    let period = Period { from: started_at, to, step_s };
    let mut timeline =
        read_cloud_timeline(observer, &question.meters, period).await.map_err(Failure::internal)?;
    add_sender(&mut timeline, load, step_s);

    let context = UsageContext {
        orders: reconciliation.sent.accepted + reconciliation.recovered,
        architecture: Architecture::Arm64,
        memory_mb: question.memory_mb,
        months_kept: 1,
    };
    let usage = usage(&readings, &inventory, context);
    let Inventory { sample_keys, .. } = inventory;
    Ok(Account {
        reconciliation,
        ledger,
        readings,
        cost: pricing::price(&usage, question.region)?,
        usage,
        timeline,
        sample_keys,
    })
}

/// What the sender saw in each step; the timeline begins with second 0 and has every step.
fn add_sender(timeline: &mut [TimelinePoint], load: &LoadResult, step_s: u32) {
    let step = step_s as usize;
    for point in timeline {
        let second = usize::try_from(point.second).unwrap_or(usize::MAX);
        let count = |seconds: &[u64]| -> u64 { seconds.iter().skip(second).take(step).sum() };
        point.offered = count(&load.per_second.offered);
        point.accepted = count(&load.per_second.accepted);
        point.failed = count(&load.per_second.failed);
    }
}

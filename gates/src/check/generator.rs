//! Gate: the generator kept its schedule, or the run says nothing of the system.

use claims::bottleneck;
use claims::words::duration;

use crate::gate::Measure;
use crate::{Gate, RunFacts, Standing};

pub(super) fn gate(facts: &RunFacts<'_>) -> Gate {
    let (manifest, account) = (facts.evidence.manifest, facts.evidence.reconciliation);
    let look_at = "start lag and cpu in run.json; another machine, a lower rate, or --shard";
    let health = match bottleneck(manifest) {
        Some(reason) => Measure::new("health", Standing::Fail, reason, look_at),
        None => {
            let said = format!(
                "start lag p99 {}, busiest thread {} %, at most {} in flight of {}",
                duration(manifest.generator.start_lag.p99_us),
                manifest.generator.cpu_permille / 10,
                manifest.generator.in_flight_max,
                manifest.generator.in_flight_cap
            );
            Measure::new("health", Standing::Pass, said, look_at)
        }
    };
    let ledger = account.sent.total() + account.not_sent;
    let said = format!("{} planned, {ledger} in the sender's own account", account.planned);
    let standing = if ledger == account.planned { Standing::Pass } else { Standing::Fail };
    let rows = Measure::new("every arrival is accounted for", standing, said, "exchanges.parquet");
    let fine = health.said.clone();
    Gate::of("generator", 20, vec![health, rows], &fine)
}

//! Gate: there was enough to tell.

use crate::gate::{Measure, NOT_ENOUGH_EVIDENCE};
use crate::{Gate, RunFacts, Standing};

/// Inconclusive where a gate before could not tell, or where the run was stopped: then it decides.
pub(super) fn gate(facts: &RunFacts<'_>, gates: &[Gate]) -> Gate {
    let open = gates.iter().filter(|gate| gate.standing == Standing::Inconclusive);
    let mut measures: Vec<Measure> = open
        .map(|gate| {
            let longer = "a longer run, or more orders";
            Measure::new(&gate.name, Standing::Inconclusive, gate.reason.clone(), longer)
        })
        .collect();
    if let Some(signal) = &facts.evidence.manifest.stopped {
        let said = format!("stopped by {signal} before its end");
        measures.push(Measure::new("the run", Standing::Inconclusive, said, ""));
    }
    if measures.is_empty() {
        let said = "every gate that was asked could tell".to_owned();
        measures.push(Measure::new("evidence", Standing::Pass, said, ""));
    }
    Gate::of("evidence", NOT_ENOUGH_EVIDENCE, measures, "every gate that was asked could tell")
}

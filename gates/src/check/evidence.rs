//! Gate: there was enough to tell.

use crate::gate::Measure;
use crate::{Gate, RunFacts, Standing};

/// Fails where a gate before could not tell, or where the run was stopped.
pub(super) fn gate(facts: &RunFacts<'_>, gates: &[Gate]) -> Gate {
    let open = gates.iter().filter(|gate| gate.standing == Standing::Inconclusive);
    let mut measures: Vec<Measure> = open
        .map(|gate| {
            let longer = "a longer run, or more orders";
            Measure::new(&gate.name, Standing::Fail, gate.reason.clone(), longer)
        })
        .collect();
    if let Some(signal) = &facts.evidence.manifest.stopped {
        let said = format!("stopped by {signal} before its end");
        measures.push(Measure::new("the run", Standing::Fail, said, ""));
    }
    if measures.is_empty() {
        let said = "every gate that was asked could tell".to_owned();
        measures.push(Measure::new("evidence", Standing::Pass, said, ""));
    }
    Gate::of("evidence", 21, measures, "every gate that was asked could tell")
}

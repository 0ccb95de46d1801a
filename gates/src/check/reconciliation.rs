//! Gate: every order, one by one, without tolerance. The claim decides.

use claims::CLAIMS;

use crate::gate::Measure;
use crate::{Gate, RunFacts, Standing};

pub(super) fn gate(facts: &RunFacts<'_>) -> Gate {
    let measures = CLAIMS
        .iter()
        .filter(|claim| claim.name == "no-order-lost")
        .map(|claim| {
            let finding = (claim.examine)(&facts.evidence);
            let standing = match finding.standing {
                claims::Standing::Holds => Standing::Pass,
                claims::Standing::Broken => Standing::Fail,
                claims::Standing::NotShown => Standing::Inconclusive,
            };
            Measure::new(
                &finding.promise,
                standing,
                finding.reason,
                "reconciliation.json, which names the orders",
            )
        })
        .collect::<Vec<_>>();
    let fine = measures.first().map_or_else(String::new, |measure| measure.said.clone());
    Gate::of("reconciliation", 11, measures, &fine)
}

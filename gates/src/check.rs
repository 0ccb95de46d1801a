//! Every gate of a run, and the exit code that follows.

mod cost;
mod drain;
mod evidence;
mod generator;
mod leak;
mod reconciliation;
mod regression;
mod service_level;

use runlog::HistoryRow;
use serde::{Deserialize, Serialize};

use crate::nights::nights;
use crate::{Gate, Limits, RunFacts, Standing};

/// Exit codes in the order in which the first that fails decides.
const PRECEDENCE: [u8; 7] = [20, 11, 10, 13, 12, 14, 21];

/// What the gates say of a run: `check.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Version of this file's format.
    pub version: u32,
    /// The run.
    pub run: String,
    /// 0, or the code of the first gate that fails, in the order 20, 11, 10, 13, 12, 14, 21.
    pub exit_code: u8,
    /// Why, in one sentence.
    pub reason: String,
    /// What the run was compared with, in one sentence.
    pub compared_with: String,
    /// Every gate, in the order in which they are looked at.
    pub gates: Vec<Gate>,
}

impl Check {
    /// The gate that decided; none if nothing failed.
    pub fn decisive(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.fails() && gate.exit_code == self.exit_code)
    }
}

/// Looks at every gate. `history` may hold anything: only runs before this one that are like it are
/// compared.
pub fn check(facts: &RunFacts<'_>, history: &[HistoryRow], limits: &Limits) -> Check {
    let tonight = facts.row(0);
    let nights = nights(history, &tonight);
    let mut gates = vec![
        generator::gate(facts),
        reconciliation::gate(facts),
        service_level::gate(facts, &limits.service_level),
        drain::gate(&tonight, &limits.drain),
        leak::gate(facts, &limits.leak),
        regression::gate(&nights.before, &tonight, &limits.regression),
        cost::gate(&nights.before, &tonight, limits),
    ];
    gates.push(evidence::gate(facts, &gates));
    let exit_code = exit_code(&gates);
    let compared_with = format!(
        "{} earlier runs of the same profile, seed, orders, speed, target and machine ({} others, {} invalid or stopped, left out)",
        nights.before.len(),
        nights.other,
        nights.invalid
    );
    let mut check = Check {
        version: 1,
        run: tonight.run,
        exit_code,
        reason: String::new(),
        compared_with,
        gates,
    };
    check.reason = check
        .decisive()
        .map_or_else(|| passed(&check.gates), |gate| format!("{}: {}", gate.name, gate.reason));
    check
}

fn passed(gates: &[Gate]) -> String {
    let count = |standing| gates.iter().filter(|gate| gate.standing == standing).count();
    let warned: Vec<&str> = gates
        .iter()
        .filter(|gate| gate.standing == Standing::Warn)
        .map(|gate| gate.name.as_str())
        .collect();
    let warning =
        if warned.is_empty() { String::new() } else { format!("; look at {}", warned.join(", ")) };
    format!(
        "{} gates passed, {} not judged{warning}",
        count(Standing::Pass) + warned.len(),
        count(Standing::NotJudged)
    )
}

fn exit_code(gates: &[Gate]) -> u8 {
    let failing = |code: &u8| gates.iter().any(|gate| gate.fails() && gate.exit_code == *code);
    PRECEDENCE.into_iter().find(failing).unwrap_or(0)
}

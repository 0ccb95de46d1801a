//! What a rule is, and all of them applied.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Finding, RULES, Stack, Template};

/// One demand on a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `R00` and on.
    pub id: &'static str,
    /// What is demanded.
    pub demands: &'static str,
    /// What an order, or whoever answers for it, would suffer.
    pub or_else: &'static str,
    /// What is wrong with a deployment; nothing if the rule holds.
    pub check: fn(&Stack) -> Vec<Finding>,
}

/// A rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: &'static str,
    /// Where and what.
    pub finding: Finding,
    /// The first deployment in which it is so.
    pub scenario: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (with {})", self.rule, self.finding, self.scenario)
    }
}

/// All that is wrong with a template, each thing once, in the order of rules.
pub fn check(template: &Template) -> Vec<Violation> {
    let mut found: BTreeMap<(usize, Finding), String> = BTreeMap::new();
    for scenario in template.scenarios() {
        let stack = template.stack(&scenario);
        for (index, rule) in RULES.iter().enumerate() {
            for finding in (rule.check)(&stack) {
                found.entry((index, finding)).or_insert_with(|| scenario.to_string());
            }
        }
    }
    let violation = |((index, finding), scenario): ((usize, Finding), String)| Violation {
        rule: RULES[index].id,
        finding,
        scenario,
    };
    found.into_iter().map(violation).collect()
}

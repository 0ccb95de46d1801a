//! The table of rules in infra/README.md is the rules.

use policy::{RULES, mutants};

const README: &str = include_str!("../../README.md");

fn table() -> String {
    let rows = RULES.iter().map(|rule| {
        let faults = mutants().filter(|mutant| mutant.rule == rule.id).count();
        format!("| {} | {} | {} | {faults} |\n", rule.id, rule.demands, rule.or_else)
    });
    let rows: String = rows.collect();
    format!("| rule | what it demands | or else | faults noticed |\n|---|---|---|---|\n{rows}")
}

#[test]
fn the_readme_has_the_rules() {
    let begin = README.split_once("<!-- rules: infra/policy/tests/readme.rs -->\n").unwrap().1;
    let block = begin.split_once("<!-- /rules -->").unwrap().0;
    assert_eq!(block, table(), "infra/README.md must have this between its marks:\n{}", table());
}

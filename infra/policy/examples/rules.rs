//! Holds a template against every rule, then plants every mutant's fault in it, and prints which
//! rule noticed which: `cargo run --release -p policy --example rules -- infra/template.yaml`.
#![expect(clippy::print_stdout, reason = "a table for a person")]
#![expect(clippy::print_stderr, reason = "a table for a person")]

use std::process::ExitCode;

use policy::{Original, RULES, Template, check, mutants};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("name the template");
        return ExitCode::from(2);
    };
    match run(&path) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            eprintln!("{wrong} wrong");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many things are wrong: findings in the template, and mutants that survive.
fn run(path: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let source = std::fs::read_to_string(path)?;
    let template = Template::parse(&source)?;
    let findings = check(&template);
    for violation in &findings {
        println!("{violation}");
    }
    let ways = template.scenarios().len();
    println!("{path}: {} rules, {ways} ways to deploy, {} findings\n", RULES.len(), findings.len());
    let original = Original::parse(&source)?;
    let mut wrong = findings.len();
    for rule in RULES {
        println!("{} {}", rule.id, rule.demands);
        for mutant in mutants().filter(|mutant| mutant.rule == rule.id) {
            let noticed = mutant.is_noticed(&original)?;
            println!("      {} {}", if noticed { "noticed " } else { "SURVIVED" }, mutant.what);
            wrong += usize::from(!noticed);
        }
    }
    let planted = mutants().count();
    println!("\n{planted} faults planted, {} noticed", planted + findings.len() - wrong);
    Ok(wrong)
}

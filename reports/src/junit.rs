//! `junit.xml`: one test case a claim and, once the gates were checked, one a gate, so that CI shows
//! which one broke, what moved and where to look.

use claims::Standing;
use gates::{Check, Gate, Standing as GateStanding};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{ReportError, ReportInput};

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let manifest = input.evidence.manifest;
    let mut report = Report::new(format!("vazao {}", manifest.id));
    report.add_test_suite(claims(input));
    if let Some(check) = input.check {
        report.add_test_suite(gates(check, &manifest.profile));
    }
    report.to_string().map_err(|error| ReportError { file: "junit.xml", cause: error.to_string() })
}

fn claims(input: &ReportInput<'_>) -> TestSuite {
    let mut suite = TestSuite::new(input.evidence.manifest.profile.clone());
    for finding in &input.judgement.findings {
        let mut case =
            TestCase::new(finding.claim.clone(), status(finding.standing, &finding.reason));
        case.set_classname("claims");
        let facts: Vec<String> =
            finding.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
        case.set_system_out(facts.join("\n"));
        suite.add_test_case(case);
    }
    suite
}

fn gates(check: &Check, profile: &str) -> TestSuite {
    let mut suite = TestSuite::new(format!("{profile}: gates"));
    for gate in &check.gates {
        let mut case = TestCase::new(gate.name.clone(), gate_status(gate));
        case.set_classname("gates");
        let measures: Vec<String> = gate
            .measures
            .iter()
            .map(|measure| format!("{}: {}: {}", measure.standing, measure.name, measure.said))
            .collect();
        case.set_system_out(measures.join("\n"));
        suite.add_test_case(case);
    }
    suite
}

/// A claim that a run cannot show is skipped, not passed.
fn status(standing: Standing, reason: &str) -> TestCaseStatus {
    match standing {
        Standing::Holds => TestCaseStatus::success(),
        Standing::Broken => failure(reason, "claim"),
        Standing::NotShown => skipped(reason),
    }
}

/// A warning passes: CI has no colour between. The message says what moved and where to look.
fn gate_status(gate: &Gate) -> TestCaseStatus {
    if gate.fails() {
        let places = gate.look_at().join("; ");
        let look = if places.is_empty() { places } else { format!(". Look at {places}") };
        return failure(&format!("{}{look}", gate.reason), &format!("exit {}", gate.exit_code));
    }
    match gate.standing {
        GateStanding::Pass | GateStanding::Warn => TestCaseStatus::success(),
        GateStanding::Fail | GateStanding::NotJudged | GateStanding::Inconclusive => {
            skipped(&gate.reason)
        }
    }
}

fn failure(message: &str, kind: &str) -> TestCaseStatus {
    let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
    failure.set_message(message);
    failure.set_type(kind);
    failure
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut skipped = TestCaseStatus::skipped();
    skipped.set_message(message);
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::example::check;

    #[test]
    fn a_gate_that_fails_says_what_moved_and_where_to_look() {
        let mut report = Report::new("vazao");
        report.add_test_suite(gates(&check(), "soak"));
        let xml = report.to_string().unwrap();
        assert!(
            xml.contains(r#"name="soak: gates" tests="4" skipped="2" errors="0" failures="1""#),
            "{xml}"
        );
        assert!(
            xml.contains("function memory: 20.0 to 31.0 MB. Look at the memory columns"),
            "{xml}"
        );
        assert!(xml.contains(r#"type="exit 13""#), "{xml}");
        // What could not be told, and what was not judged.
        assert_eq!(xml.matches("<skipped").count(), 2, "{xml}");
    }
}

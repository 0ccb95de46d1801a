//! `junit.xml`: one test case a claim, so that CI shows which one broke.

use claims::Standing;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{ReportError, ReportInput};

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let manifest = input.evidence.manifest;
    let mut suite = TestSuite::new(manifest.profile.clone());
    for finding in &input.judgement.findings {
        let mut case =
            TestCase::new(finding.claim.clone(), status(finding.standing, &finding.reason));
        case.set_classname("claims");
        let facts: Vec<String> =
            finding.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
        case.set_system_out(facts.join("\n"));
        suite.add_test_case(case);
    }
    let mut report = Report::new(format!("vazao {}", manifest.id));
    report.add_test_suite(suite);
    report.to_string().map_err(|error| ReportError { file: "junit.xml", cause: error.to_string() })
}

/// A claim that a run cannot show is skipped, not passed.
fn status(standing: Standing, reason: &str) -> TestCaseStatus {
    match standing {
        Standing::Holds => TestCaseStatus::success(),
        Standing::Broken => {
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(reason);
            failure
        }
        Standing::NotShown => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(reason);
            skipped
        }
    }
}

//! The template with something wrong in it, a bug at a time, as somebody might have written it.

use proof::Planted;

use crate::failure::Failure;

/// The template that comes with vazao.
pub(crate) const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// What is changed in the template, text for text.
type Change = (&'static str, &'static str);

/// A bug of the template, and the faults of the local cloud that bring it to light.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mutant {
    pub(crate) bug: Planted,
    change: Change,
    pub(crate) faults: &'static [&'static str],
}

/// Every bug of the template.
pub(crate) const MUTANTS: [Mutant; 8] = [
    Mutant {
        bug: Planted::AcceptedOnFailure,
        change: ("statusCode: \"503\"", "statusCode: \"202\""),
        faults: &["sqs-refuse=0.1"],
    },
    Mutant {
        bug: Planted::NoBatchFailures,
        change: ("            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
        faults: &["s3-error-before=0.3"],
    },
    Mutant {
        bug: Planted::OneReceive,
        change: ("maxReceiveCount: 5", "maxReceiveCount: 1"),
        faults: &["response-lost=0.1"],
    },
    Mutant {
        bug: Planted::RawBody,
        change: ("&MessageBody=$util.urlEncode($input.body)##", "&MessageBody=$input.body##"),
        faults: &[],
    },
    Mutant {
        bug: Planted::PartnerFromRequest,
        change: (
            "StringValue=$util.urlEncode($partner)##",
            "StringValue=$util.urlEncode($input.params('x-partner'))##",
        ),
        faults: &[],
    },
    Mutant {
        bug: Planted::EventFilter,
        change: (
            "            FunctionResponseTypes: [ReportBatchItemFailures]\n",
            "            FunctionResponseTypes: [ReportBatchItemFailures]\n            FilterCriteria: {Filters: [{Pattern: '{\"body\": {\"allow_partial\": [true]}}'}]}\n",
        ),
        faults: &[],
    },
    Mutant {
        bug: Planted::ShortVisibility,
        change: ("VisibilityTimeout: 30", "VisibilityTimeout: 2"),
        faults: &[],
    },
    Mutant { bug: Planted::SilentDeadLetters, change: (DEAD_LETTERS_ALARM, SILENT), faults: &[] },
];

const DEAD_LETTERS_ALARM: &str = "[DeadLetterQueue, QueueName]}}]\n      Statistic: Maximum\n      Period: 60\n      EvaluationPeriods: 1\n      Threshold: 0\n";
const SILENT: &str = "[DeadLetterQueue, QueueName]}}]\n      Statistic: Maximum\n      Period: 60\n      EvaluationPeriods: 1\n      Threshold: 100\n";

impl Mutant {
    /// The template with the bug.
    pub(crate) fn template(&self, template: &str) -> Result<String, Failure> {
        replaced(template, self.change)
    }
}

/// The template as it is proven: with another visibility timeout, and with one invocation fewer at
/// once than the pollers would make, where messages are to be received in vain (F12).
pub(crate) fn proven(visibility_s: u64, crowded: bool) -> Result<String, Failure> {
    let visibility = format!("VisibilityTimeout: {visibility_s}");
    let template = replaced(TEMPLATE, ("VisibilityTimeout: 30", &visibility))?;
    if crowded {
        let reserved = "      Timeout: 5\n      ReservedConcurrentExecutions: 3\n";
        return replaced(&template, ("      Timeout: 5\n", reserved));
    }
    Ok(template)
}

/// Everywhere; a text that is not there would make a mutant that is none.
fn replaced(template: &str, (from, to): (&str, &str)) -> Result<String, Failure> {
    if template.contains(from) {
        return Ok(template.replace(from, to));
    }
    let place = from.trim();
    Err(Failure::internal(format!(
        "infra/template.yaml has no {place:?} any more: change cli/src/prove/mutants.rs"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_finds_its_place_in_the_template_as_it_is_proven_and_changes_it() {
        for mutant in MUTANTS {
            let changed = mutant.template(TEMPLATE).unwrap();
            assert_ne!(changed, TEMPLATE, "{}", mutant.bug);
        }
        let crowded = proven(6, true).unwrap();
        assert!(crowded.contains("VisibilityTimeout: 6\n") && crowded.contains("Executions: 3"));
        assert!(!crowded.contains("VisibilityTimeout: 30"));
    }

    #[test]
    fn the_bugs_of_the_template_are_those_that_the_proof_lists() {
        let listed = Planted::ALL.into_iter().filter(|bug| bug.layer() == proof::Layer::Template);
        assert_eq!(listed.collect::<Vec<_>>(), MUTANTS.map(|mutant| mutant.bug));
    }
}

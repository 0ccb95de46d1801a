//! What `infra/template.yaml` must say so that no order is lost, and the proof that these rules
//! would notice: a set of mutants of the same template, each with one fault, each caught by the
//! rule that is meant for it.
//!
//! A rule sees a [`Stack`]: the template as one set of parameters makes it. It is asked for every
//! [`Scenario`] that the template's own `Rules` let be deployed, so that both arms of a condition
//! count. Nothing here knows AWS beyond what the rules say; linters of others do that.

mod finding;
mod mutant;
mod mutants;
mod path;
mod resolve;
mod rule;
mod rules;
mod scenario;
mod stack;
mod template;
mod yaml;

pub use finding::Finding;
pub use mutant::{Mutant, MutantError, Original};
pub use mutants::mutants;
pub use path::OrderPath;
pub use rule::{Rule, Violation, check};
pub use rules::RULES;
pub use scenario::Scenario;
pub use stack::{Resource, Stack};
pub use template::{Template, TemplateError};

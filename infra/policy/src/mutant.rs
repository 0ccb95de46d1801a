//! A template with one fault.

use thiserror::Error;

use crate::{RULES, Scenario, Template, TemplateError};

/// One planted fault.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The rule that must notice.
    pub rule: &'static str,
    /// What was done.
    pub what: &'static str,
    /// Texts that are there once, and what stands in their place.
    pub edits: &'static [(&'static str, &'static str)],
}

/// A mutant that proves nothing.
#[derive(Debug, Error)]
pub enum MutantError {
    /// The edit does not fit the template any more.
    #[error("{what}: {text:?} is in the template {count} times, not once: change the mutant")]
    Edit {
        /// Which mutant.
        what: &'static str,
        /// What was looked for.
        text: &'static str,
        /// How often it is there.
        count: usize,
    },
    /// What the edit leaves is no template.
    #[error("{0}: {1}")]
    Template(&'static str, TemplateError),
}

impl Mutant {
    /// The template with the fault.
    ///
    /// # Errors
    /// If the text to change is not there exactly once.
    pub fn apply(&self, source: &str) -> Result<String, MutantError> {
        let mut text = source.to_owned();
        for (from, to) in self.edits {
            let count = text.matches(from).count();
            if count != 1 {
                return Err(MutantError::Edit { what: self.what, text: from, count });
            }
            text = text.replace(from, to);
        }
        Ok(text)
    }

    /// Whether its rule notices it, in some way to deploy.
    ///
    /// # Errors
    /// If it proves nothing.
    pub fn is_noticed(&self, original: &Original<'_>) -> Result<bool, MutantError> {
        let text = self.apply(original.source)?;
        let template = Template::parse(&text).map_err(|e| MutantError::Template(self.what, e))?;
        let scenarios = match template.is_deployed_like(&original.template) {
            true => original.scenarios.clone(),
            false => template.scenarios(),
        };
        let Some(rule) = RULES.iter().find(|rule| rule.id == self.rule) else { return Ok(false) };
        Ok(scenarios.iter().any(|scenario| !(rule.check)(&template.stack(scenario)).is_empty()))
    }
}

/// What mutants are made of.
#[derive(Debug, Clone)]
pub struct Original<'s> {
    source: &'s str,
    template: Template,
    /// Those of most mutants too.
    scenarios: Vec<Scenario>,
}

impl<'s> Original<'s> {
    /// Parses the template.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(source: &'s str) -> Result<Self, TemplateError> {
        let template = Template::parse(source)?;
        let scenarios = template.scenarios();
        Ok(Self { source, template, scenarios })
    }
}

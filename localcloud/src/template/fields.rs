//! The properties of one thing, each asked for by name. What nobody asked for is either in the
//! list of `unsimulated.rs`, and noted, or a problem.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::TemplateProblem;
use super::unsimulated::{self, Notes};
use super::yaml::{Entry, Node};

pub(super) struct Fields<'n> {
    /// As `unsimulated.rs` calls it, such as `AWS::SQS::Queue`.
    kind: &'static str,
    line: usize,
    entries: &'n [Entry],
    taken: RefCell<BTreeSet<String>>,
}

impl<'n> Fields<'n> {
    pub(super) fn of(kind: &'static str, node: &'n Node) -> Result<Self, TemplateProblem> {
        let entries =
            node.entries().map_err(|_| node.problem(format!("{kind} must be names and values")))?;
        Ok(Fields { kind, line: node.line, entries, taken: RefCell::default() })
    }

    /// A thing that is not written at all.
    pub(super) fn none(kind: &'static str, line: usize) -> Self {
        Fields { kind, line, entries: &[], taken: RefCell::default() }
    }

    pub(super) fn optional(&self, name: &str) -> Option<&'n Node> {
        self.taken.borrow_mut().insert(name.to_owned());
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }

    pub(super) fn required(&self, name: &str) -> Result<&'n Node, TemplateProblem> {
        self.optional(name).ok_or_else(|| self.problem(format!("{} needs {name}", self.kind)))
    }

    /// A property that must be this, because nothing else is imitated.
    pub(super) fn only(&self, name: &str, wanted: &str) -> Result<(), TemplateProblem> {
        let Some(node) = self.optional(name) else { return Ok(()) };
        let text = node.text()?;
        if text.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(node.problem(format!("only {name}: {wanted} is imitated, not {text}")))
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> TemplateProblem {
        TemplateProblem { line: self.line, problem: problem.into() }
    }

    /// Nothing is silently ignored.
    pub(super) fn finish(self, notes: &mut Notes) -> Result<(), TemplateProblem> {
        let taken = self.taken.into_inner();
        for entry in self.entries.iter().filter(|entry| !taken.contains(&entry.name)) {
            let problem = || TemplateProblem {
                line: entry.line,
                problem: format!("{} of {} is not imitated", entry.name, self.kind),
            };
            let why = unsimulated::property(self.kind, &entry.name).ok_or_else(problem)?;
            notes.add(entry.line, format!("{} of {}", entry.name, self.kind), why);
        }
        Ok(())
    }
}

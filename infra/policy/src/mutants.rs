//! The mutants, by what they break. Each is caught by the rule that it names, or the test fails:
//! a rule without a mutant proves nothing. Those marked public are what public reference systems
//! do.

mod access;
mod database;
mod documents;
mod edge;
mod function;
mod mapping;
mod queue;
mod stack;
mod watch;

use crate::Mutant;

/// Every mutant.
pub fn mutants() -> impl Iterator<Item = &'static Mutant> {
    MUTANTS.iter().copied().flatten()
}

/// A group for each module of rules.
const MUTANTS: &[&[Mutant]] = &[
    stack::MUTANTS,
    queue::MUTANTS,
    edge::MUTANTS,
    mapping::MUTANTS,
    access::MUTANTS,
    documents::MUTANTS,
    function::MUTANTS,
    database::MUTANTS,
    watch::MUTANTS,
];

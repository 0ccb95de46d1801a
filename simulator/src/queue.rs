//! Plain queues: what theory has exact answers for, so that the simulation can be held against
//! them. A queue is described by a [`QueueModel`] (a file) and measured by a [`QueueReport`].

mod arrivals;
mod engine;
mod model;
mod report;
mod statistics;

pub use arrivals::{ArrivalProcess, GroupSize};
pub use model::{Discipline, Fails, ModelError, QueueModel, QueueSettings, Retry, Servers};
pub use report::{Counts, Estimate, QueueReport, Times};

use engine::Engine;
use statistics::Statistics;

/// Simulates a queue. Replications are shared among the threads; the result does not depend on how
/// many there are, because each replication has its own stream of chance and they are added up in
/// their order.
///
/// # Panics
/// If a customer is lost or made: arrivals must be done, dead letters, blocked or in the system.
pub fn simulate_queue(model: &QueueModel, threads: usize) -> QueueReport {
    let replications: Vec<u64> = (0..u64::from(model.replications)).collect();
    let mut all = crate::parallel::map(&replications, threads, |replication| {
        Engine::new(model, *replication).run()
    })
    .into_iter();
    let first = all.next().unwrap_or_else(|| Statistics::new(model));
    let whole = all.fold(first, |mut whole, next| {
        whole.merge(next);
        whole
    });
    whole.report(model)
}

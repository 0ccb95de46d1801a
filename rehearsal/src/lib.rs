//! The pipeline's own code among models of everything around it, in one thread: a queue that
//! delivers again, environments that die, a bucket that fails before or after it has written, the
//! processor's SQLite. A scheduler with a seed decides every step, so that exact interleavings are
//! tried by the thousand, and one that fails is found again, made small, and printed as a command.
//!
//! What it does not try: HTTP, signatures, PostgreSQL, the template. The real layer of the proof
//! does (`cli/src/prove`).

mod books;
mod bugs;
mod database;
mod dice;
mod gates;
mod minimise;
mod partners;
mod plan;
mod process;
mod queue;
mod rehearse;
mod shelf;
mod stage;
mod strike;

pub use books::{hold_write_lock, read_books};
pub use minimise::minimise;
pub use plan::Plan;
pub use rehearse::{Failed, Rehearsed, rehearse};
pub use stage::{Outcome, Stage, StageError};
pub use strike::{MODEL_FAULTS, Strike, StrikeKind};

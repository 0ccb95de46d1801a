//! Reads what the cloud says of a run: CloudWatch, the queues, the bucket and the billing ledger.
//! The same code against AWS and against the local cloud; only the address differs. It reads and
//! counts; it does not judge.

mod books;
mod cloud;
mod dead_letters;
mod inventory;
mod ledger;
mod meters;
mod objects;
mod queue;
mod queue_trials;
mod stack;
mod timeline;
mod usage;
mod versions;

pub use books::read_server_books;
pub use cloud::{Cloud, CloudAddress, ObserveError};
pub use dead_letters::{DeadLetter, DeadLetterQueue, Look, MoveStatus, MoveTask};
pub use inventory::{Inventory, read_inventory};
pub use ledger::{LedgerCounts, read_ledger, read_server_ledger};
pub use meters::{MetersOf, Readings, Series, read_meters, read_values};
pub use queue::{QueueDepth, queue_depth};
pub use stack::Stack;
pub use timeline::{Period, read_cloud_timeline};
pub use usage::{UsageContext, usage};
pub use versions::Written;

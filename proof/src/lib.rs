//! The proof that no order is lost: what was sent and what was found, compared order by order.
//!
//! Pure: no clock, no network, no file. Whoever made the faults and read the database, the bucket
//! and the queues puts it into [`Evidence`]; [`examine`] says which of the eight checks hold, and
//! names the orders for which one does not. The words for the sets are those of Jepsen's
//! `total-queue` checker: attempted, acknowledged, lost, unexpected, duplicated, recovered.

mod books;
mod bound;
mod checks;
mod content;
mod evidence;
mod examine;
mod fault;
mod planted;
mod report;
mod sent;

pub use books::{Book, Dialect};
pub use bound::loss_rate_bound;
pub use checks::{Check, CheckId};
pub use content::{Contents, NfeFacts, StatusFacts, lines_digest};
pub use evidence::{
    Alarm, Credit, Evidence, InvoiceName, Leftover, Letter, Lot, OrderName, Row, StoredObject,
};
pub use examine::{Examination, Sets, examine};
pub use fault::Fault;
pub use planted::{Caught, Layer, Planted};
pub use report::{ASSUMED, FaultCount, LayerProof, Proof};
pub use sent::{Attempt, Body, Fate, SentOrder};

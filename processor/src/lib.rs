//! The reference system's function: an order comes in from the queue, an invoice (NF-e, XML) and
//! an order confirmation (PDF) go out to the bucket. It does not know that it is measured.
//!
//! The order of effects is what makes a second delivery harmless: one database transaction settles
//! the order and stores the invoice's number, time and code; the documents are rendered from the
//! stored rows alone; they are put under keys made from the order's identity, only if absent; the
//! invoice is marked stored; the message is acknowledged. A crash anywhere means another delivery,
//! which finds the rows and makes the same bytes.

mod billing;
mod config;
mod database;
mod decision;
mod documents;
mod error;
mod handler;
mod log;
mod message;
mod metrics;
mod pipeline;
mod store;

pub use billing::{EMITTER, Emitter, Invoice, InvoiceLine, Invoiced, Refusal};
pub use config::{AwsConfig, Config, ConfigError};
pub use database::{DatabaseError, Settlement, SqliteDatabase, create_database};
pub use documents::{Document, confirmation_pdf, nfe_xml, render};
pub use error::{Poison, ProcessError, Retryable};
pub use handler::{Handler, HandlerError, Process};
pub use log::{log_panics, log_startup_error};
pub use message::Message;
pub use metrics::{BatchMetrics, Outcome, Processed, Spent};
pub use pipeline::Pipeline;
pub use store::{DocumentStore, StoreError};

//! The reference system's function: an order comes in from the queue, an invoice (NF-e, XML), an
//! order confirmation (PDF) and a status (JSON) go out to the bucket. It does not know
//! that it is measured.
//!
//! The order of effects is what makes a second delivery harmless: one database transaction settles
//! the order and stores the invoice's number, time and code; the documents are rendered from the
//! stored rows alone; they are put under keys made from the order's identity, only if absent; the
//! invoice is marked stored, with the others of its batch; the message is acknowledged. A crash anywhere means another delivery,
//! which finds the rows and makes the same bytes.

mod billing;
mod certificate;
mod config;
mod database;
mod decision;
mod documents;
mod emitter;
mod error;
mod handler;
mod hex;
mod http;
mod invoice;
mod log;
mod message;
mod metrics;
mod password;
mod pipeline;
mod reconciliation;
mod settled;
mod settling;
mod signature;
mod store;
mod tax;

pub use certificate::{Certificate, CertificateError};
pub use config::{AwsConfig, Config, ConfigError, Secret};
#[cfg(feature = "sqlite")]
pub use database::SqliteDatabase;
pub use database::{
    Database, DatabaseConfig, DatabaseError, DatabaseUrl, DatabaseUrlError, PostgresConfig,
    PostgresDatabase, Seed, Settlement, TemporarySchema, connect_postgres, create_database,
    migrate,
};
pub use documents::{
    Document, Signer, SignerError, confirmation_document, confirmation_pdf, nfe_document, nfe_xml,
};
pub use emitter::{EMITTER_CNPJ, emitter};
pub use error::{Poison, ProcessError, Retryable};
pub use handler::{Handler, HandlerError, Process};
pub use invoice::{
    Consumption, ConsumptionPart, Contribution, Icms, Instalment, Invoice, InvoiceLine, InvoiceLot,
    Levy, LineTaxes, Numbering, Party, Place, Presumption, Sale, SaleHead, Shortfall, SoldLine,
    Substitution, Totals,
};
pub use log::{log_panics, log_reconciled, log_startup_error, log_sweep, silence_log};
pub use message::Message;
pub use metrics::{BatchMetrics, Outcome, Processed, Spent};
pub use password::{Login, Password};
pub use pipeline::{Pipeline, Swept};
pub use reconciliation::{Ledger, Numbers, Reconciled, reconcile};
pub use settled::SettledOrder;
pub use store::{DocumentStore, Held, PutDocument, StoreError, Stored};
pub use tax::{Assessment, Route, TaxError, TaxedAmounts, assess};

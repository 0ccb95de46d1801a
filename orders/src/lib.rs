//! What an order is. A value of these types that exists is valid; text becomes one of them once,
//! at the edge. No I/O, no clock, and nothing of how an order travels.

mod access_key;
mod check_digit;
mod cnpj;
mod deviation;
mod document;
mod fault;
mod fiscal;
mod gtin;
mod issued_at;
mod lot;
mod mix;
mod money;
mod number;
mod order;
mod partner;
mod rate;
mod reason;
mod sample;
pub mod seed;
mod state;
mod state_registration;
mod status;
mod text;
mod world;

pub use access_key::{AccessKey, AccessKeyError, AccessKeyParts};
pub use cnpj::{Cnpj, CnpjError};
pub use deviation::Deviation;
pub use document::{DocumentKey, DocumentKeyError, DocumentKind};
pub use fault::{Fault, FaultyLine};
pub use fiscal::{Fiscal, Medicine, Origin, OriginError, TaxClass, TaxClassError};
pub use gtin::{Gtin, GtinError};
pub use issued_at::{IssuedAt, IssuedAtError};
pub use lot::Lot;
pub use mix::{Intent, Mix, OrderMix};
pub use money::{Cents, Discount, MoneyError, Quantity, QuantityError, UnitPrice};
pub use number::{OrderNumber, OrderNumberError, RunTag};
pub use order::{Buyer, Item, Order, OrderError, PaymentTerms, PaymentTermsError, ShipTo};
pub use partner::{PartnerId, PartnerIdError};
pub use rate::{Rate, RateError};
pub use reason::{Reason, ReasonError};
pub use sample::{BodyWriter, SampledOrder, Sampler, WrittenOrder};
pub use state::{State, StateError};
pub use status::{LineStatus, Links, NfeReference, OrderStatus, StatusDocument};
pub use text::{ShipToCode, ShipToCodeError};
pub use world::{Address, Customer, PartnerShares, Product, World, WorldSize};

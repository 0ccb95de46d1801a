//! An invoice as it is stored, and as it is rendered: everything that a document says is here, and
//! nothing is computed in rendering. A second delivery renders the same rows into the same bytes,
//! whatever has become of prices, names, taxes and programs since.
//!
//! An [`Invoice`] has two parts, because the number is taken last, in the statement that all
//! orders wait for:
//! - [`Sale`] is complete before the number is known. It can be stored whole (it is `Serialize`)
//!   or column by column. [`Sale::new`](crate::Sale::new) makes it: per line it calls
//!   [`assess`](crate::assess), which decides [`InvoiceLine::cfop`] and
//!   [`InvoiceLine::taxes`], and then it shares out the freight ([`InvoiceLine::freight`]), adds
//!   up ([`InvoiceLine::total`], [`Totals`]) and divides ([`Instalment`]). Everything else of a
//!   sale is copied from the order, the customer, the catalogue and the lots reserved.
//! - [`Numbering`] is made from the number, once it is known.

mod numbering;
mod sale;

use jiff::civil::Date;
use orders::{
    AccessKey, Cents, Cnpj, Gtin, IssuedAt, Medicine, OrderNumber, Origin, PartnerId, PaymentTerms,
    Quantity, Rate, Reason, ShipToCode, State, UnitPrice,
};
use serde::{Deserialize, Serialize};

pub(crate) use numbering::InvoiceCodes;
pub use sale::{SaleHead, SoldLine};

/// An invoice as the database stores it. Documents are a function of this, and of the certificate
/// that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// What it is called.
    pub numbering: Numbering,
    /// What it says.
    pub sale: Sale,
}

/// What names an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    /// Series, 0 to 889 (`serie`).
    pub series: u16,
    /// Number within the series, 1 to 999,999,999 (`nNF`).
    pub number: u32,
    /// The eight digits of our own in the access key (`cNF`).
    pub code: u32,
    /// The 44 characters that name it.
    pub access_key: AccessKey,
}

/// What an invoice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Who sent the order.
    pub partner: PartnerId,
    /// The partner's number of the order (`xPed`).
    pub order_number: OrderNumber,
    /// When it was issued (`dhEmi`): to the second, with offset.
    pub issued_at: IssuedAt,
    /// Name and version of the program that settled the order (`verProc`, at most 20 characters).
    /// Stored, because another version may render it.
    pub program: String,
    /// Who sells.
    pub emitter: Party,
    /// Who buys.
    pub recipient: Party,
    /// Where to.
    pub ship_to: ShipToCode,
    /// When it is paid, as the order said.
    pub payment_terms: PaymentTerms,
    /// What, in the order of the partner's line numbers; 1 to 990.
    pub lines: Vec<InvoiceLine>,
    /// What was ordered and is not sold, in the order of the partner's line numbers. The invoice
    /// does not say it; the confirmation does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// The sums.
    pub totals: Totals,
    /// What is due when; they add up to the total of the invoice. None if that is nothing.
    pub instalments: Vec<Instalment>,
}

/// A company on an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The company's number.
    pub cnpj: Cnpj,
    /// The company's name, 2 to 60 characters.
    pub name: String,
    /// State registration (`IE`), digits.
    pub state_registration: String,
    /// Where it is established.
    pub place: Place,
}

impl Party {
    /// Whether it is registered for ICMS: its registration has digits in it, and is not `ISENTO`.
    pub(crate) fn is_registered(&self) -> bool {
        self.state_registration.bytes().any(|byte| byte.is_ascii_digit())
    }

    /// With its numbers in digits, as documents hold them: an existing database may have points
    /// and hyphens in them.
    pub(crate) fn in_digits(self) -> Self {
        let place = Place { postcode: in_digits(self.place.postcode), ..self.place };
        Self { state_registration: in_digits(self.state_registration), place, ..self }
    }
}

/// A number without the signs between its digits.
pub(crate) fn in_digits(mut number: String) -> String {
    number.retain(|letter| letter.is_ascii_digit());
    number
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Street, 2 to 60 characters.
    pub street: String,
    /// Number in the street.
    pub house: String,
    /// District of the city, 2 to 60 characters.
    pub district: String,
    /// IBGE code of the city, seven digits of which the first two are the state's.
    pub city_code: u32,
    /// The city.
    pub city: String,
    /// The state.
    pub state: State,
    /// Postcode, eight digits.
    pub postcode: String,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The partner's line number (`nItemPed`).
    pub line: u32,
    /// Our code of the product (`cProd`).
    pub product_id: i64,
    /// The product's number.
    pub gtin: Gtin,
    /// The product's name, at most 120 characters.
    pub name: String,
    /// Mercosur classification, eight digits.
    pub ncm: String,
    /// Code of tax substitution, seven digits.
    pub cest: Option<String>,
    /// Where the product comes from (`orig`).
    pub origin: Origin,
    /// ANVISA registration and maximum price (`med`). A line with it has lots.
    pub medicine: Option<Medicine>,
    /// Unit of sale, 1 to 6 characters (`uCom`).
    pub unit: String,
    /// How many units.
    pub quantity: Quantity,
    /// At what price each.
    pub unit_price: UnitPrice,
    /// Quantity times price, half up (`vProd`).
    pub gross: Cents,
    /// What is taken off (`vDesc`).
    pub discount: Cents,
    /// Lots (`rastro`); their quantities add up to the line's.
    pub lots: Vec<InvoiceLot>,
    /// This line's share of the freight (`vFrete`).
    pub freight: Cents,
    /// What kind of transaction this is (`CFOP`), four digits.
    pub cfop: u16,
    /// What is owed to whom.
    pub taxes: LineTaxes,
    /// What is to be paid for it (`vItem`): gross less discount, and freight and substituted ICMS.
    pub total: Cents,
}

/// A line of the order of which less is sold than was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The partner's line number.
    pub line: u32,
    /// The product's number as it was sent.
    pub ean: String,
    /// The product's name, if there is such a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many were ordered.
    pub ordered: u32,
    /// How many of them are sold.
    pub confirmed: u32,
    /// Why not all.
    pub reason: Reason,
}

/// A lot of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLot {
    /// Its number, 1 to 20 characters.
    pub number: String,
    /// How many of the line's units are of it.
    pub quantity: u32,
    /// The day on which it was made.
    pub made: Date,
    /// The day on which it expires.
    pub expires: Date,
}

/// The taxes of a line, as [`assess`](crate::assess) decides them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTaxes {
    /// Tax of the states on goods.
    pub icms: Icms,
    /// Federal contribution.
    pub pis: Contribution,
    /// Federal contribution.
    pub cofins: Contribution,
    /// The taxes that follow all three from 2026 on (`IBSCBS`).
    pub consumption: Consumption,
}

/// A tax: a rate of a base.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levy {
    /// Of what.
    pub base: Cents,
    /// How much of it.
    pub rate: Rate,
    /// Their product, half up.
    pub tax: Cents,
}

/// ICMS: contained in the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icms {
    /// What this sale owes.
    pub own: Levy,
    /// What the later sales will owe, paid by the emitter and added to the price: CST 10 with it,
    /// CST 00 without.
    pub substitution: Option<Substitution>,
}

impl Icms {
    /// What is added to the price.
    pub fn substituted(&self) -> Cents {
        self.substitution.map_or(Cents(0), |substitution| substitution.tax)
    }
}

/// ICMS of the sales to come (`ICMS10`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Substitution {
    /// How the later price is presumed.
    pub presumption: Presumption,
    /// The presumed price (`vBCST`).
    pub base: Cents,
    /// The rate within the recipient's state (`pICMSST`).
    pub rate: Rate,
    /// Rate of base, less the ICMS of this sale (`vICMSST`).
    pub tax: Cents,
}

/// How the price of the later sale is presumed (`modBCST`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presumption {
    /// 0: the maximum consumer price of the list.
    MaximumPrice,
    /// 4: this much more than the price of this sale (`pMVAST`).
    Margin(Rate),
}

/// PIS or COFINS of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contribution {
    /// CST 04: the manufacturer has paid it (Lei 10.147/2000).
    PaidByManufacturer,
    /// CST 01.
    Owed(Levy),
}

impl Contribution {
    /// What this sale owes.
    pub fn tax(&self) -> Cents {
        match self {
            Self::PaidByManufacturer => Cents(0),
            Self::Owed(levy) => levy.tax,
        }
    }
}

/// IBS and CBS of a line. In 2026 they are declared and not added to any price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumption {
    /// Three digits (`CST`).
    pub cst: String,
    /// Six digits (`cClassTrib`).
    pub class: String,
    /// The base of all three (`vBC`).
    pub base: Cents,
    /// How much the rates are reduced (`gRed`), which CST 200 states.
    pub reduction: Option<Rate>,
    /// The state's part of IBS.
    pub ibs_state: ConsumptionPart,
    /// The city's part of IBS.
    pub ibs_city: ConsumptionPart,
    /// State's and city's part (`vIBS`).
    pub ibs: Cents,
    /// CBS.
    pub cbs: ConsumptionPart,
}

/// One of the taxes on consumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumptionPart {
    /// The full rate.
    pub rate: Rate,
    /// The rate after the reduction (`pAliqEfet`); the full one if there is none.
    pub effective_rate: Rate,
    /// Effective rate of the base, half up.
    pub tax: Cents,
}

/// The sums of an invoice: of the lines' amounts, which are rounded already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Bases of the own ICMS (`vBC`).
    pub icms_base: Cents,
    /// Own ICMS (`vICMS`).
    pub icms: Cents,
    /// Bases of the substituted ICMS (`vBCST`).
    pub substitution_base: Cents,
    /// Substituted ICMS (`vST`).
    pub substitution: Cents,
    /// Lines before discount (`vProd`).
    pub gross: Cents,
    /// Freight (`vFrete`).
    pub freight: Cents,
    /// Discounts (`vDesc`).
    pub discount: Cents,
    /// PIS (`vPIS`).
    pub pis: Cents,
    /// COFINS (`vCOFINS`).
    pub cofins: Cents,
    /// What is to be paid (`vNF`, and `vNFTot`, since IBS and CBS are not added in 2026).
    pub total: Cents,
    /// Bases of IBS and CBS (`vBCIBSCBS`).
    pub consumption_base: Cents,
    /// The states' part of IBS.
    pub ibs_state: Cents,
    /// The cities' part of IBS.
    pub ibs_city: Cents,
    /// IBS (`vIBS`).
    pub ibs: Cents,
    /// CBS (`vCBS`).
    pub cbs: Cents,
}

/// A part of what is to be paid (`dup`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// By when.
    pub due: Date,
    /// How much.
    pub amount: Cents,
}

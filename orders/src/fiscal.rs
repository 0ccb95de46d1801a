//! What tax law and ANVISA say of a product: facts of the catalogue, not of a sale.

use serde::{Deserialize, Serialize};

use crate::Cents;

/// The fiscal facts of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fiscal {
    /// Mercosur classification, eight digits; 3003 and 3004 are medicines.
    pub ncm: String,
    /// Code of tax substitution (CEST, Convênio ICMS 142/2018), seven digits, if it has one.
    pub cest: Option<String>,
    /// Where it comes from: table A of the CST, 0 to 8.
    pub origin: Origin,
    /// What ANVISA says of it, if it is a medicine.
    pub medicine: Option<Medicine>,
    /// Which row of the tax tables is its own.
    pub tax_class: TaxClass,
}

/// Where goods come from, as far as the catalogue has them (table A of the CST).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// 0: made in Brazil.
    National,
    /// 2: imported, bought within Brazil. Between states 4 % (Resolução do Senado 13/2012).
    ImportedBoughtInBrazil,
}

impl Origin {
    /// The digit of table A.
    pub const fn digit(self) -> u8 {
        match self {
            Self::National => 0,
            Self::ImportedBoughtInBrazil => 2,
        }
    }
}

/// What ANVISA and CMED say of a medicine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medicine {
    /// ANVISA registration, 13 digits.
    pub registration: String,
    /// Maximum consumer price (PMC) of one unit.
    pub maximum_price: Cents,
}

/// How a product is taxed: the name of a row of the dated tax tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxClass {
    /// A medicine registered at ANVISA: IBS and CBS at 60 % off (LC 214/2025, article 133).
    Medicine,
    /// A medicine of the list at zero (LC 214/2025, article 146).
    MedicineAtZero,
    /// Anything else that a pharmacy sells.
    General,
}

impl TaxClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Medicine, Self::MedicineAtZero, Self::General];

    /// The name in tables and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medicine => "medicine",
            Self::MedicineAtZero => "medicine_at_zero",
            Self::General => "general",
        }
    }
}

//! What tax law and ANVISA say of a product: facts of the catalogue, not of a sale.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

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

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::ImportedBoughtInBrazil => "imported_bought_in_brazil",
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

/// How a product is taxed: the name of its rows in the dated tax tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxClass {
    /// A generic medicine, for which some states have a lower ICMS.
    GenericMedicine,
    /// Any other medicine registered at ANVISA.
    Medicine,
    /// A medicine of the list at zero IBS and CBS (LC 214/2025, article 146).
    MedicineAtZero,
    /// Anything else that a pharmacy sells.
    General,
}

impl TaxClass {
    /// Every class.
    pub const ALL: [Self; 4] =
        [Self::GenericMedicine, Self::Medicine, Self::MedicineAtZero, Self::General];

    /// The name in tables and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GenericMedicine => "generic_medicine",
            Self::Medicine => "medicine",
            Self::MedicineAtZero => "medicine_at_zero",
            Self::General => "general",
        }
    }
}

/// A text that is no tax class.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a tax class is one of generic_medicine, medicine, medicine_at_zero, general; not {0:?}")]
pub struct TaxClassError(String);

impl FromStr for TaxClass {
    type Err = TaxClassError;

    fn from_str(text: &str) -> Result<Self, TaxClassError> {
        let known = Self::ALL.into_iter().find(|class| class.name() == text);
        known.ok_or_else(|| TaxClassError(text.to_owned()))
    }
}

/// A number that is no origin of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an origin is 0 or 2, not {0}")]
pub struct OriginError(u8);

impl TryFrom<u8> for Origin {
    type Error = OriginError;

    fn try_from(digit: u8) -> Result<Self, OriginError> {
        match digit {
            0 => Ok(Self::National),
            2 => Ok(Self::ImportedBoughtInBrazil),
            other => Err(OriginError(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_origins_come_back_from_what_is_stored() {
        for class in TaxClass::ALL {
            assert_eq!(class.name().parse(), Ok(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
        for origin in [Origin::National, Origin::ImportedBoughtInBrazil] {
            assert_eq!(Origin::try_from(origin.digit()), Ok(origin));
        }
        assert!("drug".parse::<TaxClass>().is_err() && Origin::try_from(1).is_err());
    }
}

//! Who issues the invoices: one establishment of a company that does not exist, in São Paulo. Its
//! numbers have valid check digits.

use orders::State;

use crate::invoice::{Party, Place};

/// The company's number.
pub const EMITTER_CNPJ: &str = "11222333000181";

/// The emitter as its invoices name it.
///
/// # Panics
/// Never: the constant is a CNPJ.
pub fn emitter() -> Party {
    Party {
        cnpj: EMITTER_CNPJ.parse().expect("a valid constant"),
        name: "VAZÃO DISTRIBUIDORA DE MEDICAMENTOS LTDA".to_owned(),
        state_registration: "110042490114".to_owned(),
        place: Place {
            street: "AVENIDA DAS NAÇÕES UNIDAS".to_owned(),
            house: "1000".to_owned(),
            district: "VILA OLÍMPIA".to_owned(),
            city_code: State::Sp.capital_code(),
            city: State::Sp.capital().to_owned(),
            state: State::Sp,
            postcode: "04794000".to_owned(),
        },
    }
}

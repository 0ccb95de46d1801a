//! The states of Brazil (unidades da federação): letters, IBGE codes, a city of each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Declares the states: letters, code, and the IBGE code and name of the capital. Codes: IBGE,
/// "Códigos dos municípios", also table of the NF-e's manual (MOC 7.0, annex of municipalities).
macro_rules! states {
    ($($state:ident $letters:literal $code:literal $city:literal $capital:literal;)*) => {
        /// A state of Brazil, by its two letters.
        #[allow(missing_docs, reason = "the letters are the name")]
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "UPPERCASE")]
        pub enum State { $($state,)* }

        impl State {
            /// All 27.
            pub const ALL: [Self; 27] = [$(Self::$state,)*];

            /// The two letters.
            pub const fn letters(self) -> &'static str {
                match self { $(Self::$state => $letters,)* }
            }

            /// The IBGE code, which begins an access key and the code of each of its cities.
            pub const fn code(self) -> u8 {
                match self { $(Self::$state => $code,)* }
            }

            /// The IBGE code of the capital.
            pub const fn capital_code(self) -> u32 {
                match self { $(Self::$state => $city,)* }
            }

            /// The name of the capital.
            pub const fn capital(self) -> &'static str {
                match self { $(Self::$state => $capital,)* }
            }
        }
    };
}

states! {
    Ro "RO" 11 1100205 "PORTO VELHO";
    Ac "AC" 12 1200401 "RIO BRANCO";
    Am "AM" 13 1302603 "MANAUS";
    Rr "RR" 14 1400100 "BOA VISTA";
    Pa "PA" 15 1501402 "BELÉM";
    Ap "AP" 16 1600303 "MACAPÁ";
    To "TO" 17 1721000 "PALMAS";
    Ma "MA" 21 2111300 "SÃO LUÍS";
    Pi "PI" 22 2211001 "TERESINA";
    Ce "CE" 23 2304400 "FORTALEZA";
    Rn "RN" 24 2408102 "NATAL";
    Pb "PB" 25 2507507 "JOÃO PESSOA";
    Pe "PE" 26 2611606 "RECIFE";
    Al "AL" 27 2704302 "MACEIÓ";
    Se "SE" 28 2800308 "ARACAJU";
    Ba "BA" 29 2927408 "SALVADOR";
    Mg "MG" 31 3106200 "BELO HORIZONTE";
    Es "ES" 32 3205309 "VITÓRIA";
    Rj "RJ" 33 3304557 "RIO DE JANEIRO";
    Sp "SP" 35 3550308 "SÃO PAULO";
    Pr "PR" 41 4106902 "CURITIBA";
    Sc "SC" 42 4205407 "FLORIANÓPOLIS";
    Rs "RS" 43 4314902 "PORTO ALEGRE";
    Ms "MS" 50 5002704 "CAMPO GRANDE";
    Mt "MT" 51 5103403 "CUIABÁ";
    Go "GO" 52 5208707 "GOIÂNIA";
    Df "DF" 53 5300108 "BRASÍLIA";
}

/// A text that is no state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a state is two capital letters such as \"SP\", not {0:?}")]
pub struct StateError(String);

impl FromStr for State {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        let known = Self::ALL.into_iter().find(|state| state.letters() == text);
        known.ok_or_else(|| StateError(text.to_owned()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.letters())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_state_comes_back_from_its_letters_and_codes_differ() {
        for state in State::ALL {
            assert_eq!(state.letters().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.letters());
            assert_eq!(state.capital_code() / 100_000, u32::from(state.code()));
        }
        let codes: BTreeSet<u8> = State::ALL.into_iter().map(State::code).collect();
        assert_eq!(codes.len(), 27);
        assert!("sp".parse::<State>().is_err() && "XX".parse::<State>().is_err());
    }
}

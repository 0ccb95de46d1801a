//! State registrations (inscrição estadual) of companies that do not exist, with the check digits
//! that each state computes its own way (SINTEGRA, "Roteiro de crítica da inscrição estadual").

use crate::State;

/// A registration in `state`, another for each `serial`. States whose rule is not written here get
/// eight digits and the one check digit that most states compute.
pub(crate) fn state_registration(state: State, serial: u32) -> String {
    match state {
        State::Sp => sao_paulo(serial),
        State::Rj => {
            let base = digits(1_000_000 + u64::from(serial) % 8_000_000, 7);
            with_digit(&base, &[2, 7, 6, 5, 4, 3, 2])
        }
        State::Pr => {
            let base = digits(90_000_000 + u64::from(serial) % 9_999_999, 8);
            let first = with_digit(&base, &[3, 2, 7, 6, 5, 4, 3, 2]);
            with_digit(&first, &[4, 3, 2, 7, 6, 5, 4, 3, 2])
        }
        // The first two digits are fixed, and the same in this rule whatever they are.
        State::Ce => with_digit(&digits(6_000_000 + u64::from(serial), 8), &NINE_TO_TWO),
        State::Ac
        | State::Al
        | State::Am
        | State::Ap
        | State::Ba
        | State::Df
        | State::Es
        | State::Go
        | State::Ma
        | State::Mg
        | State::Ms
        | State::Mt
        | State::Pa
        | State::Pb
        | State::Pe
        | State::Pi
        | State::Rn
        | State::Ro
        | State::Rr
        | State::Rs
        | State::Sc
        | State::Se
        | State::To => with_digit(&digits(25_000_000 + u64::from(serial), 8), &NINE_TO_TWO),
    }
}

const NINE_TO_TWO: [u32; 8] = [9, 8, 7, 6, 5, 4, 3, 2];

fn digits(number: u64, width: usize) -> String {
    format!("{number:0width$}")
}

fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum()
}

/// Modulo 11: remainders 0 and 1 give 0.
fn with_digit(base: &str, weights: &[u32]) -> String {
    let remainder = weighted(base, weights) % 11;
    let digit = if remainder < 2 { 0 } else { 11 - remainder };
    format!("{base}{digit}")
}

/// Twelve digits; the ninth and the twelfth are the last digits of remainders.
fn sao_paulo(serial: u32) -> String {
    let base = digits(11_000_000 + u64::from(serial), 8);
    let ninth = weighted(&base, &[1, 3, 4, 5, 6, 7, 8, 10]) % 11 % 10;
    let eleven = format!("{base}{ninth}11");
    let twelfth = weighted(&eleven, &[3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11 % 10;
    format!("{eleven}{twelfth}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_sao_paulo_has_its_check_digits() {
        // 110.042.490.114, the example of SINTEGRA.
        assert_eq!(weighted("11004249", &[1, 3, 4, 5, 6, 7, 8, 10]) % 11 % 10, 0);
        assert_eq!(sao_paulo(4_249), "110042490114");
    }

    #[test]
    fn the_examples_of_rio_parana_and_ceara_have_theirs() {
        // The examples of SINTEGRA: 99999993, 123.45678-50, 06000001-5.
        assert_eq!(with_digit("9999999", &[2, 7, 6, 5, 4, 3, 2]), "99999993");
        let first = with_digit("12345678", &[3, 2, 7, 6, 5, 4, 3, 2]);
        assert_eq!(with_digit(&first, &[4, 3, 2, 7, 6, 5, 4, 3, 2]), "1234567850");
        assert_eq!(with_digit("06000001", &NINE_TO_TWO), "060000015");
    }
}

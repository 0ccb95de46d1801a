//! Modulo 11 over characters, as the CNPJ and the NF-e access key use it since letters are allowed
//! (NT Conjunta DFe 2025.001): a character counts its ASCII code less 48, so digits are themselves
//! and A is 17.

/// The check digit of these characters: weights 2 to 9 from the right, over and over; a remainder
/// of 0 or 1 gives 0, any other 11 less the remainder.
pub(crate) fn modulo_11(characters: &[u8]) -> u8 {
    let weights = (2..=9_u32).cycle();
    let sum: u32 = characters
        .iter()
        .rev()
        .zip(weights)
        .map(|(character, weight)| u32::from(character - b'0') * weight)
        .sum();
    match sum % 11 {
        0 | 1 => 0,
        remainder => (11 - remainder) as u8,
    }
}

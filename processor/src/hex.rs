//! Bytes as hexadecimal digits.

/// Two small digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes of 64 hexadecimal digits.
pub(crate) fn bytes_32(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let pairs = digits.is_ascii() && digits.len() == 64;
    for (byte, start) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(start..start + 2).filter(|_| pairs)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_their_digits() {
        let bytes: [u8; 32] = std::array::from_fn(|index| (index * 9) as u8);
        assert_eq!(hex(&bytes[..4]), "0009121b");
        assert_eq!(bytes_32(&hex(&bytes)), Some(bytes));
        assert_eq!(bytes_32("0009"), None);
        assert_eq!(bytes_32(&"g".repeat(64)), None);
    }
}

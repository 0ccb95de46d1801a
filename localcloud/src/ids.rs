//! Identifiers that look like AWS's: random UUIDs of version 4.
//!
//! They need to be unique, not secret: a counter behind a 64-bit mixer, keyed per process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A 128-bit identifier, printed in the 8-4-4-4-12 form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(u128);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.hex();
        let text = std::str::from_utf8(&hex).map_err(|_| fmt::Error)?;
        f.write_str(text)
    }
}

impl std::str::FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(&text.replace('-', ""), 16).map(Id)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Id {
    /// Its first 64 bits, which differ too.
    pub(crate) fn first_half(self) -> u64 {
        (self.0 >> 64) as u64
    }

    fn hex(self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (index, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        text
    }
}

/// Makes [`Id`]s.
pub(crate) struct IdSource {
    key: u64,
    counter: AtomicU64,
}

impl IdSource {
    pub(crate) fn new() -> Self {
        IdSource { key: RandomState::new().hash_one(0_u64), counter: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> Id {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let high = mix(self.key ^ mix(count));
        let low = mix(self.key.rotate_left(32).wrapping_add(count));
        Id(version_4(u128::from(high) << 64 | u128::from(low)))
    }
}

/// The finalizer of splitmix64: a bijection, so distinct counts stay distinct.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// RFC 9562 section 5.4: the version nibble is 4, the variant bits are 10.
fn version_4(bits: u128) -> u128 {
    let cleared = bits & !(0xF000_u128 << 64) & !(0xC000_u128 << 48);
    cleared | (0x4000_u128 << 64) | (0x8000_u128 << 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_shape_of_a_version_4_uuid() {
        let text = IdSource::new().next().to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "4");
        assert!("89ab".contains(&text[19..20]));
        assert_eq!(text.matches('-').count(), 4);
    }

    #[test]
    fn an_id_is_read_back_as_it_was_written() {
        let id = IdSource::new().next();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_hundred_thousand_ids_differ() {
        let source = IdSource::new();
        let ids: std::collections::HashSet<Id> = (0..100_000).map(|_| source.next()).collect();
        assert_eq!(ids.len(), 100_000);
    }
}

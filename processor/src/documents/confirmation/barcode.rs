//! CODE-128 (ISO/IEC 15417) of an access key: two digits a symbol in code set C, and letters, which
//! the twelve characters of a CNPJ may be, in code set A.

use orders::AccessKey;

/// Symbols 0 to 105: widths of bar, space, bar, space, bar, space, in modules; 11 in all.
#[rustfmt::skip]
const SYMBOLS: [&[u8; 6]; 106] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213",
    b"221312", b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132",
    b"221231", b"213212", b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211",
    b"212123", b"212321", b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121", b"313121", b"211331",
    b"231131", b"213113", b"213311", b"213131", b"311123", b"311321", b"331121", b"312113", b"312311", b"332111",
    b"314111", b"221411", b"431111", b"111224", b"111422", b"121124", b"121421", b"141122", b"141221", b"112214",
    b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112", b"421211", b"212141",
    b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311", b"113141",
    b"114131", b"311141", b"411131", b"211412", b"211214", b"211232",
];

/// The last symbol has one bar more.
const STOP: &[u8; 7] = b"2331112";

const CODE_C: u8 = 99;
const CODE_A: u8 = 101;
const START_C: u8 = 105;

/// Where in a key the twelve characters are that may be letters.
const LETTERS: std::ops::Range<usize> = 6..18;

/// Widths of bars and spaces by turns, in modules; a bar is first and last.
pub(super) fn bars(key: &AccessKey) -> Vec<u8> {
    let symbols = symbols(key.as_str().as_bytes());
    let mut widths = Vec::with_capacity(6 * symbols.len() + STOP.len());
    for symbol in symbols {
        widths.extend(SYMBOLS[usize::from(symbol)].iter().map(|digit| digit - b'0'));
    }
    widths.extend(STOP.iter().map(|digit| digit - b'0'));
    widths
}

/// Start, content and check symbol.
fn symbols(key: &[u8]) -> Vec<u8> {
    let mut symbols = vec![START_C];
    if key[LETTERS].iter().all(u8::is_ascii_digit) {
        symbols.extend(pairs(key));
    } else {
        symbols.extend(pairs(&key[..LETTERS.start]));
        symbols.push(CODE_A);
        // In code set A a character stands at its distance from the space.
        symbols.extend(key[LETTERS].iter().map(|letter| letter - b' '));
        symbols.push(CODE_C);
        symbols.extend(pairs(&key[LETTERS.end..]));
    }
    symbols.push(check(&symbols));
    symbols
}

fn pairs(digits: &[u8]) -> impl Iterator<Item = u8> {
    digits.chunks(2).map(|pair| (pair[0] - b'0') * 10 + (pair[1] - b'0'))
}

/// The start symbol once, the n-th after it n times, modulo 103.
fn check(symbols: &[u8]) -> u8 {
    let weighted = symbols.iter().enumerate().map(|(n, symbol)| n.max(1) * usize::from(*symbol));
    (weighted.sum::<usize>() % 103) as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn modules(key: &str) -> u32 {
        bars(&key.parse().unwrap()).into_iter().map(u32::from).sum()
    }

    #[test]
    fn symbols_differ_and_are_eleven_modules_wide() {
        let distinct: BTreeSet<_> = SYMBOLS.iter().collect();
        assert_eq!(distinct.len(), 106);
        let width = |symbol: &[u8]| symbol.iter().map(|digit| digit - b'0').sum::<u8>();
        assert!(SYMBOLS.iter().all(|symbol| width(*symbol) == 11));
        assert_eq!(width(STOP), 13);
    }

    #[test]
    fn a_key_of_digits_takes_24_symbols_and_one_with_letters_32() {
        // Each 11 modules, and 13 of the stop.
        assert_eq!(modules("35261111222333000181550010000047111834729154"), 24 * 11 + 13);
        assert_eq!(modules("352611PC3D315K000193550010000047111834729150"), 32 * 11 + 13);
    }

    #[test]
    fn the_check_symbol_weighs_each_by_its_place() {
        // 105 + 1 x 12 + 2 x 34 + 3 x 56 = 353 = 3 x 103 + 44.
        assert_eq!(check(&[START_C, 12, 34, 56]), 44);
    }
}

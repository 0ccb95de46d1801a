//! Compression of page contents, with buffers that are kept.

use std::cell::RefCell;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

/// Level 1 to 9. Higher ones take longer for few bytes less on a page of this size.
const LEVEL: i32 = 3;

/// Any positive number asks for the header of zlib, which PDF wants.
const ZLIB: i32 = 1;

const DEFAULT_STRATEGY: i32 = 0;

thread_local! {
    /// Its 160 KB of tables are more work to get from the system, page by page, than a page is to
    /// compress: two thirds of the time of a confirmation, measured.
    static COMPRESSOR: RefCell<CompressorOxide> = RefCell::new(CompressorOxide::new(
        create_comp_flags_from_zip_params(LEVEL, ZLIB, DEFAULT_STRATEGY),
    ));
}

/// Compresses into the form of zlib. What was compressed before has no influence.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut compressed = Vec::with_capacity(bytes.len() / 2);
        compress_to_output(compressor, bytes, TDEFLFlush::Finish, |part| {
            compressed.extend_from_slice(part);
            true
        });
        compressed
    })
}

#[cfg(test)]
mod tests {
    use miniz_oxide::inflate::decompress_to_vec_zlib;

    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_earlier_calls_do_not_show() {
        // Larger than the compressor's own output buffer of 85 KB.
        let large: Vec<u8> = (0..400_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let first = deflate(b"a page of a page of a page");
        assert_eq!(decompress_to_vec_zlib(&deflate(&large)).unwrap(), large);
        assert_eq!(deflate(b"a page of a page of a page"), first);
        assert_eq!(decompress_to_vec_zlib(&first).unwrap(), b"a page of a page of a page");
        assert_eq!(decompress_to_vec_zlib(&deflate(b"")).unwrap(), b"");
    }
}

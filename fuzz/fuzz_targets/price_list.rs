//! The reader of AWS's offer files.
#![no_main]

use costmodel::OfferFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let from_text = OfferFile::parse(text, |_, _| true);
    let from_bytes = OfferFile::read(text.as_bytes(), |_, _| true);
    assert_eq!(from_text.is_ok(), from_bytes.is_ok(), "one file, read in two ways");
});

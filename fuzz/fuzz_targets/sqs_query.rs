//! The reader of SQS's query protocol: every form gives a request or an error. The path and the form
//! are parted by the first line's end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (path, form) = bytes.split_at(end);
    let path = String::from_utf8_lossy(path);
    let _ = localcloud::fuzzing::read_sqs_query(&path, form.get(1..).unwrap_or(form));
});

//! The interpreter of mapping templates: it compiles or refuses a template, and renders or refuses a
//! body, and does neither for ever. The template and the body are parted by the first NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (template, body) = text.split_once('\0').unwrap_or((text, "{\"a\":[1,{\"b\":\"c\"}]}"));
    let _ = localcloud::fuzzing::render_mapping_template(template, body);
});

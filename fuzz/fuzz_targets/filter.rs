#![no_main]
//! See `bodies::filter`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tributary_fuzz::bodies::filter(data));

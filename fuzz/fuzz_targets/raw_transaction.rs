#![no_main]
//! See `bodies::raw_transaction`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tributary_fuzz::bodies::raw_transaction(data));

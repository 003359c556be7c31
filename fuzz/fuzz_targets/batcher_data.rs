#![no_main]
//! See `bodies::batcher_data`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tributary_fuzz::bodies::batcher_data(data));

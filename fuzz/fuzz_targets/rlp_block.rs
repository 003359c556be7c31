#![no_main]
//! See `bodies::rlp_block`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tributary_fuzz::bodies::rlp_block(data));

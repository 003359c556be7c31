#![no_main]
//! See `bodies::rpc_parameters`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tributary_fuzz::bodies::rpc_parameters(data));

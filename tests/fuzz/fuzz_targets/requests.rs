//! JSON lines and serialised transactions: see `agentpol_tests::doors::requests`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentpol_tests::doors::requests(bytes));

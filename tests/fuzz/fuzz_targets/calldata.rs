//! Calldata: see `agentpol_tests::doors::calldata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentpol_tests::doors::calldata(bytes));

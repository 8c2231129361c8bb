//! Module bytes: see `agentpol_tests::doors::module`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentpol_tests::doors::module(bytes));

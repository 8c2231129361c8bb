//! Policy text: see `agentpol_tests::doors::parser`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentpol_tests::doors::parser(bytes));

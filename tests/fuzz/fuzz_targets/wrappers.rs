//! Calldata of everything that wraps other actions: see `agentpol_tests::nested::wrappers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentpol_tests::nested::wrappers(bytes));

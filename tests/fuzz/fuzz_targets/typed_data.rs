//! Typed data (EIP-712): see `agentpol_tests::doors::typed_data`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agentpol_tests::doors::typed_data::typed_data(bytes);
});

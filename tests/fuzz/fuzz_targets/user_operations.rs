//! User operations (ERC-4337): see `agentpol_tests::doors::operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agentpol_tests::doors::operations::operations(bytes);
});

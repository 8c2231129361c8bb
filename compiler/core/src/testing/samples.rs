//! What parameters are worth in tests: nobody binds them there.

use super::TEST_WALLET;
use agentpol_analysis::ruleset::{ParamType, RuleSet};
use agentpol_model::{Address, U256, policy::WALLET_PARAM};
use alloy_primitives::keccak256;
use std::collections::BTreeSet;

/// A parameter's value in tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamSample {
    /// One word.
    Word(U256),
    /// Addresses.
    Set(BTreeSet<U256>),
}

/// The address that stands for a name in tests: made from the name alone.
pub fn test_address(name: &str) -> Address {
    Address::from_word(keccak256(format!("agentpol test {name}")))
}

/// A value for each parameter, in order: the wallet of the tests where a contract stands at the wallet, an address made from its name, the greatest number of its domain (1 where it has
/// none), `true`, and for a set of addresses the one made from its name.
pub fn sample_params(rules: &RuleSet) -> Vec<ParamSample> {
    let word = |name: &str| U256::from_be_slice(test_address(name).as_slice());
    rules
        .params
        .iter()
        .map(|p| match p.ty {
            _ if p.name == WALLET_PARAM => ParamSample::Word(TEST_WALLET.into_word().into()),
            ParamType::Address | ParamType::Approver => ParamSample::Word(word(&p.name)),
            ParamType::Amount(_) | ParamType::Int | ParamType::Duration | ParamType::Time => {
                ParamSample::Word(p.domain.map_or(U256::ONE, |(_, high)| high))
            }
            ParamType::Bool => ParamSample::Word(U256::ONE),
            ParamType::Bytes32 => ParamSample::Word(U256::from_be_bytes(keccak256(p.name.as_bytes()).0)),
            ParamType::AddressSet(_) => ParamSample::Set(BTreeSet::from([word(&p.name)])),
        })
        .collect()
}

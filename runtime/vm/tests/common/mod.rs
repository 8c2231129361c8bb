//! The policy of `payments.txt`, loaded, and calls to it.

#![allow(dead_code, reason = "each test takes what it needs")]

use agentpol_abi::{Value, encode_call};
use agentpol_bytecode::{Module, assemble};
use agentpol_model::{
    Address, U256,
    policy::ParamValue,
    request::{Action, Envelope, Kind, Request},
    types::WordType,
};
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy};
use alloy_primitives::address;
use std::collections::BTreeMap;

pub(crate) const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const PAYER: Address = address!("00000000000000000000000000000000000Fa7e5");
pub(crate) const WALLET: Address = address!("1111111111111111111111111111111111111111");
pub(crate) const OWNER: Address = address!("2222222222222222222222222222222222222222");
pub(crate) const FRIEND: Address = address!("3333333333333333333333333333333333333333");
pub(crate) const STRANGER: Address = address!("4444444444444444444444444444444444444444");

pub(crate) fn module() -> Module {
    assemble(include_str!("../../../bytecode/tests/payments.txt")).unwrap()
}

pub(crate) fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

pub(crate) fn binding() -> Binding {
    let params = BTreeMap::from([
        ("friends".to_owned(), ParamValue::Set([FRIEND].into())),
        ("owner".to_owned(), ParamValue::Word(word(OWNER))),
        ("daily".to_owned(), ParamValue::Word(U256::from(500_000_000))),
    ]);
    Binding { wallet: WALLET, signer: WALLET, params }
}

pub(crate) fn policy() -> Policy {
    Policy::bind(verify(module()).unwrap(), &binding()).unwrap()
}

pub(crate) fn transfer(to: Address, amount: u64) -> Vec<u8> {
    let function = &module().functions[0];
    let values =
        [Value::Word(word(to), WordType::Address), Value::Word(U256::from(amount), WordType::Uint(256))];
    encode_call(function.selector, &function.inputs, &values).unwrap()
}

pub(crate) fn pay_all(to: &[u64], each: u64, memo: &[u8]) -> Vec<u8> {
    let function = &module().functions[1];
    let member = |n: &u64| Value::Word((U256::from(7) << 100) + U256::from(*n), WordType::Address);
    let values = [
        Value::Array(to.iter().map(member).collect()),
        Value::Word(U256::from(each), WordType::Uint(128)),
        Value::Bytes(memo.to_vec()),
    ];
    encode_call(function.selector, &function.inputs, &values).unwrap()
}

pub(crate) fn call(to: Address, data: &[u8]) -> Action<'_> {
    Action { command: [0; 4], kind: Kind::Call, from: WALLET, to, value: U256::ZERO, data }
}

pub(crate) fn request<'a>(actions: &'a [Action<'a>]) -> Request<'a> {
    Request {
        chain: 1,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 8,
        envelope: Envelope::default(),
        actions,
    }
}

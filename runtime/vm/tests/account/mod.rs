//! The policy of `account.txt`, loaded, and actions of every kind for it.

#![allow(dead_code, reason = "each test takes what it needs")]

use agentpol_abi::{Value, encode};
use agentpol_bytecode::{Module, assemble};
use agentpol_model::{
    Address, B256, U256,
    decision::{Denied, DenyCode, Granted},
    ids::RuleId,
    request::{Action, Envelope, Kind, Request},
    types::WordType,
};
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy, Scratch};
use alloy_primitives::address;
use std::{collections::BTreeMap, sync::LazyLock};

pub(crate) const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const HUB: Address = Address::repeat_byte(0x0b);
pub(crate) const SAFE: Address = Address::repeat_byte(0x5a);
/// Trusted.
pub(crate) const KEEPER: Address = Address::repeat_byte(0x7e);
pub(crate) const WALLET: Address = Address::repeat_byte(0x11);
pub(crate) const FRIEND: Address = Address::repeat_byte(0x33);
pub(crate) const STRANGER: Address = Address::repeat_byte(0x44);
/// The deny rule's.
pub(crate) const NOBODY: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddeaddead");

pub(crate) fn module() -> Module {
    static MODULE: LazyLock<Module> =
        LazyLock::new(|| assemble(include_str!("../../../bytecode/tests/account.txt")).unwrap());
    MODULE.clone()
}

pub(crate) fn bound(module: Module) -> Policy {
    let binding = Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::new() };
    Policy::bind(verify(module).unwrap_or_else(|error| panic!("{error}")), &binding).unwrap()
}

pub(crate) fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| bound(module()));
    &POLICY
}

/// The rule of this name.
pub(crate) fn rule(name: &str) -> RuleId {
    RuleId::new(module().rules.iter().position(|rule| rule.name == name).unwrap() as u32)
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

pub(crate) fn decide_with(policy: &Policy, action: Action<'_>) -> Result<Granted, Denied> {
    let mut scratch = Scratch::new(policy);
    policy.decide(&request(&[action]), &mut scratch)?;
    assert!(scratch.steps() <= policy.max_steps() * 128);
    Ok(scratch.granted().clone())
}

pub(crate) fn decide(action: Action<'_>) -> Result<Granted, Denied> {
    decide_with(policy(), action)
}

/// The names of the rules that grant it, action by action.
pub(crate) fn rules(action: Action<'_>) -> Vec<String> {
    let granted = decide(action).unwrap_or_else(|denied| panic!("{denied:?}"));
    let name = |rule: RuleId| module().rules[rule.index()].name.clone();
    granted.actions.iter().map(|action| name(action.rule)).collect()
}

pub(crate) fn denied(code: DenyCode, rule: Option<&str>, action: u16) -> Result<Granted, Denied> {
    let offset = (code == DenyCode::Malformed).then_some(0);
    Err(Denied { code, rule: rule.map(self::rule), action, offset })
}

pub(crate) fn malformed(action: u16, offset: u32) -> Result<Granted, Denied> {
    Err(Denied { code: DenyCode::Malformed, rule: None, action, offset: Some(offset) })
}

// ---- arguments

pub(crate) fn a(address: Address) -> Value {
    Value::Word(address.into_word().into(), WordType::Address)
}

pub(crate) fn u(number: u64) -> Value {
    Value::Word(U256::from(number), WordType::Uint(256))
}

pub(crate) fn bool(truth: bool) -> Value {
    Value::Word(U256::from(truth), WordType::Bool)
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

pub(crate) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

/// The arguments of the first function of this name whose arguments they are.
pub(crate) fn args(name: &str, values: &[Value]) -> Vec<u8> {
    let module = module();
    let mut named = module.functions.iter().filter(|function| function.name == name);
    named.find_map(|function| encode(&function.inputs, values).ok()).unwrap()
}

/// Calldata.
pub(crate) fn data(name: &str, values: &[Value]) -> Vec<u8> {
    let module = module();
    let mut named = module.functions.iter().filter(|function| function.name == name);
    let of = |function: &agentpol_model::policy::Function| {
        Some([&function.selector[..], &encode(&function.inputs, values).ok()?].concat())
    };
    named.find_map(of).unwrap()
}

// ---- actions

pub(crate) fn action(kind: Kind, to: Address, data: &[u8]) -> Action<'_> {
    Action { kind, from: WALLET, to, value: U256::ZERO, command: [0; 4], data }
}

pub(crate) fn call(to: Address, data: &[u8]) -> Action<'_> {
    action(Kind::Call, to, data)
}

pub(crate) fn with_value(value: u64, action: Action<'_>) -> Action<'_> {
    Action { value: U256::from(value), ..action }
}

pub(crate) fn command<'a>(name: &str, data: &'a [u8]) -> Action<'a> {
    let module = module();
    let command = module.functions.iter().find(|function| function.name == name).unwrap().selector;
    Action { command, ..action(Kind::Command, HUB, data) }
}

/// Opcode of a command of this name.
pub(crate) fn opcode(name: &str) -> u8 {
    let [.., opcode] = command(name, &[]).command;
    opcode
}

pub(crate) fn transfer(to: Address, amount: u64) -> Vec<u8> {
    data("transfer", &[a(to), u(amount)])
}

pub(crate) fn poke() -> Vec<u8> {
    data("poke", &[])
}

/// A path of one pool that begins with this token.
pub(crate) fn path(token: Address) -> Vec<u8> {
    [token.as_slice(), &[0, 1, 0xf4], FRIEND.as_slice()].concat()
}

pub(crate) fn swap(recipient: Address, amount: u64) -> Vec<u8> {
    args("V3_SWAP_EXACT_IN", &[a(recipient), u(amount), bytes(&path(USDC))])
}

/// `execute(commands, inputs)`
pub(crate) fn execute(commands: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let opcodes: Vec<u8> = commands.iter().map(|(opcode, _)| *opcode).collect();
    data("execute", &[bytes(&opcodes), list(commands.iter().map(|(_, input)| bytes(input)))])
}

/// `multicall(data)`
pub(crate) fn multicall(calls: &[Vec<u8>]) -> Vec<u8> {
    data("multicall", &[list(calls.iter().map(|call| bytes(call)))])
}

/// `aggregate3Value(calls)`
pub(crate) fn aggregate(calls: &[(Address, bool, u64, Vec<u8>)]) -> Vec<u8> {
    let one = |(to, may_fail, value, data): &(Address, bool, u64, Vec<u8>)| {
        Value::Tuple(vec![a(*to), self::bool(*may_fail), u(*value), bytes(data)])
    };
    data("aggregate3Value", &[list(calls.iter().map(one))])
}

/// `multiSend(transactions)`
pub(crate) fn multi_send(records: &[(u8, Address, u64, Vec<u8>)]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (operation, to, value, data) in records {
        packed.push(*operation);
        packed.extend_from_slice(to.as_slice());
        packed.extend_from_slice(&U256::from(*value).to_be_bytes::<32>());
        packed.extend_from_slice(&U256::from(data.len()).to_be_bytes::<32>());
        packed.extend_from_slice(data);
    }
    data("multiSend", &[bytes(&packed)])
}

/// `execTransaction(to, value, data, operation)`
pub(crate) fn exec_transaction(to: Address, value: u64, data: &[u8], operation: u8) -> Vec<u8> {
    let operation = Value::Word(U256::from(operation), WordType::Uint(8));
    self::data("execTransaction", &[a(to), u(value), bytes(data), operation])
}

/// USDC's domain separator and `Permit`, then its members.
pub(crate) fn permit(spender: Address, value: u64, nonce: u64, deadline: u64) -> Vec<u8> {
    let typed = module().callables.into_iter().find_map(|callable| callable.typed).unwrap();
    let separator: B256 = typed.domain_separator(1, USDC);
    let members = args("Permit", &[a(WALLET), a(spender), u(value), u(nonce), u(deadline)]);
    [separator.as_slice(), typed.type_hash.as_slice(), &members].concat()
}

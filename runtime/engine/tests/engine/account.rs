//! The policy of `account.txt`, with budgets, over the first account of every development chain:
//!
//! ```text
//! fees at most 0.01 ETH
//! budget daily: 500 USDC per 24h
//! budget pace: 3 calls per 1h
//! budget gas: 0.02 ETH of fees per 24h
//! ```

use crate::policy::{HOUR, NOW, WALLET, milli_ether, usdc};
use agentpol_abi::{Value, encode};
use agentpol_bytecode::{Module, assemble};
use agentpol_model::{
    Address, B256, U256,
    budget::{Budget, Cap, Measure, Window},
    ids::{BudgetId, TokenId},
    policy::{Contract, Scalar, Target, Typed, Verb},
    request::{Action, Envelope, Kind, Request},
    types::{Path, Step, WordType},
};
use agentpol_runtime::{Binding, Policy};
use agentpol_verifier::verify;
use alloy_primitives::address;
use std::{collections::BTreeMap, sync::LazyLock};

pub(crate) const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
/// May be permitted, is not trusted.
pub(crate) const HUB: Address = Address::repeat_byte(0x0b);
pub(crate) const SAFE: Address = Address::repeat_byte(0x5a);
/// Trusted.
pub(crate) const KEEPER: Address = Address::repeat_byte(0x7e);
pub(crate) const FRIEND: Address = Address::repeat_byte(0x33);
pub(crate) const STRANGER: Address = Address::repeat_byte(0x44);

const ETH: TokenId = TokenId::new(0);
const USDC_TOKEN: TokenId = TokenId::new(1);

/// For the wallet that signs for itself.
pub(crate) fn policy() -> Policy {
    policy_of(WALLET)
}

/// For any wallet whose key is the first account's. Where an account runs executions, it stands there; a Safe's transaction can
/// be signed as typed data.
pub(crate) fn policy_of(wallet: Address) -> Policy {
    let binding = Binding { wallet, signer: WALLET, params: BTreeMap::new() };
    Policy::new(module(wallet), &binding).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn module(wallet: Address) -> Module {
    static ITS_OWN: LazyLock<Module> = LazyLock::new(|| module_of(WALLET));
    if wallet == WALLET { ITS_OWN.clone() } else { module_of(wallet) }
}

fn module_of(wallet: Address) -> Module {
    let mut module = assemble(include_str!("../../../bytecode/tests/account.txt")).unwrap();
    module.fee_caps = vec![(ETH, Cap::Fixed(milli_ether(10)))];
    let gross = Measure::Gross(vec![(USDC_TOKEN, U256::ONE)]);
    let day = Window::Sliding { seconds: 24 * HOUR };
    module.budgets = vec![
        budget("daily", usdc(500), day, gross),
        budget("pace", U256::from(3), Window::Sliding { seconds: HOUR }, Measure::Calls),
        budget("gas", milli_ether(20), day, Measure::Fees(ETH)),
    ];
    for rule in module.rules.iter_mut().filter(|rule| rule.verb != Verb::Deny) {
        rule.charged = [0, 1, 2].map(BudgetId::new).to_vec();
    }
    account_at(&mut module, wallet);
    safe_transaction(&mut module);
    // What the hub takes it takes by its allowance.
    for effect in module.callables.iter_mut().flat_map(|callable| &mut callable.effects) {
        effect.through = None;
    }
    if let Err(e) = verify(module.clone()) {
        assert_eq!(e.at, "max_steps", "{e}");
        module.max_steps = e.what.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    }
    module
}

fn budget(name: &str, cap: U256, window: Window, measure: Measure) -> Budget {
    let (name, cap) = (name.to_owned(), Cap::Fixed(cap));
    Budget { name, line: 0, renamed_from: None, cap, window, measure, rules: None }
}

/// `execute(bytes32,bytes)` is the account's.
fn account_at(module: &mut Module, wallet: Address) {
    let of_account =
        |function: &agentpol_model::policy::Function| function.selector == [0xe9, 0xae, 0x5c, 0x53];
    let at = module.functions.iter().position(of_account).unwrap();
    for callable in &mut module.callables {
        if callable.function.is_some_and(|function| function.index() == at) {
            callable.target = Some(Target::Fixed(wallet));
            callable.contract = "Account".to_owned();
        }
    }
    let (name, address) = ("Account".to_owned(), Target::Fixed(wallet));
    module.contracts.push(Contract { name, chain: 1, address, trusted: None, upgradeable: false });
    module.contracts.sort_by(|a, b| a.name.cmp(&b.name));
}

/// The Safe's transaction as typed data, once per value.
fn safe_transaction(module: &mut Module) {
    let called = |callable: &&agentpol_bytecode::Callable| callable.contract == "Safe";
    let mut signed = module.callables.iter().find(called).unwrap().clone();
    signed.kind = Kind::Sign;
    signed.typed = Some(safe_type());
    module.callables.push(signed);
}

fn safe_type() -> Typed {
    Typed {
        domain_name: None,
        domain_version: None,
        type_hash: B256::repeat_byte(0x5f),
        once_per: vec![Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(256))],
        until: None,
    }
}

// ---- requests

pub(crate) fn request<'a>(actions: &'a [Action<'a>], now: u64) -> Request<'a> {
    let envelope = Envelope::default();
    Request { chain: 1, wallet: WALLET, signer: WALLET, agent: None, now, envelope, actions }
}

pub(crate) fn action(kind: Kind, to: Address, data: &[u8]) -> Action<'_> {
    Action { kind, from: WALLET, to, value: U256::ZERO, command: [0; 4], data }
}

pub(crate) fn at_now<'a>(actions: &'a [Action<'a>]) -> Request<'a> {
    request(actions, NOW)
}

pub(crate) fn a(address: Address) -> Value {
    Value::Word(address.into_word().into(), WordType::Address)
}

pub(crate) fn u(number: U256) -> Value {
    Value::Word(number, WordType::Uint(256))
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

pub(crate) fn truth(truth: bool) -> Value {
    Value::Word(U256::from(truth), WordType::Bool)
}

/// The arguments of the first function of this name whose arguments they are.
pub(crate) fn args(name: &str, values: &[Value]) -> Vec<u8> {
    let module = module(WALLET);
    let mut named = module.functions.iter().filter(|function| function.name == name);
    named.find_map(|function| encode(&function.inputs, values).ok()).unwrap()
}

/// Calldata, or a message.
pub(crate) fn data(name: &str, values: &[Value]) -> Vec<u8> {
    let module = module(WALLET);
    let mut named = module.functions.iter().filter(|function| function.name == name);
    named.find_map(|f| Some([&f.selector[..], &encode(&f.inputs, values).ok()?].concat())).unwrap()
}

pub(crate) fn transfer(to: Address, amount: U256) -> Vec<u8> {
    data("transfer", &[a(to), u(amount)])
}

pub(crate) fn supply(amount: U256) -> Vec<u8> {
    data("supply", &[u(amount)])
}

pub(crate) fn poke() -> Vec<u8> {
    data("poke", &[])
}

pub(crate) fn multicall(calls: &[Vec<u8>]) -> Vec<u8> {
    data("multicall", &[Value::Array(calls.iter().map(|call| bytes(call)).collect())])
}

/// A Multicall3 of calls to the hub; the second of each pair says whether it may fail.
pub(crate) fn aggregate(calls: &[(Vec<u8>, bool)]) -> Vec<u8> {
    let one = |(call, may_fail): &(Vec<u8>, bool)| {
        Value::Tuple(vec![a(HUB), truth(*may_fail), u(U256::ZERO), bytes(call)])
    };
    data("aggregate3Value", &[Value::Array(calls.iter().map(one).collect())])
}

pub(crate) fn exec_transaction(to: Address, value: u64, call: &[u8]) -> Vec<u8> {
    let operation = Value::Word(U256::ZERO, WordType::Uint(8));
    data("execTransaction", &[a(to), u(U256::from(value)), bytes(call), operation])
}

/// A Safe's transaction as its owner signs it.
pub(crate) fn safe_tx(to: Address, value: u64, call: &[u8]) -> Vec<u8> {
    let call = exec_transaction(to, value, call);
    let typed = safe_type();
    [typed.domain_separator(1, SAFE).as_slice(), typed.type_hash.as_slice(), &call[4..]].concat()
}

/// USDC's domain separator and `Permit`, then its members.
pub(crate) fn permit(spender: Address, value: U256, nonce: u64, deadline: u64) -> Vec<u8> {
    let typed = module(WALLET).callables.into_iter().find_map(|callable| callable.typed).unwrap();
    let words = [a(WALLET), a(spender), u(value), u(U256::from(nonce)), u(U256::from(deadline))];
    [typed.domain_separator(1, USDC).as_slice(), typed.type_hash.as_slice(), &args("Permit", &words)].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    data("text", &[Value::String(text.to_owned())])
}

pub(crate) fn authorize(delegate: Address, nonce: u64) -> Vec<u8> {
    [delegate.into_word(), B256::from(U256::from(nonce))].concat()
}

/// One execution (ERC-7579).
pub(crate) fn execution(to: Address, call: &[u8]) -> Vec<u8> {
    let packed = [to.as_slice(), &[0; 32], call].concat();
    let mode = Value::Word(U256::ZERO, WordType::FixedBytes(32));
    data("execute", &[mode, bytes(&packed)])
}

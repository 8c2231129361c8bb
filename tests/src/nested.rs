//! Actions inside actions, whatever wraps them: requests over the standard library's wrappers, put together inside out, most of
//! them as their contracts would take them, and both evaluators on each.

use crate::{
    differential::WALLET,
    generator::{Rng, aim::any_values},
};
use agentpol_abi::{Value, encode};
use agentpol_analysis::ruleset::{Bound, Callable, RuleSet, Target};
use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_model::{
    Address, U256,
    decision::{Denied, Granted},
    policy::Unwrap,
    request::{Action, Envelope, Kind, Request},
    types::{Path, Step},
};
use agentpol_vm::{Binding, Policy, Scratch};
use std::{collections::BTreeMap, sync::LazyLock};

/// Grants everything that is understood, a smart account's own functions among it.
const POLICY: &str = r#"policy open on ethereum

use std::tokens
use std::aave_v3
use std::permit2
use std::uniswap_v3
use std::uniswap_v4
use std::universal_router
use std::multicall3
use std::safe::{SafeAccount, MultiSend, MultiSendCallOnly}
use std::erc4337::{SimpleAccount, EntryPoint_0_6, EntryPoint_0_7}
use std::erc7579::ModularAccount

contract account: SafeAccount, ModularAccount on ethereum at wallet
contract simple: SimpleAccount on ethereum at 0x7777777777777777777777777777777777777777

allow everything: any {
    accept any_recipient because "a test"
    accept any_spender because "a test"
    accept unbounded because "a test"
    accept opaque because "a test"
    accept allow_failure because "a test"
    accept foreign_sender because "a test"
}
"#;

const CHAIN: u64 = 1;

/// The policy, for both evaluators.
pub static OPEN: LazyLock<(RuleSet, Bound, Policy)> = LazyLock::new(|| {
    let compiled = compile(SourceFile::new("open", POLICY.to_owned()), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let bound = Bound::new(&rules, WALLET, BTreeMap::new()).unwrap();
    let binding = Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::new() };
    let bytes = agentpol_bytecode::encode(&lower(&rules).unwrap());
    let module = agentpol_verifier::verify(agentpol_bytecode::decode(&bytes).unwrap()).unwrap();
    let policy = Policy::bind(module, &binding).unwrap();
    (rules, bound, policy)
});

/// An action that owns its data.
#[derive(Clone, Debug)]
pub struct Owned {
    /// What kind.
    pub kind: Kind,
    /// Where it goes.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// What it says.
    pub data: Vec<u8>,
}

fn target(callable: &Callable) -> Address {
    match callable.target {
        Some(Target::Fixed(address)) => address,
        // The only parameter is the wallet.
        Some(Target::Param(_)) => WALLET,
        None => Address::repeat_byte(0x44),
    }
}

fn calls(wrappers: bool) -> impl Iterator<Item = &'static Callable> {
    let (rules, ..) = &*OPEN;
    rules.callables.iter().filter(move |c| c.kind == Kind::Call && (!wrappers || !c.unwraps.is_empty()))
}

/// A call, of a wrapper as long as there is depth left.
pub fn call(depth: usize, rng: &mut Rng) -> Owned {
    let all: Vec<_> = calls(depth > 0 && rng.chance(80)).collect();
    let callable = *rng.pick(&all);
    let function = callable.function.as_ref().unwrap();
    let mut values = any_values(&function.inputs, rng);
    for unwrap in &callable.unwraps {
        fill(&mut values, unwrap, depth, rng);
    }
    let mut data = function.selector.to_vec();
    data.extend(encode(&function.inputs, &values).unwrap_or_default());
    // A byte too many, now and then.
    let behind = usize::from(rng.chance(5));
    data.extend(rng.bytes(behind));
    let value = if function.payable && rng.chance(30) { rng.number() } else { U256::ZERO };
    Owned { kind: Kind::Call, to: target(callable), value, data }
}

/// What stands at a path; of an array's elements the `n`-th.
fn at<'v>(values: &'v mut [Value], path: &Path, n: usize) -> Option<&'v mut Value> {
    let mut steps = path.0.iter();
    let Some(Step::Member(first)) = steps.next() else { return None };
    let mut value = values.get_mut(usize::from(*first))?;
    for step in steps {
        value = match (step, value) {
            (Step::Member(m), Value::Tuple(members)) => members.get_mut(usize::from(*m))?,
            (Step::Index(m), Value::Array(items)) => items.get_mut(*m as usize)?,
            (Step::Element(_), Value::Array(items)) => items.get_mut(n)?,
            _ => return None,
        };
    }
    Some(value)
}

fn word(values: &mut [Value], path: Option<&Path>, n: usize, new: U256) {
    if let Some(Value::Word(old, _)) = path.and_then(|path| at(values, path, n)) {
        *old = new;
    }
}

fn bytes(values: &mut [Value], path: &Path, n: usize, new: Vec<u8>) {
    if let Some(Value::Bytes(old)) = at(values, path, n) {
        *old = new;
    }
}

/// Puts actions inside.
fn fill(values: &mut [Value], unwrap: &Unwrap, depth: usize, rng: &mut Rng) {
    let inner = |rng: &mut Rng| call(depth.saturating_sub(1), rng);
    let operation = |rng: &mut Rng| U256::from(rng.below(100) / 90);
    match unwrap {
        Unwrap::Call { each, to, value, data, operation: op, may_fail, same_length } => {
            let count = match each.as_ref().and_then(|each| at(values, each, 0)) {
                Some(Value::Array(items)) => items.len(),
                _ => 1,
            };
            for array in same_length {
                if let (Some(Value::Array(items)), true) = (at(values, array, 0), rng.chance(95)) {
                    items.resize(count, items.first().cloned().unwrap_or(Value::Bytes(Vec::new())));
                }
            }
            for n in 0..count {
                let inside = inner(rng);
                word(values, to.as_ref(), n, inside.to.into_word().into());
                word(values, value.as_ref(), n, inside.value);
                word(values, op.as_ref(), n, operation(rng));
                word(values, may_fail.as_ref(), n, U256::from(rng.below(2)));
                bytes(values, data, n, inside.data);
            }
        }
        Unwrap::Commands { table, opcodes, inputs } => {
            let (codes, list) = commands(*table, rng);
            bytes(values, opcodes, 0, codes);
            if let Some(Value::Array(items)) = at(values, inputs, 0) {
                *items = list.into_iter().map(Value::Bytes).collect();
            }
        }
        Unwrap::Plan { table, data } => {
            let (codes, list) = commands(*table, rng);
            let inputs = agentpol_abi::signature::parse_members("(bytes,bytes[])").unwrap();
            let list = Value::Array(list.into_iter().map(Value::Bytes).collect());
            bytes(values, data, 0, encode(&inputs, &[Value::Bytes(codes), list]).unwrap());
        }
        Unwrap::Records { data } => {
            let mut records = Vec::new();
            for _ in 0..rng.between(0, 3) {
                let inside = inner(rng);
                records.push(operation(rng).to());
                records.extend_from_slice(inside.to.as_slice());
                records.extend_from_slice(&inside.value.to_be_bytes::<32>());
                records.extend_from_slice(&U256::from(inside.data.len()).to_be_bytes::<32>());
                records.extend_from_slice(&inside.data);
            }
            bytes(values, data, 0, records);
        }
        Unwrap::Execution { mode, data } => {
            let inside = inner(rng);
            let mut packed = inside.to.to_vec();
            packed.extend_from_slice(&inside.value.to_be_bytes::<32>());
            packed.extend_from_slice(&inside.data);
            word(values, Some(mode), 0, if rng.chance(90) { U256::ZERO } else { rng.word() });
            bytes(values, data, 0, packed);
        }
        Unwrap::Permit { data } => {
            let permit: Vec<u8> = (0..if rng.chance(50) { 244 } else { 0 }).map(|_| 0).collect();
            bytes(values, data, 0, permit);
        }
    }
}

/// Opcodes and an input for each.
fn commands(table: [u8; 4], rng: &mut Rng) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (rules, ..) = &*OPEN;
    let of_table: Vec<_> = rules
        .callables
        .iter()
        .filter_map(|c| Some((c, c.function.as_ref().filter(|_| c.kind == Kind::Command)?)))
        .filter(|(_, f)| f.selector[..3] == table[..3])
        .collect();
    (0..rng.between(0, 4))
        .filter_map(|_| {
            let (callable, function) = *rng.choose(&of_table)?;
            let mut values = any_values(&function.inputs, rng);
            for unwrap in &callable.unwraps {
                fill(&mut values, unwrap, 0, rng);
            }
            let may_fail = if rng.chance(10) { 0x80 } else { 0 };
            Some((function.selector[3] | may_fail, encode(&function.inputs, &values).unwrap_or_default()))
        })
        .unzip()
}

/// What both evaluators say of it; they say the same.
pub fn judge(action: &Owned) -> Result<Granted, Denied> {
    let (rules, bound, policy) = &*OPEN;
    let Owned { kind, to, value, data } = action;
    let action = Action { kind: *kind, from: WALLET, to: *to, value: *value, command: [0; 4], data };
    let request = Request {
        chain: CHAIN,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 1_800_000_000,
        envelope: Envelope::default(),
        actions: &[action],
    };
    let mut scratch = Scratch::new(policy);
    let interpreted = policy.decide(&request, &mut scratch).map(|()| scratch.granted().clone());
    assert_eq!(interpreted, rules.decide(&request, bound), "the evaluators differ on {action:?}");
    interpreted
}

/// A wrapper's calldata: the first byte says which wrapper.
pub fn wrappers(bytes: &[u8]) {
    let Some((which, args)) = bytes.split_first() else { return };
    let all: Vec<_> = calls(true).collect();
    let callable = all[usize::from(*which) % all.len()];
    let selector = callable.function.as_ref().unwrap().selector;
    let data = [selector.as_slice(), args].concat();
    drop(judge(&Owned { kind: Kind::Call, to: target(callable), value: U256::ZERO, data }));
}

/// Calldata of every wrapper, as [`wrappers`] takes it.
pub fn seeds(rng: &mut Rng) -> Vec<Vec<u8>> {
    let all: Vec<_> = calls(true).collect();
    (0..200)
        .filter_map(|_| {
            let outer = call(3, rng);
            let is_it = |c: &&Callable| {
                target(c) == outer.to
                    && c.function.as_ref().is_some_and(|f| outer.data.starts_with(&f.selector))
            };
            let which = u8::try_from(all.iter().position(is_it)?).ok()?;
            Some([&[which], &outer.data[4..]].concat())
        })
        .collect()
}

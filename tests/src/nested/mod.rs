//! Actions inside actions, whatever wraps them: requests over the standard library's wrappers, put together inside out, most of
//! them as their contracts would take them, and both evaluators on each.

mod build;

pub use build::{Built, Owned, call, call_of};

use crate::{differential::WALLET, generator::Rng, mutants};
use agentpol_analysis::ruleset::{Bound, Callable, RuleSet, Target};
use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_model::{
    Address,
    decision::{Denied, Granted},
    request::{Action, Envelope, Kind, Request},
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
use std::morpho
use std::one_inch
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

/// Where a contract of [`OPEN`] stands.
pub fn target(callable: &Callable) -> Address {
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

/// What both evaluators say of a call by `from`; they say the same.
pub fn judge(action: &Owned, from: Address) -> Result<Granted, Denied> {
    let action = action.by(from);
    let request = of(&action);
    let (rules, bound, policy) = &*OPEN;
    let mut scratch = Scratch::new(policy);
    let interpreted = policy.decide(&request, &mut scratch).map(|()| scratch.granted().clone());
    assert_eq!(interpreted, rules.decide(&request, bound), "the evaluators differ on {action:?}");
    interpreted
}

fn of<'a>(action: &'a Action<'a>) -> Request<'a> {
    Request {
        chain: CHAIN,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 1_800_000_000,
        envelope: Envelope::default(),
        actions: core::slice::from_ref(action),
    }
}

/// What is found inside is what was put there, in its order and with its sender, down to what cannot be read; and if all of it is
/// granted, all of it was found.
pub fn found(built: &Built, from: Address) -> Result<Granted, Denied> {
    let (_, _, policy) = &*OPEN;
    let said = judge(&built.action, from);
    let outer = built.action.by(from);
    let request = of(&outer);
    let expected = built.flat(from);
    let mut count = 0;
    while let Some(()) = policy.with_action(&request, u16::try_from(count).unwrap(), |action, _| {
        let expected = expected.get(count).unwrap_or_else(|| panic!("nobody put {action:?} there"));
        assert_eq!(*action, expected.action.by(expected.from), "action {count} of {built:?}");
    }) {
        count += 1;
    }
    if let Ok(granted) = &said {
        assert_eq!(count, expected.len(), "all is granted, so all was read: {built:?}");
        // A rule that is silent about value and delegatecalls says nothing of wrappers with them, and none need.
        let has_rule = |seen: &&build::Seen<'_>| {
            !seen.wrapper || seen.action.value.is_zero() && seen.action.kind != Kind::Delegatecall
        };
        let may_fail: Vec<bool> = expected.iter().filter(has_rule).map(|seen| seen.may_fail).collect();
        let told: Vec<bool> = granted.actions.iter().map(|action| action.may_fail).collect();
        assert_eq!(told, may_fail, "what may fail, and all inside it: {built:?}");
    }
    said
}

/// Wrappers put together as the bytes say, and spoilt in places if they say so; or, if the first bit is set, the bytes themselves as
/// the calldata of the wrapper that the rest of the first says.
pub fn wrappers(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    if first & RAW != 0 {
        let all: Vec<_> = calls(true).collect();
        let callable = all[usize::from(first & !RAW) % all.len()];
        let selector = callable.function.as_ref().unwrap().selector;
        let data = [selector.as_slice(), rest].concat();
        drop(judge(&Owned::call(target(callable), data), WALLET));
        return;
    }
    let rng = &mut Rng::of_bytes(rest);
    let mut built = call(usize::from(*first) % (MAX_LEVELS + 1), rng);
    let spoil = rng.chance(25);
    drop(found(&built, WALLET));
    if spoil {
        mutants::mutate(&mut built.action.data, rng);
        drop(judge(&built.action, WALLET));
    }
}

/// Marks calldata as they are.
const RAW: u8 = 0x80;

/// Wrappers in one another.
const MAX_LEVELS: usize = 4;

/// Choices, and calldata of wrappers, as [`wrappers`] takes them.
pub fn seeds(rng: &mut Rng) -> Vec<Vec<u8>> {
    let all: Vec<_> = calls(true).collect();
    let raw = (0..100).filter_map(|_| {
        let outer = call(3, rng).action;
        let is_it = |c: &&Callable| {
            target(c) == outer.to && c.function.as_ref().is_some_and(|f| outer.data.starts_with(&f.selector))
        };
        let which = u8::try_from(all.iter().position(is_it)?).ok()?;
        Some([&[RAW | which], &outer.data[4..]].concat())
    });
    let mut seeds: Vec<Vec<u8>> = raw.collect();
    seeds.extend((0..100).map(|n| [vec![n % 5], rng.bytes(20 + 4 * usize::from(n))].concat()));
    seeds
}

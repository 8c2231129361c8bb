//! What a callable of each kind has, and the one key that leads to it.

use crate::{At, Check, numbered, operands::Sight, require, tables::target, wrong};
use agentpol_abi::{Layout, selector, signature};
use agentpol_bytecode::{Callable, Module, limits::MAX_ONCE_WORDS};
use agentpol_model::{
    B256, ChainId,
    ids::CallableId,
    policy::{Function, Target, Typed},
    request::{Kind, SIGN_IN},
};
use std::collections::{BTreeMap, BTreeSet};

/// What tells callables of one kind at one address apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Nothing: there is one.
    Whole,
    Selector([u8; 4]),
    Type(B256),
}

type Key = (Kind, ChainId, Option<Target>, Part);

/// One key, one callable. (Addresses that are parameters are compared once they are bound.)
pub(crate) fn dispatch(module: &Module) -> Check {
    let mut keys: BTreeMap<Key, CallableId> = BTreeMap::new();
    for (id, callable) in numbered(&module.callables) {
        let id = CallableId::new(id);
        let function = callable.function.and_then(|function| module.functions.get(function.index()));
        let part = match (&callable.typed, function) {
            (Some(typed), _) => Part::Type(typed.type_hash),
            (None, Some(function)) => Part::Selector(function.selector),
            (None, None) => Part::Whole,
        };
        if let Some(other) = keys.insert((callable.kind, callable.chain, callable.target, part), id) {
            let what = if callable.typed.is_some() { "type hash" } else { "selector" };
            return wrong(format!("{other} has the same kind, chain, target and {what}")).at(id);
        }
    }
    Ok(())
}

/// The functions whose selector says nothing about their signature: those of commands only.
pub(crate) fn commands(module: &Module) -> BTreeSet<usize> {
    let of = |commands: bool| -> BTreeSet<usize> {
        let callables = module.callables.iter().filter(|one| (one.kind == Kind::Command) == commands);
        callables.filter_map(|one| one.function).map(|function| function.index()).collect()
    };
    of(true).difference(&of(false)).copied().collect()
}

/// Target, function and the rest are what the kind has. Gives the function's layout.
pub(crate) fn shape<'l>(
    module: &Module,
    layouts: &'l [Layout],
    callable: &Callable,
) -> Check<Option<&'l Layout>> {
    let (kind, targeted, called) = (callable.kind, callable.target.is_some(), callable.function.is_some());
    let has = match kind {
        Kind::Call => require(targeted && called, "a call has a target and a function"),
        Kind::Delegatecall => require(targeted && called, "a delegatecall has a target and a function"),
        Kind::Sign => require(targeted && called, "typed data has a target and a function"),
        Kind::Command => require(targeted && called, "a command has a target and a function"),
        Kind::Message => require(!targeted && called, "a message has a function and no target"),
        Kind::Authorize => require(!targeted && called, "an authorisation has a function and no target"),
        Kind::Send => require(!targeted && !called, "a send has neither target nor function"),
        Kind::Deploy => require(!targeted && !called, "a deployment has neither target nor function"),
    };
    has?;
    let typed = callable.typed.is_some();
    require(typed == (kind == Kind::Sign), "what signs typed data, and nothing else, says of which type")?;
    let wraps = matches!(kind, Kind::Call | Kind::Delegatecall | Kind::Sign | Kind::Command);
    require(wraps || callable.unwraps.is_empty(), "nothing is inside this kind of action")?;
    require(callable.unwraps.is_empty() || !callable.opaque, "what is unwrapped is not opaque")?;
    callable.target.map_or(Ok(()), |at| target(module, at))?;
    let Some(id) = callable.function else { return Ok(None) };
    match (module.functions.get(id.index()), layouts.get(id.index())) {
        (Some(of_kind), Some(layout)) => function(kind, of_kind).at(id).map(|()| Some(layout)),
        _ => wrong(format!("{id} does not exist")),
    }
}

/// The function is one that actions of this kind have.
fn function(kind: Kind, function: &Function) -> Check {
    let called = matches!(kind, Kind::Call | Kind::Delegatecall);
    require(called || !function.payable, "only calls take value")?;
    require(
        called || kind == Kind::Command || function.trailing == 0,
        "only what a contract reads can be followed by bytes that it does not",
    )?;
    match kind {
        Kind::Command => {
            let [.., opcode] = function.selector;
            require(opcode < 0x80, "a command's opcode is below 128: the highest bit lets it fail")
        }
        Kind::Message => {
            // With names in it; a function's signature has none.
            let sign_in = agentpol_abi::signature::parse_function(SIGN_IN).ok();
            let sign_in = sign_in.map(|known| signature(&known.name, &known.inputs));
            let known = function.signature == "text(string)" || Some(&function.signature) == sign_in.as_ref();
            require(known, "a message is `text(string)` or a Sign-In")
        }
        Kind::Authorize => {
            let known = function.signature == "authorize(address,uint64)";
            require(known, "an authorisation is `authorize(address,uint64)`")
        }
        Kind::Call | Kind::Delegatecall | Kind::Sign | Kind::Send | Kind::Deploy => Ok(()),
    }
}

/// The selector is that of the signature, where the kind does not give it another.
pub(crate) fn selector_of(function: &Function) -> Check {
    let expected = selector(&function.signature);
    require(function.selector == expected, "the selector is not that of the signature")
}

/// What excludes that typed data is used twice.
pub(crate) fn typed(sight: Sight<'_>, typed: &Typed) -> Check {
    require(typed.once_per.len() <= MAX_ONCE_WORDS, "more words are used up than may be").at("once_per")?;
    typed.once_per.iter().try_for_each(|word| sight.word(word).map(drop)).at("once_per")?;
    typed.until.iter().try_for_each(|until| sight.unsigned(until)).at("until")
}

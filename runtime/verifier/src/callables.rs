//! Callables: dispatch, effects, arms.

use crate::{
    At, Check,
    code::code,
    numbered,
    operands::Sight,
    require,
    tables::{self, target},
    wrong,
};
use agentpol_abi::Layout;
use agentpol_bytecode::{Arm, Callable, EffectTemplate, Integer, Module, limits::MAX_STEPS};
use agentpol_model::{
    decision::MAX_CHARGES,
    effect::{EffectKind, MAX_EFFECTS},
    ids::{CallableId, TokenId},
    policy::{Scalar, TokenSpec, Verb},
    request::{Field, Kind},
    types::WordType,
};
use alloy_primitives::U512;
use std::collections::BTreeMap;

/// One key, one callable. (Addresses that are parameters are compared once they are bound.)
pub(crate) fn dispatch(module: &Module) -> Check {
    let mut keys = BTreeMap::new();
    for (id, callable) in numbered(&module.callables) {
        let id = CallableId::new(id);
        let function = callable.function.and_then(|function| module.functions.get(function.index()));
        let key =
            (callable.kind, callable.chain, callable.target, function.map(|function| function.selector));
        if let Some(other) = keys.insert(key, id) {
            return wrong(format!("{other} has the same kind, chain, target and selector")).at(id);
        }
    }
    Ok(())
}

/// Checks each and gives the worst case of the dearest.
pub(crate) fn callables(module: &Module, layouts: &[Layout]) -> Check<u64> {
    let mut dearest = 0;
    for (id, callable) in numbered(&module.callables) {
        let steps = one_callable(module, layouts, callable).at(CallableId::new(id))?;
        dearest = steps.max(dearest);
    }
    Ok(dearest)
}

/// The header says the truth about the worst case.
pub(crate) fn header(module: &Module, steps: u64) -> Check {
    if module.max_steps != steps {
        return wrong(format!("{} steps are announced, the worst case is {steps}", module.max_steps))
            .at("max_steps");
    }
    require(steps <= MAX_STEPS, "the worst case takes more steps than it may").at("max_steps")
}

fn one_callable(module: &Module, layouts: &[Layout], callable: &Callable) -> Check<u64> {
    let Some(chain) = module.chains.iter().find(|chain| chain.id == callable.chain) else {
        return wrong("its chain is none of the policy's");
    };
    let layout = match (callable.kind, callable.target, callable.function) {
        (Kind::Call, Some(at), Some(function)) => {
            target(module, at)?;
            let layout = layouts.get(function.index());
            if layout.is_none() {
                return wrong(format!("{function} does not exist"));
            }
            layout
        }
        (Kind::Send, None, None) => None,
        (Kind::Call, ..) => return wrong("a call has a target and a function"),
        (Kind::Send, ..) => return wrong("a send has neither target nor function"),
        _ => return wrong("this kind of action cannot be decided yet"),
    };
    let sight = Sight { module, callable, layout };
    let mut steps = effects(sight, chain.native)?;
    require(callable.arms.is_sorted_by(|a, b| a.rule < b.rule), "arms are not sorted by rule, each once")?;
    let mut dearest_charges = 0;
    for (index, arm) in numbered(&callable.arms) {
        let (guard, charges) = one_arm(sight, arm).at(format_args!("arm{index}"))?;
        steps = u64::saturating_add(steps, guard);
        dearest_charges = charges.max(dearest_charges);
    }
    Ok(steps.saturating_add(dearest_charges))
}

/// The steps of all effects.
fn effects(sight: Sight<'_>, native: TokenId) -> Check<u64> {
    let effects = &sight.callable.effects;
    require(effects.len() <= MAX_EFFECTS, "more effects than an action may have")?;
    let mut steps = 0u64;
    for (index, effect) in numbered(effects) {
        steps = steps.saturating_add(one_effect(sight, effect).at(format_args!("effect{index}"))?);
    }
    let function = sight.callable.function.and_then(|function| sight.module.functions.get(function.index()));
    let takes_value = function.is_none_or(|function| function.payable);
    let moved = effects.iter().any(|effect| moves_value(effect, native));
    require(!takes_value || moved, "value goes along, but no effect moves it unconditionally")?;
    Ok(steps)
}

fn moves_value(effect: &EffectTemplate, native: TokenId) -> bool {
    let one = Integer::positive(U512::ONE);
    let whole = match effect.amount.terms.as_slice() {
        [term] => term.coefficient == one && term.word == Scalar::Field(Field::Value),
        _ => false,
    };
    let from_wallet = effect.from.as_ref().is_none_or(|from| *from == Scalar::Field(Field::Wallet));
    whole
        && effect.kind == EffectKind::Move
        && effect.token == TokenSpec::Known(native)
        && effect.amount.constant == Integer::default()
        && effect.when.is_empty()
        && from_wallet
}

fn one_effect(sight: Sight<'_>, effect: &EffectTemplate) -> Check<u64> {
    sight.sum(&effect.amount).at("amount")?;
    sight.token(&effect.token).at("token")?;
    sight.address(&effect.party).at("party")?;
    effect.from.iter().try_for_each(|from| sight.address(from)).at("from")?;
    effect.until.iter().try_for_each(|until| sight.unsigned(until)).at("until")?;
    if let Some(sentinel) = &effect.sentinel {
        let sized = matches!(sentinel, Scalar::Arg(_, WordType::Uint(_) | WordType::Int(_)));
        require(sized, "only a number among the arguments has a maximum that means all").at("sentinel")?;
        sight.word(sentinel).at("sentinel")?;
    }
    let condition = code(sight, &effect.when).at("when")?;
    Ok(condition.saturating_add(1).saturating_add(effect.amount.terms.len() as u64))
}

/// The steps of the guard, and of the hand-written charges.
fn one_arm(sight: Sight<'_>, arm: &Arm) -> Check<(u64, u64)> {
    let Some(rule) = sight.module.rules.get(arm.rule.index()) else {
        return wrong(format!("{} does not exist", arm.rule));
    };
    let mut guard = 0u64;
    for (index, clause) in numbered(&arm.clauses) {
        let place = format_args!("clause{index}").to_string();
        require(clause.text.index() < sight.module.texts.len(), "its text does not exist").at(&place)?;
        guard = guard.saturating_add(code(sight, &clause.code).at(&place)?);
    }
    require(rule.verb != Verb::Deny || arm.charges.is_empty(), "a `deny` charges nothing")?;
    let charged: usize = arm.charges.iter().map(|(_, budgets)| budgets.len()).sum();
    require(charged <= MAX_CHARGES, "more charges than a rule may have")?;
    let mut charges = 0u64;
    for (amount, budgets) in &arm.charges {
        sight.sum(amount).at("charge")?;
        budgets.iter().try_for_each(|budget| tables::budget(sight.module, *budget).map(drop)).at("charge")?;
        charges = charges.saturating_add(1).saturating_add(amount.terms.len() as u64);
    }
    Ok((guard, charges))
}

//! What a callable does: effects, and authority that has no amount.

use crate::{At, Check, code::code, numbered, operands::Sight, require};
use agentpol_bytecode::{ControlTemplate, EffectTemplate, Integer};
use agentpol_model::{
    effect::{EffectKind, MAX_EFFECTS},
    ids::TokenId,
    policy::{Scalar, TokenSpec},
    request::{Field, Kind},
    types::WordType,
};
use alloy_primitives::U512;

/// The steps of all effects.
pub(crate) fn effects(sight: Sight<'_>, native: TokenId) -> Check<u64> {
    let effects = &sight.callable.effects;
    require(effects.len() <= MAX_EFFECTS, "more effects than an action may have")?;
    let mut steps = 0u64;
    for (index, effect) in numbered(effects) {
        steps = steps.saturating_add(one_effect(sight, effect).at(format_args!("effect{index}"))?);
    }
    let moved = effects.iter().any(|effect| moves_value(effect, native));
    require(!takes_value(sight) || moved, "value goes along, but no effect moves it unconditionally")?;
    Ok(steps)
}

/// Can value go along?
fn takes_value(sight: Sight<'_>) -> bool {
    let function = sight.callable.function.and_then(|function| sight.module.functions.get(function.index()));
    match sight.callable.kind {
        Kind::Send | Kind::Deploy => true,
        Kind::Call => function.is_none_or(|function| function.payable),
        // A delegatecall has no value of its own.
        Kind::Delegatecall | Kind::Sign | Kind::Message | Kind::Authorize | Kind::Command => false,
    }
}

fn moves_value(effect: &EffectTemplate, native: TokenId) -> bool {
    let one = Integer::positive(U512::ONE);
    let whole = match effect.amount.terms.as_slice() {
        [term] => term.coefficient == one && term.word == Scalar::Field(Field::Value),
        _ => false,
    };
    // Inside a wrapper it may be somebody else's; the wallet's own was charged when it was sent along.
    let sent = match &effect.from {
        None => true,
        Some(from) => matches!(from, Scalar::Field(Field::Sender | Field::Wallet)),
    };
    whole
        && sent
        && effect.kind == EffectKind::Move
        && effect.token == TokenSpec::Known(native)
        && effect.amount.constant == Integer::default()
        && effect.when.is_empty()
}

fn one_effect(sight: Sight<'_>, effect: &EffectTemplate) -> Check<u64> {
    sight.sum(&effect.amount).at("amount")?;
    sight.token(&effect.token).at("token")?;
    sight.address(&effect.party).at("party")?;
    effect.from.iter().try_for_each(|from| sight.address(from)).at("from")?;
    effect.until.iter().try_for_each(|until| sight.unsigned(until)).at("until")?;
    if let Some(through) = &effect.through {
        let kept = matches!(effect.kind, EffectKind::Grant(_) | EffectKind::Pull { .. });
        require(kept, "only what a grant gives and a pull uses is kept by somebody").at("through")?;
        sight.address(through).at("through")?;
    }
    if let Some(sentinel) = &effect.sentinel {
        let sized = matches!(sentinel, Scalar::Arg(_, WordType::Uint(_) | WordType::Int(_)));
        require(sized, "only a number among the arguments has a maximum that means all").at("sentinel")?;
        sight.word(sentinel).at("sentinel")?;
    }
    let condition = code(sight, &effect.when).at("when")?;
    Ok(condition.saturating_add(1).saturating_add(effect.amount.terms.len() as u64))
}

/// The steps of finding out who gets authority without an amount.
pub(crate) fn controls(sight: Sight<'_>) -> Check<u64> {
    let controls = &sight.callable.controls;
    require(controls.len() <= MAX_EFFECTS, "gives control to more than it may")?;
    let mut steps = 0u64;
    for (index, control) in numbered(controls) {
        let control = one_control(sight, control).at(format_args!("control{index}"))?;
        steps = steps.saturating_add(control);
    }
    Ok(steps)
}

fn one_control(sight: Sight<'_>, control: &ControlTemplate) -> Check<u64> {
    sight.address(&control.party).at("party")?;
    code(sight, &control.when).at("when").map(|condition| condition.saturating_add(1))
}

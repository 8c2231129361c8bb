//! Callables: what is decided of each, and what that costs at most.

use crate::{
    At, Check, code::code, effects, kinds, numbered, operands::Sight, require, tables, wrappers, wrong,
};
use agentpol_abi::Layout;
use agentpol_bytecode::{Arm, Callable, Module, limits::MAX_STEPS};
use agentpol_model::{decision::MAX_CHARGES, ids::CallableId, policy::Verb};

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
    let layout = kinds::shape(module, layouts, callable)?;
    let sight = Sight { module, callable, layout };
    callable.typed.iter().try_for_each(|typed| kinds::typed(sight, typed)).at("typed")?;
    wrappers::unwraps(sight)?;
    let requires = code(sight, &callable.requires).at("requires")?;
    let effects = effects::effects(sight, chain.native)?;
    let controls = effects::controls(sight)?;
    // Whether a wrapper does anything of its own is asked before it is done.
    let times = if callable.unwraps.is_empty() { 1 } else { 2 };
    let mut steps = effects.saturating_add(controls).saturating_mul(times).saturating_add(requires);
    require(callable.arms.is_sorted_by(|a, b| a.rule < b.rule), "arms are not sorted by rule, each once")?;
    let mut dearest_charges = 0;
    for (index, arm) in numbered(&callable.arms) {
        let (guard, charges) = one_arm(sight, arm).at(format_args!("arm{index}"))?;
        steps = u64::saturating_add(steps, guard);
        dearest_charges = charges.max(dearest_charges);
    }
    Ok(steps.saturating_add(dearest_charges))
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

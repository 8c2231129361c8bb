//! RuleSet to module: nothing is decided here, only laid out. Rules are sorted to the callables that they speak of, conditions
//! become forward branches, quantifiers are unrolled.

mod certificate;
mod condition;
mod cost;
mod number;
mod tables;

#[cfg(test)]
mod tests;

use agentpol_analysis::ruleset::{Arm, Callable, EffectSpec, RuleSet, Verb};
use agentpol_bytecode::{self as bytecode, Module, Place};
use agentpol_grammar::span::Span;
use agentpol_model::{
    decision::DenyCode,
    ids::{BudgetId, RuleId},
};
use core::fmt;
use tables::Tables;

pub use certificate::certificate;

/// What does not fit into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LowerError {
    /// A clause or condition of more instructions than [`bytecode::limits::MAX_CLAUSE_INSTRUCTIONS`], after unrolling.
    ClauseTooLong {
        /// Where.
        place: String,
    },
    /// A coefficient or constant that is too wide, or too many terms.
    SumTooLarge {
        /// Where.
        place: String,
    },
    /// More entries than a module can number.
    TooMany {
        /// Of what.
        what: &'static str,
    },
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClauseTooLong { place } => write!(
                f,
                "{place}: the condition takes more than {} instructions; lower the `up to` of the arrays it goes through",
                bytecode::limits::MAX_CLAUSE_INSTRUCTIONS
            ),
            Self::SumTooLarge { place } => write!(
                f,
                "{place}: the comparison needs more than {} terms or numbers of more than {} bits; use round rates",
                bytecode::limits::MAX_TERMS,
                bytecode::limits::MAX_COEFFICIENT_BITS
            ),
            Self::TooMany { what } => write!(f, "the policy has more {what} than a module can number (2^32)"),
        }
    }
}

impl std::error::Error for LowerError {}

/// The module of a policy. Costs time linear in the policy.
pub fn lower(rules: &RuleSet) -> Result<Module, LowerError> {
    let mut tables = Tables::default();
    let mut arms: Vec<Vec<(RuleId, &Arm)>> = vec![Vec::new(); rules.callables.len()];
    for (id, rule) in (0..).map(RuleId::new).zip(&rules.rules) {
        for arm in &rule.arms {
            if let Some(of_callable) = arms.get_mut(arm.callable.index()) {
                of_callable.push((id, arm));
            }
        }
    }
    let callables = rules.callables.iter().zip(arms);
    let callables =
        callables.map(|(callable, arms)| tables.callable(callable, &arms)).collect::<Result<Vec<_>, _>>()?;
    let max_steps = callables.iter().map(cost::of_callable).max().unwrap_or(0);
    let mut chains = rules.chains.clone();
    chains.sort_by_key(|chain| chain.id);
    let mut fee_caps = rules.fee_caps.clone();
    fee_caps.sort_by_key(|(token, _)| *token);
    Ok(Module {
        name: rules.name.clone(),
        max_steps,
        chains,
        params: rules.params.clone(),
        tokens: rules.tokens.clone(),
        contracts: rules.contracts.clone(),
        functions: tables.functions,
        sets: rules.sets.iter().map(|set| set.iter().copied().collect()).collect(),
        budgets: rules.budgets.clone(),
        fee_caps,
        rules: self::rules(rules),
        texts: tables.texts,
        named_addresses: rules.named_addresses.iter().copied().collect(),
        callables,
        certificate: None,
    })
}

/// The rules with their charged budgets, sorted out by going once through each budget's `for`.
fn rules(set: &RuleSet) -> Vec<bytecode::Rule> {
    let mut charged: Vec<Vec<BudgetId>> = vec![Vec::new(); set.rules.len()];
    let mut charge = |id: RuleId, budget: BudgetId| {
        let Some(rule) = set.rules.get(id.index()) else { return };
        if let Some(charged) = charged.get_mut(id.index())
            && rule.verb != Verb::Deny
            && !rule.exempt.contains(&budget)
            && charged.last() != Some(&budget)
        {
            charged.push(budget);
        }
    };
    for (id, budget) in (0..).map(BudgetId::new).zip(&set.budgets) {
        match &budget.rules {
            Some(rules) => rules.iter().for_each(|rule| charge(*rule, id)),
            None => (0..).map(RuleId::new).zip(&set.rules).for_each(|(rule, _)| charge(rule, id)),
        }
    }
    set.rules
        .iter()
        .zip(charged)
        .map(|(rule, charged)| bytecode::Rule {
            name: rule.name.clone(),
            verb: rule.verb.clone(),
            over: sorted(rule.over.clone()),
            beyond: {
                let mut beyond = rule.beyond.clone();
                beyond.sort_by_key(|(budget, _)| *budget);
                beyond
            },
            exempt: sorted(rule.exempt.clone()),
            charged,
            accepts: rule.accepts.clone(),
            lifts: sorted::<DenyCode>(rule.lifts.clone()),
            place: place(rule.span),
        })
        .collect()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

fn place(span: Span) -> Place {
    Place { start: span.start, end: span.end }
}

impl Tables {
    fn callable(
        &mut self,
        callable: &Callable,
        arms: &[(RuleId, &Arm)],
    ) -> Result<bytecode::Callable, LowerError> {
        let function = callable.function.as_ref().map(|function| self.function(function)).transpose()?;
        let arms = arms.iter().map(|(rule, arm)| self.arm(*rule, arm, callable)).collect::<Result<_, _>>()?;
        let effects =
            callable.effects.iter().map(|effect| template(effect, callable)).collect::<Result<_, _>>()?;
        Ok(bytecode::Callable {
            kind: callable.kind,
            chain: callable.chain,
            target: callable.target,
            contract: callable.contract.clone(),
            function,
            effects,
            opaque: callable.opaque,
            controls: callable
                .controls
                .iter()
                .map(|control| {
                    let when =
                        condition::lower(&control.when).map_err(|fault| fault.at(&called(callable)))?;
                    Ok(bytecode::module::ControlTemplate { party: control.party.clone(), when })
                })
                .collect::<Result<_, LowerError>>()?,
            requires: condition::lower(&callable.requires).map_err(|fault| fault.at(&called(callable)))?,
            unwraps: callable.unwraps.clone(),
            typed: callable.typed.clone(),
            arms,
        })
    }

    fn arm(&mut self, rule: RuleId, arm: &Arm, callable: &Callable) -> Result<bytecode::Arm, LowerError> {
        let clauses = arm.clauses.iter().map(|clause| {
            let code = condition::lower(&clause.formula).map_err(|fault| fault.at(&clause.text))?;
            Ok(bytecode::Clause { text: self.text(&clause.text, clause.span)?, code })
        });
        let clauses = clauses.collect::<Result<_, LowerError>>()?;
        let charges = arm.charges.iter().map(|(amount, budgets)| {
            let amount = number::sum(amount).map_err(|fault| fault.at(&called(callable)))?;
            Ok((amount, budgets.clone()))
        });
        let charges = charges.collect::<Result<_, LowerError>>()?;
        Ok(bytecode::Arm { rule, clauses, charges })
    }
}

fn template(effect: &EffectSpec, callable: &Callable) -> Result<bytecode::EffectTemplate, LowerError> {
    let at = |fault: Fault| fault.at(&called(callable));
    Ok(bytecode::EffectTemplate {
        kind: effect.kind,
        amount: number::sum(&effect.amount).map_err(at)?,
        token: effect.token.clone(),
        party: effect.party.clone(),
        from: effect.from.clone(),
        until: effect.until.clone(),
        through: effect.through.clone(),
        sentinel: effect.sentinel.clone(),
        when: condition::lower(&effect.when).map_err(at)?,
    })
}

fn called(callable: &Callable) -> String {
    format!("the effects of `{}`", callable.name())
}

/// What did not fit; who calls knows where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    ClauseTooLong,
    SumTooLarge,
}

impl Fault {
    fn at(self, place: &str) -> LowerError {
        let place = place.to_owned();
        match self {
            Fault::ClauseTooLong => LowerError::ClauseTooLong { place },
            Fault::SumTooLarge => LowerError::SumTooLarge { place },
        }
    }
}

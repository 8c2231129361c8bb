//! The budgets' lines in base units of one token, each with the rules that it holds.

use super::{Audit, rules::Letting};
use crate::{
    ruleset::{ParamType, RuleSet},
    window::{
        Line,
        outflow::{Counts, Held},
    },
};
use agentpol_model::{
    U256,
    budget::{Budget, Cap, Measure},
    ids::{BudgetId, ParamId, RuleId, TokenId},
};
use num_bigint::BigUint;
use std::collections::BTreeSet;

/// A line that holds some of the rules.
pub(super) struct Holding {
    pub(super) budget: BudgetId,
    pub(super) held: Held,
}

/// Tokens, and what a base unit of each counts.
pub(crate) type Weights = [(TokenId, U256)];

/// What a line is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of<'a> {
    /// What may leave of these.
    Outflow(&'a Weights),
    /// What fees may take of a token.
    Fees(TokenId),
    /// How many calls are granted.
    Calls,
}

impl Audit<'_, '_> {
    /// The lines that hold some of these rules. With approvals, a line holds no rule that an approver lets pass it.
    pub(super) fn lines(&self, of: Of<'_>, lettings: &[Letting], with_approvals: bool) -> Vec<Holding> {
        let all = (0..).map(BudgetId::new).zip(&self.rules.budgets);
        all.filter_map(|(budget, line)| {
            let (cap, counts) = self.cap(line, of)?;
            // A line bounds what it counts all of.
            let counted = |letting: &Letting| match &line.measure {
                Measure::Gross(weights) => {
                    letting.tokens.iter().all(|token| weights.iter().any(|(of, _)| of == token))
                }
                _ => true,
            };
            let holds = |letting: &Letting| {
                counted(letting) && self.holds(budget, line, letting.rule, with_approvals)
            };
            let places = lettings.iter().enumerate().filter(|(_, letting)| holds(letting));
            let places: BTreeSet<usize> = places.map(|(place, _)| place).collect();
            let held = Held { line: Line { cap, window: line.window }, counts, rules: places };
            (!held.rules.is_empty()).then_some(Holding { budget, held })
        })
        .collect()
    }

    /// The cap in what is asked for, or in calls.
    fn cap(&self, line: &Budget, of: Of<'_>) -> Option<(BigUint, Counts)> {
        let whole = || match line.cap {
            Cap::Fixed(cap) => number(cap),
            Cap::Param(param, weight) => most_of(self.rules, param) * number(weight),
        };
        match (&line.measure, of) {
            (Measure::Calls, Of::Calls) => Some((whole(), Counts::Amount)),
            (Measure::Calls, _) => Some((whole(), Counts::Calls)),
            (Measure::Fees(paid), Of::Fees(token)) if *paid == token => Some((whole(), Counts::Amount)),
            (Measure::Gross(weights), Of::Outflow(asked)) => {
                // The most that a unit under the cap can be in what is asked for.
                let both = asked.iter().filter_map(|(token, counts)| {
                    let (_, weight) =
                        weights.iter().find(|(of, weight)| of == token && *weight != U256::ZERO)?;
                    Some((number(*counts), number(*weight)))
                });
                let most = both.max_by(|(a, b), (c, d)| (a * d).cmp(&(c * b)));
                most.map(|(counts, weight)| (whole() * counts / weight, Counts::Amount))
            }
            _ => None,
        }
    }

    /// The cap of a line in base units of a token that it counts.
    pub(crate) fn cap_of(&self, line: &Budget, token: TokenId) -> Option<BigUint> {
        self.cap(line, Of::Outflow(&[(token, U256::ONE)])).map(|(cap, _)| cap)
    }

    /// The cap of a line in what is asked for.
    pub(crate) fn cap_in(&self, line: &Budget, of: Of<'_>) -> Option<BigUint> {
        self.cap(line, of).filter(|(_, counts)| *counts == Counts::Amount).map(|(cap, _)| cap)
    }

    /// The least and the most that a cap can be.
    pub(crate) fn range(&self, cap: Cap) -> (BigUint, BigUint) {
        match cap {
            Cap::Fixed(cap) => (number(cap), number(cap)),
            Cap::Param(param, weight) => {
                let least = self.rules.params.get(param.index()).and_then(|param| param.domain);
                let least = least.map_or(BigUint::ZERO, |(low, _)| number(low));
                (least * number(weight), most_of(self.rules, param) * number(weight))
            }
        }
    }

    /// Does the line hold what the rule lets out?
    pub(crate) fn holds(&self, budget: BudgetId, line: &Budget, rule: RuleId, with_approvals: bool) -> bool {
        let Some(of) = self.rules.rules.get(rule.index()) else { return false };
        let in_scope = line.rules.as_ref().is_none_or(|rules| rules.contains(&rule));
        // What one rule is let past, the ledger counts, and nobody can spend less for it.
        let passed = with_approvals
            && self.rules.rules.iter().any(|rule| rule.beyond.iter().any(|(passed, _)| *passed == budget));
        in_scope && !of.exempt.contains(&budget) && !passed
    }
}

/// The most that a parameter may be.
pub(super) fn most_of(rules: &RuleSet, param: ParamId) -> BigUint {
    let param = rules.params.get(param.index());
    let domain = param.and_then(|param| param.domain).map(|(_, high)| high);
    number(domain.unwrap_or(match param.map(|param| param.ty) {
        Some(ParamType::Duration | ParamType::Time) => U256::from(u64::MAX),
        _ => U256::MAX,
    }))
}

pub(super) fn number(word: U256) -> BigUint {
    BigUint::from_bytes_be(&word.to_be_bytes::<32>())
}

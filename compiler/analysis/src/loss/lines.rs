//! The budgets' lines in base units of one token, each with the rules that it holds.

use super::Audit;
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

/// What a line is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// What may leave of a token.
    Outflow(TokenId),
    /// What fees may take of one.
    Fees(TokenId),
}

impl Audit<'_, '_> {
    /// The lines that hold some of these rules. With approvals, a line holds no rule that an approver lets pass it.
    pub(super) fn lines(&self, of: Of, rules: &[RuleId], with_approvals: bool) -> Vec<Holding> {
        let all = (0..).map(BudgetId::new).zip(&self.rules.budgets);
        all.filter_map(|(budget, line)| {
            let (cap, counts) = self.cap(line, of)?;
            let holds = |rule: &RuleId| self.holds(budget, line, *rule, with_approvals);
            let places = rules.iter().enumerate().filter(|(_, rule)| holds(rule)).map(|(place, _)| place);
            let places: BTreeSet<usize> = places.collect();
            let held = Held { line: Line { cap, window: line.window }, counts, rules: places };
            (!held.rules.is_empty()).then_some(Holding { budget, held })
        })
        .collect()
    }

    /// The cap in base units of the token, or in calls.
    fn cap(&self, line: &Budget, of: Of) -> Option<(BigUint, Counts)> {
        let whole = match line.cap {
            Cap::Fixed(cap) => number(cap),
            Cap::Param(param, weight) => most_of(self.rules, param) * number(weight),
        };
        match (&line.measure, of) {
            (Measure::Calls, _) => Some((whole, Counts::Calls)),
            (Measure::Fees(paid), Of::Fees(token)) if *paid == token => Some((whole, Counts::Amount)),
            (Measure::Gross(weights), Of::Outflow(token)) => {
                let (_, weight) = weights.iter().find(|(of, _)| *of == token)?;
                // A base unit takes its weight: what is left of a cap below one is nothing.
                (*weight != U256::ZERO).then(|| (whole / number(*weight), Counts::Amount))
            }
            _ => None,
        }
    }

    /// The cap of a line in base units of a token that it counts.
    pub(crate) fn cap_of(&self, line: &Budget, token: TokenId) -> Option<BigUint> {
        self.cap(line, Of::Outflow(token)).map(|(cap, _)| cap)
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

//! The most that counts against one line of a budget, in a span: by the rules that the line holds, under the lines that are asked
//! about.

use super::{Asked, Audit, lines::Of, rules::Letting};
use crate::window::outflow::{Gives, Span};
use agentpol_model::{
    U256,
    budget::{Budget, Measure, Window},
    ids::{BudgetId, RuleId, TokenId},
};
use num_bigint::BigUint;
use num_traits::One as _;
use std::collections::BTreeSet;

impl Audit<'_, '_> {
    /// What to ask, in what the line counts: the answer is no less than the truth. `None` where a rule charges the line by hand: that is no effect.
    pub(crate) fn against(
        &self,
        (id, line): (BudgetId, &Budget),
        left_out: &BTreeSet<BudgetId>,
        with_approvals: bool,
    ) -> Option<Asked> {
        let arms = self.rules().rules.iter().flat_map(|rule| &rule.arms);
        if arms.flat_map(|arm| &arm.charges).any(|(_, budgets)| budgets.contains(&id)) {
            return None;
        }
        let (of, mut lettings) = match &line.measure {
            Measure::Gross(weights) => {
                (Of::Outflow(weights.as_slice()), self.lettings(weights, false, with_approvals))
            }
            Measure::Fees(token) => (Of::Fees(*token), self.fees(*token, with_approvals)),
            Measure::Calls => (Of::Calls, self.calls(with_approvals)),
        };
        lettings.retain(|letting| self.holds(id, line, letting.rule, false));
        let mut asked = self.asked(of, lettings, with_approvals);
        let held = asked.budgets.into_iter().zip(asked.lines).filter(|(id, _)| !left_out.contains(id));
        (asked.budgets, asked.lines) = held.unzip();
        Some(asked)
    }

    /// A span that is as long as the longest of the window's periods.
    pub(crate) const fn span_of(&self, window: Window) -> Span {
        match window {
            Window::PerTransaction => Span::Transaction,
            Window::Sliding { seconds } => Span::Seconds(seconds),
            Window::Calendar(period) => Span::Seconds(self.grid.of(period).longest()),
            Window::Total => Span::Ever,
        }
    }

    /// Does what a rule does count against a line at all, if it is not exempt from it?
    pub(crate) fn counts_against(&self, line: &Budget, rule: RuleId) -> bool {
        if line.rules.as_ref().is_some_and(|rules| !rules.contains(&rule)) {
            return false;
        }
        match &line.measure {
            Measure::Gross(weights) => self.letting_rules(weights, false, true).contains(&rule),
            Measure::Fees(token) => {
                self.rules().chains.iter().any(|chain| chain.native == *token)
                    && self.costly().contains(&rule)
            }
            Measure::Calls => true,
        }
    }

    /// Every grant is one call.
    fn calls(&self, with_approvals: bool) -> Vec<Letting> {
        let rules = self.rules().rules_by_id().map(|(rule, _)| rule);
        let one = |rule| Letting {
            rule,
            tokens: BTreeSet::new(),
            gives: Gives::Moves,
            most: Some(BigUint::one()),
            ways: Vec::new(),
        };
        rules.filter(|rule| self.counts(*rule, with_approvals)).map(one).collect()
    }

    /// Are these requests, one after the other, within all lines? What they take of a token stands beside each.
    pub(crate) fn passes(&self, steps: &[super::Step], token: TokenId, with_approvals: bool) -> bool {
        let one = [(token, U256::ONE)];
        let asked = self.asked(Of::Outflow(&one), Vec::new(), with_approvals);
        self.plays(steps, &asked, false)
    }

    /// The least cap of the lines of a token that hold a rule: no request of the rule takes more of it.
    pub(crate) fn ceiling(&self, token: TokenId, rule: RuleId, with_approvals: bool) -> Option<BigUint> {
        let lines = (0..).map(BudgetId::new).zip(&self.rules().budgets);
        let held = lines.filter(|(id, line)| self.holds(*id, line, rule, with_approvals));
        held.filter_map(|(_, line)| self.cap_of(line, token)).min()
    }
}

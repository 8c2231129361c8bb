//! What stands in a policy and does nothing: a budget that is never reached, an exemption from what does not count, a denial of what
//! nobody grants.
//!
//! Said only where it is proved, for all values of the parameters. A cap of a parameter is taken at its least, those of other budgets at
//! their greatest; that two of them go together is not seen. What is not proved is not said: nothing is wrong with a budget that binds.

use super::{Analysis, Finding, Kind};
use crate::{
    integer::Answer,
    loss::Audit,
    ruleset::Verb,
    solve::{ArmAt, Key, Prop},
    window::grid::Grid,
};
use agentpol_model::ids::{BudgetId, RuleId};
use num_bigint::BigUint;
use std::collections::BTreeSet;

impl Analysis<'_> {
    /// Lines that other lines, or the rules' own conditions, keep everybody from reaching. Of two that say the same the later one is told.
    pub(super) fn idle_budgets(&mut self, grid: &Grid) {
        let audit = Audit::knowing(self.rules, &self.keys, grid, &self.known);
        let mut gone = BTreeSet::new();
        let mut out = Vec::new();
        let lines: Vec<_> = (0..).map(BudgetId::new).zip(&self.rules.budgets).collect();
        for (budget, line) in lines.into_iter().rev() {
            let (cap, _) = audit.range(line.cap);
            let without: BTreeSet<BudgetId> = gone.iter().copied().chain([budget]).collect();
            // Whatever somebody approves does not reach it either.
            let Some(asked) = audit.against((budget, line), &without, true) else { continue };
            let Some((value, because)) = audit.bound(&asked, audit.span_of(line.window)) else { continue };
            if value <= cap {
                let because =
                    because.into_iter().filter_map(|(line, times)| line.filter(|_| times != BigUint::ZERO));
                let because = because.collect();
                out.push(Finding::plain(Kind::NeverBinds { budget, because }));
                gone.insert(budget);
            }
        }
        out.reverse();
        self.findings.extend(out);
    }

    /// Rules that are exempt from what they do not use.
    pub(super) fn idle_exemptions(&mut self, grid: &Grid) {
        let audit = Audit::knowing(self.rules, &self.keys, grid, &self.known);
        let mut out: Vec<Finding> = Vec::new();
        for (rule, of) in self.rules.rules_by_id() {
            let mut told: Vec<&str> = Vec::new();
            for id in &of.exempt {
                let Some(name) = self.rules.budgets.get(id.index()).map(|line| line.name.as_str()) else {
                    continue;
                };
                // Whoever is exempt from a budget is from all of its lines.
                let mut lines = self.rules.budgets.iter().filter(|line| line.name == name);
                if !told.contains(&name) && !lines.any(|line| audit.counts_against(line, rule)) {
                    out.push(Finding::plain(Kind::IdleExempt { rule, budget: *id }));
                }
                told.push(name);
            }
        }
        self.findings.extend(out);
    }

    /// Denials of what would be denied all the same. Of two that deny the same the later one is told.
    pub(super) fn redundant_denials(&mut self) {
        let mut gone: Vec<RuleId> = Vec::new();
        let denials: Vec<RuleId> = self
            .rules
            .rules_by_id()
            .filter(|(_, rule)| rule.verb == Verb::Deny)
            .map(|(rule, _)| rule)
            .collect();
        for rule in denials.into_iter().rev() {
            let never =
                |kind: &Kind| matches!(kind, Kind::NeverMatches { rule: known, .. } if *known == rule);
            if self.findings.iter().any(|finding| never(&finding.kind)) {
                continue;
            }
            gone.push(rule);
            if !self.arms_of(rule).all(|(key, arm)| denies_nothing(key, arm, &gone)) {
                gone.pop();
            }
        }
        gone.reverse();
        self.findings.extend(gone.into_iter().map(|rule| Finding::plain(Kind::RedundantDeny { rule })));
    }
}

/// Is nothing granted where a denial holds, or cannot be told, even without those that are gone?
fn denies_nothing(key: &Key<'_>, denial: &ArmAt, gone: &[RuleId]) -> bool {
    // A wrapper needs no grant.
    if key.callable.is_wrapper() {
        return false;
    }
    let denied: Prop = key.not(key.fails(denial));
    key.grants().filter(|arm| !denial.spares(arm)).all(|arm| {
        let decides = key.decides_among(arm, &|other| !gone.contains(&other));
        key.find(&decides.and([&denied])) == Answer::None
    })
}

//! What is found in a policy that extends another. Whether its rules hold together is asked of its own text; what may come of them,
//! of both policies as one ([`extend`](crate::extend)); and whatever it grants, its parent has to grant.

use super::{Analysis, Finding, Kind, Question};
use crate::{
    diff::{self, Outcome},
    ruleset::RuleSet,
};
use agentpol_model::ids::{BudgetId, RuleId};

/// Everything that is found in a child, by the numbers of its own rules.
///
/// `own`: of each rule of the joined policy, the child's; `None` is a denial of the parent.
pub fn findings(child: &RuleSet, parent: &RuleSet, joined: &RuleSet, own: &[Option<RuleId>]) -> Vec<Finding> {
    let mut alone = Analysis::new(child);
    alone.of_rules();
    let mut out = alone.findings;
    let finding = |kind, witness| Finding { witness, ..Finding::plain(kind) };
    let (wider, unknown) = diff::beyond(parent, child);
    let mut seen = Vec::new();
    for change in wider {
        let kind = Kind::Wider { rule: change.rule, asks: change.old == Outcome::Ask };
        if !seen.contains(&change.rule) {
            seen.push(change.rule);
            out.push(finding(kind, Some(change.request)));
        }
    }
    for rule in unknown {
        let kind = Kind::Unknown { rule, question: Question::Family };
        if !out.iter().any(|known| known.kind == kind) {
            out.push(finding(kind, None));
        }
    }
    let mut both = Analysis::new(joined);
    both.of_effects();
    let of_child = |rule: RuleId| own.get(rule.index()).copied().flatten();
    for mut found in both.findings {
        // What a pair of rules does, its rule of the child does. What is said of the parent's budgets is said where they stand.
        let is_own = found.kind.budget().is_none_or(|budget| budget.index() < child.budgets.len());
        if is_own && found.kind.by(of_child) && !out.iter().any(|known| known.kind == found.kind) {
            out.push(found);
        }
    }
    out
}

impl Kind {
    /// The same of other rules. Not, where one of them has no counterpart.
    fn by(&mut self, own: impl Fn(RuleId) -> Option<RuleId>) -> bool {
        let change = |rule: &mut RuleId| match own(*rule) {
            Some(of_child) => {
                *rule = of_child;
                true
            }
            None => false,
        };
        match self {
            Kind::Overlap { first, second } => change(first) && change(second),
            Kind::UncountedAuthority { grant, pull, .. } => change(grant) && change(pull),
            Kind::Shadowed { rule, by } => change(rule) && by.iter_mut().all(change),
            Kind::NeverMatches { rule, .. }
            | Kind::RedundantClause { rule, .. }
            | Kind::AnyRecipient { rule, .. }
            | Kind::AnySpender { rule, .. }
            | Kind::Opaque { rule }
            | Kind::NoMinimum { rule, .. }
            | Kind::Unbounded { rule, .. }
            | Kind::UnboundedFees { rule, .. }
            | Kind::Unfunded { rule, .. }
            | Kind::Wider { rule, .. }
            | Kind::Outlives { rule, .. }
            | Kind::IdleExempt { rule, .. }
            | Kind::RedundantDeny { rule }
            | Kind::Unknown { rule, .. } => change(rule),
            Kind::Dodgeable { ask, by, .. } => change(ask) && change(by),
            Kind::Vacuous | Kind::NeverBinds { .. } | Kind::Edge { .. } => true,
        }
    }

    /// The budget that is useless, or that admits more than it says.
    const fn budget(&self) -> Option<BudgetId> {
        match self {
            Kind::NeverBinds { budget, .. } | Kind::IdleExempt { budget, .. } | Kind::Edge { budget, .. } => {
                Some(*budget)
            }
            _ => None,
        }
    }
}

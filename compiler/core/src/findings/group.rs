//! One mistake, one diagnostic: a rule that pays anybody in three tokens is one, a token that no budget holds is one.

use agentpol_analysis::{
    findings::{Finding, Kind},
    ruleset::{RuleSet, Verb},
    witness::Witness,
};
use agentpol_model::ids::{RuleId, TokenId};

/// What is wrong, with everything that shows it.
pub(super) struct Mistake<'f> {
    /// What; the first of its kind.
    pub(super) kind: &'f Kind,
    /// A request that shows it.
    pub(super) witness: Option<&'f Witness>,
    /// What is asked after it, where it takes more than one.
    pub(super) then: &'f [Witness],
    /// The reason for which the policy accepts it.
    pub(super) accepted: Option<&'f str>,
    /// The tokens it was found for.
    pub(super) tokens: Vec<TokenId>,
    /// The rules it was found for.
    pub(super) rules: Vec<RuleId>,
}

impl<'f> Mistake<'f> {
    /// All requests that show it, one after the other.
    pub(super) fn witnesses(&self) -> impl Iterator<Item = &'f Witness> {
        self.witness.into_iter().chain(self.then)
    }
}

/// The mistakes behind the findings, each with the rank of its kind: how bad it is.
pub(super) fn mistakes<'f>(rules: &RuleSet, found: &'f [Finding]) -> Vec<(Mistake<'f>, usize)> {
    let mut out: Vec<(Mistake<'f>, usize)> = Vec::new();
    for finding in found.iter().filter(|finding| !is_told_already(rules, finding, found)) {
        let (token, rule) = about(&finding.kind);
        let one = |(mistake, _): &&mut (Mistake<'f>, usize)| {
            mistake.accepted.is_some() == finding.accepted.is_some()
                && is_one(rules, mistake.kind, &finding.kind)
        };
        match out.iter_mut().find(one) {
            Some((mistake, _)) => {
                mistake.tokens.extend(token.filter(|token| !mistake.tokens.contains(token)));
                mistake.rules.extend(rule.filter(|rule| !mistake.rules.contains(rule)));
                if mistake.witness.is_none() {
                    (mistake.witness, mistake.then) = (finding.witness.as_ref(), &finding.then);
                }
            }
            None => {
                let mistake = Mistake {
                    kind: &finding.kind,
                    witness: finding.witness.as_ref(),
                    then: &finding.then,
                    accepted: finding.accepted.as_deref(),
                    tokens: token.into_iter().collect(),
                    rules: rule.into_iter().collect(),
                };
                out.push((mistake, rank(&finding.kind)));
            }
        }
    }
    out
}

/// What follows from another mistake: a policy whose grants never match grants nothing, and what two grants match is nobody's to
/// pay out.
fn is_told_already(rules: &RuleSet, finding: &Finding, found: &[Finding]) -> bool {
    let any = |is: &dyn Fn(&Kind) -> bool| found.iter().any(|other| is(&other.kind));
    match &finding.kind {
        Kind::Vacuous => {
            rules.rules.iter().any(|rule| rule.verb != Verb::Deny)
                && any(&|other| matches!(other, Kind::NeverMatches { .. } | Kind::Shadowed { .. }))
        }
        // A rule that does nothing at all is told as that.
        Kind::IdleExempt { rule, .. } => any(
            &|other| matches!(other, Kind::NeverMatches { rule: of, .. } | Kind::Shadowed { rule: of, .. } if of == rule),
        ),
        Kind::RedundantDeny { .. } => any(&|other| *other == Kind::Vacuous),
        // What nothing bounds is worse than that somebody is not asked about it, or that it lasts.
        Kind::Dodgeable { ask, by, .. } => any(&|other| match other {
            Kind::Unbounded { rule, .. } => rule == by,
            Kind::Overlap { first, second } => [ask, by].contains(&first) && [ask, by].contains(&second),
            _ => false,
        }),
        // Where grants that should take from it do nothing, they are what is wrong.
        Kind::NeverBinds { .. } => any(&|other| match other {
            Kind::NeverMatches { rule, .. } | Kind::Shadowed { rule, .. } => {
                rules.rules.get(rule.index()).is_some_and(|rule| rule.verb != Verb::Deny)
            }
            Kind::Vacuous | Kind::Overlap { .. } | Kind::Opaque { .. } | Kind::Unfunded { .. } => true,
            _ => false,
        }),
        Kind::Outlives { rule, .. } => any(
            &|other| matches!(other, Kind::Unbounded { rule: of, .. } | Kind::AnySpender { rule: of, .. } if of == rule),
        ),
        Kind::Unknown { rule, .. } => {
            any(&|other| matches!(other, Kind::Overlap { first, second } if first == rule || second == rule))
        }
        _ => false,
    }
}

/// The token and the rule that findings of one mistake may differ in.
fn about(kind: &Kind) -> (Option<TokenId>, Option<RuleId>) {
    match kind {
        Kind::AnyRecipient { rule, token }
        | Kind::AnySpender { rule, token }
        | Kind::Unbounded { rule, token }
        | Kind::UnboundedFees { rule, token }
        | Kind::Outlives { rule, token, .. }
        | Kind::Dodgeable { ask: rule, token, .. } => (Some(*token), Some(*rule)),
        Kind::NoMinimum { rule, gets, .. } => (Some(*gets), Some(*rule)),
        _ => (None, None),
    }
}

/// Are they the same mistake?
fn is_one(rules: &RuleSet, a: &Kind, b: &Kind) -> bool {
    let budget =
        |id: &agentpol_model::ids::BudgetId| rules.budgets.get(id.index()).map(|budget| &budget.name);
    match (a, b) {
        (Kind::AnyRecipient { rule: a, .. }, Kind::AnyRecipient { rule: b, .. })
        | (Kind::Outlives { rule: a, .. }, Kind::Outlives { rule: b, .. })
        | (Kind::AnySpender { rule: a, .. }, Kind::AnySpender { rule: b, .. })
        | (Kind::NoMinimum { rule: a, .. }, Kind::NoMinimum { rule: b, .. }) => a == b,
        (Kind::Unbounded { token: a, .. }, Kind::Unbounded { token: b, .. }) => a == b,
        (Kind::Dodgeable { ask: a, by: c, .. }, Kind::Dodgeable { ask: b, by: d, .. }) => a == b && c == d,
        (
            Kind::UncountedAuthority { budget: one, grant: a, .. },
            Kind::UncountedAuthority { budget: other, grant: b, .. },
        )
        | (Kind::Unfunded { budget: one, rule: a, .. }, Kind::Unfunded { budget: other, rule: b, .. }) => {
            budget(one) == budget(other) && a == b
        }
        _ => a == b,
    }
}

/// The worst first: what loses money, then what is denied or does nothing, then what may be meant.
const fn rank(kind: &Kind) -> usize {
    match kind {
        Kind::Unbounded { .. } => 0,
        Kind::UncountedAuthority { .. } => 1,
        Kind::AnySpender { .. } => 2,
        Kind::AnyRecipient { .. } => 3,
        Kind::NoMinimum { .. } => 4,
        Kind::UnboundedFees { .. } => 5,
        Kind::Overlap { .. } => 6,
        Kind::NeverMatches { .. } => 7,
        Kind::Shadowed { .. } => 8,
        Kind::Opaque { .. } => 9,
        Kind::Unfunded { .. } => 10,
        Kind::Vacuous => 11,
        Kind::Wider { .. } => 12,
        Kind::Outlives { .. } => 13,
        Kind::Dodgeable { .. } => 14,
        Kind::NeverBinds { .. } => 15,
        Kind::IdleExempt { .. } => 16,
        Kind::RedundantClause { .. } => 17,
        Kind::Unknown { .. } => 18,
        Kind::Edge { .. } => 19,
        Kind::RedundantDeny { .. } => 20,
    }
}

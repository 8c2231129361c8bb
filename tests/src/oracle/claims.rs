//! What a list of findings says, and what it leaves unsaid, as questions of one request at a time.

use super::{alone, deciding, is_named, matches, without_clause};
use agentpol_analysis::{
    findings::{Finding, Kind, Question},
    ruleset::{Bound, Formula, RuleSet, Verb},
};
use agentpol_model::{
    budget::{Cap, Measure},
    decision::{DenyCode, GrantedAction, Ruling},
    effect::{Effect, EffectKind, GrantMode},
    ids::{BudgetId, RuleId, TokenId},
    policy::ParamValue,
    request::{Kind as Signed, Request},
};
use alloy_primitives::U512;
use std::collections::BTreeSet;

/// The findings about a policy, beside the policies that say by themselves what is claimed.
pub struct Claims<'r> {
    rules: &'r RuleSet,
    kinds: BTreeSet<Kind>,
    /// Each rule by itself.
    alone: Vec<RuleSet>,
    /// Conditions that are said to be redundant, with the policy that has them no more.
    without: Vec<(RuleId, usize, RuleSet)>,
    /// The policy without all denials that are said to be redundant.
    undenied: Option<RuleSet>,
}

impl<'r> Claims<'r> {
    /// Of these findings.
    pub fn new(rules: &'r RuleSet, findings: &[Finding]) -> Self {
        let kinds: BTreeSet<Kind> = findings.iter().map(|finding| finding.kind.clone()).collect();
        let without = kinds.iter().filter_map(|kind| match kind {
            Kind::RedundantClause { rule, clause } => {
                Some((*rule, *clause, without_clause(rules, *rule, *clause)))
            }
            _ => None,
        });
        let mut undenied = rules.clone();
        let mut fewer = false;
        for kind in &kinds {
            if let Kind::RedundantDeny { rule } = kind {
                undenied.rules[rule.index()].arms.clear();
                fewer = true;
            }
        }
        Self {
            rules,
            without: without.collect(),
            undenied: fewer.then_some(undenied),
            alone: rules.rules_by_id().map(|(rule, _)| alone(rules, rule)).collect(),
            kinds,
        }
    }

    fn says(&self, kind: &Kind) -> bool {
        self.kinds.contains(kind)
    }

    fn is_open(&self, rule: RuleId, question: Question) -> bool {
        self.says(&Kind::Unknown { rule, question })
    }

    /// What a request shows to be wrong, in words.
    pub fn lie(&self, request: &Request<'_>, bound: &Bound) -> Option<String> {
        let ruling = self.rules.decide(request, bound);
        self.lie_about(request, bound, &ruling)
    }

    fn lie_about(&self, request: &Request<'_>, bound: &Bound, ruling: &Ruling) -> Option<String> {
        for (rule, clause, without) in &self.without {
            let other = without.decide(request, bound);
            if other != *ruling {
                return Some(format!("without clause {clause} of {rule}: {other:?} and not {ruling:?}"));
            }
        }
        if let Some(undenied) = &self.undenied {
            // The reason may be another.
            let other = undenied.decide(request, bound);
            if other.as_ref().ok() != ruling.as_ref().ok() {
                return Some(format!("without redundant denials: {other:?} and not {ruling:?}"));
            }
        }
        match ruling {
            Ok(granted) => {
                if self.says(&Kind::Vacuous) {
                    return Some("nothing is granted, and something is".to_owned());
                }
                granted.actions.iter().find_map(|action| self.granted(action, request, bound))
            }
            Err(denied) => match denied.code {
                DenyCode::Ambiguous if request.actions.len() == 1 => self.ambiguous(request, bound),
                DenyCode::DeniedByRule => denied.rule.and_then(|rule| self.decided(rule)),
                DenyCode::Undefined => None,
                // Dispatch, then denials, then what the interface requires.
                _ => deciding(ruling).and_then(|rule| self.decided(rule)),
            },
        }
    }

    /// A rule that decides is none that never does.
    fn decided(&self, rule: RuleId) -> Option<String> {
        let of = &self.rules.rules[rule.index()];
        // A denial comes before what the interface requires, which the analysis takes for granted.
        let requires = |arm: &agentpol_analysis::ruleset::Arm| {
            self.rules.callables[arm.callable.index()].requires != Formula::Const(true)
        };
        if of.verb == Verb::Deny && of.arms.iter().any(requires) {
            return None;
        }
        self.kinds.iter().find_map(|kind| match kind {
            Kind::NeverMatches { rule: never, .. } | Kind::Shadowed { rule: never, .. } if *never == rule => {
                Some(format!("{rule} decides, and is said not to: {kind:?}"))
            }
            _ => None,
        })
    }

    fn granted(&self, action: &GrantedAction, request: &Request<'_>, bound: &Bound) -> Option<String> {
        let rule = action.rule;
        if let Some(lie) = self.decided(rule) {
            return Some(lie);
        }
        let ended = self.kinds.iter().find(|kind| {
            matches!(kind, Kind::Outlives { rule: of, last, .. } if *of == rule && *last < request.now)
        });
        if let Some(kind) = ended
            && self.rules.rules[rule.index()].arms.len() == 1
        {
            return Some(format!("{rule} grants at {}, and there is {kind:?}", request.now));
        }
        for effect in action.effects.iter().filter(|effect| !effect.amount.is_zero()) {
            let token = effect.token;
            let kind = match effect.kind {
                EffectKind::Move | EffectKind::Pull { .. } | EffectKind::Receive => {
                    Kind::AnyRecipient { rule, token }
                }
                EffectKind::Grant(GrantMode::Set | GrantMode::Add) => Kind::AnySpender { rule, token },
                EffectKind::Grant(GrantMode::Dec) | EffectKind::Owe => continue,
            };
            let open = self.is_open(rule, Question::Parties) || self.says(&kind);
            if !open && !is_named(self.rules, bound, request.chain, effect.party) {
                return Some(format!("{} is not named, and there is no {kind:?}", effect.party));
            }
        }
        self.unfunded(action, bound)
    }

    /// A rule that no budget can pay for takes no more than the budget has.
    fn unfunded(&self, action: &GrantedAction, bound: &Bound) -> Option<String> {
        self.kinds.iter().find_map(|kind| {
            let Kind::Unfunded { rule, budget } = kind else { return None };
            let paid_for = *rule == action.rule && self.is_paid_for(*budget, &action.effects, bound);
            paid_for.then(|| format!("{kind:?}, and the budget has as much as {:?} take", action.effects))
        })
    }

    fn is_paid_for(&self, budget: BudgetId, effects: &[Effect], bound: &Bound) -> bool {
        let budget = &self.rules.budgets[budget.index()];
        let Measure::Gross(weights) = &budget.measure else { return false };
        let wide = |number: agentpol_model::U256| U512::from(number);
        let cap = match budget.cap {
            Cap::Fixed(cap) => wide(cap),
            Cap::Param(param, weight) => match bound.values().get(param.index()) {
                Some(ParamValue::Word(word)) => wide(*word) * wide(weight),
                _ => return false,
            },
        };
        let takes = |effect: &&Effect| {
            matches!(
                effect.kind,
                EffectKind::Move
                    | EffectKind::Pull { .. }
                    | EffectKind::Grant(GrantMode::Set | GrantMode::Add)
            )
        };
        let weight = |token: TokenId| weights.iter().find(|(of, _)| *of == token).map(|(_, weight)| *weight);
        let mut taken = U512::ZERO;
        for effect in effects.iter().filter(takes) {
            let weight = weight(effect.token).unwrap_or_default();
            let Some(sum) = taken.checked_add(wide(effect.amount) * wide(weight)) else { return false };
            taken = sum;
        }
        taken <= cap
    }

    /// Every two grants that are left are an overlap that was told.
    fn ambiguous(&self, request: &Request<'_>, bound: &Bound) -> Option<String> {
        let left = self.left(request, bound);
        for (n, first) in left.iter().enumerate() {
            for second in &left[n + 1..] {
                let kind = Kind::Overlap { first: *first, second: *second };
                if !self.says(&kind) && !self.is_open(*first, Question::Overlap) {
                    return Some(format!("both match, and there is no {kind:?}"));
                }
            }
        }
        (left.len() < 2).then(|| format!("ambiguous, and only {left:?} match"))
    }

    /// The grants that match and that none that matches is above.
    pub fn left(&self, request: &Request<'_>, bound: &Bound) -> Vec<RuleId> {
        let matching: Vec<RuleId> = self
            .rules
            .rules_by_id()
            .filter(|(rule, of)| of.verb != Verb::Deny && matches(&self.alone[rule.index()], request, bound))
            .map(|(rule, _)| rule)
            .collect();
        let is_over = |upper: &RuleId, lower: &RuleId| self.rules.rules[upper.index()].over.contains(lower);
        let outranked = |rule: &RuleId| matching.iter().any(|upper| is_over(upper, rule));
        matching.iter().copied().filter(|rule| !outranked(rule)).collect()
    }

    /// What is wrong with a finding's witness, in words: it is run, and what comes out is looked at anew.
    pub fn false_witness(&self, finding: &Finding) -> Option<String> {
        let witness = finding.witness.as_ref()?;
        let bound = match witness.bound(self.rules) {
            Ok(bound) => bound,
            Err(why) => return Some(format!("{:?} has parameters that do not bind: {why}", finding.kind)),
        };
        witness.with(|request| {
            let ruling = self.rules.decide(request, &bound);
            let shows = self.shows(&finding.kind, request, &bound, &ruling);
            // What shows one thing must not show another to be wrong.
            let lie =
                || self.lie_about(request, &bound, &ruling).or_else(|| self.denied_later(finding, &bound));
            if shows { lie() } else { Some(format!("{:?} is not shown by {ruling:?}", finding.kind)) }
        })
    }

    /// What comes after a witness is granted too, under the same parameters.
    fn denied_later(&self, finding: &Finding, bound: &Bound) -> Option<String> {
        let params = finding.witness.as_ref().map(|first| &first.params);
        finding.then.iter().find_map(|next| {
            let ruling = next.with(|request| self.rules.decide(request, bound));
            let same = Some(&next.params) == params && ruling.is_ok();
            (!same).then(|| format!("{:?}: {ruling:?} of what comes after: {next:?}", finding.kind))
        })
    }

    fn shows(&self, kind: &Kind, request: &Request<'_>, bound: &Bound, ruling: &Ruling) -> bool {
        let by = |of: RuleId| {
            let granted = ruling.iter().flat_map(|granted| &granted.actions);
            granted.filter(move |action| action.rule == of)
        };
        let stranger = |effect: &Effect| !is_named(self.rules, bound, request.chain, effect.party);
        let any =
            |of: RuleId, is: &dyn Fn(&Effect) -> bool| by(of).any(|action| action.effects.iter().any(is));
        match kind {
            Kind::Overlap { first, second } => {
                let left = self.left(request, bound);
                matches!(ruling, Err(denied) if denied.code == DenyCode::Ambiguous)
                    && left.contains(first)
                    && left.contains(second)
            }
            Kind::AnyRecipient { rule, token } => any(*rule, &|effect| {
                let gives =
                    matches!(effect.kind, EffectKind::Move | EffectKind::Pull { .. } | EffectKind::Receive);
                gives && effect.token == *token && !effect.amount.is_zero() && stranger(effect)
            }),
            Kind::AnySpender { rule, token } => {
                any(*rule, &|effect| gives_authority(effect, *token) && stranger(effect))
            }
            Kind::NoMinimum { rule, gives, gets } => {
                let given = any(*rule, &|effect| leaves(effect, *gives));
                let dust = ten_to(self.rules.tokens[gets.index()].decimals) / U512::from(1_000);
                let nothing = any(*rule, &|effect| {
                    effect.kind == EffectKind::Receive
                        && effect.token == *gets
                        && (effect.amount.is_zero() || U512::from(effect.amount) < dust)
                });
                given && nothing
            }
            Kind::Unbounded { rule, token } => {
                any(*rule, &|effect| leaves(effect, *token) || gives_authority(effect, *token))
            }
            Kind::UncountedAuthority { grant, .. } => {
                any(*grant, &|effect| gives_authority(effect, effect.token))
            }
            // How much, and whether the budgets let it pass, is tried on the ledger.
            Kind::Dodgeable { by: of, token, .. } => any(*of, &|effect| leaves(effect, *token)),
            Kind::Edge { .. } => ruling.is_ok(),
            Kind::Outlives { rule, token, last } => {
                let signed = request.actions.iter().any(|action| action.kind == Signed::Sign);
                any(*rule, &|effect| {
                    let lasts = effect.until.is_none_or(|until| until > *last);
                    (lasts && gives_authority(effect, *token)) || (signed && leaves(effect, *token))
                })
            }
            _ => false,
        }
    }
}

fn leaves(effect: &Effect, token: TokenId) -> bool {
    matches!(effect.kind, EffectKind::Move | EffectKind::Pull { .. })
        && effect.token == token
        && !effect.amount.is_zero()
}

fn gives_authority(effect: &Effect, token: TokenId) -> bool {
    matches!(effect.kind, EffectKind::Grant(GrantMode::Set | GrantMode::Add))
        && effect.token == token
        && !effect.amount.is_zero()
}

fn ten_to(decimals: u8) -> U512 {
    U512::from(10).pow(U512::from(decimals))
}

//! Is everything that may leave held by a budget, and can each rule be paid for by those that hold it?

use super::{Analysis, Finding, Kind, granted};
use crate::{
    integer::Answer,
    loss::Audit,
    solve::{ArmAt, Key, Prop, Term},
    window::grid::Grid,
};
use agentpol_model::{
    budget::{Budget, Measure},
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, RuleId, TokenId},
};
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

impl Analysis<'_> {
    pub(super) fn held(&mut self) {
        let Some(grid) = Grid::utc() else { return };
        let audit = Audit::knowing(self.rules, &self.keys, &grid, &self.known);
        let mut out = Vec::new();
        for token in (0..).map(TokenId::new).take(self.rules.tokens.len()) {
            for (rule, witness) in audit.unbounded(token) {
                let accepted = self.accepted(rule, "unbounded");
                out.push(Finding { witness, accepted, ..Finding::plain(Kind::Unbounded { rule, token }) });
            }
            if let Some(rule) = audit.unbounded_fees(token) {
                let kind = Kind::UnboundedFees { rule, token };
                out.push(Finding::plain(kind));
            }
        }
        let takers = self.takers();
        for (n, budget) in self.rules.budgets.iter().enumerate() {
            let id = BudgetId::new(u32::try_from(n).unwrap_or(u32::MAX));
            out.extend(self.uncounted(&audit, id, budget));
            out.extend(self.unfunded(&audit, &takers, (id, budget)));
        }
        self.findings.extend(out);
    }

    /// Authority that a budget does not count although it counts what is taken with it.
    fn uncounted(&self, audit: &Audit<'_, '_>, id: BudgetId, budget: &Budget) -> Vec<Finding> {
        let Measure::Gross(weights) = &budget.measure else { return Vec::new() };
        let mut out: Vec<Finding> = Vec::new();
        for (token, _) in weights {
            for (puller, pull) in self.pullers(*token) {
                if !audit.holds(id, budget, pull, false) {
                    continue;
                }
                for (at, key) in self.keys.iter().enumerate() {
                    for arm in key.grants().filter(|arm| !audit.holds(id, budget, arm.rule, false)) {
                        let kind = Kind::UncountedAuthority { budget: id, grant: arm.rule, pull };
                        if out.iter().any(|finding| finding.kind == kind) {
                            continue;
                        }
                        if let Some(witness) = self.grant_to(key, arm, *token, &puller) {
                            let callable = self.keys.get(at).map(|key| key.id);
                            out.push(Finding { callable, witness: Some(witness), ..Finding::plain(kind) });
                        }
                    }
                }
            }
        }
        out
    }

    /// The contracts that take a token with authority that they have, and the rules under which they do.
    fn pullers(&self, token: TokenId) -> Vec<(Term, RuleId)> {
        let mut out = Vec::new();
        for key in &self.keys {
            for effect in key.effects.iter().filter(|effect| matches!(effect.kind, EffectKind::Pull { .. })) {
                let is_known = matches!(effect.party, Term::Const(_));
                let Some((_, takes_place)) = effect.tokens.iter().find(|(of, _)| *of == token) else {
                    continue;
                };
                for arm in key.grants().filter(|_| is_known) {
                    let mut conditions = key.may_decide(arm.rule);
                    let untrusted = key.not(&key.trusted(&effect.party));
                    conditions.extend([&arm.holds, takes_place, &untrusted]);
                    let pair = (effect.party.clone(), arm.rule);
                    if !out.contains(&pair) && key.find(&conditions) != Answer::None {
                        out.push(pair);
                    }
                }
            }
        }
        out
    }

    /// A request by which a rule gives somebody authority over a token.
    fn grant_to(
        &self,
        key: &Key<'_>,
        arm: &ArmAt,
        token: TokenId,
        to: &Term,
    ) -> Option<crate::witness::Witness> {
        let decides = key.decides(arm);
        key.effects.iter().find_map(|effect| {
            let EffectKind::Grant(GrantMode::Set | GrantMode::Add) = effect.kind else { return None };
            let (_, takes_place) = effect.tokens.iter().find(|(of, _)| *of == token)?;
            let is = key.same(&effect.party, to, true);
            let something = key.at_least(&effect.amount, &BigInt::from(1));
            match granted(key, &decides, &[takes_place, &is, &something]) {
                Answer::Found(witness) => Some(witness),
                _ => None,
            }
        })
    }

    /// By token, the rules about what may take some of it.
    fn takers(&self) -> BTreeMap<TokenId, BTreeSet<RuleId>> {
        let mut out: BTreeMap<TokenId, BTreeSet<RuleId>> = BTreeMap::new();
        for key in &self.keys {
            for (token, _) in key.effects.iter().flat_map(|effect| &effect.tokens) {
                out.entry(*token).or_default().extend(key.arms.iter().map(|arm| arm.rule));
            }
        }
        out
    }

    /// Rules that always take more than a budget ever has.
    fn unfunded(
        &self,
        audit: &Audit<'_, '_>,
        takers: &BTreeMap<TokenId, BTreeSet<RuleId>>,
        (id, budget): (BudgetId, &Budget),
    ) -> Vec<Finding> {
        let Measure::Gross(weights) = &budget.measure else { return Vec::new() };
        let mut out = Vec::new();
        let taking: BTreeSet<RuleId> =
            weights.iter().filter_map(|(token, _)| takers.get(token)).flatten().copied().collect();
        for rule in taking.into_iter().filter(|rule| audit.holds(id, budget, *rule, false)) {
            // Whoever may pass it by asking is paid for.
            let passes =
                self.rules.rules.get(rule.index()).is_some_and(|r| r.beyond.iter().any(|(b, _)| *b == id));
            let arms: Vec<(&Key<'_>, &ArmAt)> = self.arms_of(rule).collect();
            let caps: Vec<(TokenId, BigInt)> = weights
                .iter()
                .filter_map(|(token, _)| Some((*token, audit.cap_of(budget, *token)?.into())))
                .collect();
            let is_paid_for = |key: &Key<'_>, arm: &ArmAt| {
                let fits = key.effects.iter().flat_map(|effect| {
                    let takes = !matches!(
                        effect.kind,
                        EffectKind::Receive | EffectKind::Owe | EffectKind::Grant(GrantMode::Dec)
                    );
                    caps.iter().filter(move |_| takes).filter_map(|(token, cap)| {
                        let (_, is) = effect.tokens.iter().find(|(of, _)| of == token)?;
                        Some(Prop::any([
                            key.not(is),
                            key.at_most(&effect.amount, cap),
                            key.trusted(&effect.party),
                        ]))
                    })
                });
                let fits = Prop::all(fits.collect::<Vec<_>>());
                let mut conditions = key.may_decide(arm.rule);
                conditions.extend([&arm.holds, &fits]);
                key.find(&conditions) != Answer::None
            };
            let decides = |key: &Key<'_>, arm: &ArmAt| {
                let mut conditions = key.may_decide(arm.rule);
                conditions.push(&arm.holds);
                matches!(key.find(&conditions), Answer::Found(_))
            };
            let is_grant =
                self.rules.rules.get(rule.index()).is_some_and(|r| r.verb != crate::ruleset::Verb::Deny);
            if is_grant
                && !passes
                && arms.iter().any(|(key, arm)| decides(key, arm))
                && !arms.iter().any(|(key, arm)| is_paid_for(key, arm))
            {
                let kind = Kind::Unfunded { rule, budget: id };
                out.push(Finding::plain(kind));
            }
        }
        out
    }
}

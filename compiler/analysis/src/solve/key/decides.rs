//! Where a grant decides a request of nothing else.

use super::{ArmAt, Key, unlimited};
use crate::{
    ruleset::Rule,
    solve::{prop::Prop, set::Set, space::Term},
};
use agentpol_model::{
    Address,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
    ids::RuleId,
    request::{Field, Kind},
};
use num_bigint::BigInt;
use num_traits::{One as _, Zero as _};

/// Where a grant decides, as conditions that hold together: what the key knows already is lent, the rest was made for it.
pub(crate) struct Decides<'k> {
    /// Which grant.
    pub(crate) rule: RuleId,
    lent: Vec<&'k Prop>,
    made: [Prop; 2],
}

impl Decides<'_> {
    /// All of its conditions, and these.
    pub(crate) fn and<'a>(&'a self, more: impl IntoIterator<Item = &'a Prop>) -> Vec<&'a Prop> {
        self.lent.iter().copied().chain(&self.made).chain(more).collect()
    }

    /// All of its conditions in one.
    pub(crate) fn whole(&self) -> Prop {
        Prop::all(self.and([]).into_iter().cloned())
    }
}

impl Key<'_> {
    /// Where a grant decides: it matches, no denial and nothing that outranks it does or cannot be told, what it grants is not refused,
    /// and no other matches that it has no order with.
    pub(crate) fn decides<'k>(&'k self, arm: &'k ArmAt) -> Decides<'k> {
        self.decides_among(arm, &|_| true)
    }

    /// The same if only some of the rules had a say.
    pub(crate) fn decides_among<'k>(&'k self, arm: &'k ArmAt, among: &dyn Fn(RuleId) -> bool) -> Decides<'k> {
        let rule = self.rules().rules.get(arm.rule.index());
        let fine = rule.map_or(Prop::False, |rule| self.not_refused(rule));
        let mut lent = self.may_decide_among(arm.rule, among);
        lent.push(&arm.holds);
        Decides { rule: arm.rule, lent, made: [fine, self.alone(arm, among)] }
    }

    /// What must hold for a grant to decide besides that it matches, whatever is granted then: the interface's declarations hold, no
    /// denial and nothing that outranks it matches or cannot be told.
    pub(crate) fn may_decide(&self, rule: RuleId) -> Vec<&Prop> {
        self.may_decide_among(rule, &|_| true)
    }

    fn may_decide_among(&self, rule: RuleId, among: &dyn Fn(RuleId) -> bool) -> Vec<&Prop> {
        let denials = self.denials().filter(|arm| among(arm.rule));
        let upper = self.grants().filter(|arm| among(arm.rule) && self.outranks(arm.rule, rule));
        // No rule that cannot be told outranks another than this one.
        let settled = self.settled.iter().filter(|(upper, lower, _)| {
            among(*upper) && ![*upper, *lower].contains(&rule) && !self.outranks(*upper, rule)
        });
        let mut all = vec![&self.requires];
        all.extend(denials.map(|denial| self.fails(denial)));
        all.extend(upper.map(|upper| self.fails(upper)));
        all.extend(settled.map(|(.., settled)| settled));
        all
    }

    /// Where no other grant matches that it has no order with.
    fn alone(&self, arm: &ArmAt, among: &dyn Fn(RuleId) -> bool) -> Prop {
        let others = self.grants().filter(|other| other.rule != arm.rule && among(other.rule));
        let others = others.filter(|other| !self.is_ranked(other, arm) && !arm.is_apart(other));
        Prop::all(others.map(|other| self.not(&other.holds)).collect::<Vec<_>>())
    }

    /// Where what a rule grants is not refused all the same: amounts are no more than an amount can be, parties can hold what they
    /// are given, control is for the trusted. That somebody looks like an address of the policy cannot be said here.
    fn not_refused(&self, rule: &Rule) -> Prop {
        let lifts = |code| rule.lifts.contains(&code);
        let mut parts = Vec::new();
        for effect in &self.effects {
            let somewhere = Prop::any(effect.tokens.iter().map(|(_, is)| is.clone()).collect::<Vec<_>>());
            let mut there = vec![somewhere];
            let gives = match effect.kind {
                EffectKind::Move | EffectKind::Pull { .. } => true,
                EffectKind::Grant(GrantMode::Dec) | EffectKind::Receive | EffectKind::Owe => false,
                EffectKind::Grant(_) => true,
            };
            if gives {
                let limited = self.at_most(&effect.amount, &(unlimited() - BigInt::one()));
                let limited = Prop::all([self.not(&effect.means_all), limited]);
                there.push(Prop::any([limited, self.trusted(&effect.party)]));
                let nothing = match effect.kind {
                    EffectKind::Grant(_) => self.at_most(&effect.amount, &BigInt::zero()),
                    _ => Prop::False,
                };
                if !lifts(DenyCode::ZeroRecipient) {
                    let zero = self.among(&effect.party, [&Address::ZERO]);
                    there.push(Prop::any([nothing.clone(), self.not(&zero)]));
                }
                if !lifts(DenyCode::PrecompileRecipient)
                    && let Term::Var { var, .. } = effect.party
                {
                    let low = Set::range(1, 0xffff).and(&self.domain(var));
                    there.push(Prop::any([nothing.clone(), self.not(&Prop::is_in(var, low))]));
                }
                if !lifts(DenyCode::SelfRecipient) {
                    for (token, is) in &effect.tokens {
                        let own = self.among(&effect.party, &self.sites(*token));
                        there.push(Prop::any([nothing.clone(), self.not(is), self.not(&own)]));
                    }
                }
            }
            parts.push(Prop::any([effect.absent.clone(), Prop::all(there)]));
        }
        for (party, when) in &self.controls {
            let fine = [self.not(when), self.same(party, &self.wallet, true), self.trusted(party)];
            parts.push(Prop::any(fine));
        }
        if self.callable.kind == Kind::Authorize {
            parts.push(self.trusted(&self.to));
        }
        // Of a wrapper it depends on what is inside.
        if self.space.is_foreign() && !self.callable.is_wrapper() && !lifts(DenyCode::ForeignSender) {
            let acts = !matches!(self.callable.kind, Kind::Sign | Kind::Message | Kind::Authorize);
            let sender = self.space.field(Field::Sender).0;
            parts.push(if acts { self.same(&sender, &self.wallet, true) } else { Prop::True });
        }
        let never = (self.callable.opaque && !self.callable.is_wrapper() && !lifts(DenyCode::Opaque))
            || (self.changes_control() && !lifts(DenyCode::Upgrade));
        if never { Prop::False } else { Prop::all(parts) }
    }

    fn changes_control(&self) -> bool {
        self.callable.function.as_ref().is_some_and(|f| agentpol_model::refusal::changes_control(f.selector))
    }
}

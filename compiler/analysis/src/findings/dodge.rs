//! A threshold that can be gone round: what a rule asks about, another lets through in parts that nobody is asked about.
//!
//! Said only where all of it can be had so: the most that could ever be asked for at once leaves by requests that are allowed, at one
//! moment, to the same party, within every budget. A budget that lets less through unasked is what the policy says, and no mistake.
//! Both sides are played: the one request that asks, and the parts. Anything else that may differ between them (whom it pays, what comes
//! back, who takes it) does not.

use super::{Analysis, Finding, Kind, granted_by};
use crate::{
    integer::Answer,
    loss::{Audit, Step},
    ruleset::{ParamValue, Verb},
    solve::{ArmAt, EffectAt, Key, Prop, Term},
    window::grid::Grid,
    witness::Witness,
};
use agentpol_model::{
    Address,
    effect::EffectKind,
    ids::{RuleId, TokenId},
};
use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_traits::{One as _, ToPrimitive as _, Zero as _};

/// Parts of one sequence at most.
const MAX_PARTS: usize = 64;

/// Pairs of rules that are tried for one callable at most.
const MAX_PAIRS: usize = 64;

impl Analysis<'_> {
    pub(super) fn dodges(&mut self, grid: &Grid) {
        let audit = Audit::knowing(self.rules, &self.keys, grid, &self.known);
        let mut out: Vec<Finding> = Vec::new();
        for key in &self.keys {
            let verb = |arm: &ArmAt| self.rules.rules.get(arm.rule.index()).map(|rule| &rule.verb);
            let asks = key.grants().filter(|arm| matches!(verb(arm), Some(Verb::Ask(_))));
            let pairs = asks.flat_map(|ask| {
                key.grants().filter(|arm| verb(arm) == Some(&Verb::Allow)).map(move |by| (ask, by))
            });
            for (ask, by) in pairs.take(MAX_PAIRS) {
                let moving = key
                    .effects
                    .iter()
                    .filter(|effect| matches!(effect.kind, EffectKind::Move | EffectKind::Pull { .. }));
                for effect in moving {
                    for (token, takes_place) in &effect.tokens {
                        let pair = Pair { audit: &audit, key, ask, by, effect, token: *token, takes_place };
                        let Some(mut found) = pair.dodge() else { continue };
                        found.accepted = self.accepted(ask.rule, "splitting");
                        if !out.iter().any(|known| known.kind == found.kind) {
                            out.push(found);
                        }
                    }
                }
            }
        }
        self.findings.extend(out);
    }
}

/// A rule that asks and one that does not, about one effect.
struct Pair<'p, 'r> {
    audit: &'p Audit<'p, 'r>,
    key: &'p Key<'r>,
    ask: &'p ArmAt<'r>,
    by: &'p ArmAt<'r>,
    effect: &'p EffectAt,
    token: TokenId,
    takes_place: &'p Prop,
}

/// What a request does besides how much: kind, token, party, whose authority.
type Shape = Vec<(EffectKind, TokenId, Address, Option<Address>)>;

impl Pair<'_, '_> {
    fn dodge(&self) -> Option<Finding> {
        let free = self.moves_by(self.by);
        // The greatest request that nobody is asked about says to whom, when, and under which parameters.
        let Answer::Found((part, found)) = self.key.supremum(&[&free], &self.effect.amount) else {
            return None;
        };
        let like = self.key.witness(&found)?;
        let (shape, party) = self.shape(&like, self.by.rule)?;
        let same = self.like(&like, party);
        let free = Prop::all([free, same.clone()]);
        let asked = Prop::all([self.moves_by(self.ask), same]);
        let negative = crate::solve::Sum::default().minus(&self.effect.amount);
        let Answer::Found((least, _)) = self.key.supremum(&[&asked], &negative) else { return None };
        // No threshold lies between them.
        if -least <= part {
            return None;
        }
        let whole = self.most_asked(&asked)?;
        let request = self.exactly(&asked, &whole, &like, self.ask.rule)?;
        let part = part.to_biguint()?;
        let fits =
            |shape_of: &Witness, rule| self.shape(shape_of, rule).is_some_and(|(other, _)| other == shape);
        if !fits(&request, self.ask.rule) || !self.passes(&[(request, whole.clone())], true) {
            return None;
        }
        let mut parts: Vec<(Witness, BigUint)> = Vec::new();
        for amount in split(&whole, &part)? {
            // Parts of one size are one request, made again.
            let known = parts.last().filter(|(_, last)| *last == amount).map(|(known, _)| known.clone());
            let request = match known {
                Some(known) => known,
                None => {
                    self.exactly(&free, &amount, &like, self.by.rule).filter(|r| fits(r, self.by.rule))?
                }
            };
            parts.push((request, amount));
        }
        if !self.passes(&parts, false) {
            return None;
        }
        let (ask, by, token) = (self.ask.rule, self.by.rule, self.token);
        let mut parts = parts.into_iter().map(|(request, _)| request);
        Some(Finding {
            callable: Some(self.key.id),
            witness: parts.next(),
            then: parts.collect(),
            ..Finding::plain(Kind::Dodgeable { ask, by, token, whole, part })
        })
    }

    /// Where a rule decides and some of the token moves.
    fn moves_by(&self, arm: &ArmAt) -> Prop {
        let key = self.key;
        let counted = key.not(&self.effect.means_all);
        let something = key.at_least(&self.effect.amount, &BigInt::one());
        Prop::all([key.decides(arm).whole(), self.takes_place.clone(), counted, something])
    }

    /// The same wallet, party, time and parameters.
    fn like(&self, like: &Witness, party: Address) -> Prop {
        let key = self.key;
        let address = |address: Address| Term::Const(address.into_word().into());
        let mut parts = vec![
            key.same(&self.effect.party, &address(party), true),
            key.same(&key.wallet, &address(like.wallet), true),
            key.at_time(like.now),
        ];
        for (id, term) in &key.params {
            let name = key.rules().params.get(id.index()).map(|param| &param.name);
            if let Some(ParamValue::Word(word)) = name.and_then(|name| like.params.get(name)) {
                parts.push(key.same(term, &Term::Const(*word), true));
            }
        }
        Prop::all(parts)
    }

    /// The most that one request can be asked for, by the rule's conditions and the budgets that an approval does not pass.
    fn most_asked(&self, asked: &Prop) -> Option<BigUint> {
        let Answer::Found((most, _)) = self.key.supremum(&[asked], &self.effect.amount) else { return None };
        let ceiling = self.audit.ceiling(self.token, self.ask.rule, true);
        let most = most.to_biguint()?;
        Some(ceiling.map_or(most.clone(), |ceiling| ceiling.min(most)))
    }

    /// A request that moves just so much, under the parameters of another.
    fn exactly(&self, of: &Prop, amount: &BigUint, like: &Witness, rule: RuleId) -> Option<Witness> {
        let key = self.key;
        let amount = BigInt::from(amount.clone());
        let exactly = [key.at_least(&self.effect.amount, &amount), key.at_most(&self.effect.amount, &amount)];
        let Answer::Found(found) = key.find(&[of, &exactly[0], &exactly[1]]) else { return None };
        let mut witness = key.witness(&found)?;
        witness.params.clone_from(&like.params);
        let ruled = witness.decide(key.rules()).ok()?;
        granted_by(&ruled, rule).then_some(witness)
    }

    /// What a granted request does, and to whom the token goes.
    fn shape(&self, witness: &Witness, rule: RuleId) -> Option<(Shape, Address)> {
        let granted = witness.decide(self.key.rules()).ok()?.ok()?;
        let action = granted.actions.iter().find(|action| action.rule == rule)?;
        let effects = action.effects.iter().filter(|effect| !effect.amount.is_zero());
        let shape: Shape =
            effects.map(|effect| (effect.kind, effect.token, effect.party, effect.through)).collect();
        let of = |(kind, token, ..): &&(EffectKind, TokenId, Address, Option<Address>)| {
            *kind == self.effect.kind && *token == self.token
        };
        let party = shape.iter().find(of).map(|(_, _, party, _)| *party)?;
        Some((shape, party))
    }

    /// Are they within all budgets, at one moment?
    fn passes(&self, requests: &[(Witness, BigUint)], with_approvals: bool) -> bool {
        let steps: Vec<Step> = requests
            .iter()
            .map(|(request, takes)| Step { at: request.now, request: request.clone(), takes: takes.clone() })
            .collect();
        self.audit.passes(&steps, self.token, with_approvals)
    }
}

/// As few parts as it takes, as even as whole units allow, the greater ones first.
fn split(whole: &BigUint, part: &BigUint) -> Option<Vec<BigUint>> {
    if part.is_zero() {
        return None;
    }
    let n = whole.div_ceil(part).to_usize().filter(|n| (2..=MAX_PARTS).contains(n))?;
    let (each, rest) = (whole / n, (whole % n).to_usize()?);
    Some((0..n).map(|place| if place < rest { &each + BigUint::one() } else { each.clone() }).collect())
}

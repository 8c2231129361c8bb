//! The requests that take what [`crate::window`] says can be taken.

use super::{Asked, Audit, Step, rules::Letting};
use crate::{
    integer::Answer,
    window::outflow::Part,
    witness::{START, Witness},
};
use agentpol_model::{
    Address, Time,
    effect::{EffectKind, GrantMode},
    ids::{RuleId, TokenId},
};
use num_bigint::{BigInt, BigUint};
use num_traits::{One as _, Zero as _};
use std::collections::{BTreeMap, BTreeSet};

/// Requests of one witness at most.
const MAX_STEPS: usize = 256;

impl Audit<'_, '_> {
    /// A request for each action of each part; nothing if some part cannot be had, or there are too many.
    pub(super) fn spend(&self, asked: &Asked, parts: &[Part]) -> Vec<Step> {
        let mut known = BTreeMap::new();
        let mut standing = BTreeSet::new();
        let mut out = Vec::new();
        for part in parts {
            let Some(letting) = asked.lettings.get(part.rule) else { return Vec::new() };
            let Some(amounts) = split(part) else { return Vec::new() };
            for amount in amounts {
                if out.len() >= MAX_STEPS {
                    return Vec::new();
                }
                let key = (part.rule, amount.clone(), part.signed);
                let found =
                    known.entry(key).or_insert_with(|| self.request(asked, letting, &amount, part.signed));
                let Some(request) = found.clone() else { return Vec::new() };
                if part.spent > part.signed && !self.stands(&request, &mut standing) {
                    return Vec::new();
                }
                out.push(Step { at: part.signed, request, takes: amount });
            }
        }
        out
    }

    /// Can all that it lets out be used later? What moves is gone at once, and what replaces authority ends what stood.
    fn stands(
        &self,
        request: &Witness,
        standing: &mut BTreeSet<(TokenId, Address, Option<Address>)>,
    ) -> bool {
        let Ok(Ok(granted)) = request.decide(self.rules) else { return false };
        granted.actions.iter().flat_map(|action| &action.effects).all(|effect| {
            let is_first = standing.insert((effect.token, effect.party, effect.through));
            match effect.kind {
                EffectKind::Move | EffectKind::Pull { .. } => false,
                EffectKind::Grant(GrantMode::Set) => is_first,
                EffectKind::Grant(GrantMode::Add | GrantMode::Dec)
                | EffectKind::Receive
                | EffectKind::Owe => true,
            }
        })
    }

    /// A request of the rule that takes just so much, at that time; if it can be had, one that takes no other tokens.
    fn request(&self, asked: &Asked, letting: &Letting, amount: &BigUint, at: Time) -> Option<Witness> {
        let amount = BigInt::from(amount.clone());
        letting.ways.iter().filter(|way| BigInt::from(way.most.clone()) >= amount).find_map(|way| {
            let key = self.keys.get(way.key)?;
            let exactly = [key.at_least(&way.amount, &amount), key.at_most(&way.amount, &amount)];
            let now = key.at_time(at);
            let nothing_else = key.takes_only(|token| asked.of.iter().any(|(of, _)| *of == token));
            let conditions = [&way.condition, &exactly[0], &exactly[1], &now, &nothing_else];
            let answer = match key.find(&conditions) {
                Answer::Found(found) => Answer::Found(found),
                _ => key.find(&[&way.condition, &exactly[0], &exactly[1], &now]),
            };
            let Answer::Found(found) = answer else { return None };
            let mut witness = key.witness(&found)?;
            witness.now = at;
            granted_by(&witness, key.rules(), letting.rule).then_some(witness)
        })
    }

    /// When to begin, so that all of a span lies within what the rules' own dates admit.
    pub(super) fn from(&self, lettings: &[Letting], span: Time) -> Time {
        let latest = lettings.iter().flat_map(|letting| &letting.ways).filter_map(|way| {
            let key = self.keys.get(way.key)?;
            match key.supremum(&[&way.condition], &key.now()) {
                Answer::Found((latest, _)) => Time::try_from(latest).ok(),
                _ => None,
            }
        });
        latest.min().unwrap_or(START).saturating_sub(span).min(START)
    }

    /// A request of the rule that takes the most it can, or some, where the most cannot be written down.
    pub(super) fn greatest(&self, asked: &Asked, letting: &Letting) -> Option<Witness> {
        let way = letting.ways.iter().max_by(|a, b| a.most.cmp(&b.most))?;
        let key = self.keys.get(way.key)?;
        [BigInt::from(way.most.clone()), BigInt::one()].into_iter().find_map(|least| {
            let at_least = key.at_least(&way.amount, &least);
            let Answer::Found(found) = key.find(&[&way.condition, &at_least]) else { return None };
            let witness = key.witness(&found)?;
            let is_so = granted_by(&witness, key.rules(), letting.rule) && self.takes_some(&witness, asked);
            is_so.then_some(witness)
        })
    }
}

fn granted_by(witness: &Witness, rules: &crate::ruleset::RuleSet, rule: RuleId) -> bool {
    let ruled = witness.decide(rules);
    ruled.is_ok_and(|ruled| ruled.is_ok_and(|granted| granted.actions.iter().any(|a| a.rule == rule)))
}

/// The amount in as many actions as it takes, as even as whole units allow.
fn split(part: &Part) -> Option<Vec<BigUint>> {
    let n = usize::try_from(&part.actions).ok().filter(|n| (1..=MAX_STEPS).contains(n))?;
    let each = &part.amount / n;
    let rest = usize::try_from(&part.amount % n).ok()?;
    let of = |place: usize| if place < rest { &each + BigUint::one() } else { each.clone() };
    Some((0..n).map(of).filter(|amount| !amount.is_zero()).collect())
}

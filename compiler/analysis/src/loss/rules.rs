//! The most of one token that one action of a rule lets out, and a request that does.

use super::{
    Audit,
    lines::{Weights, most_of, number},
};
use crate::{
    integer::Answer,
    ruleset::Verb,
    solve::{ArmAt, EffectAt, Key, Prop, Sum},
    window::outflow::{Gives, Rule},
};
use agentpol_model::{
    budget::Cap,
    effect::{EffectKind, GrantMode},
    ids::{RuleId, TokenId},
    request::Kind,
};
use num_bigint::{BigInt, BigUint};
use num_traits::{One as _, Zero as _};

/// A rule that lets some of a token out.
pub(crate) struct Letting {
    pub(super) rule: RuleId,
    /// Of which token; of none, if it is fees.
    pub(super) token: Option<TokenId>,
    pub(super) gives: Gives,
    /// The most in one action; `None` if a question was too hard.
    pub(super) most: Option<BigUint>,
    /// Where: a key and the effects that it takes together.
    pub(super) ways: Vec<Way>,
}

/// One way in which an action of a rule lets the token out.
pub(crate) struct Way {
    /// Among the audit's keys.
    pub(super) key: usize,
    /// What must hold.
    pub(super) condition: Prop,
    /// What leaves then.
    pub(super) amount: Sum,
    pub(super) most: BigUint,
}

impl Letting {
    /// For the windows.
    pub(super) fn rule(&self) -> Rule {
        Rule { most: self.most.clone(), gives: self.gives }
    }
}

impl Audit<'_, '_> {
    /// Does it count? The agent alone has no `ask`.
    pub(super) fn counts(&self, rule: RuleId, with_approvals: bool) -> bool {
        match self.rules.rules.get(rule.index()).map(|rule| &rule.verb) {
            Some(Verb::Allow) => true,
            Some(Verb::Ask(_)) => with_approvals,
            Some(Verb::Deny) | None => false,
        }
    }

    /// Every rule that lets a token out, once for what moves and once for what is granted.
    pub(super) fn lettings(&self, of: &Weights, with_approvals: bool) -> Vec<Letting> {
        let mut out: Vec<Letting> = Vec::new();
        for (token, counts) in of {
            for (at, key) in self.keys.iter().enumerate() {
                for arm in key.grants().filter(|arm| self.counts(arm.rule, with_approvals)) {
                    self.at_key((at, key, arm), (*token, &number(*counts).into()), &mut out);
                }
            }
        }
        out
    }

    fn at_key(
        &self,
        (at, key, arm): (usize, &Key<'_>, &ArmAt),
        (token, counts): (TokenId, &BigInt),
        out: &mut Vec<Letting>,
    ) {
        let Some(rule) = self.rules.rules.get(arm.rule.index()) else { return };
        let moves: Vec<_> = key.effects.iter().filter(|effect| moves(effect.kind)).collect();
        let grants: Vec<_> = key.effects.iter().filter(|effect| grants(effect.kind)).collect();
        for (effects, is_grant) in [(moves, false), (grants, true)] {
            // What takes place together is summed; each combination is a way of its own.
            for which in combinations(&effects, token) {
                let mut parts: Vec<Prop> = key.may_decide(arm.rule).into_iter().cloned().collect();
                parts.push(arm.holds.clone());
                parts.push(key.not_refused(rule));
                parts.push(key.alone(arm));
                let mut amount = Sum::default();
                for (effect, is) in &which {
                    parts.push(is.clone());
                    parts.push(key.at_least(&effect.amount, &BigInt::one()));
                    if is_grant {
                        parts.push(key.not(&key.trusted(&effect.party)));
                    }
                    amount = amount.plus(counts, &effect.amount);
                }
                let condition = Prop::all(parts);
                let found = key.supremum(&[&condition], &amount);
                let most = match found {
                    Answer::None => continue,
                    Answer::Found((most, _)) => most.to_biguint(),
                    Answer::Unknown => None,
                };
                let gives = if is_grant { self.authority(&which) } else { Gives::Moves };
                let letting = match out
                    .iter_mut()
                    .find(|known| (known.rule, known.gives, known.token) == (arm.rule, gives, Some(token)))
                {
                    Some(known) => known,
                    None => {
                        let most = Some(BigUint::zero());
                        let (rule, token, ways) = (arm.rule, Some(token), Vec::new());
                        out.push(Letting { rule, token, gives, most, ways });
                        let Some(last) = out.last_mut() else { return };
                        last
                    }
                };
                letting.most = letting.most.take().zip(most.clone()).map(|(old, new)| old.max(new));
                if let Some(most) = most {
                    letting.ways.push(Way { key: at, condition, amount, most });
                }
            }
        }
    }

    /// How long, and by how many, what is granted can be used.
    fn authority(&self, which: &[(&EffectAt, Prop)]) -> Gives {
        let adds = which.iter().any(|(effect, _)| effect.kind == EffectKind::Grant(GrantMode::Add));
        // How long a deadline lies ahead depends on the request: it is taken as for ever. So is the number of spenders.
        Gives::Grants { life: None, keys: None, adds }
    }

    /// Can a request of this rule cost a fee?
    pub(super) fn costs_fees(&self, rule: RuleId) -> bool {
        let is_transaction = |kind: Kind| match kind {
            Kind::Call | Kind::Send | Kind::Delegatecall | Kind::Deploy | Kind::Command => true,
            Kind::Sign | Kind::Message | Kind::Authorize => false,
        };
        self.keys
            .iter()
            .any(|key| is_transaction(key.callable.kind) && key.grants().any(|arm| arm.rule == rule))
    }

    /// The most that one transaction may cost in fees of a token; `None` if the policy does not say.
    pub(super) fn fee_cap(&self, token: TokenId) -> Option<BigUint> {
        let cap = self.rules.fee_caps.iter().find(|(of, _)| *of == token).map(|(_, cap)| *cap)?;
        Some(match cap {
            Cap::Fixed(cap) => number(cap),
            Cap::Param(param, weight) => most_of(self.rules, param) * number(weight),
        })
    }
}

fn moves(kind: EffectKind) -> bool {
    matches!(kind, EffectKind::Move | EffectKind::Pull { .. })
}

fn grants(kind: EffectKind) -> bool {
    matches!(kind, EffectKind::Grant(GrantMode::Set | GrantMode::Add))
}

/// Effects of one callable that are looked at together at most.
const MAX_TOGETHER: usize = 4;

/// The sets of effects that may be of the token, all of them together first.
fn combinations<'e>(effects: &[&'e EffectAt], token: TokenId) -> Vec<Vec<(&'e EffectAt, Prop)>> {
    let of_token: Vec<_> = effects
        .iter()
        .filter_map(|effect| {
            let is = effect.tokens.iter().find(|(of, _)| *of == token)?.1.clone();
            Some((*effect, is))
        })
        .collect();
    let n = of_token.len().min(MAX_TOGETHER);
    let mut out = Vec::new();
    for mask in (1..1_usize << n).rev() {
        let chosen = of_token.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
        out.push(chosen.map(|(_, pair)| pair.clone()).collect());
    }
    out
}

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
    U256,
    budget::Cap,
    effect::{EffectKind, GrantMode},
    ids::{RuleId, TokenId},
    request::Kind,
};
use core::cell::RefCell;
use num_bigint::{BigInt, BigUint};
use num_traits::{One as _, Zero as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// A rule that lets some of a token out.
#[derive(Clone)]
pub(crate) struct Letting {
    pub(super) rule: RuleId,
    /// Of which tokens in one action; of none, if it is fees.
    pub(super) tokens: BTreeSet<TokenId>,
    pub(super) gives: Gives,
    /// The most in one action; `None` if a question was too hard.
    pub(super) most: Option<BigUint>,
    /// Where: a key and the effects that it takes together.
    pub(super) ways: Vec<Rc<Way>>,
}

/// What was asked before: which rules let out how much of which tokens, whether they ask or not. Finding the most that a rule lets out
/// takes long, and every budget of a token asks for it again.
#[derive(Default)]
pub(crate) struct Known(RefCell<BTreeMap<Question, Rc<[Letting]>>>);

/// Tokens and what a base unit of each counts; only authority?
type Question = (Vec<(TokenId, U256)>, bool);

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

    /// Every rule that lets some of these tokens out (or only authority over them), once for each set of them that one action takes together, and for calls that only
    /// move apart from those that grant.
    pub(super) fn lettings(&self, of: &Weights, authority: bool, with_approvals: bool) -> Vec<Letting> {
        let question = (of.to_vec(), authority);
        let known = self.known.0.borrow().get(&question).cloned();
        let all = known.unwrap_or_else(|| {
            let found: Rc<[Letting]> = self.all_lettings(of, authority).into();
            self.known.0.borrow_mut().insert(question, Rc::clone(&found));
            found
        });
        all.iter().filter(|letting| self.counts(letting.rule, with_approvals)).cloned().collect()
    }

    fn all_lettings(&self, of: &Weights, authority: bool) -> Vec<Letting> {
        let mut out: Vec<Letting> = Vec::new();
        let asked = |token: &TokenId| of.iter().any(|(of, _)| of == token);
        let takes = |key: &Key<'_>| {
            key.effects.iter().any(|effect| effect.tokens.iter().any(|(token, _)| asked(token)))
        };
        for (at, key) in self.keys.iter().enumerate().filter(|(_, key)| takes(key)) {
            for arm in key.grants() {
                self.at_key((at, key, arm), of, authority, &mut out);
            }
        }
        out
    }

    fn at_key(
        &self,
        (at, key, arm): (usize, &Key<'_>, &ArmAt),
        of: &Weights,
        authority: bool,
        out: &mut Vec<Letting>,
    ) {
        let decides = key.decides(arm).whole();
        let Some(combinations) = combinations(key, of, authority) else {
            // More than can be looked at together: only the lines bound it.
            if key.find(&[&decides]) != Answer::None {
                let tokens = of.iter().map(|(token, _)| *token).collect();
                let gives = Gives::Grants { life: None, keys: None, adds: true };
                letting(out, arm.rule, gives, tokens).most = None;
            }
            return;
        };
        // What takes place together is summed; each combination is a way of its own.
        for which in combinations {
            let mut parts = vec![decides.clone()];
            let mut amount = Sum::default();
            for taken in &which {
                let effect = taken.effect;
                parts.push(taken.is.clone());
                parts.push(key.at_least(&effect.amount, &BigInt::one()));
                if grants(effect.kind) {
                    parts.push(key.not(&key.trusted(&effect.party)));
                }
                amount = amount.plus(&taken.counts, &effect.amount);
            }
            let condition = Prop::all(parts);
            let all_there_is =
                Prop::any(which.iter().map(|taken| taken.effect.means_all.clone()).collect::<Vec<_>>());
            let most = match key.supremum(&[&condition], &amount) {
                Answer::None => continue,
                // Where it means all there is, the number says nothing.
                Answer::Found(_) if key.find(&[&condition, &all_there_is]) != Answer::None => None,
                Answer::Found((most, _)) => most.to_biguint(),
                Answer::Unknown => None,
            };
            let tokens = which.iter().map(|taken| taken.token).collect();
            let letting = letting(out, arm.rule, gives(&which), tokens);
            letting.most = letting.most.take().zip(most.clone()).map(|(old, new)| old.max(new));
            if let Some(most) = most {
                letting.ways.push(Rc::new(Way { key: at, condition, amount, most }));
            }
        }
    }

    /// The rules of which a request can cost a fee.
    pub(super) fn costly(&self) -> BTreeSet<RuleId> {
        let is_transaction = |kind: Kind| match kind {
            Kind::Call | Kind::Send | Kind::Delegatecall | Kind::Deploy | Kind::Command => true,
            Kind::Sign | Kind::Message | Kind::Authorize => false,
        };
        let keys = self.keys.iter().filter(|key| is_transaction(key.callable.kind));
        keys.flat_map(|key| key.grants().map(|arm| arm.rule)).collect()
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

/// How long, and by how many, what is granted can be used. How long a deadline lies ahead depends on the request: it is taken as for
/// ever. So is the number of spenders. What moves besides counts as granted, which is no less.
fn gives(which: &[Taken<'_>]) -> Gives {
    if !which.iter().any(|taken| grants(taken.effect.kind)) {
        return Gives::Moves;
    }
    let adds = which.iter().any(|taken| taken.effect.kind == EffectKind::Grant(GrantMode::Add));
    Gives::Grants { life: None, keys: None, adds }
}

/// The entry for this rule, these tokens, and this way to give.
fn letting(out: &mut Vec<Letting>, rule: RuleId, gives: Gives, tokens: BTreeSet<TokenId>) -> &mut Letting {
    let known = out.iter().position(|l| (l.rule, l.gives) == (rule, gives) && l.tokens == tokens);
    let place = known.unwrap_or_else(|| {
        out.push(Letting { rule, tokens, gives, most: Some(BigUint::zero()), ways: Vec::new() });
        out.len().saturating_sub(1)
    });
    #[expect(clippy::indexing_slicing, reason = "it was found there, or put there")]
    &mut out[place]
}

/// An effect that takes some of one of the tokens.
#[derive(Clone)]
struct Taken<'e> {
    effect: &'e EffectAt,
    token: TokenId,
    counts: BigInt,
    /// Where it takes place, of that token.
    is: Prop,
}

/// Combinations of effects that are looked at for one callable at most.
const MAX_COMBINATIONS: usize = 64;

/// The sets of effects that may take some of the tokens together; `None` if there are too many.
fn combinations<'e>(key: &'e Key<'_>, of: &Weights, authority: bool) -> Option<Vec<Vec<Taken<'e>>>> {
    let mut out: Vec<Vec<Taken<'_>>> = vec![Vec::new()];
    let counts = |kind| grants(kind) || (moves(kind) && !authority);
    for effect in key.effects.iter().filter(|effect| counts(effect.kind)) {
        let before = out.clone();
        for (token, is) in &effect.tokens {
            let Some((_, counts)) = of.iter().find(|(asked, _)| asked == token) else { continue };
            let taken = Taken { effect, token: *token, counts: number(*counts).into(), is: is.clone() };
            out.extend(
                before.iter().map(|others| [others.as_slice(), core::slice::from_ref(&taken)].concat()),
            );
            if out.len() > MAX_COMBINATIONS {
                return None;
            }
        }
    }
    // Nothing at all is no way.
    out.retain(|which| !which.is_empty());
    Some(out)
}

//! What left, when and how, and the most of it in a stretch of time.

use agentpol_analysis::ruleset::{RuleSet, Target};
use agentpol_model::{
    Address, Time,
    effect::{Effect, EffectKind, GrantMode},
    ids::TokenId,
};
use num_bigint::BigUint;
use num_traits::CheckedSub as _;
use std::collections::{BTreeMap, BTreeSet};

/// In which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Span {
    Transaction,
    Seconds(Time),
    Ever,
}

/// What left, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow(pub(super) Vec<Out>);

#[derive(Clone, Debug)]
pub(super) struct Out {
    pub(super) at: Time,
    /// Which envelope.
    pub(super) envelope: usize,
    pub(super) token: TokenId,
    pub(super) how: How,
    pub(super) amount: BigUint,
}

/// How something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It moves, or somebody trusted takes it.
    Moves,
    /// Somebody takes it with authority that he has.
    Pulls(Address),
    /// Somebody may take it, and nothing else any more.
    Sets(Address),
    /// Somebody may take it as well.
    Adds(Address),
    /// It is a fee.
    Fee,
}

/// Who takes what is granted: nobody waits for us to pull, or everybody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takers {
    /// Whoever has authority takes it all when it hurts most; what we let him pull finds nothing left.
    Themselves,
    /// Only what we let them pull.
    WhenLet,
    /// What we let them pull, as far as nothing here gave the authority to, they had authority for before; and they take what is given.
    Besides,
}

pub(super) const TAKERS: [Takers; 3] = [Takers::Themselves, Takers::WhenLet, Takers::Besides];

impl Flow {
    pub(super) fn add(&mut self, rules: &RuleSet, at: Time, envelope: usize, chain: u64, effects: &[Effect]) {
        for effect in effects {
            let trusted = rules.contracts.iter().any(|contract| {
                let here = contract.chain == chain && contract.address == Target::Fixed(effect.party);
                here && contract.trusted.is_some()
            });
            let how = match effect.kind {
                EffectKind::Move => How::Moves,
                EffectKind::Pull { .. } if trusted => How::Moves,
                EffectKind::Pull { .. } => How::Pulls(effect.party),
                EffectKind::Grant(_) if trusted => continue,
                EffectKind::Grant(GrantMode::Set) => How::Sets(effect.party),
                EffectKind::Grant(GrantMode::Add) => How::Adds(effect.party),
                EffectKind::Grant(GrantMode::Dec) | EffectKind::Receive | EffectKind::Owe => continue,
            };
            let amount = BigUint::from_bytes_be(&effect.amount.to_be_bytes::<32>());
            self.0.push(Out { at, envelope, token: effect.token, how, amount });
        }
    }

    /// The most that left in one stretch of the span.
    pub(super) fn most(&self, token: TokenId, span: Span, takers: Takers) -> BigUint {
        let uncovered = if takers == Takers::Besides { self.uncovered() } else { self.clone() };
        let of_token: Vec<&Out> = uncovered.0.iter().filter(|out| out.token == token).collect();
        let gone = |out: &&&Out| match out.how {
            How::Moves => true,
            How::Pulls(_) => takers != Takers::Themselves,
            How::Sets(_) | How::Adds(_) => takers != Takers::WhenLet,
            How::Fee => false,
        };
        let sum = |inside: &dyn Fn(&Out) -> bool| -> BigUint {
            of_token.iter().filter(gone).filter(|out| inside(out)).map(|out| &out.amount).sum()
        };
        match span {
            Span::Ever => sum(&|_| true),
            Span::Transaction => {
                let envelopes: BTreeSet<usize> = of_token.iter().map(|out| out.envelope).collect();
                envelopes.iter().map(|e| sum(&|out| out.envelope == *e)).max().unwrap_or_default()
            }
            Span::Seconds(seconds) => {
                let times: BTreeSet<Time> = of_token.iter().map(|out| out.at).collect();
                let from = times.iter().map(|begin| {
                    let inside = sum(&|out| out.at >= *begin && out.at - *begin < seconds);
                    if takers == Takers::Themselves { inside + standing(&of_token, *begin) } else { inside }
                });
                from.max().unwrap_or_default()
            }
        }
    }

    /// The same, where what is pulled by authority that was given here counts only when it was given.
    fn uncovered(&self) -> Self {
        let mut given: BTreeMap<(TokenId, Address), BigUint> = BTreeMap::new();
        let mut flow = self.clone();
        for out in &mut flow.0 {
            match out.how {
                How::Sets(spender) => drop(given.insert((out.token, spender), out.amount.clone())),
                How::Adds(spender) => *given.entry((out.token, spender)).or_default() += &out.amount,
                How::Pulls(spender) => {
                    let left = given.entry((out.token, spender)).or_default();
                    let covered = left.clone().min(out.amount.clone());
                    *left -= &covered;
                    out.amount -= covered;
                }
                How::Moves | How::Fee => {}
            }
        }
        flow
    }

    /// The most of fees.
    pub(super) fn most_fees(&self, token: TokenId, span: Span) -> BigUint {
        let fees = self.0.iter().filter(|out| out.token == token && out.how == How::Fee);
        let fees = Flow(fees.map(|out| Out { how: How::Moves, ..out.clone() }).collect());
        fees.most(token, span, Takers::WhenLet)
    }
}

/// What can be taken of what was granted before.
fn standing(of_token: &[&Out], begin: Time) -> BigUint {
    let mut by: BTreeMap<Address, BigUint> = BTreeMap::new();
    for out in of_token.iter().filter(|out| out.at < begin) {
        match out.how {
            How::Sets(spender) => drop(by.insert(spender, out.amount.clone())),
            How::Adds(spender) => *by.entry(spender).or_default() += &out.amount,
            // What we let him pull was pulled.
            How::Pulls(spender) => {
                let left = by.entry(spender).or_default();
                *left = left.checked_sub(&out.amount).unwrap_or_default();
            }
            How::Moves | How::Fee => {}
        }
    }
    by.into_values().sum()
}

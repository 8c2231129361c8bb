//! What is done, in words.

use super::{names::Names, quantities::list};
use crate::ruleset::{ControlSpec, EffectSpec, Formula, Linear, Scalar, TokenSpec, Typed};
use agentpol_model::{
    effect::{EffectKind, GrantMode},
    request::{Field, Kind},
    types::{Path, WordType},
};

/// Is it the value that goes along?
pub(super) fn is_value(sum: &Linear) -> bool {
    matches!(sum.terms.as_slice(), [(_, Scalar::Field(Field::Value))])
}

impl Names<'_> {
    /// `moves amount of USDC to `to``
    pub(super) fn effect(&self, effect: &EffectSpec) -> String {
        let (verb, party) = match effect.kind {
            EffectKind::Move => ("moves", "to"),
            EffectKind::Pull { exact: true } => ("lets exactly", "be taken by"),
            EffectKind::Pull { exact: false } => ("lets up to", "be taken by"),
            EffectKind::Grant(GrantMode::Set) => ("lets", "be spent by"),
            EffectKind::Grant(GrantMode::Add) => ("lets another", "be spent by"),
            EffectKind::Grant(GrantMode::Dec) => ("takes back", "from"),
            EffectKind::Receive => ("brings at least", "to"),
            EffectKind::Owe => ("makes a debt of", "for"),
        };
        let token = match (self.resolve(&effect.token), &effect.token) {
            (Some(token), _) => self.token(token).map_or_else(|| token.to_string(), |t| t.symbol.clone()),
            (None, TokenSpec::At(scalar)) => format!("the token {}", self.scalar(scalar)),
            (None, TokenSpec::Known(token)) => token.to_string(),
        };
        let deploys = self.callable.is_some_and(|callable| callable.kind == Kind::Deploy);
        let mut out = match is_value(&effect.amount) {
            true if deploys => format!("{verb} the {token} sent along {party} the new contract"),
            true => format!("{verb} the {token} sent along {party} {}", self.party(&effect.party)),
            false => {
                let (amount, who) = (self.sum(&effect.amount), self.party(&effect.party));
                format!("{verb} {amount} of {token} {party} {who}")
            }
        };
        if let Some(through) = &effect.through {
            out.push_str(" through ");
            out.push_str(&self.party(through));
        }
        if let Some(until) = &effect.until {
            out.push_str(" until ");
            out.push_str(&self.scalar(until));
        }
        out.push_str(&self.only_when(&effect.when));
        out
    }

    /// `gives `operator`, who must be trusted, control without a limit (when `approved` is true)`
    pub(super) fn control(&self, control: &ControlSpec) -> String {
        let party = self.party(&control.party);
        let when = self.only_when(&control.when);
        format!("gives {party}, who must be trusted, control without a limit{when}")
    }

    /// What ends a signature.
    pub(super) fn used_up(&self, typed: &Typed) -> String {
        let until = typed.until.as_ref().map(|until| format!(", until {}", self.scalar(until)));
        let until = until.unwrap_or_default();
        if typed.once_per.is_empty() {
            return format!("The interface does not say how often a signature can be used{until}.");
        }
        let per: Vec<_> = typed.once_per.iter().map(|word| self.scalar(word)).collect();
        format!("A signature can be used once for each {}{until}.", list(&per, "and"))
    }

    fn party(&self, party: &Scalar) -> String {
        match party {
            Scalar::Const(word) => self.constant(*word, &Scalar::Arg(Path(vec![]), WordType::Address)),
            other => self.scalar(other),
        }
    }

    fn only_when(&self, when: &Formula) -> String {
        match when {
            Formula::Const(true) => String::new(),
            when => format!(" (when {})", self.condition(when)),
        }
    }
}

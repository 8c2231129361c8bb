//! What is given for something: a swap or an exit whose least receipt is nothing, or dust, is a gift to whoever stands in between.
//!
//! A receipt is bound to what is given if more must come back for the most that may be given than for the least. One that is not, and may
//! be less than a thousandth of a token besides, might as well not be there.

use super::{Analysis, Finding, Kind, Question, granted_by, replayed};
use crate::{
    integer::Answer,
    solve::{ArmAt, Assignment, EffectAt, Key, Prop, Sum},
};
use agentpol_model::{effect::EffectKind, ids::TokenId};
use num_bigint::BigInt;
use num_traits::{One as _, Signed as _, Zero as _};

/// Less than one part in so many of a token is dust.
const DUST: u32 = 1_000;

impl Analysis<'_> {
    pub(super) fn minima(&mut self) {
        for at in 0..self.keys.len() {
            let Some(key) = self.keys.get(at) else { continue };
            let mut out = Vec::new();
            for arm in key.grants() {
                let outs = key
                    .effects
                    .iter()
                    .filter(|e| matches!(e.kind, EffectKind::Move | EffectKind::Pull { .. }));
                for gives in outs {
                    for gets in key.effects.iter().filter(|e| e.kind == EffectKind::Receive) {
                        out.extend(self.swaps(key, arm, gives, gets));
                    }
                }
            }
            for (kind, rule, answer) in out {
                match answer {
                    Answer::None => {}
                    Answer::Unknown => self.unknown(rule, Question::Minimum),
                    Answer::Found(witness) => {
                        let callable = self.keys.get(at).map(|key| key.id);
                        let accepted = self.accepted(rule, "zero_minimum");
                        if !self.findings.iter().any(|finding| finding.kind == kind) {
                            self.findings.push(Finding {
                                callable,
                                witness: Some(witness),
                                accepted,
                                ..Finding::plain(kind)
                            });
                        }
                    }
                }
            }
        }
    }

    /// Each pair of tokens that a call may change into each other.
    fn swaps(
        &self,
        key: &Key<'_>,
        arm: &ArmAt,
        gives: &EffectAt,
        gets: &EffectAt,
    ) -> Vec<(Kind, agentpol_model::ids::RuleId, Answer<crate::witness::Witness>)> {
        let decides = key.decides(arm);
        let something = key.at_least(&gives.amount, &BigInt::one());
        // Who gets all there is gets something.
        let counted = key.not(&gets.means_all);
        let mut out = Vec::new();
        for (paid, pays) in &gives.tokens {
            for (bought, comes) in &gets.tokens {
                let conditions = decides.and([&something, &counted, pays, comes]);
                let answer = match self.least(key, &conditions, &gives.amount, &gets.amount, (*paid, *bought))
                {
                    Answer::None => continue,
                    answer => replayed(key, answer, |ruling| granted_by(ruling, arm.rule)),
                };
                let kind = Kind::NoMinimum { rule: arm.rule, gives: *paid, gets: *bought };
                out.push((kind, arm.rule, answer));
            }
        }
        out
    }

    /// A request that gives the most and gets nothing, or dust that is not bound to it.
    fn least(
        &self,
        key: &Key<'_>,
        conditions: &[&Prop],
        given: &Sum,
        got: &Sum,
        (paid, bought): (TokenId, TokenId),
    ) -> Answer<Assignment> {
        let most = match key.supremum(conditions, given) {
            Answer::Found((most, _)) => most,
            Answer::None => return Answer::None,
            Answer::Unknown => return Answer::Unknown,
        };
        // Nothing for more than dust, however much more could be given.
        let decimals =
            |token: TokenId| self.rules.tokens.get(token.index()).map_or(0, |token| token.decimals);
        let dust = |token| (BigInt::from(10).pow(u32::from(decimals(token))) / DUST).max(BigInt::one());
        let (enough, nothing) =
            (key.at_least(given, &dust(paid).min(most.clone())), key.at_most(got, &BigInt::zero()));
        let for_nothing: Vec<&Prop> = conditions.iter().copied().chain([&enough, &nothing]).collect();
        match key.find(&for_nothing) {
            Answer::None => {}
            answer => return answer,
        }
        let negative = Sum::default().minus(got);
        let all = key.at_least(given, &most);
        let with_all: Vec<&Prop> = conditions.iter().copied().chain([&all]).collect();
        match (key.supremum(&with_all, &negative), key.supremum(conditions, &negative)) {
            (Answer::Found((least, found)), Answer::Found((anywhere, _))) => {
                let (least, anywhere) = (-least, -anywhere);
                let nothing =
                    !least.is_positive() || (least <= anywhere.max(BigInt::zero()) && least < dust(bought));
                if nothing { Answer::Found(found) } else { Answer::None }
            }
            (Answer::Unknown, _) | (_, Answer::Unknown) => Answer::Unknown,
            _ => Answer::None,
        }
    }
}

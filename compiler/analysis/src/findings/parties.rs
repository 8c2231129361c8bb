//! To whom value and authority may go: an address that the policy does not name can be anybody's.

use super::{Analysis, Finding, Kind, Question, granted};
use crate::{
    integer::Answer,
    ruleset::ParamType,
    solve::{ArmAt, EffectAt, Key, Prop, Set, Term, number},
    witness::Witness,
};
use agentpol_model::{
    effect::{EffectKind, GrantMode},
    ids::{ParamId, RuleId, TokenId},
};
use num_bigint::BigInt;
use num_traits::One as _;

impl Analysis<'_> {
    pub(super) fn parties(&mut self) {
        let constants = self.rules.named_addresses.iter();
        let constants = Set::points(constants.map(|address| number(address.into_word().into())));
        for at in 0..self.keys.len() {
            let Some(key) = self.keys.get(at) else { continue };
            let mut out = Vec::new();
            for effect in &key.effects {
                let Some(gives) = Gives::of(effect.kind) else { continue };
                // Most rules name their parties one by one.
                let mut arms = key.grants().filter(|arm| !arm.keeps(&effect.party, &constants)).peekable();
                if arms.peek().is_none() {
                    continue;
                }
                let named = self.named(key, &effect.party);
                for arm in arms {
                    let answers = open_party(key, arm, effect, &named).into_iter();
                    out.extend(answers.map(|(token, answer)| (arm.rule, gives, token, answer)));
                }
            }
            for (rule, gives, token, answer) in out {
                match answer {
                    Answer::None => {}
                    Answer::Unknown => self.unknown(rule, Question::Parties),
                    Answer::Found(witness) => self.open(at, (rule, gives, token), witness),
                }
            }
        }
    }

    fn open(&mut self, at: usize, (rule, gives, token): (RuleId, Gives, TokenId), witness: Witness) {
        let (kind, risk) = match gives {
            Gives::Value => (Kind::AnyRecipient { rule, token }, "any_recipient"),
            Gives::Authority => (Kind::AnySpender { rule, token }, "any_spender"),
        };
        if self.findings.iter().any(|finding| finding.kind == kind) {
            return;
        }
        let accepted = self.accepted(rule, risk);
        let callable = self.keys.get(at).map(|key| key.id);
        self.findings.push(Finding { callable, witness: Some(witness), accepted, ..Finding::plain(kind) });
    }

    /// Is it somebody whom the policy names: in its text, by a parameter, as a contract, or the wallet?
    fn named(&self, key: &Key<'_>, party: &Term) -> Prop {
        let mut is = vec![
            key.same(party, &key.wallet, true),
            key.among(party, &self.rules.named_addresses),
            key.stands_at(party, |_| true),
        ];
        for (n, param) in self.rules.params.iter().enumerate() {
            let id = ParamId::new(u32::try_from(n).unwrap_or(u32::MAX));
            match (param.ty, key.params.get(&id)) {
                (ParamType::AddressSet(_), _) => is.push(key.member(party, id)),
                (ParamType::Address | ParamType::Approver, Some(term)) => {
                    is.push(key.same(party, term, true))
                }
                _ => {}
            }
        }
        Prop::any(is)
    }
}

/// What a party gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    Value,
    Authority,
}

impl Gives {
    fn of(kind: EffectKind) -> Option<Self> {
        match kind {
            EffectKind::Move | EffectKind::Pull { .. } | EffectKind::Receive => Some(Gives::Value),
            EffectKind::Grant(GrantMode::Set | GrantMode::Add) => Some(Gives::Authority),
            EffectKind::Grant(GrantMode::Dec) | EffectKind::Owe => None,
        }
    }
}

/// Of each token that it may be of, a request that a rule grants, in which some of it goes to a party that is not named.
fn open_party(
    key: &Key<'_>,
    arm: &ArmAt,
    effect: &EffectAt,
    named: &Prop,
) -> Vec<(TokenId, Answer<Witness>)> {
    let stranger = key.not(named);
    let something = Prop::any([effect.means_all.clone(), key.at_least(&effect.amount, &BigInt::one())]);
    let decides = key.decides(arm);
    let answer = |(token, takes_place): &(TokenId, Prop)| {
        (*token, granted(key, &decides, &[takes_place, &something, &stranger]))
    };
    effect.tokens.iter().map(answer).collect()
}

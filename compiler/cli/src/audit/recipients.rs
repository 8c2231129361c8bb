//! Who may receive a token, or take it, as far as the rules' own conditions name them.

use agentpol_analysis::ruleset::{Arm, Atom, Callable, Formula, RuleSet, Scalar, SetRef, TokenSpec, Verb};
use agentpol_model::{
    Address, ChainId, U256,
    effect::{EffectKind, GrantMode},
    ids::{ParamId, TokenId},
    policy::{Target, WALLET_PARAM},
    request::{Field, Kind},
};
use std::collections::BTreeSet;

/// Those who may have some of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipients {
    /// By the policy's names.
    pub(super) named: BTreeSet<String>,
    /// Rules whose conditions name nobody.
    pub(super) anybody: BTreeSet<String>,
}

/// Who may have some of a token by what is granted.
pub(super) fn recipients(rules: &RuleSet, token: TokenId) -> Recipients {
    let mut out = Recipients::default();
    for rule in rules.rules.iter().filter(|rule| rule.verb != Verb::Deny) {
        for arm in &rule.arms {
            let Some(callable) = rules.callables.get(arm.callable.index()) else { continue };
            let view = View { rules, arm, callable };
            let denials = denials(rules, arm);
            // All of it is denied.
            if denials.iter().any(|denial| denial.conditions().is_empty()) {
                continue;
            }
            let gives = callable.effects.iter().filter(|effect| {
                let kind = matches!(
                    effect.kind,
                    EffectKind::Move
                        | EffectKind::Pull { .. }
                        | EffectKind::Grant(GrantMode::Set | GrantMode::Add)
                );
                kind && view.may_be(&effect.token, token)
            });
            for effect in gives {
                // Value that may not go along goes to nobody.
                if callable.kind == Kind::Call && view.is_zero(&effect.amount) {
                    continue;
                }
                let denied = denials.iter().filter_map(|denial| match denial.conditions().as_slice() {
                    [only] => denial.words(only, &effect.party),
                    _ => None,
                });
                let denied: BTreeSet<String> =
                    denied.flatten().map(|word| view.name(&Scalar::Const(word))).collect();
                match view.named(&effect.party) {
                    Some(names) if !denied.is_empty() => {
                        out.named.extend(names.into_iter().filter(|name| !denied.contains(name)));
                    }
                    Some(names) => out.named.extend(names),
                    None => {
                        out.anybody.insert(rule.name.clone());
                    }
                }
            }
        }
    }
    out
}

/// What is denied of what an arm is about.
fn denials<'r>(rules: &'r RuleSet, of: &Arm) -> Vec<View<'r>> {
    let all = rules.rules.iter().filter(|rule| rule.verb == Verb::Deny).flat_map(|rule| &rule.arms);
    let same = all.filter(|arm| arm.callable == of.callable);
    same.filter_map(|arm| Some(View { rules, arm, callable: rules.callables.get(arm.callable.index())? }))
        .collect()
}

/// One arm's conditions.
struct View<'r> {
    rules: &'r RuleSet,
    arm: &'r Arm,
    callable: &'r Callable,
}

impl View<'_> {
    /// The conditions that must all hold.
    fn conditions(&self) -> Vec<&Formula> {
        let mut out = Vec::new();
        let mut open: Vec<&Formula> = self.arm.clauses.iter().map(|clause| &clause.formula).collect();
        while let Some(formula) = open.pop() {
            match formula {
                Formula::And(parts) => open.extend(parts),
                other => out.push(other),
            }
        }
        out
    }

    fn may_be(&self, spec: &TokenSpec, token: TokenId) -> bool {
        match spec {
            TokenSpec::Known(known) => *known == token,
            TokenSpec::At(scalar) => {
                let words: Option<Vec<U256>> =
                    self.conditions().into_iter().find_map(|formula| self.words(formula, scalar));
                let sites = self
                    .rules
                    .tokens
                    .get(token.index())
                    .map(|token| token.sites.as_slice())
                    .unwrap_or_default();
                let here = |address: Option<Address>| sites.contains(&(self.callable.chain, address));
                match words {
                    Some(words) => words.into_iter().any(|word| here(Some(Address::from_word(word.into())))),
                    None => sites.iter().any(|(chain, at)| *chain == self.callable.chain && at.is_some()),
                }
            }
        }
    }

    fn is_zero(&self, amount: &agentpol_analysis::ruleset::Linear) -> bool {
        let [(_, scalar)] = amount.terms.as_slice() else { return false };
        self.conditions().into_iter().any(|formula| {
            matches!(formula, Formula::Atom(Atom::Same(a, Scalar::Const(U256::ZERO))) if a == scalar)
        })
    }

    /// The constants that a condition says a word is one of.
    fn words(&self, formula: &Formula, of: &Scalar) -> Option<Vec<U256>> {
        match formula {
            Formula::Atom(Atom::Same(a, Scalar::Const(word)) | Atom::Same(Scalar::Const(word), a))
                if a == of =>
            {
                Some(vec![*word])
            }
            Formula::Atom(Atom::Member(a, SetRef::Const(set))) if a == of => {
                Some(self.rules.sets.get(set.index())?.iter().copied().collect())
            }
            Formula::Or(parts) => {
                let each: Option<Vec<Vec<U256>>> = parts.iter().map(|part| self.words(part, of)).collect();
                Some(each?.concat())
            }
            _ => None,
        }
    }

    /// By whose names a party goes; nothing where no condition names it.
    fn named(&self, party: &Scalar) -> Option<Vec<String>> {
        match party {
            Scalar::Const(_) | Scalar::Param(_) | Scalar::Field(Field::Wallet) => {
                Some(vec![self.name(party)])
            }
            party => self.conditions().into_iter().find_map(|formula| self.names(formula, party)),
        }
    }

    fn names(&self, formula: &Formula, party: &Scalar) -> Option<Vec<String>> {
        if let Some(words) = self.words(formula, party) {
            return Some(words.into_iter().map(|word| self.name(&Scalar::Const(word))).collect());
        }
        match formula {
            Formula::Atom(Atom::Same(a, b)) => {
                let other = if a == party {
                    b
                } else if b == party {
                    a
                } else {
                    return None;
                };
                matches!(other, Scalar::Param(_) | Scalar::Field(Field::Wallet))
                    .then(|| vec![self.name(other)])
            }
            Formula::Atom(Atom::Member(a, SetRef::Param(id))) if a == party => Some(vec![self.param(*id)]),
            Formula::Or(parts) => {
                let each: Option<Vec<Vec<String>>> =
                    parts.iter().map(|part| self.names(part, party)).collect();
                Some(each?.concat())
            }
            _ => None,
        }
    }

    fn name(&self, party: &Scalar) -> String {
        match party {
            Scalar::Const(word) => {
                address(self.rules, self.callable.chain, Address::from_word((*word).into()))
            }
            Scalar::Param(id) => self.param(*id),
            _ => WALLET_PARAM.to_owned(),
        }
    }

    fn param(&self, id: ParamId) -> String {
        let stands_there = self.rules.contracts.iter().find(|contract| contract.address == Target::Param(id));
        let name = || self.rules.params.get(id.index()).map(|param| param.name.clone());
        stands_there.map(|contract| contract.name.clone()).or_else(name).unwrap_or_default()
    }
}

fn address(rules: &RuleSet, chain: ChainId, address: Address) -> String {
    let here = rules
        .contracts
        .iter()
        .find(|contract| contract.chain == chain && contract.address == Target::Fixed(address));
    here.map_or_else(|| crate::show::short(address), |contract| contract.name.clone())
}

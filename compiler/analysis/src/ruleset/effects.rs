//! What a granted action does, with every amount, token and party worked out; and what is refused of it.

use super::{
    Arm, Bound, Callable, EffectSpec, Rule, RuleSet, Scalar, TokenSpec, decide::Reason, eval::Scope,
};
use agentpol_model::{
    Address, ChainId, U256,
    decision::{Charges, DenyCode, GrantedAction},
    effect::{Effect, EffectKind, Effects},
    ids::{CallableId, RuleId, TokenId},
    refusal::{self, Context},
    types::WordType,
};
use num_bigint::{BigInt, Sign};

impl RuleSet {
    /// The effects of `callable` under the rule that grants it, in the order they are declared, then the rule's own charges.
    pub(super) fn carry_out(
        &self,
        callable: &Callable,
        id: CallableId,
        rule_id: RuleId,
        scope: &Scope<'_>,
    ) -> Result<GrantedAction, Reason> {
        let deny = |code| Reason::of_rule(code, rule_id);
        let rule = self.rules.get(rule_id.index()).ok_or(deny(DenyCode::NoRule))?;
        if callable.opaque && !rule.lifts.contains(&DenyCode::Opaque) {
            return Err(deny(DenyCode::Opaque));
        }
        let controls = callable.function.as_ref().is_some_and(|f| refusal::changes_control(f.selector));
        if controls && !rule.lifts.contains(&DenyCode::Upgrade) {
            return Err(deny(DenyCode::Upgrade));
        }
        let context = Lifted { rules: self, bound: scope.bound, chain: scope.request.chain, rule };
        let mut effects = Effects::new();
        for spec in &callable.effects {
            let Some(effect) = self.resolve(spec, scope).map_err(deny)? else { continue };
            if let Some(code) = refusal::refuse(&effect, &context) {
                return Err(deny(code));
            }
            // Compilers bound the effects of a function; what was not compiled is not understood.
            effects.try_push(effect).map_err(|_| deny(DenyCode::Opaque))?;
        }
        let arm = rule.arms.iter().find(|arm| arm.callable == id);
        let charges = arm.map_or(Ok(Charges::new()), |arm| charge(arm, scope)).map_err(deny)?;
        Ok(GrantedAction { rule: rule_id, effects, charges })
    }

    /// One effect; `None` if it does not take place.
    pub(super) fn resolve(&self, spec: &EffectSpec, scope: &Scope<'_>) -> Result<Option<Effect>, DenyCode> {
        if !scope.holds(&spec.when).ok_or(DenyCode::Undefined)? {
            return Ok(None);
        }
        if let Some(from) = &spec.from {
            let from = scope.word(from).ok_or(DenyCode::Undefined)?;
            // What leaves another's account is no effect on the wallet.
            if spec.kind == EffectKind::Move && address(from) != scope.request.wallet {
                return Ok(None);
            }
        }
        let token = match &spec.token {
            TokenSpec::Known(token) => *token,
            TokenSpec::At(scalar) => {
                let at = scope.word(scalar).ok_or(DenyCode::Undefined)?;
                self.token_at(scope.request.chain, address(at)).ok_or(DenyCode::UnknownToken)?
            }
        };
        let amount = if means_all(spec.sentinel.as_ref(), scope)? {
            U256::MAX
        } else {
            word(scope.sum(&spec.amount).ok_or(DenyCode::Undefined)?)?
        };
        let party = address(scope.word(&spec.party).ok_or(DenyCode::Undefined)?);
        let until = match &spec.until {
            None => None,
            Some(until) => {
                let until = scope.word(until).ok_or(DenyCode::Undefined)?;
                Some(until.saturating_to())
            }
        };
        let through = match &spec.through {
            None => None,
            Some(through) => Some(address(scope.word(through).ok_or(DenyCode::Undefined)?)),
        };
        Ok(Some(Effect { kind: spec.kind, token, amount, party, until, through }))
    }

    /// The policy's token that stands there.
    pub fn token_at(&self, chain: ChainId, at: Address) -> Option<TokenId> {
        let stands_there = |site: &(ChainId, Option<Address>)| *site == (chain, Some(at));
        (0..)
            .map(TokenId::new)
            .zip(&self.tokens)
            .find(|(_, t)| t.sites.iter().any(stands_there))
            .map(|(id, _)| id)
    }
}

/// `max means all`: is the argument its type's greatest value?
fn means_all(sentinel: Option<&Scalar>, scope: &Scope<'_>) -> Result<bool, DenyCode> {
    let Some(sentinel) = sentinel else { return Ok(false) };
    let greatest = match sentinel {
        Scalar::Arg(_, WordType::Uint(bits)) => U256::MAX >> usize::from(256_u16.saturating_sub(*bits)),
        Scalar::Arg(_, WordType::Int(bits)) => U256::MAX >> usize::from(257_u16.saturating_sub(*bits)),
        _ => U256::MAX,
    };
    Ok(scope.word(sentinel).ok_or(DenyCode::Undefined)? == greatest)
}

fn charge(arm: &Arm, scope: &Scope<'_>) -> Result<Charges, DenyCode> {
    let mut charges = Charges::new();
    for (amount, budgets) in &arm.charges {
        let amount = word(scope.sum(amount).ok_or(DenyCode::Undefined)?)?;
        for budget in budgets {
            charges.try_push((*budget, amount)).map_err(|_| DenyCode::Opaque)?;
        }
    }
    Ok(charges)
}

/// An amount as a word. Below zero there is nothing.
fn word(amount: BigInt) -> Result<U256, DenyCode> {
    match amount.to_bytes_be() {
        (Sign::Minus, _) => Ok(U256::ZERO),
        (_, bytes) => U256::try_from_be_slice(&bytes).ok_or(DenyCode::AmountOverflow),
    }
}

fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

/// The policy as the refusals see it, with what the deciding rule lifts.
struct Lifted<'a> {
    rules: &'a RuleSet,
    bound: &'a Bound,
    chain: ChainId,
    rule: &'a Rule,
}

impl Context for Lifted<'_> {
    fn is_trusted(&self, spender: Address) -> bool {
        self.rules.contracts.iter().any(|contract| {
            let here = self.bound.address(contract.address) == Some(spender);
            contract.chain == self.chain && contract.trusted.is_some() && here
        })
    }

    fn is_token_contract(&self, effect: &Effect, party: Address) -> bool {
        let token = self.rules.tokens.get(effect.token.index());
        token.is_some_and(|token| token.sites.contains(&(self.chain, Some(party))))
    }

    fn looks_alike(&self, party: Address) -> bool {
        self.bound.known().looks_alike(party)
    }

    fn accepts(&self, code: DenyCode) -> bool {
        self.rule.lifts.contains(&code)
    }
}

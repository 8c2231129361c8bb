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
    request::Kind,
    types::WordType,
};
use num_bigint::{BigInt, Sign};

/// A grant of one action.
pub(super) struct Grant<'r> {
    pub(super) callable: &'r Callable,
    pub(super) id: CallableId,
    /// The rule that grants it.
    pub(super) rule: RuleId,
    /// May a part of what is inside it fail?
    pub(super) lets_fail: bool,
    /// May it fail itself, or what it is inside of, while the request succeeds?
    pub(super) may_fail: bool,
}

impl RuleSet {
    /// The effects of what is granted, in the order they are declared, then the rule's own charges.
    pub(super) fn carry_out(&self, grant: &Grant<'_>, scope: &Scope<'_>) -> Result<GrantedAction, Reason> {
        let Grant { callable, id, rule: rule_id, .. } = *grant;
        let deny = |code| Reason::of_rule(code, rule_id);
        let rule = self.rules.get(rule_id.index()).ok_or(deny(DenyCode::NoRule))?;
        let context = Lifted { rules: self, bound: scope.bound, chain: scope.request.chain, rule };
        self.risks(grant, scope, &context).map_err(deny)?;
        self.control(callable, scope, &context).map_err(deny)?;
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
        Ok(GrantedAction { rule: rule_id, effects, charges, may_fail: grant.may_fail })
    }

    /// What a rule grants only if it accepts it by name.
    fn risks(&self, grant: &Grant<'_>, scope: &Scope<'_>, context: &Lifted<'_>) -> Result<(), DenyCode> {
        let callable = grant.callable;
        let accept = |code, holds: bool| match holds && !context.accepts(code) {
            true => Err(code),
            false => Ok(()),
        };
        accept(DenyCode::AllowFailure, grant.lets_fail)?;
        // What is inside a wrapper is judged by itself.
        accept(DenyCode::Opaque, callable.opaque && !callable.is_wrapper())?;
        accept(DenyCode::Upgrade, changes_control(callable))?;
        let foreign = scope.action.from != scope.request.wallet && acts(scope.action.kind);
        if foreign && !context.accepts(DenyCode::ForeignSender) {
            // Whoever opens a wrapper: what is inside says who acts.
            if !callable.is_wrapper() || self.does_something(callable, scope)? {
                return Err(DenyCode::ForeignSender);
            }
        }
        Ok(())
    }

    /// Authority without an amount is for the trusted and the wallet itself; no rule can give it to others, since no budget could hold
    /// it.
    fn control(&self, callable: &Callable, scope: &Scope<'_>, context: &Lifted<'_>) -> Result<(), DenyCode> {
        // Its code acts as the account from then on.
        if scope.action.kind == Kind::Authorize && !context.is_trusted(scope.action.to) {
            return Err(DenyCode::Unlimited);
        }
        for control in &callable.controls {
            if !scope.holds(&control.when).ok_or(DenyCode::Undefined)? {
                continue;
            }
            let party = address(scope.word(&control.party).ok_or(DenyCode::Undefined)?);
            if party != scope.request.wallet && !context.is_trusted(party) {
                return Err(DenyCode::Unlimited);
            }
        }
        Ok(())
    }

    /// Does a wrapper do anything besides what is inside it? It gives control, or an amount that is not zero moves, is taken, given,
    /// received or owed.
    pub(super) fn does_something(&self, callable: &Callable, scope: &Scope<'_>) -> Result<bool, DenyCode> {
        if changes_control(callable) {
            return Ok(true);
        }
        for control in &callable.controls {
            if scope.holds(&control.when).ok_or(DenyCode::Undefined)? {
                return Ok(true);
            }
        }
        for spec in &callable.effects {
            if self.resolve(spec, scope)?.is_some_and(|effect| effect.amount != U256::ZERO) {
                return Ok(true);
            }
        }
        Ok(false)
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

/// Is it one of the functions that change who owns, administers or implements a contract?
fn changes_control(callable: &Callable) -> bool {
    callable.function.as_ref().is_some_and(|f| refusal::changes_control(f.selector))
}

/// Is somebody's account the one that acts, so that it matters whose? A signature is the signer's own.
fn acts(kind: Kind) -> bool {
    match kind {
        Kind::Call | Kind::Send | Kind::Delegatecall | Kind::Command | Kind::Deploy => true,
        Kind::Sign | Kind::Message | Kind::Authorize => false,
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

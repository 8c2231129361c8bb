//! What a granted action does, and what is refused of it whatever the rules say.

use crate::{
    decide::Fault,
    policy::Policy,
    program::{Amount, Arm, Callable, Effect as Template, From, Span, Token},
    run::Frame,
};
use agentpol_model::{
    Address, ChainId, U256,
    decision::{Charges, DenyCode},
    effect::{Effect, EffectKind, Effects},
    ids::TokenId,
    refusal::{self, Context},
};

impl Policy {
    /// Fills `effects`, in the order of their declaration.
    pub(crate) fn effects(
        &self,
        callable: &Callable,
        arm: &Arm,
        frame: &Frame<'_>,
        steps: &mut u64,
        effects: &mut Effects,
    ) -> Result<(), Fault> {
        let deny = |code| Fault::of_rule(code, arm.rule);
        for template in self.templates(callable) {
            if let Some((effect, site)) =
                self.resolve(template, callable.token, frame, steps).map_err(deny)?
            {
                let known = arm.knows(template.party);
                let lifted = Lifted { policy: self, chain: frame.request.chain, arm, known, site };
                refusal::refuse(&effect, &lifted).map_or(Ok(()), |code| Err(deny(code)))?;
                // The verifier lets no callable have more effects than fit.
                effects.try_push(effect).map_err(|_| deny(DenyCode::Opaque))?;
            }
        }
        Ok(())
    }

    /// Does an amount of anything move, or could it?
    pub(crate) fn has_effect(
        &self,
        callable: &Callable,
        frame: &Frame<'_>,
        steps: &mut u64,
    ) -> Result<bool, DenyCode> {
        for template in self.templates(callable) {
            let effect = self.resolve(template, callable.token, frame, steps)?;
            if effect.is_some_and(|(effect, _)| effect.amount != U256::ZERO) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn templates(&self, callable: &Callable) -> &[Template] {
        let Span { start, end } = callable.effects();
        self.program.effects.get(start as usize..end as usize).unwrap_or_default()
    }

    /// One effect and where its token stands, unless it does not take place.
    fn resolve(
        &self,
        template: &Template,
        own: TokenId,
        frame: &Frame<'_>,
        steps: &mut u64,
    ) -> Result<Option<(Effect, Option<Address>)>, DenyCode> {
        *steps = steps.saturating_add(u64::from(template.cost));
        let word = |word| frame.word(word).ok_or(DenyCode::Undefined);
        if !frame.run(&template.when, steps, &mut ()).ok_or(DenyCode::Undefined)? {
            return Ok(None);
        }
        if let Some(from) = template.from {
            let from = match from {
                From::Sender => frame.action.from,
                From::Word(from) => address(word(from)?),
            };
            // What leaves another's account is no effect on the wallet.
            if template.kind == EffectKind::Move && from != frame.request.wallet {
                return Ok(None);
            }
        }
        let (token, site) = match template.token {
            Token::Here => (own, Some(frame.action.to)),
            Token::Known(token, site) => (token, site),
            Token::At(at) => {
                let site = address(word(at)?);
                (self.token_at(frame.request.chain, site).ok_or(DenyCode::UnknownToken)?, Some(site))
            }
        };
        let all = match template.sentinel {
            Some((sentinel, all)) => word(sentinel)? == word(all)?,
            None => false,
        };
        let amount = if all { U256::MAX } else { amount(frame, &template.amount)? };
        let party = address(word(template.party)?);
        let until = template.until.map(|until| word(until).map(|until| until.saturating_to())).transpose()?;
        let through = template.through.map(|through| word(through).map(address)).transpose()?;
        Ok(Some((Effect { kind: template.kind, token, amount, party, until, through }, site)))
    }

    /// Fills `charges` with what the rule's own `charge`s come to.
    pub(crate) fn charges(
        &self,
        span: &Span,
        frame: &Frame<'_>,
        steps: &mut u64,
        charges: &mut Charges,
    ) -> Result<(), DenyCode> {
        let hand_written =
            self.program.charges.get(span.start as usize..span.end as usize).unwrap_or_default();
        for (sum, budgets) in hand_written {
            *steps = steps.saturating_add(frame.amount_cost(sum));
            let amount = amount(frame, sum)?;
            for budget in budgets {
                charges.try_push((*budget, amount)).map_err(|_| DenyCode::Opaque)?;
            }
        }
        Ok(())
    }
}

fn amount(frame: &Frame<'_>, amount: &Amount) -> Result<U256, DenyCode> {
    frame.amount(amount).ok_or(DenyCode::Undefined)?.ok_or(DenyCode::AmountOverflow)
}

pub(crate) fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

/// The policy as the refusals see it, with what the deciding rule lifts.
struct Lifted<'a> {
    policy: &'a Policy,
    chain: ChainId,
    arm: &'a Arm,
    /// Has the guard seen to it that the party is an address of the policy?
    known: bool,
    /// Where the effect's token stands.
    site: Option<Address>,
}

impl Context for Lifted<'_> {
    fn is_trusted(&self, spender: Address) -> bool {
        self.policy.is_trusted(self.chain, spender)
    }

    fn is_token_contract(&self, _: &Effect, party: Address) -> bool {
        self.site == Some(party)
    }

    fn looks_alike(&self, party: Address) -> bool {
        !self.known && self.policy.known().looks_alike(party)
    }

    fn accepts(&self, code: DenyCode) -> bool {
        self.arm.lifts(code)
    }
}

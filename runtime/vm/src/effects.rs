//! What a granted action does, and what is refused of it whatever the rules say.

use crate::{
    decide::Fault,
    policy::Policy,
    program::{Amount, Arm, Callable, Effect as Template, Span, Token},
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
        let deny = |code| Fault { code, rule: Some(arm.rule), offset: None };
        let Span { start, end } = callable.effects;
        let templates = self.program.effects.get(start as usize..end as usize).unwrap_or_default();
        for template in templates {
            *steps = steps.saturating_add(u64::from(template.cost));
            if let Some(effect) = self.resolve(template, callable.token, arm, frame, steps).map_err(deny)? {
                // The verifier lets no callable have more effects than fit.
                effects.try_push(effect).map_err(|_| deny(DenyCode::Opaque))?;
            }
        }
        Ok(())
    }

    /// One effect, unless it does not take place or is refused.
    fn resolve(
        &self,
        template: &Template,
        own: TokenId,
        arm: &Arm,
        frame: &Frame<'_>,
        steps: &mut u64,
    ) -> Result<Option<Effect>, DenyCode> {
        let word = |word| frame.word(word).ok_or(DenyCode::Undefined);
        if !frame.run(&template.when, steps, &mut ()).ok_or(DenyCode::Undefined)? {
            return Ok(None);
        }
        if let Some(from) = template.from {
            let from = address(word(from)?);
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
        let effect = Effect { kind: template.kind, token, amount, party, until, through };
        let lifted =
            Lifted { policy: self, chain: frame.request.chain, arm, known: arm.knows(template.party), site };
        refusal::refuse(&effect, &lifted).map_or(Ok(Some(effect)), Err)
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

fn address(word: U256) -> Address {
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

//! What a callable does.

use super::Compiler;
use crate::{
    bind::BindError,
    program::{Effect, From, Token},
};
use agentpol_bytecode::EffectTemplate;
use agentpol_model::{
    Address, ChainId, U256,
    ids::TokenId,
    policy::{Scalar, TokenSpec},
    request::Field,
    types::WordType,
};

impl Compiler<'_> {
    pub(super) fn effect(
        &mut self,
        effect: &EffectTemplate,
        layout: Option<u32>,
        chain: ChainId,
    ) -> Result<Effect, BindError> {
        let when = self.condition(&effect.when, layout)?;
        let from = match &effect.from {
            // What leaves the wallet by definition needs no comparison.
            Some(Scalar::Field(Field::Wallet)) | None => None,
            Some(Scalar::Field(Field::Sender)) => Some(From::Sender),
            Some(from) => Some(From::Word(self.word(from, layout)?)),
        };
        let sentinel = match &effect.sentinel {
            Some(sentinel) => Some((self.word(sentinel, layout)?, self.constant(greatest(sentinel))?)),
            None => None,
        };
        Ok(Effect {
            kind: effect.kind,
            amount: self.amount(&effect.amount, layout)?,
            token: match &effect.token {
                TokenSpec::Known(token) => Token::Known(*token, self.site(*token, chain)),
                TokenSpec::At(word) => Token::At(self.word(word, layout)?),
            },
            party: self.word(&effect.party, layout)?,
            from,
            until: effect.until.as_ref().map(|until| self.word(until, layout)).transpose()?,
            through: effect.through.as_ref().map(|through| self.word(through, layout)).transpose()?,
            sentinel,
            when,
            cost: u32::try_from(effect.amount.terms.len())
                .map_err(|_| BindError::TooLarge)?
                .saturating_add(1),
        })
    }

    fn site(&self, token: TokenId, chain: ChainId) -> Option<Address> {
        let token = self.module.tokens.get(token.index())?;
        token.sites.iter().find(|(on, _)| *on == chain).and_then(|(_, at)| *at)
    }
}

/// `max means all`: the greatest value of the argument's type.
fn greatest(sentinel: &Scalar) -> U256 {
    match sentinel {
        Scalar::Arg(_, WordType::Uint(bits)) => U256::MAX >> usize::from(256u16.saturating_sub(*bits)),
        Scalar::Arg(_, WordType::Int(bits)) => U256::MAX >> usize::from(257u16.saturating_sub(*bits)),
        _ => U256::MAX,
    }
}

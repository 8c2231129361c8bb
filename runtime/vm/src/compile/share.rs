//! What callables have in common stands once: the less there is, the more of it stays at hand.

use super::{Compiler, known::address, next};
use crate::{
    bind::BindError,
    program::{Effect, Span, Token},
    sets::WordSet,
};
use agentpol_model::{Address, ids::TokenId};

/// The token that stands where the call goes is the callable's own: what it does is then said in the same words for
/// every token.
pub(super) fn make_own(effects: &mut [Effect], target: Option<Address>) -> TokenId {
    let mut own = None;
    for effect in effects {
        if let Token::Known(token, site) = effect.token
            && site.is_some()
            && site == target
            && *own.get_or_insert(token) == token
        {
            effect.token = Token::Here;
        }
    }
    own.unwrap_or(TokenId::new(0))
}

impl Compiler<'_> {
    /// Where the effects stand: where the last callable of the function has them, if they are the same.
    pub(super) fn share(&mut self, mut effects: Vec<Effect>, layout: Option<u32>) -> Result<Span, BindError> {
        if let Some(last) = self.shared.get(&layout)
            && self.program.effects.get(last.start as usize..last.end as usize) == Some(&effects)
        {
            return Ok(last.clone());
        }
        let start = next(&self.program.effects)?;
        self.program.effects.append(&mut effects);
        let span = start..next(&self.program.effects)?;
        self.shared.insert(layout, span.clone());
        Ok(span)
    }

    /// Where the members of a set stand that has only addresses.
    pub(super) fn addresses(&mut self, set: u32) -> Result<Option<Span>, BindError> {
        if let Some(known) = self.address_sets.get(&set) {
            return Ok(known.clone());
        }
        let members = self.program.sets.get(set as usize).map(WordSet::members).unwrap_or_default();
        let start = next(&self.program.addresses)?;
        let members: Option<Vec<Address>> = members.iter().map(address).collect();
        let place = match members {
            Some(members) => {
                self.program.addresses.extend(members);
                Some(start..next(&self.program.addresses)?)
            }
            None => None,
        };
        self.address_sets.insert(set, place.clone());
        Ok(place)
    }
}

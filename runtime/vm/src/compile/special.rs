//! What few callables have.

use super::{Compiler, next};
use crate::{
    bind::BindError,
    program::{Control, FAIL, Special, Typed},
};
use agentpol_abi::Locator;
use agentpol_bytecode as bytecode;
use agentpol_model::{
    Address, ChainId, policy,
    request::Kind,
    types::{Path, Step},
};
use agentpol_unwrap::{Role, try_map};

impl Compiler<'_> {
    /// Its number; [`FAIL`] for a callable that has nothing of the kind.
    pub(super) fn special(
        &mut self,
        callable: &bytecode::Callable,
        target: Option<Address>,
    ) -> Result<u32, BindError> {
        let layout = callable.function.map(|function| function.raw());
        let function = callable.function.and_then(|function| self.module.functions.get(function.index()));
        let trailing = function.map_or(0, |function| function.trailing);
        let plain = callable.requires.is_empty()
            && callable.controls.is_empty()
            && callable.unwraps.is_empty()
            && callable.typed.is_none()
            && callable.kind != Kind::Authorize
            && trailing == 0;
        if plain {
            return Ok(FAIL);
        }
        let requires = self.condition(&callable.requires, layout)?;
        let mut controls = Vec::new();
        for control in &callable.controls {
            let when = self.condition(&control.when, layout)?;
            controls.push(Control { party: self.word(&control.party, layout)?, when });
        }
        let typed = match &callable.typed {
            Some(typed) => Some(self.typed(typed, callable.chain, target.unwrap_or_default(), layout)?),
            None => None,
        };
        let mut unwraps = Vec::new();
        for unwrap in &callable.unwraps {
            unwraps.push(try_map(unwrap, |place, role| self.place(place, role, layout))?);
        }
        let at = next(&self.program.specials)?;
        self.program.specials.push(Special { trailing, requires, controls, typed, unwraps });
        Ok(at)
    }

    /// Where a part of what is inside stands.
    fn place(&self, place: &Path, role: Role, layout: Option<u32>) -> Result<Locator, BindError> {
        let mut place = place.clone();
        if role == Role::Inputs {
            place.0.push(Step::Element(0));
        }
        let layout = layout.and_then(|layout| self.program.layouts.get(layout as usize));
        layout.and_then(|layout| layout.locate(&place.0).ok()).ok_or(BindError::TooLarge)
    }

    fn typed(
        &mut self,
        typed: &policy::Typed,
        chain: ChainId,
        contract: Address,
        layout: Option<u32>,
    ) -> Result<Typed, BindError> {
        let mut once_per = Vec::new();
        for word in &typed.once_per {
            once_per.push(self.word(word, layout)?);
        }
        Ok(Typed {
            separator: typed.domain_separator(chain, contract),
            declared: typed.clone(),
            once_per,
            until: typed.until.as_ref().map(|until| self.word(until, layout)).transpose()?,
        })
    }
}

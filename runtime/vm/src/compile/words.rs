//! Words, places and sets.

use super::{Compiler, next, offset::offset};
use crate::{
    bind::BindError,
    program::{Slice, Small, Test, Word},
    sets::WordSet,
};
use agentpol_abi::Layout;
use agentpol_bytecode::Order;
use agentpol_model::{
    U256,
    policy::{Scalar, SetRef},
    types::Path,
};

impl Compiler<'_> {
    pub(super) fn word(&mut self, word: &Scalar, layout: Option<u32>) -> Result<Word, BindError> {
        match word {
            Scalar::Const(word) => self.constant(*word),
            Scalar::Param(param) => {
                let word = self.values.word(*param).ok_or(BindError::TooLarge)?;
                self.constant(word)
            }
            Scalar::Field(field) => Ok(Word::Field(*field)),
            Scalar::Len(path) => self.locator(path, layout).map(Word::Len),
            Scalar::Party(path) => self.locator(path, layout).map(Word::Party),
            Scalar::Slice { path, start, from_end, length } => {
                let place = self.locator(path, layout)?;
                let at = next(&self.program.slices)?;
                self.program.slices.push(Slice {
                    place,
                    start: *start,
                    from_end: *from_end,
                    length: *length,
                });
                Ok(Word::Slice(at))
            }
            Scalar::Arg(path, _) => {
                let inputs =
                    layout.and_then(|layout| self.program.layouts.get(layout as usize)).map(Layout::inputs);
                match inputs.and_then(|inputs| offset(inputs, path)) {
                    Some(at) => Ok(Word::Head(at)),
                    None => self.locator(path, layout).map(Word::Arg),
                }
            }
        }
    }

    /// A word against a constant: a shorter form where there is one.
    pub(super) fn comparison(&mut self, word: Word, order: Order, bound: U256) -> Result<Test, BindError> {
        Ok(match (word, order, Small::new(&bound)) {
            (Word::Head(at), Order::AtMost, Some(bound)) => Test::HeadAtMost(at, bound),
            (Word::Head(at), Order::AtLeast, Some(bound)) => Test::HeadAtLeast(at, bound),
            (Word::Field(field), Order::Equal, Some(bound)) => Test::FieldIs(field, bound),
            (_, Order::AtMost, _) => Test::AtMost(word, self.constant(bound)?),
            (_, Order::AtLeast, _) => Test::AtMost(self.constant(bound)?, word),
            (_, Order::Equal, _) => Test::Same(word, self.constant(bound)?),
        })
    }

    pub(super) fn constant(&mut self, word: U256) -> Result<Word, BindError> {
        if let Some(known) = self.constants.get(&word) {
            return Ok(*known);
        }
        let at = Word::Const(next(&self.program.words)?);
        self.program.words.push(word);
        self.constants.insert(word, at);
        Ok(at)
    }

    pub(super) fn locator(&mut self, path: &Path, layout: Option<u32>) -> Result<u32, BindError> {
        let layout = layout.and_then(|layout| self.program.layouts.get(layout as usize));
        let locator = layout.and_then(|layout| layout.locate(&path.0).ok()).ok_or(BindError::TooLarge)?;
        let at = next(&self.program.locators)?;
        self.program.locators.push(locator);
        Ok(at)
    }

    pub(super) fn set(&mut self, set: SetRef) -> Result<u32, BindError> {
        let param = match set {
            SetRef::Const(set) => return Ok(set.raw()),
            SetRef::Param(param) => param,
        };
        if let Some(Some(known)) = self.param_sets.get(param.index()) {
            return Ok(*known);
        }
        let members = self.values.set(param).ok_or(BindError::TooLarge)?;
        // The order of addresses is that of the words they are.
        let words = members.iter().map(|address| U256::from_be_slice(address.as_slice())).collect();
        let at = next(&self.program.sets)?;
        self.program.sets.push(WordSet::from_sorted(words));
        if let Some(known) = self.param_sets.get_mut(param.index()) {
            *known = Some(at);
        }
        Ok(at)
    }
}

//! Which arguments a guard has seen to be addresses of the policy.

use super::Compiler;
use crate::program::{FAIL, Span, Test, Word, known_bit};
use agentpol_model::{Address, U256};

impl Compiler<'_> {
    /// The head words that this code lets through only if they are addresses of the policy: a set or a constant that every
    /// way to the end has compared them with.
    pub(super) fn known_words(&self, code: &Span) -> u32 {
        let ops = self.program.ops.get(code.start as usize..code.end as usize).unwrap_or_default();
        let (mut known, mut skipped) = (0, code.start);
        for (at, op) in (code.start..).zip(ops) {
            if op.exit != FAIL {
                skipped = skipped.max(op.exit);
            } else if at >= skipped && !op.when {
                known |= self.known_word(&op.test).map_or(0, known_bit);
            }
        }
        known
    }

    /// The head word that is an address of the policy if the test holds.
    fn known_word(&self, test: &Test) -> Option<u32> {
        let (word, known) = match test {
            Test::HeadAmong(at, set) => {
                let set = self.program.addresses.get(set.start as usize..set.end as usize)?;
                (*at, set.iter().all(|address| self.known.contains(*address)))
            }
            Test::Same(Word::Head(at), Word::Const(word)) | Test::Same(Word::Const(word), Word::Head(at)) => {
                let address = address(self.program.words.get(*word as usize)?);
                (*at, address.is_some_and(|address| self.known.contains(address)))
            }
            _ => return None,
        };
        known.then_some(word)
    }
}

/// The address that a word is.
pub(super) fn address(word: &U256) -> Option<Address> {
    (word.bit_len() <= 160).then(|| Address::from_word((*word).into()))
}

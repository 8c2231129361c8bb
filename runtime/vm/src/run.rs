//! The interpreter. `None` is *undefined*: what the request does not have was read.

use crate::{
    program::{Amount, Each, FAIL, Op, Program, Slice, Span, Sum, Test, Word},
    sets,
};
use agentpol_abi::{Checked, Locator, WORD_BYTES, layout::Kind};
use agentpol_bytecode::module::relation_holds;
use agentpol_model::{
    U256,
    policy::Relation,
    request::{Action, Request},
};
use alloy_primitives::U512;

/// What code runs on.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) program: &'a Program,
    pub(crate) request: &'a Request<'a>,
    pub(crate) action: &'a Action<'a>,
    pub(crate) args: Checked<'a>,
}

/// Told of every test, its position and its outcome. Deciding needs none.
pub(crate) trait Trace {
    fn tested(&mut self, at: u32);
}

impl Trace for () {
    #[inline(always)]
    fn tested(&mut self, _: u32) {}
}

impl Frame<'_> {
    /// Does this code hold?
    #[inline]
    pub(crate) fn run(&self, code: &Span, steps: &mut u64, trace: &mut impl Trace) -> Option<bool> {
        let mut at = code.start;
        while at < code.end {
            let op: &Op = self.program.ops.get(at as usize)?;
            *steps = steps.saturating_add(u64::from(op.cost));
            trace.tested(at);
            if self.test(&op.test)? != op.when {
                at += 1;
            } else if op.exit == FAIL {
                return Some(false);
            } else {
                // Positions only grow: the verifier has seen every distance, and each is unsigned.
                at = op.exit;
            }
        }
        Some(true)
    }

    #[inline]
    pub(crate) fn test(&self, test: &Test) -> Option<bool> {
        match test {
            Test::HeadAtMost(at, bound) => Some(low(self.head(*at)?).is_some_and(|word| word <= bound.get())),
            Test::HeadAtLeast(at, bound) => Some(low(self.head(*at)?).is_none_or(|word| word >= bound.get())),
            Test::HeadAmong(at, set) => self.is_among(self.head(*at)?, set),
            Test::FieldIs(field, word) => Some(self.word(Word::Field(*field))? == U256::from(word.get())),
            Test::AtMost(word, bound) => Some(self.word(*word)? <= self.word(*bound)?),
            Test::In(word, set) => self.is_in(self.word(*word)?, *set),
            Test::Same(left, right) => Some(self.word(*left)? == self.word(*right)?),
            Test::Sum(sum) => self.sum_test(*sum),
            Test::Each(each) => self.each(*each),
            Test::Equals(place, bytes) => Some(self.bytes(*place)? == self.pattern(*bytes)?),
            Test::StartsWith(place, bytes) => Some(self.bytes(*place)?.starts_with(self.pattern(*bytes)?)),
            Test::Slice { place, start, bytes } => self.slice_test(*place, *start, *bytes),
            Test::SliceIsWord { place, start, word } => self.slice_is_word(*place, *start, *word),
            Test::Distinct { array, word, max } => self.distinct(*array, *word, *max),
            Test::Longer(place, than) => Some(self.length(*place)? > *than),
            Test::Bound(place, max) => (self.length(*place)? <= *max).then_some(false),
            Test::Always => Some(true),
        }
    }

    #[inline]
    fn head(&self, at: u32) -> Option<&[u8; WORD_BYTES]> {
        self.args.args().get(at as usize..)?.first_chunk()
    }

    /// A word, wherever it comes from.
    #[inline]
    pub(crate) fn word(&self, word: Word) -> Option<U256> {
        match word {
            Word::Head(at) => Some(U256::from_be_bytes(*self.head(at)?)),
            Word::Arg(place) => self.locator(place)?.word(self.args, &[]),
            Word::Party(place) => self.party(self.locator(place)?),
            Word::Slice(slice) => self.slice(slice),
            Word::Len(place) => self.length(place).map(U256::from),
            Word::Field(field) => field.read(self.request, self.action),
            Word::Const(word) => self.program.words.get(word as usize).copied(),
        }
    }

    fn locator(&self, place: u32) -> Option<&Locator> {
        self.program.locators.get(place as usize)
    }

    fn length(&self, place: u32) -> Option<u32> {
        self.locator(place)?.len(self.args, &[])
    }

    fn bytes(&self, place: u32) -> Option<&[u8]> {
        self.locator(place)?.bytes(self.args, &[])
    }

    fn pattern(&self, bytes: u32) -> Option<&[u8]> {
        self.program.bytes.get(bytes as usize).map(Vec::as_slice)
    }

    /// An address as a router reads it: 1 is who sends, 2 is the router.
    pub(crate) fn party(&self, locator: &Locator) -> Option<U256> {
        let word = locator.word(self.args, &[])?;
        let meant = match u64::try_from(word) {
            Ok(1) => self.action.from,
            Ok(2) => self.action.to,
            _ => return Some(word),
        };
        Some(meant.into_word().into())
    }

    fn slice(&self, slice: u32) -> Option<U256> {
        let Slice { place, start, from_end, length } = *self.program.slices.get(slice as usize)?;
        self.slice_at(self.locator(place)?, start, from_end, length)
    }

    /// Some bytes of `bytes`, or of a `bytesN`, which stands at the front of its word.
    pub(crate) fn slice_at(&self, place: &Locator, start: u32, from_end: bool, length: u8) -> Option<U256> {
        match place.kind() {
            Kind::Word(_) => {
                let word = place.word(self.args, &[])?.to_be_bytes::<WORD_BYTES>();
                slice(&word, start, from_end, length)
            }
            _ => slice(place.bytes(self.args, &[])?, start, from_end, length),
        }
    }

    fn slice_test(&self, place: u32, start: u32, bytes: u32) -> Option<bool> {
        let pattern = self.pattern(bytes)?;
        Some(self.bytes(place)?.get(start as usize..)?.get(..pattern.len())? == pattern)
    }

    fn slice_is_word(&self, place: u32, start: u32, word: Word) -> Option<bool> {
        let slice = self.bytes(place)?.get(start as usize..)?.get(..WORD_BYTES)?;
        Some(slice == self.word(word)?.to_be_bytes::<WORD_BYTES>())
    }

    #[inline]
    fn is_among(&self, word: &[u8; WORD_BYTES], set: &Span) -> Option<bool> {
        let set = self.program.addresses.get(set.start as usize..set.end as usize)?;
        Some(address(word).is_some_and(|address| sets::contains(set, address)))
    }

    fn is_in(&self, word: U256, set: u32) -> Option<bool> {
        Some(self.program.sets.get(set as usize)?.contains(&word))
    }

    fn each(&self, each: u32) -> Option<bool> {
        let Each { every, array, word, max, set } = *self.program.eaches.get(each as usize)?;
        let (count, locator) = (self.length(array)?, self.locator(word)?);
        if count > max {
            return None;
        }
        for element in 0..count {
            if self.is_in(locator.word(self.args, &[element])?, set)? != every {
                return Some(!every);
            }
        }
        Some(every)
    }

    /// Each with each before it: the verifier has counted that.
    fn distinct(&self, array: u32, word: u32, max: u32) -> Option<bool> {
        let (count, locator) = (self.length(array)?, self.locator(word)?);
        if count > max {
            return None;
        }
        let word = |element: u32| locator.word(self.args, &[element]);
        for last in 0..count {
            let this = word(last)?;
            for before in 0..last {
                if word(before)? == this {
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    fn sum_test(&self, sum: u32) -> Option<bool> {
        let (sum, relation): &(Sum, Relation) = self.program.sums.get(sum as usize)?;
        let (positive, negative) = self.sum(sum)?;
        Some(relation_holds(*relation, &positive, &negative))
    }

    /// What is above and what is below zero, apart. Terms and widths are limited so that neither passes 512 bits.
    pub(crate) fn sum(&self, sum: &Sum) -> Option<(U512, U512)> {
        let (mut positive, mut negative) = (sum.positive, sum.negative);
        for term in &sum.terms {
            let word = self.word(term.word)?;
            let below = term.signed && word.bit(255);
            let magnitude = if below { word.wrapping_neg() } else { word };
            let product: U512 = magnitude.widening_mul(term.coefficient);
            let side = if term.negative == below { &mut positive } else { &mut negative };
            *side = side.checked_add(product)?;
        }
        Some((positive, negative))
    }

    /// Steps that working out an amount takes.
    pub(crate) fn amount_cost(&self, amount: &Amount) -> u64 {
        match amount {
            Amount::Word(_) => 2,
            Amount::Sum(sum) => {
                self.program.amounts.get(*sum as usize).map_or(1, |sum| 1 + sum.terms.len() as u64)
            }
        }
    }

    /// `None` if undefined; `Some(None)` if it does not fit in 256 bits. Below zero is zero.
    pub(crate) fn amount(&self, amount: &Amount) -> Option<Option<U256>> {
        match amount {
            Amount::Word(word) => self.word(*word).map(Some),
            Amount::Sum(sum) => {
                let sum = self.program.amounts.get(*sum as usize)?;
                let (positive, negative) = self.sum(sum)?;
                let rest = positive.saturating_sub(negative);
                Some((rest.bit_len() <= 256).then(|| rest.wrapping_to()))
            }
        }
    }
}

/// Some of the bytes, as a number.
fn slice(bytes: &[u8], start: u32, from_end: bool, length: u8) -> Option<U256> {
    let start = if from_end { bytes.len().checked_sub(start as usize)? } else { start as usize };
    U256::try_from_be_slice(bytes.get(start..)?.get(..usize::from(length))?)
}

/// The word, if it is below 2^64.
#[inline]
fn low(word: &[u8; WORD_BYTES]) -> Option<u64> {
    let (high, low) = word.split_last_chunk::<8>()?;
    high.iter().all(|byte| *byte == 0).then_some(u64::from_be_bytes(*low))
}

/// The word, if it is an address.
#[inline]
fn address(word: &[u8; WORD_BYTES]) -> Option<&[u8; 20]> {
    let (high, low) = word.split_last_chunk::<20>()?;
    high.iter().all(|byte| *byte == 0).then_some(low)
}

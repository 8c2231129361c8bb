//! A module made ready to run: parameters are constants, places in the arguments are offsets where they can be, distances are
//! positions. One [`Op`] for each instruction, in the same order, so that what is explained can be found in the module.

use crate::{dispatch::Key, sets::WordSet};
use agentpol_abi::{Layout, Locator};
use agentpol_model::{
    Address, B256, U256,
    decision::DenyCode,
    effect::EffectKind,
    ids::{BudgetId, RuleId, TokenId},
    policy::{self, Relation, Unwrap},
    request::{Field, Kind},
};
use alloy_primitives::U512;
use core::ops::Range;

/// Positions in a table of the program.
pub(crate) type Span = Range<u32>;

/// Where a branch to `fail` leads.
pub(crate) const FAIL: u32 = u32::MAX;

/// All code and what it refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) callables: Vec<Callable>,
    pub(crate) specials: Vec<Special>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) ops: Vec<Op>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) charges: Vec<(Amount, Vec<BudgetId>)>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) locators: Vec<Locator>,
    pub(crate) words: Vec<U256>,
    pub(crate) sets: Vec<WordSet>,
    /// Members of the sets that have only addresses, each set sorted.
    pub(crate) addresses: Vec<Address>,
    pub(crate) sums: Vec<(Sum, Relation)>,
    pub(crate) amounts: Vec<Sum>,
    pub(crate) eaches: Vec<Each>,
    pub(crate) bytes: Vec<Vec<u8>>,
    pub(crate) slices: Vec<Slice>,
}

/// What is decided about one thing that a request can be about: one line of a processor's cache. What few have stands
/// elsewhere ([`Special`]).
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Callable {
    pub(crate) key: Key,
    /// [`FAIL`] for what has no arguments.
    pub(crate) layout: u32,
    /// The arms of its denies begin here, those of its grants at `grants`, where the first end.
    pub(crate) arms: u32,
    pub(crate) grants: u32,
    pub(crate) arms_end: u32,
    /// Where its effects begin.
    pub(crate) effects: u32,
    /// What [`Token::Here`] stands for.
    pub(crate) token: TokenId,
    /// In the table of specials; [`FAIL`] for most.
    pub(crate) special: u32,
    pub(crate) effect_count: u8,
    pub(crate) kind: Kind,
    pub(crate) payable: bool,
    /// What a rule must accept to grant it: see [`risk`](mod@risk).
    pub(crate) risks: u8,
}

impl Callable {
    pub(crate) fn denies(&self) -> Span {
        self.arms..self.grants
    }

    pub(crate) fn grants(&self) -> Span {
        self.grants..self.arms_end
    }

    pub(crate) fn effects(&self) -> Span {
        self.effects..self.effects.saturating_add(self.effect_count.into())
    }
}

/// Bits of [`Callable::risks`].
pub(crate) mod risk {
    /// Nobody declared what it does.
    pub(crate) const OPAQUE: u8 = 1;
    /// It changes who controls a contract.
    pub(crate) const UPGRADE: u8 = 2;
}

/// The bit, if the risk is there.
pub(crate) fn risk(is_there: bool, bit: u8) -> u8 {
    if is_there { bit } else { 0 }
}

/// What few callables have.
#[derive(Clone, Debug)]
pub(crate) struct Special {
    /// Bytes that may stand behind the arguments.
    pub(crate) trailing: u32,
    /// Must hold for what is declared to be so.
    pub(crate) requires: Span,
    pub(crate) controls: Vec<Control>,
    pub(crate) typed: Option<Typed>,
    /// How what is inside is read. Something is inside: it is a wrapper.
    pub(crate) unwraps: Vec<Unwrap<Locator>>,
}

/// Somebody gets authority without an amount.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    pub(crate) party: Word,
    pub(crate) when: Span,
}

/// Typed data.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) declared: policy::Typed,
    /// The hash of the domain it must be for.
    pub(crate) separator: B256,
    pub(crate) once_per: Vec<Word>,
    pub(crate) until: Option<Word>,
}

/// A guard: half a line of a processor's cache.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(crate) struct Arm {
    pub(crate) rule: RuleId,
    pub(crate) code: Span,
    pub(crate) charges: Span,
    /// The refusals that the rule lifts, one bit a code.
    pub(crate) lifts: u64,
    /// The head words that are addresses of the policy wherever the guard holds, one bit a word: nobody needs to look up
    /// whether they only look like one.
    pub(crate) known: u32,
}

// Every code has a bit.
const _: () = assert!(DenyCode::ALL.len() <= u64::BITS as usize && size_of::<Arm>() == 32);

impl Arm {
    pub(crate) fn lifts(&self, code: DenyCode) -> bool {
        self.lifts & (1 << (code as u8)) != 0
    }

    /// Is the word an address of the policy, because the guard holds?
    pub(crate) fn knows(&self, word: Word) -> bool {
        match word {
            Word::Head(at) => self.known & known_bit(at) != 0,
            _ => false,
        }
    }
}

/// The bit of the head word so many bytes into the arguments; none behind the 32nd.
pub(crate) fn known_bit(at: u32) -> u32 {
    1u32.checked_shl(at / 32).unwrap_or(0)
}

/// An instruction: a test, and where to go if it comes out as `when`.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(crate) struct Op {
    pub(crate) test: Test,
    pub(crate) when: bool,
    pub(crate) exit: u32,
    pub(crate) cost: u32,
}

/// What is tested. The first ones read a word at an offset that is known and compare it with a number that is small: what
/// guards are mostly made of.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    HeadAtMost(u32, Small),
    HeadAtLeast(u32, Small),
    /// Of these addresses.
    HeadAmong(u32, Span),
    FieldIs(Field, Small),
    AtMost(Word, Word),
    Same(Word, Word),
    In(Word, u32),
    Sum(u32),
    Each(u32),
    Equals(u32, u32),
    StartsWith(u32, u32),
    Slice {
        place: u32,
        start: u32,
        bytes: u32,
    },
    SliceIsWord {
        place: u32,
        start: u32,
        word: Word,
    },
    Longer(u32, u32),
    /// No two elements of the array have the same word there; there are at most so many.
    Distinct {
        array: u32,
        word: u32,
        max: u32,
    },
    Bound(u32, u32),
    Always,
}

/// A number below 2^64, in halves so that it does not widen what it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Small([u32; 2]);

impl Small {
    pub(crate) fn new(word: &U256) -> Option<Self> {
        let word = u64::try_from(word).ok()?;
        Some(Self([(word >> 32) as u32, word as u32]))
    }

    #[inline]
    pub(crate) fn get(self) -> u64 {
        let Self([high, low]) = self;
        u64::from(high) << 32 | u64::from(low)
    }
}

/// `all x in xs: x in SET`
#[derive(Clone, Debug)]
pub(crate) struct Each {
    pub(crate) every: bool,
    pub(crate) array: u32,
    pub(crate) word: u32,
    pub(crate) max: u32,
    pub(crate) set: u32,
}

// An instruction of a hot guard is half a line of a processor's cache.
const _: () = assert!(size_of::<Op>() <= 32 && size_of::<Callable>() == 64);

/// Where a word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// So many bytes into the arguments.
    Head(u32),
    /// By its locator.
    Arg(u32),
    /// By its locator, read as a router reads it.
    Party(u32),
    /// In the table of slices.
    Slice(u32),
    /// The length of what is there.
    Len(u32),
    Field(Field),
    /// In the table of words.
    Const(u32),
}

/// A part of `bytes`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pub(crate) place: u32,
    pub(crate) start: u32,
    pub(crate) from_end: bool,
    pub(crate) length: u8,
}

/// `Σ ±coefficient · word + positive − negative`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) terms: Vec<Term>,
    pub(crate) positive: U512,
    pub(crate) negative: U512,
}

#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) negative: bool,
    pub(crate) coefficient: U256,
    pub(crate) word: Word,
    /// Two's complement?
    pub(crate) signed: bool,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Word(Word),
    /// In the table of amounts.
    Sum(u32),
}

/// An effect. Callables whose effects are the same share them, so that the few there are stay at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) kind: EffectKind,
    pub(crate) amount: Amount,
    pub(crate) token: Token,
    pub(crate) party: Word,
    pub(crate) from: Option<From>,
    pub(crate) until: Option<Word>,
    pub(crate) through: Option<Word>,
    /// With the value that means all, both as words.
    pub(crate) sentinel: Option<(Word, Word)>,
    pub(crate) when: Span,
    pub(crate) cost: u32,
}

/// Whose it is that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Whoever acts.
    Sender,
    Word(Word),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// The callable's own: it stands where the call goes.
    Here,
    /// With the address of its contract on the callable's chain.
    Known(TokenId, Option<Address>),
    At(Word),
}

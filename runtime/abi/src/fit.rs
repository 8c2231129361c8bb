//! Which types can be read at all. The limits make every later size small enough to compute without care, and the cost of
//! reading proportional to the bytes.

use crate::{Cause, Malformed};
use agentpol_model::types::{Member, Type, WordType};
use core::fmt;

/// Levels of tuples and arrays around a word, the argument list not counted.
pub const MAX_TYPE_DEPTH: usize = 16;

/// Words of heads that make up one argument list, counted at every level.
pub const MAX_HEAD_WORDS: u32 = 4096;

/// Types that make up one argument list, counted at every level.
pub const MAX_TYPE_NODES: usize = 1024;

/// Why types cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A width that Solidity does not have.
    Width(WordType),
    /// `T[0]` or `()`: Solidity has neither, and a value without bytes could be repeated without end.
    Empty,
    /// Nested deeper than [`MAX_TYPE_DEPTH`].
    TooDeep,
    /// Heads of more than [`MAX_HEAD_WORDS`], or more than [`MAX_TYPE_NODES`] types.
    TooLarge,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Width(ty) => write!(f, "there is no type `{ty}`"),
            Unfit::Empty => f.write_str("a fixed array or tuple has at least one element"),
            Unfit::TooDeep => write!(f, "types nest at most {MAX_TYPE_DEPTH} levels deep"),
            Unfit::TooLarge => {
                write!(f, "arguments have at most {MAX_HEAD_WORDS} words of heads and {MAX_TYPE_NODES} types")
            }
        }
    }
}

impl core::error::Error for Unfit {}

/// Can arguments of these types be read?
pub fn check(inputs: &[Member]) -> Result<(), Unfit> {
    let mut walk = Walk { nodes: 0, words: 0 };
    let mut heads: u32 = 0;
    for member in inputs {
        heads = heads.saturating_add(walk.ty(&member.ty, 0)?);
    }
    walk.heads(heads)
}

/// Words that a value of this type takes among the heads: one, an offset, if it is dynamic.
///
/// Only right for types that [`check`] has passed.
pub fn head_words(ty: &Type) -> u32 {
    if ty.is_dynamic() {
        return 1;
    }
    match ty {
        Type::FixedArray(inner, n) => n.saturating_mul(head_words(inner)),
        Type::Tuple(members) => members.iter().map(|m| head_words(&m.ty)).fold(0, u32::saturating_add),
        Type::Word(_) | Type::Bytes | Type::String | Type::Array(..) => 1,
    }
}

/// Is this a width that Solidity has?
pub fn width_exists(ty: WordType) -> bool {
    match ty {
        WordType::Uint(bits) | WordType::Int(bits) => bits % 8 == 0 && (8..=256).contains(&bits),
        WordType::FixedBytes(n) => (1..=32).contains(&n),
        WordType::Address | WordType::Bool | WordType::Function => true,
    }
}

/// At most `trailing` bytes stand behind the arguments, which end at `end`.
pub(crate) fn nothing_more(args: &[u8], end: usize, trailing: u32) -> Result<(), Malformed> {
    let admitted = end.saturating_add(usize::try_from(trailing).unwrap_or(usize::MAX));
    if args.len() <= admitted {
        return Ok(());
    }
    let cause = if trailing == 0 { Cause::Trailing } else { Cause::TooMuchTrailing { limit: trailing } };
    Err(Malformed::new(admitted, cause))
}

struct Walk {
    nodes: usize,
    words: u32,
}

impl Walk {
    /// Head words of `ty`, if it and everything inside fits.
    fn ty(&mut self, ty: &Type, depth: usize) -> Result<u32, Unfit> {
        if depth > MAX_TYPE_DEPTH {
            return Err(Unfit::TooDeep);
        }
        self.nodes += 1;
        if self.nodes > MAX_TYPE_NODES {
            return Err(Unfit::TooLarge);
        }
        let heads = match ty {
            Type::Word(word) if !width_exists(*word) => return Err(Unfit::Width(*word)),
            Type::Word(_) | Type::Bytes | Type::String => 1,
            Type::Array(inner, _) => self.ty(inner, depth + 1)?,
            Type::FixedArray(inner, n) => self.ty(inner, depth + 1)?.saturating_mul(*n),
            Type::Tuple(members) => {
                let mut sum: u32 = 0;
                for member in members {
                    sum = sum.saturating_add(self.ty(&member.ty, depth + 1)?);
                }
                sum
            }
        };
        if heads == 0 {
            return Err(Unfit::Empty);
        }
        if ty.is_dynamic() {
            // What stands behind the offset.
            self.heads(heads)?;
            return Ok(1);
        }
        if heads > MAX_HEAD_WORDS { Err(Unfit::TooLarge) } else { Ok(heads) }
    }

    fn heads(&mut self, words: u32) -> Result<(), Unfit> {
        self.words = self.words.saturating_add(words);
        if self.words > MAX_HEAD_WORDS { Err(Unfit::TooLarge) } else { Ok(()) }
    }
}

//! Paths to places, and words out of places.

use super::Checked;
use crate::{
    WORD_BYTES,
    fit::{MAX_TYPE_DEPTH, head_words},
};
use agentpol_model::{
    U256,
    types::{Member, Step, Type, WordType},
};
use arrayvec::ArrayVec;
use core::fmt;

/// A path has at most this many steps: the argument and one a level.
pub const MAX_STEPS: usize = MAX_TYPE_DEPTH + 1;

/// Each step moves, and may then follow an offset.
const MAX_MOVES: usize = 2 * MAX_STEPS + 1;

/// Where a value stands, computed once. Reading it out of [`Checked`] arguments allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator {
    moves: ArrayVec<Move, MAX_MOVES>,
    kind: Kind,
}

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One word: read it with [`Locator::word`].
    Word(WordType),
    /// `bytes` or `string`: [`Locator::bytes`], [`Locator::len`].
    Bytes,
    /// `T[]`: [`Locator::len`].
    Array,
    /// `T[n]`: [`Locator::len`].
    FixedArray(u32),
    /// A tuple: nothing to read but its members.
    Tuple,
}

/// One move of the reading position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// So many bytes on.
    Skip(u32),
    /// By the offset in the head so many bytes on.
    Follow(u32),
    /// To an element of the `T[]` here.
    Item { index: Index, stride: u32, dynamic: bool },
    /// To an element of the `T[n]` here.
    FixedItem { index: Index, count: u32, stride: u32, dynamic: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    Fixed(u32),
    Element(u8),
}

/// A path that leads nowhere in these types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocateError {
    /// Nothing was asked for.
    Empty,
    /// A tuple has no such member, or there is no such argument.
    Member {
        /// Which.
        index: u16,
        /// How many there are.
        count: usize,
    },
    /// A fixed array has no such element.
    Element {
        /// Which.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// The step does not lead into a value of this type.
    Step {
        /// The step.
        step: Step,
        /// The type.
        ty: Type,
    },
}

impl fmt::Display for LocateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LocateError::Empty => f.write_str("a path begins with an argument"),
            LocateError::Member { index, count } => {
                write!(f, "there is no member {index}; there are {count}")
            }
            LocateError::Element { index, count } => {
                write!(f, "there is no element {index}; there are {count}")
            }
            LocateError::Step { step, ty } => write!(f, "{step:?} does not lead into a `{ty}`"),
        }
    }
}

impl core::error::Error for LocateError {}

pub(super) fn locate(inputs: &[Member], path: &[Step]) -> Result<Locator, LocateError> {
    let mut moves = ArrayVec::new();
    let mut steps = path.iter();
    let mut ty = match steps.next() {
        None => return Err(LocateError::Empty),
        Some(Step::Member(index)) => member(inputs, *index, &mut moves)?,
        Some(step) => {
            return Err(LocateError::Step { step: *step, ty: Type::Tuple(inputs.to_vec()) });
        }
    };
    // Types are never deeper than `MAX_TYPE_DEPTH`, so there are never too many moves.
    for step in steps {
        ty = match (ty, step) {
            (Type::Tuple(members), Step::Member(index)) => member(members, *index, &mut moves)?,
            (Type::Array(inner, _) | Type::FixedArray(inner, _), step) => {
                element(ty, inner, *step, &mut moves)?;
                &**inner
            }
            (ty, step) => return Err(LocateError::Step { step: *step, ty: ty.clone() }),
        };
    }
    let kind = match ty {
        Type::Word(word) => Kind::Word(*word),
        Type::Bytes | Type::String => Kind::Bytes,
        Type::Array(..) => Kind::Array,
        Type::FixedArray(_, n) => Kind::FixedArray(*n),
        Type::Tuple(_) => Kind::Tuple,
    };
    Ok(Locator { moves, kind })
}

fn member<'t>(
    members: &'t [Member],
    index: u16,
    moves: &mut ArrayVec<Move, MAX_MOVES>,
) -> Result<&'t Type, LocateError> {
    let Some(member) = members.get(usize::from(index)) else {
        return Err(LocateError::Member { index, count: members.len() });
    };
    let before =
        members.iter().take(usize::from(index)).map(|m| bytes_of(&m.ty)).fold(0, u32::saturating_add);
    if member.ty.is_dynamic() {
        moves.push(Move::Follow(before));
    } else {
        skip(moves, before);
    }
    Ok(&member.ty)
}

fn element(
    array: &Type,
    inner: &Type,
    step: Step,
    moves: &mut ArrayVec<Move, MAX_MOVES>,
) -> Result<(), LocateError> {
    let index = match step {
        Step::Index(n) => Index::Fixed(n),
        Step::Element(depth) => Index::Element(depth),
        Step::Member(_) => return Err(LocateError::Step { step, ty: array.clone() }),
    };
    let (stride, dynamic) = (bytes_of(inner), inner.is_dynamic());
    match (array, index) {
        (Type::FixedArray(_, count), Index::Fixed(n)) if n >= *count => {
            return Err(LocateError::Element { index: n, count: *count });
        }
        (Type::FixedArray(..), Index::Fixed(n)) if dynamic => {
            moves.push(Move::Follow(n.saturating_mul(stride)))
        }
        (Type::FixedArray(..), Index::Fixed(n)) => skip(moves, n.saturating_mul(stride)),
        (Type::FixedArray(_, count), _) => {
            moves.push(Move::FixedItem { index, count: *count, stride, dynamic })
        }
        _ => moves.push(Move::Item { index, stride, dynamic }),
    }
    Ok(())
}

/// Moves on; two skips become one, so that a static argument is found in a single move.
fn skip(moves: &mut ArrayVec<Move, MAX_MOVES>, bytes: u32) {
    match moves.last_mut() {
        Some(Move::Skip(before)) => *before = before.saturating_add(bytes),
        _ => moves.push(Move::Skip(bytes)),
    }
}

fn bytes_of(ty: &Type) -> u32 {
    head_words(ty).saturating_mul(32)
}

impl Locator {
    /// What there is to read.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The word; `None` past an array's end. `elements` says where each enclosing `all`/`any` is (see [`Step::Element`]).
    pub fn word(&self, args: Checked<'_>, elements: &[u32]) -> Option<U256> {
        match self.kind {
            Kind::Word(_) => word(args, self.find(args, elements)?).map(|w| U256::from_be_bytes(*w)),
            _ => None,
        }
    }

    /// Elements of an array, bytes of `bytes` and `string`; `None` past an enclosing array's end.
    pub fn len(&self, args: Checked<'_>, elements: &[u32]) -> Option<u32> {
        let at = self.find(args, elements)?;
        match self.kind {
            Kind::Array | Kind::Bytes => number(args, at),
            Kind::FixedArray(count) => Some(count),
            Kind::Word(_) | Kind::Tuple => None,
        }
    }

    /// The content of `bytes` or `string`; `None` past an enclosing array's end.
    pub fn bytes<'a>(&self, args: Checked<'a>, elements: &[u32]) -> Option<&'a [u8]> {
        if self.kind != Kind::Bytes {
            return None;
        }
        let at = self.find(args, elements)?;
        let length = usize::try_from(number(args, at)?).ok()?;
        args.args.get(at + WORD_BYTES..)?.get(..length)
    }

    fn find(&self, args: Checked<'_>, elements: &[u32]) -> Option<usize> {
        let mut at = 0;
        for step in &self.moves {
            at = match *step {
                Move::Skip(bytes) => plus(at, bytes)?,
                Move::Follow(head) => plus(at, number(args, plus(at, head)?)?)?,
                Move::Item { index, stride, dynamic } => {
                    let count = number(args, at)?;
                    item(args, plus(at, 32)?, index.of(elements)?, count, stride, dynamic)?
                }
                Move::FixedItem { index, count, stride, dynamic } => {
                    item(args, at, index.of(elements)?, count, stride, dynamic)?
                }
            };
        }
        Some(at)
    }
}

impl Index {
    fn of(self, elements: &[u32]) -> Option<u32> {
        match self {
            Index::Fixed(n) => Some(n),
            Index::Element(depth) => elements.get(usize::from(depth)).copied(),
        }
    }
}

/// The element of a sequence whose heads begin at `base`.
fn item(args: Checked<'_>, base: usize, n: u32, count: u32, stride: u32, dynamic: bool) -> Option<usize> {
    if n >= count {
        return None;
    }
    let head = plus(base, n.checked_mul(stride)?)?;
    if dynamic { plus(base, number(args, head)?) } else { Some(head) }
}

fn plus(at: usize, bytes: u32) -> Option<usize> {
    at.checked_add(usize::try_from(bytes).ok()?)
}

fn word(args: Checked<'_>, at: usize) -> Option<&[u8; WORD_BYTES]> {
    args.args.get(at..)?.first_chunk()
}

/// A length or an offset. Checked ones are small.
fn number(args: Checked<'_>, at: usize) -> Option<u32> {
    let [.., a, b, c, d] = *word(args, at)?;
    Some(u32::from_be_bytes([a, b, c, d]))
}

//! What can be wrong with calldata.

use crate::{MAX_CALLDATA_BYTES, SELECTOR_BYTES, Unfit};
use agentpol_model::types::WordType;
use core::fmt;

/// Calldata that is not the one encoding of any arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The first byte at fault. Counted from the start of what was given: the arguments for [`decode`](crate::decode()) and
    /// [`Layout::check`](crate::Layout::check), the whole calldata for [`decode_call`](crate::decode_call).
    pub offset: u32,
    /// What is wrong there, and what would be right.
    pub cause: Cause,
}

impl Malformed {
    pub(crate) fn new(offset: usize, cause: Cause) -> Self {
        // Nothing longer than `MAX_CALLDATA_BYTES` is read.
        Self { offset: u32::try_from(offset).unwrap_or(u32::MAX), cause }
    }

    /// The same fault, counted from the start of the calldata instead of the arguments.
    #[must_use]
    pub fn in_calldata(self) -> Self {
        let selector = u32::try_from(SELECTOR_BYTES).unwrap_or(u32::MAX);
        Self { offset: self.offset.saturating_add(selector), cause: self.cause }
    }
}

/// The cause of a [`Malformed`]. Its text says what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Calldata of 1 to 3 bytes, or none where a call is expected.
    Selector,
    /// More than [`MAX_CALLDATA_BYTES`].
    TooLong,
    /// The bytes end before the arguments do.
    Truncated {
        /// How many more bytes are needed at least.
        missing: u32,
    },
    /// Bytes are left after the last argument.
    Trailing,
    /// More bytes are left after the last argument than the interface admits (`trailing N`).
    TooMuchTrailing {
        /// What it admits.
        limit: u32,
    },
    /// An offset that does not lead to the next free byte: a gap, an overlap, backwards, or far outside.
    Offset {
        /// The only right offset, counted as the ABI does from the start of the enclosing heads.
        expected: u32,
    },
    /// A length that the bytes that follow cannot hold.
    Length {
        /// The greatest that they can.
        fits: u32,
    },
    /// More elements than the interface admits (`up to N`).
    TooMany {
        /// What it admits.
        limit: u32,
    },
    /// A word that is not a value of its type: dirty upper or lower bits, a boolean above 1.
    Word(WordType),
    /// A byte that is not zero after the end of `bytes` or `string`.
    Padding,
    /// A `string` that is not UTF-8.
    NotUtf8,
    /// The types themselves cannot be read.
    Unfit(Unfit),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.cause)
    }
}

impl core::error::Error for Malformed {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Selector => f.write_str("a call begins with a selector of 4 bytes"),
            Cause::TooLong => write!(f, "calldata is at most {MAX_CALLDATA_BYTES} bytes"),
            Cause::Truncated { missing } => {
                write!(f, "the calldata ends here; at least {missing} more bytes are needed")
            }
            Cause::Trailing => f.write_str("the arguments end here; no byte may follow"),
            Cause::TooMuchTrailing { limit } => {
                write!(f, "at most {limit} bytes may follow the arguments; no byte may follow those")
            }
            Cause::Offset { expected } => {
                write!(f, "the offset must be {expected}: each tail begins where the one before it ends")
            }
            Cause::Length { fits } => {
                write!(f, "the length is greater than what follows; {fits} is the most that fits")
            }
            Cause::TooMany { limit } => write!(f, "the interface admits at most {limit} elements"),
            Cause::Word(ty) => word(*ty, f),
            Cause::Padding => f.write_str("the bytes after the value, up to a whole word, must be zero"),
            Cause::NotUtf8 => f.write_str("a string must be UTF-8"),
            Cause::Unfit(unfit) => unfit.fmt(f),
        }
    }
}

fn word(ty: WordType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match ty {
        WordType::Uint(bits) => {
            write!(f, "not a uint{bits}: the upper {} bits must be zero", 256 - bits.min(256))
        }
        WordType::Int(bits) => {
            write!(f, "not an int{bits}: the upper {} bits must repeat its sign", 256 - bits.min(256))
        }
        WordType::Address => f.write_str("not an address: the upper 12 bytes must be zero"),
        WordType::Bool => f.write_str("not a bool: the word must be 0 or 1"),
        WordType::FixedBytes(n) => {
            write!(f, "not a bytes{n}: the lower {} bytes must be zero", 32 - n.min(32))
        }
        WordType::Function => f.write_str("not a function: the lower 8 bytes must be zero"),
    }
}

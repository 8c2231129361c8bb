//! Solidity ABI types. A value of an elementary type is one 32-byte *word*, held as the big-endian [`U256`](crate::U256)
//! that the ABI writes: addresses and numbers right-aligned, `bytesN` left-aligned, negative numbers in two's complement.

use core::fmt;

/// An elementary type: exactly one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WordType {
    /// `uint8` … `uint256`, by bits.
    Uint(u16),
    /// `int8` … `int256`, by bits.
    Int(u16),
    /// `address` (also `contract` types).
    Address,
    /// `bool`.
    Bool,
    /// `bytes1` … `bytes32`, by bytes.
    FixedBytes(u8),
    /// `function`: an address and a selector in 24 left-aligned bytes.
    Function,
}

/// Any ABI type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// One word.
    Word(WordType),
    /// `bytes`.
    Bytes,
    /// `string`.
    String,
    /// `T[]`, with the most elements that the interface admits (`up to N`), if it says.
    Array(Box<Type>, Option<u32>),
    /// `T[n]`.
    FixedArray(Box<Type>, u32),
    /// A tuple or struct, its members named where the interface names them.
    Tuple(Vec<Member>),
}

/// A member of a tuple, or an argument of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The ABI's name; empty where it has none.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

impl Type {
    /// Does the encoding stand behind an offset?
    pub fn is_dynamic(&self) -> bool {
        match self {
            Type::Word(_) => false,
            Type::Bytes | Type::String | Type::Array(..) => true,
            Type::FixedArray(inner, _) => inner.is_dynamic(),
            Type::Tuple(members) => members.iter().any(|m| m.ty.is_dynamic()),
        }
    }
}

impl fmt::Display for WordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WordType::Uint(bits) => write!(f, "uint{bits}"),
            WordType::Int(bits) => write!(f, "int{bits}"),
            WordType::Address => f.write_str("address"),
            WordType::Bool => f.write_str("bool"),
            WordType::FixedBytes(n) => write!(f, "bytes{n}"),
            WordType::Function => f.write_str("function"),
        }
    }
}

/// The canonical form that selectors are computed from: `(address,uint256)[]`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Word(w) => w.fmt(f),
            Type::Bytes => f.write_str("bytes"),
            Type::String => f.write_str("string"),
            Type::Array(inner, _) => write!(f, "{inner}[]"),
            Type::FixedArray(inner, n) => write!(f, "{inner}[{n}]"),
            Type::Tuple(members) => {
                f.write_str("(")?;
                for (i, m) in members.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    m.ty.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A step from a value to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The n-th member of a tuple; as the first step, the n-th argument.
    Member(u16),
    /// The n-th element of an array. Undefined past its end.
    Index(u32),
    /// The element that the n-th enclosing `all`/`any` (0 the outermost) is looking at.
    Element(u8),
}

/// Where a value stands in the decoded arguments. Never empty: the first step is the argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

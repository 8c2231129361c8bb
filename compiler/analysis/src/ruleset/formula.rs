//! Conditions over words.
//!
//! A condition is true, false or **undefined** (it read something the request does not have). `and` and `or` go left to right
//! and stop early: what they do not reach cannot make them undefined. `not` of undefined is undefined.

use agentpol_model::{
    U256,
    ids::{ParamId, SetId},
    request::Field,
    types::{Path, WordType},
};
use num_bigint::BigInt;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// Known.
    Const(bool),
    /// One test.
    Atom(Atom),
    /// Negation.
    Not(Box<Formula>),
    /// All of them; of none, true.
    And(Vec<Formula>),
    /// One of them; of none, false.
    Or(Vec<Formula>),
    /// `all x in xs: …` (of none, true) or `any x in xs: …` (of none, false), left to right, stopping early. In the body a path
    /// through `Step::Element(depth)` means the current element, `depth` counting the quantifiers around it from the
    /// outside. An array longer than `max` makes it undefined.
    Quantified {
        /// `all` or `any`.
        every: bool,
        /// The array.
        array: Path,
        /// Elements at most, as the interface declares.
        max: u32,
        /// The condition on each.
        body: Box<Formula>,
    },
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// `sum ⋈ 0`, over the integers.
    Linear {
        /// The left side.
        sum: Linear,
        /// Against zero.
        relation: Relation,
    },
    /// Two words are the same.
    Same(Scalar, Scalar),
    /// A word is in a set.
    Member(Scalar, SetRef),
    /// A test of `bytes` or `string`.
    Bytes(Path, BytesTest),
}

/// Against zero. `<` over the integers is `<=` of one less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// `sum <= 0`
    NotAbove,
    /// `sum == 0`
    Zero,
}

/// `Σ coefficient · scalar + constant`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Linear {
    /// Sorted by scalar, each once, no coefficient zero.
    pub terms: Vec<(BigInt, Scalar)>,
    /// The constant.
    pub constant: BigInt,
}

/// A word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// Known.
    Const(U256),
    /// An argument, or a part of one. Its type says how to read it as a number.
    Arg(Path, WordType),
    /// The length of an array, of `bytes` or of a `string`.
    Len(Path),
    /// A field of the request.
    Field(Field),
    /// Bound at load.
    Param(ParamId),
}

/// A set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetRef {
    /// Known.
    Const(SetId),
    /// Bound at load.
    Param(ParamId),
}

/// A test of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BytesTest {
    /// Equal to these.
    Equals(Vec<u8>),
    /// They begin with these.
    StartsWith(Vec<u8>),
    /// From byte `start` on stand these. Undefined if they end before.
    Slice {
        /// First byte.
        start: u32,
        /// What stands there.
        bytes: Vec<u8>,
    },
    /// From byte `start` on stand the 32 bytes of this word. Undefined if they end before.
    SliceIsWord {
        /// First byte.
        start: u32,
        /// The word.
        word: Scalar,
    },
}

//! Conditions over words.
//!
//! A condition is true, false or **undefined** (it read something the request does not have). `and` and `or` go left to right
//! and stop early: what they do not reach cannot make them undefined. `not` of undefined is undefined.

pub use agentpol_model::policy::{BytesTest, Relation, Scalar, SetRef};

use agentpol_model::types::Path;
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
    /// No two elements of an array of words are the same. One longer than `max` makes it undefined.
    Distinct {
        /// The array.
        array: Path,
        /// Elements at most, as the interface declares.
        max: u32,
    },
}

/// `Σ coefficient · scalar + constant`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Linear {
    /// Sorted by scalar, each once, no coefficient zero.
    pub terms: Vec<(BigInt, Scalar)>,
    /// The constant.
    pub constant: BigInt,
}

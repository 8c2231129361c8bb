//! The nouns of a policy that every representation of it shares: the rule normal form, the module and the loaded policy.

use crate::{
    Address, ChainId, Time, U256,
    ids::{ParamId, SetId, TokenId},
    request::Field,
    types::{Member, Path, WordType},
};
use std::collections::BTreeSet;

/// A chain that the policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// As declared.
    pub name: String,
    /// EIP-155.
    pub id: ChainId,
    /// Its native token.
    pub native: TokenId,
    /// What is assumed of it, in words.
    pub assumptions: Vec<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// As declared.
    pub name: String,
    /// What it holds.
    pub ty: ParamType,
    /// The closed range a number must lie in. Everything is proved for all of it.
    pub domain: Option<(U256, U256)>,
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// An address.
    Address,
    /// An address that approves `ask`s; never the signer.
    Approver,
    /// Base units of a token.
    Amount(TokenId),
    /// A plain number.
    Int,
    /// Seconds.
    Duration,
    /// A time.
    Time,
    /// True or false.
    Bool,
    /// 32 bytes.
    Bytes32,
    /// A set of addresses, of at most so many.
    AddressSet(u32),
}

/// A token by its symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `USDC`
    pub symbol: String,
    /// The same on every chain.
    pub decimals: u8,
    /// Where it stands; `None` is the chain's native token. One a chain, sorted by chain.
    pub sites: Vec<(ChainId, Option<Address>)>,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// As declared.
    pub name: String,
    /// Where.
    pub chain: ChainId,
    /// At which address.
    pub address: Target,
    /// Its reason, if it is `trusted`.
    pub trusted: Option<String>,
    /// Can its code be replaced?
    pub upgradeable: bool,
}

/// An address that is known when compiled, or bound at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Known.
    Fixed(Address),
    /// A parameter of type address.
    Param(ParamId),
}

/// A function's ABI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// `transfer`
    pub name: String,
    /// `transfer(address,uint256)`
    pub signature: String,
    /// The first four bytes of its hash.
    pub selector: [u8; 4],
    /// Its arguments.
    pub inputs: Vec<Member>,
    /// Does it take value?
    pub payable: bool,
    /// How the amounts among its arguments are shown: by path, the token they are of.
    pub units: Vec<(Path, TokenSpec)>,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Verb {
    Allow,
    Ask(Ask),
    Deny,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How many of them.
    pub need: u32,
    /// Addresses, known or bound at load.
    pub of: Vec<Target>,
    /// Seconds, known or a parameter.
    pub within: Seconds,
}

/// A number of seconds, known or bound at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seconds {
    /// Known.
    Fixed(Time),
    /// A parameter.
    Param(ParamId),
}

/// A token, known or named by an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSpec {
    /// Known.
    Known(TokenId),
    /// Whichever of the policy's tokens stands at this address on the request's chain; else the request is denied
    /// (`unknown_token`).
    At(Scalar),
}

/// What a parameter is bound to when a policy is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamValue {
    /// Everything but a set: an address right-aligned, `true` as one, amounts in base units.
    Word(U256),
    /// A set of addresses.
    Set(BTreeSet<Address>),
}

// ---- words and tests of them

/// Against zero. `<` over the integers is `<=` of one less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// `sum <= 0`
    NotAbove,
    /// `sum == 0`
    Zero,
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

//! The nouns of a policy that every representation of it shares: the rule normal form, the module and the loaded policy.

use crate::{
    Address, B256, ChainId, Time, U256,
    ids::{ParamId, SetId, TokenId},
    request::Field,
    types::{Member, Path, WordType},
};
use serde::{Deserialize, Serialize};
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

/// The parameter that nobody binds: the wallet, where a contract of the policy stands at it (`at wallet`).
pub const WALLET_PARAM: &str = "wallet";

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
    /// Bytes that may stand behind the arguments, unread by the contract: none unless its interface declares `trailing`.
    pub trailing: u32,
    /// How the amounts among its arguments are shown: by path, the token they are of.
    pub units: Vec<(Path, TokenSpec)>,
}

/// What makes typed data (EIP-712) itself: for which domain, of which type, and how often it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// `None` where the domain has no such member. The chain and the verifying contract are the callable's own.
    pub domain_name: Option<String>,
    /// The same.
    pub domain_version: Option<String>,
    /// Keccak-256 of the encoded type.
    pub type_hash: B256,
    /// The members that are used up together (`once per`); none: only its own hash excludes it.
    pub once_per: Vec<Scalar>,
    /// Last second at which it can be submitted.
    pub until: Option<Scalar>,
}

/// How the actions inside an action are read. `P` is a place among the arguments: in a module a path, in a path that goes
/// through an array's elements ([`Step::Element`](crate::types::Step::Element)`(0)`) the part of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwrap<P = Path> {
    /// A call; where there is `each`, one for each of its elements.
    Call {
        /// The array that is gone through.
        each: Option<P>,
        /// The address that is called. `None`: the contract runs the calldata on itself, for the same sender. The value that came
        /// along was counted with the wrapper.
        to: Option<P>,
        /// Wei.
        value: Option<P>,
        /// Calldata.
        data: P,
        /// 0 is a call, 1 a delegatecall; whatever else is malformed.
        operation: Option<P>,
        /// May it fail without the rest?
        may_fail: Option<P>,
        /// Arrays that must be as long as `each`.
        same_length: Vec<P>,
    },
    /// Opcodes, one a byte, and an input for each.
    Commands {
        /// Each command's selector but for the last byte, which is the opcode.
        table: [u8; 4],
        /// `bytes`
        opcodes: P,
        /// `bytes[]`
        inputs: P,
    },
    /// The same, as the ABI encoding of `(bytes opcodes, bytes[] inputs)`.
    Plan {
        /// As above.
        table: [u8; 4],
        /// `bytes`
        data: P,
    },
    /// MultiSend's packed records: operation, address, value, length, calldata.
    Records {
        /// `bytes`
        data: P,
    },
    /// An ERC-7579 execution: the mode says how the rest is read.
    Execution {
        /// `bytes32`
        mode: P,
        /// `bytes`
        data: P,
    },
    /// A token's address and the arguments of its `permit`, packed (1inch). Of no bytes: nothing.
    Permit {
        /// `bytes`
        data: P,
    },
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// An address among the arguments that a router reads in its own way: 1 is who sends, 2 is the router itself.
    Party(Path),
    /// Up to 32 bytes of `bytes`, as a number. Undefined if there are not so many.
    Slice {
        /// `bytes`
        path: Path,
        /// First byte.
        start: u32,
        /// Counted back from the end?
        from_end: bool,
        /// How many, 1 to 32.
        length: u8,
    },
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

//! Solidity's ABI, read strictly. Every argument list has exactly one encoding; whatever else a contract might tolerate is
//! [`Malformed`], with the byte and the cause. *Sign only what was wholly understood* starts here.
//!
//! | module | holds |
//! | --- | --- |
//! | [`decode()`] | bytes to a tree of [`Value`]s, written to be read |
//! | [`encode()`] | the one encoding of a tree |
//! | [`layout`] | the same verdict without a tree and without allocation, and words picked out of checked bytes |
//! | [`fit`] | which types can be read at all: depth, size |
//! | [`mod@signature`] | selectors, type strings, human signatures |
//! | [`json`] | JSON ABI import |
//! | [`strict_json`] | JSON with duplicate keys refused and every value's place known |
//!
//! # The one encoding
//! Heads in order; the tail of the first dynamic member begins right after the heads, and each further tail right after the
//! one before it; numbers, addresses and booleans extended by zeros (by the sign for `intN`), `bytesN` and the end of `bytes`
//! and `string` padded with zeros; nothing before, between or after. Reading is depth first: the first fault in that order is
//! the one that is reported.
//!
//! An interface can say that so many bytes may follow (`trailing N`: a referral tag). Whatever they are, no argument reads them.
//!
//! # Text
//! The ABI calls `string` UTF-8 and no contract checks it. Here a `string` that is not UTF-8 is refused: nobody can be shown
//! what it says, so nobody has understood it. What is not text belongs into `bytes`.

pub mod decode;
pub mod encode;
pub mod fit;
pub mod json;
pub mod layout;
mod malformed;
pub mod signature;
pub mod strict_json;
mod value;

pub use agentpol_model::types::{Member, Path, Step, Type, WordType};
pub use decode::{decode, decode_call, decode_trailing};
pub use encode::{EncodeError, encode, encode_call};
pub use fit::Unfit;
pub use json::{AbiFunction, JsonAbiError, Mutability};
pub use layout::{Checked, Layout, Locator};
pub use malformed::{Cause, Malformed};
pub use signature::{Selector, selector, signature};
pub use value::{Value, word_to_string};

/// Calldata is at most this many bytes, the selector included: what nodes accept into their pools in one transaction.
pub const MAX_CALLDATA_BYTES: usize = 128 * 1024;

/// Bytes of a selector.
pub const SELECTOR_BYTES: usize = 4;

/// Arguments are at most this many bytes.
pub const MAX_ARGS_BYTES: usize = MAX_CALLDATA_BYTES - SELECTOR_BYTES;

/// Bytes of a word.
pub const WORD_BYTES: usize = 32;

//! What a wallet is asked to sign, read strictly, checked as far as it can be without a chain, and turned into exactly the
//! bytes that are signed.
//!
//! | module | holds |
//! | --- | --- |
//! | [`request`] | one JSON object a line (JSON-RPC calls, raw transactions) to an [`OwnedRequest`] |
//! | [`typed_data`] | typed data (EIP-712) with one meaning or none |
//! | [`message`] | text (EIP-191) and Sign-In with Ethereum (EIP-4361) |
//! | [`delegation`] | authorisations (EIP-7702) |
//! | [`user_operation`] | user operations (ERC-4337) and their hashes |
//! | [`transaction`] | serialised transactions of types 0 to 4: the only reader of them here |
//! | [`rlp`] | canonical RLP |
//! | [`gas`] | intrinsic gas and the calldata floor |
//! | [`validity`] | what no chain would accept |
//! | [`signing`] | the typestate from a judged request to a signed transaction or statement |
//!
//! alloy builds and signs; it never says what a request means. Its readers accept what they should refuse, so it serves as
//! an oracle on valid input in the tests and as a check after signing.

pub mod delegation;
pub mod gas;
mod hex;
mod json;
pub mod message;
pub mod refusal;
pub mod request;
pub mod rlp;
pub mod signing;
mod time;
pub mod transaction;
pub mod typed_data;
pub mod user_operation;
pub mod validity;

pub use refusal::{Id, Place, Refusal};
pub use request::{Body, Completion, Facts, Lent, OwnedRequest, read};
pub use signing::{
    SignError, Signable, Signed, SignedStatement, SignedTransaction, Unsigned, UnsignedStatement,
};
pub use transaction::{Draft, Fee, RawTransaction};
pub use typed_data::TypedData;

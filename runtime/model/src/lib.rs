//! What a policy can talk about. Nouns only: no parsing, no evaluation, no I/O.
//!
//! | module | holds |
//! | --- | --- |
//! | [`types`] | Solidity ABI types and the words they are made of |
//! | [`request`] | what a wallet is asked to sign, as the gate understood it; the table of request fields |
//! | [`effect`] | what an action does to the wallet's assets and authority |
//! | [`policy`] | what a policy declares, and the words that its rules speak of |
//! | [`typed`] | what makes typed data itself, hashed |
//! | [`budget`] | caps, windows and measures, as `budgets` in a policy declare them |
//! | [`certificate`] | what was proved of a policy, for whoever loads it |
//! | [`decision`] | rulings, decisions, the table of denial codes |
//! | [`refusal`] | the built-in refusals that hold whatever a policy says |
//! | [`ids`] | the index newtypes |
//! | [`words`] | numbers as people read them |

pub mod budget;
pub mod certificate;
pub mod decision;
pub mod effect;
pub mod ids;
pub mod policy;
pub mod refusal;
pub mod request;
pub mod typed;
pub mod types;
pub mod words;

pub use alloy_primitives::{Address, B256, U256};

/// Seconds since the Unix epoch, UTC.
pub type Time = u64;

/// An EIP-155 chain id.
pub type ChainId = u64;

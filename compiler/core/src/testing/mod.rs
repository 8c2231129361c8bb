//! `test` blocks to concrete requests.
//!
//! | module | makes |
//! | --- | --- |
//! | [`steps`] | steps, with their times and verdicts |
//! | [`kinds`] | what is about no contract: sends, texts, authorisations, deployments |
//! | [`calls`] | what is about a contract: calls, commands, typed data |
//! | [`inside`] | calldata where `bytes` stand, and what wrappers hold |
//! | [`values`] | arguments |
//! | [`samples`] | parameters |
//!
//! Everything a test speaks of has a value here: the wallet and the signer are fixed
//! addresses, the clock starts at a fixed time, and parameters take the sample values of [`samples`].

mod calls;
mod inside;
mod kinds;
mod samples;
mod steps;
mod values;

pub use samples::{ParamSample, sample_params, test_address};
pub(crate) use steps::test_blocks;

use crate::flatten::Flattened;
use agentpol_diagnostics::Place;
use agentpol_model::{Address, ChainId, Time, U256, decision::DenyCode, ids::RuleId, request::Kind};
use alloy_primitives::address;

/// The wallet of every test.
pub const TEST_WALLET: Address = address!("0xA11ce00000000000000000000000000000000001");

/// Its signer.
pub const TEST_SIGNER: Address = address!("0xA11cE00000000000000000000000000000000002");

pub use agentpol_analysis::show::TEST_START;

/// What a step is made with.
#[derive(Clone, Copy)]
struct Stage<'f, 'a> {
    now: Time,
    flat: &'f Flattened<'a>,
}

/// A `test` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestBlock {
    /// As it was written.
    pub name: String,
    /// Where.
    pub place: Place,
    /// In order; their times never go back.
    pub steps: Vec<TestStep>,
}

/// A `try`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestStep {
    /// Where it stands.
    pub place: Place,
    /// When it happens. `now` is the time of the step before.
    pub at: Time,
    /// The agent's name, if the step has one.
    pub by: Option<String>,
    /// What is tried.
    pub request: OwnedRequest,
    /// What should come of it.
    pub expect: Verdict,
}

/// A request that owns its calldata. Fees and nonce are left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRequest {
    /// On which chain.
    pub chain: ChainId,
    /// At least one.
    pub actions: Vec<OwnedAction>,
}

/// An action that owns its calldata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedAction {
    /// What kind of thing.
    pub kind: Kind,
    /// The contract or recipient.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: Vec<u8>,
}

/// What a test expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `allow RULE`
    Allow(RuleId),
    /// `ask RULE`: of an `ask` rule, or of `beyond`.
    Ask(RuleId),
    /// `deny`, and for what reason if one is named.
    Deny(Option<DenyCode>),
}

//! The entries.

use crate::ledger;
use agentpol_model::{Address, B256, Time, policy::ParamValue};
use alloy_primitives::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// JSON that is kept to the letter.
pub type Text = Box<RawValue>;

/// Something that happened at a gate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first of all: a policy for a wallet. A later one is a new version of it over the same history.
    Bound(Box<Bound>),
    /// A request was decided, and counted if it was allowed.
    Decided(Box<Decided>),
    /// What was decided was signed.
    Signed(SignedAs),
    /// The owner takes authority back; it is counted like what was decided.
    Revoked(Box<Revoked>),
    /// The chain, or the owner, said something.
    Observed(ledger::Record),
    /// Nothing more is signed.
    Frozen {
        /// When.
        at: Time,
        /// Why, in the owner's words.
        reason: String,
    },
    /// Things are signed again.
    Thawed {
        /// When.
        at: Time,
    },
}

/// A policy, and what it is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The account whose assets move.
    pub wallet: Address,
    /// The key that signs.
    pub signer: Address,
    /// Who must sign that the policy is replaced by another; nobody, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Address>,
    /// The parameters' values.
    pub params: BTreeMap<String, ParamValue>,
    /// Will every finalised transfer out of the wallet be reported? What the first says holds for the whole history.
    pub complete_logs: bool,
    /// The module's hash. Its bytes are kept beside the log.
    pub module: B256,
    /// The owner's signature, of a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Bytes>,
}

/// A decision.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// When.
    pub at: Time,
    /// Who asked, as it was authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The name by which the agent knows the request, so that asking twice is asking once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Known>,
    /// The request, as far as it can be written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Text>,
    /// The approvers' signatures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Bytes>,
    /// What was answered.
    pub decision: Text,
    /// What the ledger was asked, unless it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<ledger::Request>,
}

/// Authority that is taken back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// When.
    pub at: Time,
    /// The transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Text>,
    /// What the ledger was asked.
    pub charge: ledger::Request,
}

/// An idempotency key, and what it was used for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// As the agent gave it.
    pub key: String,
    /// A hash of what was asked, so that the same key is not used for something else.
    pub asked: B256,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAs {
    /// Of which slot.
    pub slot: ledger::Slot,
    /// The hash that was signed. It names the version in the ledger.
    pub digest: B256,
    /// By which the signed thing is known: a transaction's hash, a user operation's, else the hash that was signed.
    pub hash: B256,
    /// r, s and v; of a transaction, the whole of it as it is sent to a node.
    pub bytes: Bytes,
}
